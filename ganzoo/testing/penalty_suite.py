"""Penalty suite: the properties of penalties beside their value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ganzoo.contracts.objectives import Regularizer, Role
from ganzoo.testing import penalty_habits
from ganzoo.testing.colored_step import COLOR, ORDER, colored_step
from ganzoo.testing.critics import TinyFeaturedDiscriminator
from ganzoo.testing.failure import doing, require
from ganzoo.testing.penalty_stream import check_stream
from ganzoo.testing.properties import Property
from ganzoo.testing.seeding import seeded
from ganzoo.testing.settings import BATCH, reason_against
from ganzoo.testing.step import LinearStep


def check_needs(case: Any) -> None:
    """Require that it says who pays, and that the networks it is tested on are what it needs."""
    cls = case.cls
    require(
        isinstance(getattr(cls, "applies_to", None), Role),
        "`applies_to` must say who pays: Role.GENERATOR or .DISCRIMINATOR",
    )
    require(isinstance(cls.generator_must_be, type), "generator_must_be must be a class or a capability")
    for network, needed in ((case.generator, cls.generator_must_be), (case.critic, cls.discriminator_must_be)):
        what = "generator" if network is case.generator else "discriminator"
        require(
            isinstance(network, needed),
            f"needs a {needed.__name__} {what} to be tested: check_regularizer(..., {what}=...)",
        )


def _is_paid_by_discriminator(case: Any) -> bool:
    return bool(case.cls.applies_to is Role.DISCRIMINATOR)


def _check_labels(case: Any) -> None:
    if not _takes_color(case):
        penalty_habits.check_labels(case.built(), case.step(), case.step(ORDER))
        return
    step, turned = colored_step(case.cls, range(BATCH)), colored_step(case.cls, ORDER)
    with doing("building it for color images with classes"), seeded():
        regularizer: Regularizer = case.cls(case.options)
        regularizer.prepare(COLOR, step.discriminator)
    penalty_habits.check_labels(regularizer, step, turned)


def _takes_color(case: Any) -> bool:
    if case.own_generator is not None or case.own_discriminator is not None:
        return False
    if case.cls.depends_on_batch(case.options) or not issubclass(
        TinyFeaturedDiscriminator, case.cls.discriminator_must_be
    ):
        return False
    return reason_against(case.cls, case.options, COLOR, TinyFeaturedDiscriminator) is None


def _check_every(case: Any) -> None:
    """Require that a lazy penalty is as strong as any other: the trainer multiplies by `every`."""
    lazy = case.options.model_copy(update={"every": case.options.every + 3})
    values = []
    for options in (case.options, lazy):
        with doing("penalty(step) where `every` is above 1"), seeded():
            penalty: Regularizer = case.cls(options)
            penalty.prepare(case.world.images, case.critic)
            values.append(penalty.penalty(case.step()).detach())
    require(
        torch.allclose(values[0], values[1], rtol=1e-3),
        f"is {values[0].item():.4g}, and {values[1].item():.4g} where `every` is {lazy.every} instead of "
        f"{case.options.every}: the trainer multiplies lazy penalties by options.every; do not do so too",
    )


def _sees_classes(case: Any) -> bool:
    return _takes_color(case) or bool(case.world.images.label_dim and not case.cls.depends_on_batch(case.options))


def _habit(ask: Callable[[Regularizer, LinearStep], None]) -> Callable[[Any], None]:
    return lambda case: ask(case.built(), case.step())


_LIFTED = 2
HABITS = (
    Property("gradients inside it keep their graph", _habit(penalty_habits.check_graph)),
    Property("its gradient is its derivative", _habit(penalty_habits.check_derivative)),
    Property("computes on the device of the step", _habit(penalty_habits.check_place)),
    Property("draws from the step's own stream", _habit(check_stream)),
    Property("leaves the step and the networks as they are", _habit(penalty_habits.check_step_kept)),
    Property("keeps no tensor of a step", _habit(penalty_habits.check_forgets)),
    Property("is finite where the critic is flat", _habit(penalty_habits.check_flat), _is_paid_by_discriminator),
    Property(
        "takes gradients at lifted images",
        lambda case: penalty_habits.check_lifted(case.built(), case.step(lift_factor=_LIFTED)),
        _is_paid_by_discriminator,
    ),
    Property("is as strong where it is lazy", _check_every),
    Property("keeps images with classes under their labels", _check_labels, _sees_classes),
)

# What is asked of the share of the second player too, where both descend a penalty.
OTHER_HABITS: dict[str, Callable[[Any], None]] = {
    "has its derivative as gradient": _habit(penalty_habits.check_derivative),
    "draws from the step's own stream": _habit(check_stream),
    "leaves the step and the networks as they are": _habit(penalty_habits.check_step_kept),
    "keeps no tensor of a step": _habit(penalty_habits.check_forgets),
}
