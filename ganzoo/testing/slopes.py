"""Network slopes: gradients of generators and discriminators against finite differences, and the range of outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ganzoo.testing.derivatives import check_curvature, check_slopes
from ganzoo.testing.failure import NotAsked, require
from ganzoo.testing.habits import MEMORY
from ganzoo.testing.network_properties import HAS_GRADIENT
from ganzoo.testing.networks import NetworkCase
from ganzoo.testing.properties import Property, fullest
from ganzoo.testing.seeding import SEED, seeded, steady

_ROWS = 2
_CANDIDATES = 4
_CROWDED = 0.2  # share of logits next to 0, of logits on one side of it: there is a corner or an end
_LARGE = 30.0  # weights times this: a tanh or a sigmoid at the end is at its ends


class _NoSingle(TorchFunctionMode):
    """Inside, what asks for float32 gets float64."""

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        if func is Tensor.float:
            return args[0].double()
        wider = {key: _wider(each) for key, each in (kwargs or {}).items()}
        return func(*map(_wider, args), **wider)


def _wider(value: Any) -> Any:
    return torch.float64 if value is torch.float32 else value


@contextmanager
def double() -> Iterator[None]:
    """Make float64 the type of all that is computed inside: finite differences need it."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with _NoSingle():
            yield
    finally:
        torch.set_default_dtype(before)


def _objective(network: Any, first: Tensor, labels: Tensor) -> Callable[[], Tensor]:
    with torch.no_grad():
        shape = _value(network, first, labels).shape
    weights = torch.randn(shape, generator=torch.Generator().manual_seed(SEED))

    def value() -> Tensor:
        output = _value(network, first, labels)
        # Not linear in the outputs, so that the last layer is differentiated twice too.
        return (output * weights + output.square() / 2).sum()

    return value


def _value(network: Any, first: Tensor, labels: Tensor) -> Tensor:
    with seeded():
        found: Tensor = network(first, labels)
    return found


def _ask(case: NetworkCase, *, curvature: bool) -> None:
    network: Any = case.network().double().eval()
    first, labels = (part[:_ROWS].double() for part in case.inputs)
    first = first.clone().requires_grad_()
    with double(), steady(network):
        try:
            value = _objective(network, first, labels)
            value()
        except RuntimeError as error:
            raise NotAsked(f"does not compute in float64: {error}") from error
        weights = {name: each for name, each in network.named_parameters() if each.requires_grad}
        variables = {"its inputs": first, **weights}
        if curvature:
            check_curvature(value, first, variables, "a forward")
        else:
            check_slopes(value, variables, "a forward")


def check_gradients(case: NetworkCase) -> None:
    """Require that gradients are derivatives."""
    _ask(case, curvature=False)


def check_gradients_of_gradients(case: NetworkCase) -> None:
    """Require that gradients of gradients are second derivatives."""
    _ask(case, curvature=True)


def check_range(case: NetworkCase) -> None:
    """Require that images can be dark and bright, and end at -1 and 1 where they end."""
    lowest = float("inf")
    for seed in range(_CANDIDATES):
        with seeded(seed), torch.no_grad():
            images = case.build().eval()(*case.inputs)
        lowest = min(lowest, float(images.min()))
    require(
        lowest < 0,
        f"its images are nowhere below {lowest:.3g}, but are to be in [-1, 1], as the reals are: end with a tanh or "
        f"nothing instead of a sigmoid, and do not scale to [0, 255]",
    )
    end = _end(_at_large_weights(case))
    require(
        end is None or abs(end - 1) < 0.02,
        f"its images end at -{end or 0:.3g} and {end or 0:.3g}, but are to be in [-1, 1], as the reals are",
    )


def check_unbounded(case: NetworkCase) -> None:
    """Require that logits can have any size."""
    outputs = _at_large_weights(case)
    end = _end(outputs)
    sizes = outputs.abs()
    near_zero = float((sizes < 1e-3 * sizes.max()).float().mean())
    one_sided = bool((outputs >= 0).all() or (outputs <= 0).all())
    require(
        not (one_sided and near_zero > _CROWDED),
        f"its logits are never {'below' if bool((outputs >= 0).all()) else 'above'} 0, as behind a logsigmoid, a "
        f"softplus or a ReLU at the end; return raw logits: the loss owns what bounds them",
    )
    require(
        end is None,
        f"its logits are bounded by -{end or 0:.3g} and {end or 0:.3g}, as by a tanh at the end; return raw logits: "
        f"the loss owns what bounds them",
    )


def _at_large_weights(case: NetworkCase) -> Tensor:
    """Return the outputs of networks with large weights, one after another."""
    found: list[Tensor] = []
    for seed in range(_CANDIDATES):
        network: Any = case.network().eval()
        with torch.no_grad(), seeded(seed):
            for each in network.parameters():
                each.copy_(torch.randn_like(each)).mul_(_LARGE)
            found.append(network(*case.inputs).detach().flatten())
    return torch.cat(found)


def _end(outputs: Tensor) -> float | None:
    """Return where outputs at large weights end, if most of them are there."""
    sizes = outputs.abs()
    largest = float(sizes.max())
    near = (sizes > 0.999 * largest).float().mean()
    return largest if 0 < largest < float("inf") and near > 0.5 else None


_FIRST = "its gradients are derivatives"
SLOPES = (
    Property(_FIRST, check_gradients, fullest, needs=(HAS_GRADIENT, MEMORY)),
    Property("its gradients of gradients are derivatives", check_gradients_of_gradients, fullest, needs=_FIRST),
)
