"""Penalty suite: the properties of penalties beside their value."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch

from ganzoo.contracts.objectives import Regularizer, Role
from ganzoo.testing import penalty_habits
from ganzoo.testing.colored_step import ORDER
from ganzoo.testing.failure import doing, require
from ganzoo.testing.penalty_derivatives import check_derivative
from ganzoo.testing.penalty_images import of_color, takes_color
from ganzoo.testing.penalty_shown import check_augmented_once, check_classes_apart, check_labels_given
from ganzoo.testing.penalty_slopes import check_graph, check_lifted, check_whole
from ganzoo.testing.penalty_stream import check_stream, steady_generator
from ganzoo.testing.properties import Property
from ganzoo.testing.seeding import seeded
from ganzoo.testing.settings import BATCH
from ganzoo.testing.shared_batches import SIZE, check_value, says_so
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
    penalty, step = of_color(case)
    penalty_habits.check_labels(penalty, step, of_color(case, ORDER)[1])


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


def is_per_image(case: Any) -> bool:
    """Whether a penalty says that it is a mean over images, each by itself."""
    return not case.cls.depends_on_batch(case.options)


def _sees_classes(case: Any) -> bool:
    return is_per_image(case) and (takes_color(case) or bool(case.world.images.label_dim))


def _habit(ask: Callable[[Regularizer, LinearStep], None]) -> Callable[[Any], None]:
    return lambda case: ask(case.built(), case.step())


def _check_ranks(case: Any) -> None:
    whole, parts = case.built(), [(case.built(), case.step(range(rank, BATCH, SIZE))) for rank in range(SIZE)]
    with steady_generator(case.generator):
        check_value(
            lambda: copy.deepcopy(whole).penalty(case.step()), lambda rank: parts[rank][0].penalty(parts[rank][1]), "it"
        )


_LIFTED = 2
DRAWS_FOR_EACH = "draws numbers for each image"
HABITS = (
    Property("gradients inside it keep their graph", _habit(check_graph)),
    Property("its gradient is its derivative", _habit(check_derivative)),
    Property("descends the whole of the slopes that it takes", lambda case: check_whole(lambda: of_color(case))),
    Property("computes on the device of the step", _habit(penalty_habits.check_place)),
    Property("draws from the step's own stream", _habit(check_stream)),
    Property("leaves the step and the networks as they are", _habit(penalty_habits.check_step_kept)),
    Property("keeps no tensor of a step", _habit(penalty_habits.check_forgets)),
    Property("is finite where the critic is flat", _habit(penalty_habits.check_flat), _is_paid_by_discriminator),
    Property(
        "takes gradients at lifted images",
        lambda case: check_lifted(case.built(), case.step(lift_factor=_LIFTED)),
        _is_paid_by_discriminator,
    ),
    Property("is as strong where it is lazy", _check_every),
    Property("shows the critic what passed the augmentation once", check_augmented_once),
    Property("tells the networks the class of each image", check_labels_given),
    Property("tells each class from the others", check_classes_apart),
    Property("sees the whole batch where processes share it", _check_ranks, says_so),
    Property("keeps images with classes under their labels", _check_labels, _sees_classes, needs=DRAWS_FOR_EACH),
)

# What is asked of the share of the second player too, where both descend a penalty.
OTHER_HABITS: dict[str, Callable[[Any], None]] = {
    "has its derivative as gradient": _habit(check_derivative),
    "draws from the step's own stream": _habit(check_stream),
    "leaves the step and the networks as they are": _habit(penalty_habits.check_step_kept),
    "keeps no tensor of a step": _habit(penalty_habits.check_forgets),
}
