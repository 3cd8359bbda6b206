"""Penalty habits: what a penalty keeps, moves and changes, beside its value."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.objectives import Regularizer
from ganzoo.testing import state
from ganzoo.testing.devices import check_device
from ganzoo.testing.failure import doing, require
from ganzoo.testing.ordered_step import OrderedStep
from ganzoo.testing.penalty_stream import steady_generator
from ganzoo.testing.row_draws import RowDraws
from ganzoo.testing.seeding import seeded
from ganzoo.testing.step import LinearStep

_OTHERWISE = 2.0  # exact
# All that a step has made, and others see.
_KEPT = (
    "real",
    "labels",
    "real_input",
    "real_shown",
    "real_logits",
    "fakes",
    "fake_latents",
    "fake_input",
    "fake_shown",
    "fake_logits",
)


def check_step_kept(penalty: Regularizer, step: LinearStep) -> None:
    """Require that the step's images and labels, and the networks, are left as they are."""
    networks: Mapping[str, Any] = {"generator": step.generator, "discriminator": step.discriminator}
    for network in networks.values():  # an earlier property may have left them otherwise, or changed them already
        network.train().requires_grad_().zero_grad()
        with torch.no_grad():
            for each in network.parameters():
                each.mul_(_OTHERWISE)
    tensors: dict[str, Tensor] = {name: getattr(step, name) for name in _KEPT}
    before = {name: value.clone() for name, value in tensors.items()}
    kept = {name: _of(network) for name, network in networks.items()}
    with seeded():
        penalty.penalty(step)
    for name, value in tensors.items():
        require(
            torch.equal(value, before[name]), f"changes step.{name} in place; the loss and other penalties see it too"
        )
    try:
        for name, network in networks.items():
            _require_kept(name, network, kept[name])
    finally:
        with torch.no_grad():
            for each in (each for network in networks.values() for each in network.parameters()):
                each.div_(_OTHERWISE)


def _of(network: Any) -> tuple[bool, list[bool], list[Tensor]]:
    parameters = list(network.parameters())
    return network.training, [each.requires_grad for each in parameters], [each.detach().clone() for each in parameters]


def _require_kept(name: str, network: Any, kept: tuple[bool, list[bool], list[Tensor]]) -> None:
    training, needs, values = kept
    now, needed, moved = _of(network)
    mode = "training" if now else "evaluation"
    network.train(training)
    for parameter, need in zip(network.parameters(), needs, strict=True):
        parameter.requires_grad_(need)
    require(now == training, f"leaves the {name} in {mode} mode; put the mode back, or do not touch it")
    require(needed == needs, f"changes requires_grad of the {name}'s parameters, whose training would stop")
    same = all(torch.equal(one, two) for one, two in zip(values, moved, strict=True))
    require(same, f"changes the weights of the {name}; only optimizers move them")
    stirred = [each for each in network.parameters() if each.grad is not None]
    require(not stirred, "calls backward() itself, which adds to the gradients of the step; return the penalty")


def check_forgets(penalty: Regularizer, step: LinearStep) -> None:
    """Require that no tensor with a graph is kept."""
    with seeded():
        penalty.penalty(step)
    state.check_no_graphs(penalty)


def check_flat(penalty: Regularizer, step: LinearStep) -> None:
    """Require a finite gradient where the critic is flat, as one whose last layer begins at zero is."""
    critic = step.discriminator
    with torch.no_grad():
        kept = [each.clone() for each in critic.parameters()]
        for each in critic.parameters():
            each.zero_()
    critic.zero_grad()
    try:
        with doing("the gradient of the penalty at a flat critic"), seeded():
            value = penalty.penalty(step)
            if value.requires_grad:
                torch.autograd.backward(value)
        slopes = [each.grad for each in critic.parameters() if each.grad is not None]
        finite = torch.isfinite(value) and all(bool(torch.isfinite(each).all()) for each in slopes)
        require(
            finite,
            "is not finite, or its gradient is not finite, where the critic is flat, as one that begins at zero is: a "
            "root has an infinite slope at 0; use clamp_min(1e-16).sqrt()",
        )
    finally:
        critic.zero_grad()
        with torch.no_grad():
            for each, value in zip(critic.parameters(), kept, strict=True):
                each.copy_(value)


def check_labels(penalty: Regularizer, step: OrderedStep, turned: OrderedStep) -> None:
    """Require that each image keeps its own label: a batch in another order has the same penalty.

    Args:
        penalty: The penalty.
        step: A step with classes.
        turned: The same step, its images, labels and numbers in another order.
    """
    values = []
    for each in (step, turned):
        with (
            doing("penalty(step) of images with classes, under step.labels"),
            seeded(),
            steady_generator(each.generator),
            RowDraws(each.rows),
        ):
            values.append(copy.deepcopy(penalty).penalty(each).detach())
    require(
        torch.allclose(values[0], values[1], rtol=1e-3, atol=1e-6),
        "depends on the order of the batch: it shows images under the label of an other class than their own; "
        "step.labels[i] is that of step.real[i] and step.fakes[i]",
    )


def check_place(penalty: Regularizer, step: LinearStep) -> None:
    """Require that it computes on the device of the step's images."""

    def run(moved: Any) -> Tensor:
        found: Tensor = moved.penalty(here)
        return found

    networks: Any = [copy.deepcopy(each).to("meta") for each in (step.generator, step.discriminator)]
    here = step.of(networks[0], networks[1], device="meta")
    check_device(penalty, run, "penalty(step)")
