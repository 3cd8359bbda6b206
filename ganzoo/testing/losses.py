"""Conformance of adversarial losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.component import ConfiguredPart, ImageSpec
from ganzoo.contracts.objectives import AdversarialLoss, Regularizer, Role
from ganzoo.testing.failure import Judge
from ganzoo.testing.networks import seeded
from ganzoo.testing.options import check_component
from ganzoo.testing.parts import TinyDiscriminator
from ganzoo.testing.settings import reason_against

Objective = Callable[[Tensor, Tensor], Tensor]
_IMAGES = ImageSpec(16, 1, 0)
_HEADS = 3


def check_loss(cls: type[AdversarialLoss], options: Any = None) -> None:
    """Check that an adversarial loss keeps its contract.

    Args:
        cls: The loss.
        options: What to test it with; the defaults of its options if None.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "loss")
    options = check_component(cls, AdversarialLoss, options, judge)
    reason_against(cls, options, _IMAGES, judge)
    with judge.doing("building it (its __init__ calls super().__init__(options))"), seeded():
        loss = cls(options)
        loss.prepare(_IMAGES, TinyDiscriminator(TinyDiscriminator.Options(), _IMAGES))
        loss.to("cpu")

    def of_discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return loss.discriminator_loss(real, fake)

    def of_generator(real: Tensor, fake: Tensor) -> Tensor:
        return loss.generator_loss(fake, lambda: real)

    coupled = cls.depends_on_batch(options)
    for what, objective in (("discriminator_loss", of_discriminator), ("generator_loss", of_generator)):
        for heads in (0, _HEADS) if cls.takes_many_logits else (0,):
            _check_scalar(objective, what, judge, heads)
            if not coupled:
                _check_mean(objective, what, judge, heads)
    if cls.takes_many_logits:
        _check_realness(loss, judge)
    _check_weights(loss, of_discriminator if cls.trained_by is Role.DISCRIMINATOR else of_generator, judge)
    _check_directions(of_discriminator, of_generator, judge)
    _check_lazy_reals(loss, judge)
    _check_penalties(cls, options, judge)


def _logits(mean: float, heads: int = 0, count: int = 8, spread: float = 0.3) -> Tensor:
    """Return logits `[8]`, or of several heads `[8, heads]`."""
    rng = torch.Generator().manual_seed(int(abs(mean) * 100) + count)
    shape = (count, heads) if heads else (count,)
    return (mean + spread * torch.randn(*shape, generator=rng)).requires_grad_()


def _check_realness(loss: AdversarialLoss, judge: Judge) -> None:
    logits = _logits(0.5, _HEADS).detach()
    with judge.doing("realness(logits)"):
        found = loss.realness(logits)
    judge.require(
        isinstance(found, Tensor) and found.shape == logits.shape[:1],
        f"realness of logits [8, {_HEADS}] must be one number per image, [8]; found {found!r:.80}",
    )


def _check_weights(loss: AdversarialLoss, objective: Objective, judge: Judge) -> None:
    """Of a loss with weights of its own: those who train them must reach them."""
    own = {name: each for name, each in loss.named_parameters() if each.requires_grad}
    if not own:
        return
    loss.zero_grad()
    torch.autograd.backward(objective(_logits(-0.5), _logits(0.5)))
    missed = [name for name, each in own.items() if each.grad is None or not each.grad.any()]
    judge.require(
        not missed,
        f"no gradient of the {loss.trained_by.value}'s loss reaches its own {', '.join(missed[:5])}; use it, make it "
        f"a buffer, or set trained_by",
    )


def _check_scalar(objective: Objective, what: str, judge: Judge, heads: int) -> None:
    for scale in (1.0, 1e4):
        real, fake = _logits(-0.5 * scale, heads), _logits(0.5 * scale, heads)
        before = real.detach().clone(), fake.detach().clone()
        with judge.doing(what):
            value = objective(real, fake)
        judge.require(
            isinstance(value, Tensor) and value.dim() == 0, f"{what} must return a scalar tensor, found {value!r:.80}"
        )
        judge.require(torch.isfinite(value), f"{what} is {value.item()} for logits around {0.5 * scale:g}")
        judge.require(
            torch.equal(real, before[0]) and torch.equal(fake, before[1]), f"{what} changes the logits it is given"
        )
        with judge.doing(f"the gradient of {what}"):
            (slope,) = torch.autograd.grad(value, fake, allow_unused=True)
        judge.require(slope is not None, f"{what} gives no gradient to the logits of generated images")
        judge.require(torch.isfinite(slope).all(), f"the gradient of {what} is not finite")


def _check_mean(objective: Objective, what: str, judge: Judge, heads: int) -> None:
    real, fake = _logits(0.2, heads).detach(), _logits(-0.1, heads).detach()
    whole = objective(real, fake)
    halves = (objective(real[:4], fake[:4]) + objective(real[4:], fake[4:])) / 2
    judge.require(
        torch.allclose(whole, halves, rtol=1e-4, atol=1e-6),
        f"{what} of a batch is not the mean over its halves; take means over the batch, "
        "or let depends_on_batch(options) return True",
    )


def _check_directions(of_discriminator: Objective, of_generator: Objective, judge: Judge) -> None:
    """Descend from logits that are the wrong way round: reals low and generated images high, or low for G."""
    real, fake = _logits(-0.5), _logits(0.5)
    down_real, down_fake = _slopes(of_discriminator, real, fake)
    judge.require(down_real < 0, "discriminator_loss does not push the logits of real images up")
    judge.require(down_fake > 0, "discriminator_loss does not push the logits of generated images down")
    _, down_fake = _slopes(of_generator, _logits(0.5), _logits(-0.5))
    judge.require(down_fake < 0, "generator_loss does not push the logits of generated images up")


def _slopes(objective: Objective, real: Tensor, fake: Tensor) -> tuple[float, float]:
    slopes = torch.autograd.grad(objective(real, fake), (real, fake), allow_unused=True)
    first, second = (0.0 if slope is None else slope.sum().item() for slope in slopes)
    return first, second


def _check_lazy_reals(loss: AdversarialLoss, judge: Judge) -> None:
    calls: list[Tensor] = []

    def real() -> Tensor:
        calls.append(_logits(0.3))
        return calls[-1]

    torch.autograd.backward(loss.generator_loss(_logits(-0.5), real))
    judge.require(len(calls) <= 1, "generator_loss calls real() more than once; each call draws and judges a new batch")
    judge.require(
        all(logits.grad is None or not logits.grad.any() for logits in calls),
        "generator_loss sends gradient through the real logits into the discriminator; detach what real() returns",
    )


def _check_penalties(cls: type[AdversarialLoss], options: Any, judge: Judge) -> None:
    with judge.doing("regularizers(options)"):
        own = cls.regularizers(options)
    judge.require(isinstance(own, tuple), f"regularizers(options) must return a tuple, found {own!r:.80}")
    for choice in own:
        judge.require(
            isinstance(choice, ConfiguredPart) and issubclass(choice.cls, Regularizer),
            f"regularizers(options) must hold ConfiguredPart(penalty class, its options), found {choice!r:.80}",
        )
        judge.require(
            isinstance(choice.options, choice.cls.Options),
            f"its penalty {choice.cls.name!r} comes with options that are not {choice.cls.__name__}.Options",
        )
