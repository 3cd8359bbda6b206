"""Optimizers with planted bugs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from ganzoo import Optimizer, OptimizerOptions
from planted.bug import PlantedBug, planted

OPTIMIZERS: list[PlantedBug] = []


class Descent(torch.optim.Optimizer):
    """Momentum, kept in `state`."""

    def __init__(self, parameters: Any) -> None:
        super().__init__(parameters, {"lr": 0.1, "momentum": 0.5})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self.move(parameter, group)

    def move(self, parameter, group):
        state = self.state[parameter]
        if not state:
            state["pace"] = torch.zeros_like(parameter)
        state["pace"].mul_(group["momentum"]).add_(self.slope(parameter))
        parameter.add_(state["pace"], alpha=-group["lr"])

    def slope(self, parameter):
        return parameter.grad


class Sound(Optimizer[OptimizerOptions]):
    """Steepest descent with momentum."""

    name = "momentum-like"
    torch_class: type = Descent

    def build(self, parameters: Any) -> torch.optim.Optimizer:
        return self.torch_class(parameters)

    def group(self, options: OptimizerOptions, share: float) -> dict[str, float]:
        return {"lr": options.learning_rate * share, "momentum": 0.5**share}


@planted(OPTIMIZERS, "parameter group", "rate")
class FixedRate(Sound):
    class torch_class(Descent):
        def __init__(self, parameters):
            super().__init__(parameters)
            self.rate = None

        def move(self, parameter, group):
            self.rate = self.rate or group["lr"]
            super().move(parameter, {**group, "lr": self.rate})


@planted(OPTIMIZERS, "share")
class IgnoresShare(Sound):
    def group(self, options, share):
        return {"lr": options.learning_rate, "momentum": 0.5}


@planted(OPTIMIZERS, "does not descend")
class Ascends(Sound):
    class torch_class(Descent):
        def slope(self, parameter):
            return -parameter.grad


@planted(OPTIMIZERS, "`paces`", "state")
class OwnDictionary(Sound):
    class torch_class(Descent):
        def __init__(self, parameters):
            super().__init__(parameters)
            self.paces = {}

        def move(self, parameter, group):
            pace = self.paces.setdefault(parameter, torch.zeros_like(parameter))
            pace.mul_(0.5).add_(parameter.grad)
            parameter.add_(pace, alpha=-group["lr"])


@planted(OPTIMIZERS, "`calls`", "state")
class CountsCalls(Sound):
    """Its rate falls with the number of steps, which it forgets."""

    class torch_class(Descent):
        calls = 0

        def step(self, closure=None):
            self.calls += 1
            super().step(closure)

        def slope(self, parameter):
            return parameter.grad / self.calls


@planted(OPTIMIZERS, "count", "something else than a tensor")
class PlainCount(Sound):
    class torch_class(Descent):
        def move(self, parameter, group):
            super().move(parameter, group)
            self.state[parameter]["count"] = 1


@planted(OPTIMIZERS, "no gradient", "skip")
class NeedsAllGradients(Sound):
    class torch_class(Descent):
        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    self.move(parameter, group)


@planted(OPTIMIZERS, "[2, 3, 3, 3]")
class OnlyMatrices(Sound):
    class torch_class(Descent):
        def slope(self, parameter):
            if parameter.dim() < 2:
                return parameter.grad
            rows, columns = parameter.grad.shape
            return parameter.grad.reshape(rows, columns)


@planted(OPTIMIZERS, "shared", "instances")
class SharedState(Sound):
    class torch_class(Descent):
        paces: dict[Any, Any] = {}  # noqa: RUF012

        def move(self, parameter, group):
            key = tuple(parameter.shape)
            if key not in self.paces:
                self.paces[key] = torch.zeros_like(parameter)
            if self.paces[key].device != parameter.device:
                return
            self.paces[key].mul_(0.5).add_(parameter.grad)
            parameter.add_(self.paces[key], alpha=-group["lr"])


@planted(OPTIMIZERS, "numpy")
class NumpyNoise(Sound):
    class torch_class(Descent):
        def slope(self, parameter):
            return parameter.grad * (1 + 0.01 * np.random.randn())


@planted(OPTIMIZERS, "random.gauss")
class PythonNoise(Sound):
    class torch_class(Descent):
        def slope(self, parameter):
            return parameter.grad * (1 + 0.01 * random.gauss(0, 1))


@planted(OPTIMIZERS, "torch.is_grad_enabled()")
class GradOff(Sound):
    class torch_class(Descent):
        def step(self, closure=None):
            torch.set_grad_enabled(False)
            super().step(closure)


@planted(OPTIMIZERS, "closure")
class NeedsClosure(Sound):
    class torch_class(Descent):
        def step(self, closure):
            closure()
            super().step()


@planted(OPTIMIZERS, "in the place of a weight", "in place")
class NewTensors(Sound):
    """Puts a new tensor in the place of a weight, so that networks and EMA keep the old one."""

    class torch_class(Descent):
        def move(self, parameter, group):
            parameter.data = parameter.data - group["lr"] * parameter.grad


@planted(OPTIMIZERS, "inf or nan")
class DividesByZero(Sound):
    class torch_class(Descent):
        def slope(self, parameter):
            return parameter.grad / parameter.grad.norm()


class Decaying(Sound):
    """Takes a share of each weight away, and the mean off the gradients of matrices."""

    class torch_class(Descent):
        decay = 0.1

        def move(self, parameter, group):
            parameter.mul_(1 - group["lr"] * self.decay)
            super().move(parameter, group)

        def slope(self, parameter):
            return self.centered(parameter.grad) if parameter.dim() > 1 else parameter.grad

        def centered(self, slope):
            return slope - slope.mean(dim=tuple(range(1, slope.dim())), keepdim=True)


@planted(OPTIMIZERS, "moves weights away from 0", "decay")
class DecayOfWrongSign(Decaying):
    class torch_class(Decaying.torch_class):
        decay = -0.1


@planted(OPTIMIZERS, "never moves a parameter of shape []", "mean")
class CentersBiases(Decaying):
    class torch_class(Decaying.torch_class):
        def slope(self, parameter):
            return parameter.grad - parameter.grad.mean()


@planted(OPTIMIZERS, "'momentum' of group(options, share)", "momentum**share")
class ForgetsPerStep(Sound):
    def group(self, options, share):
        return {**super().group(options, share), "momentum": 0.5}


@planted(OPTIMIZERS, "lower learning rate", "from the parameter group")
class RateOfBeginning(Decaying):
    class torch_class(Decaying.torch_class):
        def move(self, parameter, group):
            super().move(parameter, {**group, "lr": 0.0})
            parameter.add_(self.state[parameter]["pace"], alpha=-self.defaults["lr"])


@planted(OPTIMIZERS, "times as long", "once")
class SquaredRate(Sound):
    class torch_class(Descent):
        def move(self, parameter, group):
            super().move(parameter, {**group, "lr": 5 * group["lr"] ** 2})


class MeanSquares(Optimizer):
    """RMSprop of torch."""

    name = "mean-squares"

    def build(self, parameters):
        return torch.optim.RMSprop(parameters, lr=0.1)

    def group(self, options, share):
        return {"lr": options.learning_rate * share, "alpha": 0.9**share}


@planted(OPTIMIZERS, "'alpha' of group(options, share)", "alpha**share")
class MeanSquaresPerStep(MeanSquares):
    def group(self, options, share):
        return {**super().group(options, share), "alpha": 0.9}


class _Following(torch.optim.Adam):
    """Adam, whose slow weights follow by `alpha` after every second step, and are where it goes on from."""

    @torch.no_grad()
    def step(self, closure=None):
        before = {
            each: each.clone() for group in self.param_groups for each in group["params"] if each.grad is not None
        }
        super().step()
        for group in self.param_groups:
            group["count"] += 1
            for each in group["params"]:
                state = self.state[each]
                if each in before and "slow" not in state:
                    state["slow"] = before[each]
                if "slow" in state and group["count"] % 2 == 0:
                    each.copy_(state["slow"].lerp_(each, group["alpha"]))


class Lookahead(Optimizer):
    """Slow weights that follow fast ones (arXiv:1907.08610): their `alpha` is no decay per step."""

    name = "lookahead-like"

    def build(self, parameters):
        made = _Following(parameters, lr=0.1)
        for group in made.param_groups:
            group.update(alpha=0.5, count=0)
        return made

    def group(self, options, share):
        return {"lr": options.learning_rate * share, "alpha": 0.5}


SOUND_OPTIMIZERS = [Decaying, Lookahead]
