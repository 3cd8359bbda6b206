"""Losses: the properties of adversarial losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.component import ConfiguredPart
from ganzoo.contracts.objectives import AdversarialLoss, Regularizer, Role
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.loss_case import (
    HEADS,
    PLAYERS,
    LossCase,
    Objective,
    logits_around,
    of_discriminator,
    of_generator,
    uneven_logits,
)
from ganzoo.testing.loss_habits import HABITS, SAVED, check_realness, check_saved
from ganzoo.testing.option_effects import EFFECTS, ask_effects
from ganzoo.testing.option_looks import of_loss
from ganzoo.testing.properties import Property, Suite, gate
from ganzoo.testing.scheduled_options import FOLLOWS, ask_schedules, has_schedules
from ganzoo.testing.settings import reason_against
from ganzoo.testing.trial import Trial, require_all
from ganzoo.testing.worlds import WORLDS


def _check_compatibility(case: LossCase) -> None:
    for world in WORLDS:
        reason_against(case.cls, case.options, world.images, world.critic)


def _check_built(case: LossCase) -> None:
    case.loss()


def _scalar(what: str) -> Callable[[LossCase], None]:
    def ask(case: LossCase) -> None:
        for heads in case.heads:
            try:
                _check_scalar(PLAYERS[what](case.loss()), what, heads)
            except ConformanceError as error:
                raise ConformanceError(f"{error}{_unsaid_need(case, what, heads)}") from error

    return ask


def _unsaid_need(case: LossCase, what: str, heads: int) -> str:
    """Return what a loss that fails for one logit per image should have said, if several are all that it needs."""
    if heads or len(case.heads) == 1:
        return ""
    try:
        _check_scalar(PLAYERS[what](case.loss()), what, HEADS)
    except ConformanceError:
        return ""
    return (
        f"; logits are [N] before a critic that gives one per image, and with [N, {HEADS}] it works: say in "
        f"`incompatibility(options, context)` what it needs, by context.logits_per_image"
    )


def _mean(what: str) -> Callable[[LossCase], None]:
    def ask(case: LossCase) -> None:
        for heads in case.heads:
            _check_mean(PLAYERS[what](case.loss()), what, heads)

    return ask


def _is_independent(case: LossCase) -> bool:
    return not case.cls.depends_on_batch(case.options)


def _check_weights(case: LossCase) -> None:
    """Of a loss with weights of its own: those who train them must reach them."""
    loss = case.loss()
    objective = of_discriminator(loss) if loss.trained_by is Role.DISCRIMINATOR else of_generator(loss)
    own = {name: each for name, each in loss.named_parameters() if each.requires_grad}
    if not own:
        return
    loss.zero_grad()
    torch.autograd.backward(objective(logits_around(-0.5, case.heads[0]), logits_around(0.5, case.heads[0])))
    missed = [name for name, each in own.items() if each.grad is None or not each.grad.any()]
    require(
        not missed,
        f"no gradient of the {loss.trained_by.value}'s loss reaches its own {', '.join(missed[:5])}; use it, make it "
        f"a buffer, or set trained_by",
    )


def _check_scalar(objective: Objective, what: str, heads: int) -> None:
    for scale in (1.0, 1e4, -1e4):
        real, fake = logits_around(-0.5 * scale, heads), logits_around(0.5 * scale, heads)
        before = real.detach().clone(), fake.detach().clone()
        with doing(what):
            value = objective(real, fake)
        require(
            isinstance(value, Tensor) and value.dim() == 0, f"{what} must return a scalar tensor, found {value!r:.80}"
        )
        require(torch.isfinite(value), f"{what} is {value.item()} for logits around {0.5 * scale:g}")
        require(torch.equal(real, before[0]) and torch.equal(fake, before[1]), f"{what} changes the logits it is given")
        with doing(f"the gradient of {what}"):
            (slope,) = torch.autograd.grad(value, fake, allow_unused=True)
        require(slope is not None, f"{what} gives no gradient to the logits of generated images")
        require(torch.isfinite(slope).all(), f"the gradient of {what} is not finite")


def _check_mean(objective: Objective, what: str, heads: int) -> None:
    real, fake = logits_around(0.2, heads).detach(), logits_around(-0.1, heads).detach()
    whole = objective(real, fake)
    halves = (objective(real[:4], fake[:4]) + objective(real[4:], fake[4:])) / 2
    require(
        torch.allclose(whole, halves, rtol=1e-4, atol=1e-6),
        f"{what} of a batch is not the mean over its halves; take means over the batch, "
        "or let depends_on_batch(options) return True",
    )
    real, fake = uneven_logits(heads), -uneven_logits(heads)
    whole = objective(real, fake)
    images = torch.stack([objective(real[at : at + 1], fake[at : at + 1]) for at in range(len(real))])
    require(
        torch.allclose(whole, images.mean(), rtol=1e-4, atol=1e-6),
        f"{what} of a batch is {whole.item():.6g}, and {images.mean().item():.6g} on average of its images: it takes "
        f"means of groups first (the logits above 0 and those below), in which an image of a small group weighs more; "
        f"take the mean over the batch, of all logits at once",
    )


def _check_discriminator_direction(case: LossCase) -> None:
    """Descend from logits that are the wrong way round: reals low and generated images high."""
    real, fake = logits_around(-0.5, case.heads[0]), logits_around(0.5, case.heads[0])
    down_real, down_fake = _slopes(case.loss(), "discriminator_loss", real, fake)
    require(down_real < 0, "discriminator_loss does not push the logits of real images up")
    require(down_fake > 0, "discriminator_loss does not push the logits of generated images down")


def _check_generator_direction(case: LossCase) -> None:
    real, fake = logits_around(0.5, case.heads[0]), logits_around(-0.5, case.heads[0])
    _, down_fake = _slopes(case.loss(), "generator_loss", real, fake)
    require(down_fake < 0, "generator_loss does not push the logits of generated images up")


def _slopes(loss: AdversarialLoss, what: str, real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Return how a step up the slope would move the realness of reals and of generated images."""
    slopes = torch.autograd.grad(PLAYERS[what](loss)(real, fake), (real, fake), allow_unused=True)
    first, second = (
        0.0 if slope is None else float((slope * _of_realness(loss, logits)).sum())
        for slope, logits in zip(slopes, (real, fake), strict=True)
    )
    return first, second


