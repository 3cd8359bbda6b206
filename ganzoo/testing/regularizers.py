"""Conformance of penalties."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.contracts.objectives import Regularizer, Role
from ganzoo.testing.critics import TinyFeaturedDiscriminator
from ganzoo.testing.failure import ConformanceError, Judge
from ganzoo.testing.networks import seeded
from ganzoo.testing.options import check_component
from ganzoo.testing.parts import TinyGenerator, TinyStyledGenerator
from ganzoo.testing.settings import BATCH, reason_against
from ganzoo.testing.step import LinearStep

_IMAGES = ImageSpec(16, 1, 0)


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
        options: What to test it with; the defaults of its options if None.
        generator: A generator of 16x16 gray images for penalties on one; a tiny one, with styles if
            `generator_must_be` asks for them, by default.
        discriminator: A discriminator of such images for penalties on one; a linear one with features by default.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "regularizer")
    options = check_component(cls, Regularizer, options, judge)
    judge.require(
        isinstance(getattr(cls, "applies_to", None), Role),
        "`applies_to` must say who pays: Role.GENERATOR or .DISCRIMINATOR",
    )
    judge.require(isinstance(cls.generator_must_be, type), "generator_must_be must be a class or a capability")
    reason_against(cls, options, _IMAGES, judge)
    with seeded():
        generator = generator or _generator(cls.generator_must_be)
    judge.require(
        isinstance(generator, cls.generator_must_be),
        f"needs a {cls.generator_must_be.__name__} generator to be tested: check_regularizer(..., generator=...)",
    )
    critic = _critic() if discriminator is None else discriminator
    judge.require(
        isinstance(critic, cls.discriminator_must_be),
        f"needs a {cls.discriminator_must_be.__name__} discriminator to be tested: "
        f"check_regularizer(..., discriminator=...)",
    )
    _check_value(cls, options, generator, critic, judge)
    if cls.applies_to is Role.DISCRIMINATOR:
        _check_mean(cls, options, generator, critic, judge)
    _check_buffers(cls, options, generator, critic, judge)


def _generator(capability: type) -> Generator:
    if issubclass(TinyGenerator, capability):
        return TinyGenerator(TinyGenerator.Options(), _IMAGES)
    return TinyStyledGenerator(TinyStyledGenerator.Options(), _IMAGES)


def _critic() -> Discriminator:
    with seeded():
        return TinyFeaturedDiscriminator(TinyFeaturedDiscriminator.Options(), _IMAGES)


def _built(cls: type[Regularizer], options: Any, critic: Discriminator, judge: Judge) -> Regularizer:
    with judge.doing("building it (its __init__ calls super().__init__(options))"), seeded():
        regularizer = cls(options)
        regularizer.prepare(_IMAGES, critic)
    return regularizer


def _step(cls: type[Regularizer], generator: Generator, critic: Discriminator, repeats: int = 1) -> LinearStep:
    rng = torch.Generator().manual_seed(3)
    real, fakes = (torch.rand(BATCH, 1, 16, 16, generator=rng) * 2 - 1 for _ in range(2))
    return LinearStep(
        critic,
        real.repeat(repeats, 1, 1, 1),
        fakes=fakes.repeat(repeats, 1, 1, 1),
        generator=generator,
        connected=cls.needs_real_gradient,
        fakes_connected=cls.needs_fake_gradient,
        role=cls.applies_to,
    )


def _penalty(regularizer: Regularizer, step: LinearStep, judge: Judge) -> Tensor:
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
        raise ConformanceError(f"{judge.who}: penalty(step) failed: {type(error).__name__}: {error}{hint}") from error
    judge.require(
        isinstance(value, Tensor) and value.dim() == 0, f"penalty must return a scalar tensor, found {value!r:.80}"
    )
    judge.require(torch.isfinite(value), f"penalty is {value.item()}")
    return value


def _check_value(
    cls: type[Regularizer], options: Any, generator: Generator, critic: Discriminator, judge: Judge
) -> None:
    regularizer = _built(cls, options, critic, judge)
    payer: nn.Module = critic if cls.applies_to is Role.DISCRIMINATOR else generator
    for network in (generator, critic):
        network.zero_grad()
    value = _penalty(regularizer, _step(cls, generator, critic), judge)
    judge.require(value.requires_grad, f"penalty gives no gradient to the {cls.applies_to.value}")
    with judge.doing("the gradient of the penalty"):
        torch.autograd.backward(value)
    missed = [name for name, each in regularizer.named_parameters() if each.requires_grad and each.grad is None]
    judge.require(not missed, f"no gradient of the penalty reaches its own {', '.join(missed[:5])}; make it a buffer")
    slopes = [parameter.grad for parameter in payer.parameters() if parameter.grad is not None]
    judge.require(
        any(bool(slope.any()) for slope in slopes), f"penalty gives no gradient to the {cls.applies_to.value}"
    )
    judge.require(
        all(bool(torch.isfinite(slope).all()) for slope in slopes), "the gradient of the penalty is not finite"
    )
    if cls.applies_to is Role.DISCRIMINATOR:
        leaks = any(parameter.grad is not None for parameter in generator.parameters())
        judge.require(not leaks, "penalty sends gradient into the generator, though the discriminator pays it")


def _check_mean(
    cls: type[Regularizer], options: Any, generator: Generator, critic: Discriminator, judge: Judge
) -> None:
    once = _penalty(_built(cls, options, critic, judge), _step(cls, generator, critic), judge)
    twice = _penalty(_built(cls, options, critic, judge), _step(cls, generator, critic, repeats=2), judge)
    judge.require(
        torch.allclose(once, twice, rtol=0.05),
        f"penalty of a batch repeated is {twice.item():.6g}, of the batch {once.item():.6g}: "
        "it must be the mean over the batch, not the sum",
    )


def _check_buffers(
    cls: type[Regularizer], options: Any, generator: Generator, critic: Discriminator, judge: Judge
) -> None:
    regularizer = _built(cls, options, critic, judge)
    _penalty(regularizer, _step(cls, generator, critic), judge)
    with judge.doing("loading its own state_dict into a new instance"):
        other = _built(cls, options, critic, judge)
        other.load_state_dict(regularizer.state_dict())
    once = _penalty(regularizer, _step(cls, generator, critic), judge)
    again = _penalty(other, _step(cls, generator, critic), judge)
    judge.require(
        torch.equal(once, again), "a new instance with the same state_dict gives another penalty: make state a buffer"
    )
