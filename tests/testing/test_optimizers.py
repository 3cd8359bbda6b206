"""Conformance checks of optimizers catch a part that breaks the contract, and say which part and what."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from broken_parts import broken, complaint

from ganzoo import Optimizer
from ganzoo.testing import check_part

BROKEN: list[Any] = []


class Plain(Optimizer):
    """Steepest descent."""

    name = "plain"

    def build(self, parameters):
        return torch.optim.SGD(parameters, lr=0.1, momentum=0.5)

    def group(self, options, share):
        return {"lr": options.learning_rate * share}


def test_a_sound_one_passes():
    check_part(Plain)


@broken(BROKEN, "must return a torch optimizer")
class NoOptimizer(Plain):
    def build(self, parameters):
        return list(parameters)


@broken(BROKEN, "group(...) sets beta, which its parameter groups do not have")
class Misspelled(Plain):
    def group(self, options, share):
        return {"lr": options.learning_rate * share, "beta": 0.5}


@broken(BROKEN, "must be options.learning_rate * share")
class WithoutShare(Plain):
    def group(self, options, share):
        return {"lr": options.learning_rate}


@broken(BROKEN, "must be options.learning_rate * share")
class OfTheBeginning(Plain):
    def group(self, options, share):
        return {"lr": 0.1 * share}


@broken(BROKEN, "does not descend")
class Ascending(Plain):
    def build(self, parameters):
        return torch.optim.SGD(parameters, lr=0.1, maximize=True)


class _Own(torch.optim.Optimizer):
    def __init__(self, parameters, keep):
        super().__init__(parameters, {"lr": 0.1})
        self.keep, self.steps, self.rate = keep, 0, None

    @torch.no_grad()
    def step(self):
        self.steps += 1
        for group in self.param_groups:
            if self.rate is None:
                self.rate = group["lr"]
            rate = self.rate if self.keep == "rate" else group["lr"]
            for parameter in group["params"]:
                pace = 1 + 0.1 * self.steps if self.keep == "attribute" else 1.0
                parameter -= rate * pace * parameter.grad
                if self.keep == "number":
                    self.state[parameter]["steps"] = self.steps


def _own(kept: str) -> Any:
    def build(self, parameters):
        return _Own(parameters, kept)

    return build


@broken(BROKEN, "a lower learning rate between two steps does not shorten those that follow")
class Stubborn(Plain):
    build = _own("rate")


@broken(BROKEN, "keeps steps for a parameter as something else than a tensor")
class Numbers(Plain):
    build = _own("number")


@broken(BROKEN, "goes on differently after a resume")
class Forgetful(Plain):
    build = _own("attribute")


@pytest.mark.parametrize(("part", "expected"), BROKEN)
def test_what_is_broken_is_named(part, expected):
    assert expected in complaint(part)