def _of_realness(loss: AdversarialLoss, logits: Tensor) -> Tensor:
    """Return the slope of the one number per image that the loss makes of several logits; 1 of a single one."""
    if logits.dim() == 1:
        return torch.ones_like(logits)
    (slope,) = torch.autograd.grad(loss.realness(logits).sum(), logits)
    return slope


def _check_lazy_reals(case: LossCase) -> None:
    loss = case.loss()
    calls: list[Tensor] = []

    def real() -> Tensor:
        calls.append(logits_around(0.3, case.heads[0]))
        return calls[-1]

    torch.autograd.backward(loss.generator_loss(logits_around(-0.5, case.heads[0]), real))
    require(len(calls) <= 1, "generator_loss calls real() more than once; each call draws and judges a new batch")
    require(
        all(logits.grad is None or not logits.grad.any() for logits in calls),
        "generator_loss sends gradient through the real logits into the discriminator; detach what real() returns",
    )


def _check_penalties(case: LossCase) -> None:
    with doing("regularizers(options)"):
        own = case.cls.regularizers(case.options)
    require(isinstance(own, tuple), f"regularizers(options) must return a tuple, found {own!r:.80}")
    for choice in own:
        require(
            isinstance(choice, ConfiguredPart) and issubclass(choice.cls, Regularizer),
            f"regularizers(options) must hold ConfiguredPart(penalty class, its options), found {choice!r:.80}",
        )
        require(
            isinstance(choice.options, choice.cls.Options),
            f"its penalty {choice.cls.name!r} comes with options that are not {choice.cls.__name__}.Options",
        )


LOSS = Suite(
    LossCase,
    once=(
        *COMPONENT,
        Property("says what it is compatible with", _check_compatibility),
        gate("can be built", _check_built),
        Property("discriminator_loss is a finite scalar with a gradient", _scalar("discriminator_loss")),
        Property("generator_loss is a finite scalar with a gradient", _scalar("generator_loss")),
        Property(SAVED, check_saved),
        *(Property(f"{what} is a mean over the batch", _mean(what), _is_independent, needs=SAVED) for what in PLAYERS),
        Property("realness is one number per image", check_realness),
        Property("gradients reach its own weights", _check_weights),
        Property("discriminator_loss pushes logits apart", _check_discriminator_direction),
        Property("generator_loss pushes logits up", _check_generator_direction),
        Property("generator_loss draws reals at most once, and trains on none", _check_lazy_reals),
        *HABITS,
        Property(EFFECTS, ask_effects(of_loss)),
        Property(FOLLOWS, ask_schedules(of_loss), has_schedules),
        Property("brings its penalties as parts with options", _check_penalties),
    ),
)


def check_loss(cls: type[AdversarialLoss], options: Any = None) -> None:
    """Check that an adversarial loss keeps its contract.

    Args:
        cls: The loss.
        options: What to test it with; if None its `example_options`, or the defaults.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(LOSS, LossCase(cls, options)))
