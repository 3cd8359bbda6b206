"""Regularizers: the properties of penalties."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.contracts.objectives import Regularizer, Role
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.label_uses import label_cause
from ganzoo.testing.option_effects import EFFECTS, ask_effects
from ganzoo.testing.option_looks import of_penalty
from ganzoo.testing.other_share import of_other_player
from ganzoo.testing.penalty_case import RegularizerCase
from ganzoo.testing.penalty_derivatives import why_no_gradient
from ganzoo.testing.penalty_images import ask_mean, check_draws, check_labels_one_hot
from ganzoo.testing.penalty_suite import DRAWS_FOR_EACH, HABITS, check_needs, is_per_image
from ganzoo.testing.properties import Property, Suite, gate
from ganzoo.testing.scheduled_options import FOLLOWS, ask_schedules, has_schedules
from ganzoo.testing.seeding import seeded
from ganzoo.testing.state import check_no_counter, missing_state
from ganzoo.testing.step import LinearStep
from ganzoo.testing.trial import Trial, require_all
from ganzoo.testing.worlds import World, require_a_world, unsaid_need


def _check_compatibility(case: RegularizerCase) -> None:
    require_a_world(case.cls, case.options)


def _penalty(regularizer: Regularizer, step: LinearStep) -> Tensor:
    try:
        with seeded():
            value = regularizer.penalty(step)
    except ConformanceError:
        raise
    except Exception as error:
        missing = [("real", step.connected), ("fake", step.fakes_connected or step.role is Role.GENERATOR)]
        needs = [
            f"a penalty that differentiates {of}_logits must set needs_{of}_gradient = True"
            for of, had in missing
            if not had
        ]
        hint = f" ({'; '.join(needs)})" if needs and "grad" in str(error) else ""
        raise ConformanceError(f"penalty(step) failed: {type(error).__name__}: {error}{hint}") from error
    require(isinstance(value, Tensor) and value.dim() == 0, f"penalty must return a scalar tensor, found {value!r:.80}")
    require(torch.isfinite(value), f"penalty is {value.item()}")
    return value


def _check_scalar(case: RegularizerCase) -> None:
    try:
        _penalty(case.built(), case.step())
    except ConformanceError as error:
        penalty, step = case.built(), case.step()
        if cause := label_cause(lambda: penalty.penalty(step), step.labels):
            raise ConformanceError(f"{cause}; {error}") from error
        raise ConformanceError(f"{error}{unsaid_need(case.world, partial(_works, case))}") from error


def _works(case: RegularizerCase, world: World) -> bool:
    """Whether the penalty of a case whose own world it fails in is a finite scalar in another."""
    if case.is_given:
        return False
    other: Any = case.on(world.images, is_thorough=False)
    other.world = world
    try:
        _penalty(other.built(), other.step())
    except ConformanceError:
        return False
    return True


def _differentiated(case: RegularizerCase) -> Regularizer:
    """Return a penalty whose gradient was taken; that of the networks is in their parameters."""
    regularizer = case.built()
    for network in (case.generator, case.critic):
        network.zero_grad()
    value = _penalty(regularizer, case.step())
    if not value.requires_grad:
        why = why_no_gradient(case.built(), case.step())
        require(False, f"penalty gives no gradient to the {case.cls.applies_to.value}{why}")
    with doing("the gradient of the penalty"):
        torch.autograd.backward(value)
    return regularizer


def _check_payer(case: RegularizerCase) -> None:
    _differentiated(case)
    who = case.cls.applies_to
    payer: nn.Module = case.critic if who is Role.DISCRIMINATOR else case.generator
    slopes = [parameter.grad for parameter in payer.parameters() if parameter.grad is not None]
    require(any(bool(slope.any()) for slope in slopes), f"penalty gives no gradient to the {who.value}")
    require(all(bool(torch.isfinite(slope).all()) for slope in slopes), "the gradient of the penalty is not finite")


def _check_other(case: RegularizerCase) -> None:
    _differentiated(case)
    leaks = any(parameter.grad is not None for parameter in case.generator.parameters())
    require(not leaks, "penalty sends gradient into the generator, though the discriminator pays it: use step.fakes")


def _check_weights(case: RegularizerCase) -> None:
    own = _differentiated(case).named_parameters()
    missed = [name for name, each in own if each.requires_grad and each.grad is None]
    require(not missed, f"no gradient of the penalty reaches its own {', '.join(missed[:5])}; make it a buffer")


def _check_buffers(case: RegularizerCase) -> None:
    regularizer = case.built()
    _penalty(regularizer, case.step())
    check_no_counter(case.built(), lambda penalty: _penalty(penalty, case.step()), "a penalty")
    with doing("loading its own state_dict into a new instance"):
        other = case.built()
        other.load_state_dict(regularizer.state_dict())
    once, again = _penalty(regularizer, case.step()), _penalty(other, case.step())
    require(
        torch.equal(once, again),
        f"a new instance with the same state_dict gives another penalty: make state a buffer; "
        f"{missing_state(regularizer, other) or 'draw from the step alone'}",
    )


def _is_paid_by_discriminator(case: RegularizerCase) -> bool:
    return case.cls.applies_to is Role.DISCRIMINATOR


REGULARIZER = Suite(
    RegularizerCase,
    once=(
        *COMPONENT,
        gate("says who pays, and what it needs", check_needs),
        Property("says what it is compatible with", _check_compatibility),
        gate("is a finite scalar", _check_scalar),
        gate("takes labels for what they are, one-hot", check_labels_one_hot),
        Property("its gradient reaches who pays", _check_payer),
        Property("its gradient reaches nobody else", _check_other, _is_paid_by_discriminator),
        Property("its gradient reaches its own weights", _check_weights),
        Property(DRAWS_FOR_EACH, check_draws, is_per_image),
        Property("is a mean over the batch", ask_mean(_penalty), is_per_image, needs=DRAWS_FOR_EACH),
        Property("its state is saved", _check_buffers),
        *HABITS,
        Property(EFFECTS, ask_effects(of_penalty, cases=RegularizerCase.in_situations)),
        Property(FOLLOWS, ask_schedules(of_penalty), has_schedules),
        *of_other_player(_check_scalar, _check_payer, _check_other),
    ),
)


def check_regularizer(
    cls: type[Regularizer],
    options: Any = None,
    *,
    generator: Generator | None = None,
    discriminator: Discriminator | None = None,
) -> None:
    """Check that a penalty keeps its contract, on a linear critic.

    Args:
        cls: The penalty.
        options: What to test it with; if None its `example_options`, or the defaults.
        generator: A generator of 16x16 gray images for penalties on one; a tiny one, with styles if
            `generator_must_be` asks for them, by default.
        discriminator: A discriminator of such images for penalties on one; a linear one with features by default.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    case = RegularizerCase(cls, options, own_generator=generator, own_discriminator=discriminator)
    require_all(Trial(REGULARIZER, case))
