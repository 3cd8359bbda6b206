"""Losses against numbers worked out by hand, penalties against the gradients of linear critics."""

from __future__ import annotations

from dataclasses import replace
from math import log, sqrt

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from ganzoo import ConfiguredPart, Discriminator, ImageSpec, PluginError, Role
from ganzoo.contracts.phase import Phase
from ganzoo.testing import LinearStep, small_context
from ganzoo_losses import ganzoo_losses, ganzoo_regularizers
from ganzoo_losses.gradient_penalty import GradientPenalty
from ganzoo_losses.hinge import Hinge
from ganzoo_losses.least_squares import LeastSquares
from ganzoo_losses.logistic import Logistic
from ganzoo_losses.r1 import R1
from ganzoo_losses.r2 import R2
from ganzoo_losses.rahinge import RaHinge
from ganzoo_losses.rpgan import RpGAN
from ganzoo_losses.wgan_gp import WGANGP

LOSSES = ganzoo_losses()
RELATIVISTIC = (RaHinge, RpGAN)
REAL = torch.tensor([2.0, 0.5, -0.4])  # mean 0.7
FAKE = torch.tensor([0.5, -1.0, 0.2])  # mean -0.1


def make(cls, **options):
    return cls(cls.Options(**options))


def no_reals() -> Tensor:
    raise AssertionError("asked for real logits")


# By hand, with r = (2, 0.5, -0.4), f = (0.5, -1, 0.2); squares: 4 + 0.25 + 0.16, (1, -0.5, -1.4), (-0.5, -2, -0.8).
TABLE = [
    (make(Hinge), (0 + 0.5 + 1.4) / 3 + (1.5 + 0 + 1.2) / 3, 0.3 / 3),
    # 1 - r = (-1, 0.5, 1.4), 1 + f = (1.5, 0, 1.2); a^2 / 2s up to s, a - s/2 beyond
    (make(Hinge, margin_spread=0.2), (0 + 0.4 + 1.3) / 3 + (1.4 + 0 + 1.1) / 3, 0.3 / 3),
    (make(Hinge, margin_spread=1.0), (0 + 0.125 + 0.9) / 3 + (1.0 + 0 + 0.7) / 3, 0.3 / 3),
    (make(LeastSquares), (1 + 0.25 + 1.96) / 6 + (0.25 + 1 + 0.04) / 6, (0.25 + 4 + 0.64) / 6),
    (
        make(LeastSquares, fake_target=-1, generator_target=0),
        (1 + 0.25 + 1.96) / 6 + (2.25 + 0 + 1.44) / 6,
        (0.25 + 1 + 0.04) / 6,
    ),
    (make(WGANGP), -0.1 - 0.7, 0.1),
    (make(WGANGP, drift=0.001), -0.1 - 0.7 + 0.001 * 4.41 / 3, 0.1),
    # r - f' = (2.1, 0.6, -0.3), f - r' = (-0.2, -1.7, -0.5)
    (make(RaHinge), ((0 + 0.4 + 1.3) / 3 + (0.8 + 0 + 0.5) / 3) / 2, (5.4 / 3 + 5.4 / 3) / 2),
]


@pytest.mark.parametrize(("loss", "discriminator", "generator"), TABLE)
def test_values_by_hand(loss, discriminator, generator):
    assert loss.discriminator_loss(REAL, FAKE).item() == pytest.approx(discriminator, abs=1e-6)
    assert loss.generator_loss(FAKE, lambda: REAL).item() == pytest.approx(generator, abs=1e-6)


def test_logistic_by_hand():
    """softplus(0) = ln 2, softplus(ln 3) = ln 4, softplus(-ln 3) = ln 4/3."""
    real, fake = torch.tensor([0.0, log(3)]), torch.tensor([log(3), log(3), 0.0])
    expected = (log(2) + log(4 / 3)) / 2 + (2 * log(4) + log(2)) / 3
    assert make(Logistic).discriminator_loss(real, fake).item() == pytest.approx(expected, abs=1e-6)
    expected = (2 * log(4 / 3) + log(2)) / 3
    assert make(Logistic).generator_loss(fake, no_reals).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("cls", LOSSES)
def test_gradients_equal_finite_differences(cls):
    loss = make(cls)
    real, fake = ((logits.double() + 0.037).requires_grad_() for logits in (REAL, FAKE))  # off the hinges' corners
    assert torch.autograd.gradcheck(loss.discriminator_loss, (real, fake))
    assert torch.autograd.gradcheck(lambda f: loss.generator_loss(f, lambda: REAL.double()), (fake,))


@pytest.mark.parametrize("cls", [cls for cls in LOSSES if cls not in RELATIVISTIC])
def test_only_relativistic_losses_ask_for_reals(cls):
    make(cls).generator_loss(FAKE, no_reals)


def test_a_spread_margin_is_the_mean_of_hinges_whose_margins_are_drawn():
    """As FastGAN's code draws them, evenly from 0.8 to 1 for each logit: the loss and its gradient, in the mean."""
    rng = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(7, generator=rng, dtype=torch.float64).requires_grad_() for _ in range(2))
    margins = torch.linspace(0.8, 1.0, 20_001, dtype=torch.float64)[:, None]
    by_hand = torch.relu(margins - real).mean() + torch.relu(margins + fake).mean()
    found = make(Hinge, margin_spread=0.2).discriminator_loss(real, fake)
    assert found.item() == pytest.approx(by_hand.item(), abs=1e-6)
    for mine, wanted in zip(*(torch.autograd.grad(loss, (real, fake)) for loss in (found, by_hand)), strict=True):
        assert torch.allclose(mine, wanted, atol=1e-4)


def test_rahinge_reaches_the_generator_through_both_terms():
    """With all hinges active each term gives -1/n per fake, half of that remains; the first comes through f'."""
    fake = FAKE.clone().requires_grad_()
    make(RaHinge).generator_loss(fake, lambda: REAL).backward()
    assert fake.grad.tolist() == pytest.approx([-(1 / 3 + 1 / 3) / 2] * 3)
    # r = (-3, 5): r' = 1 and r - f' = (-4, 4), so only the second hinge of the first term is active, 1 of 2
    fake = torch.tensor([3.0, -1.0], requires_grad=True)
    make(RaHinge).generator_loss(fake, lambda: torch.tensor([-3.0, 5.0])).backward()
    assert fake.grad.tolist() == pytest.approx([-(1 / 2) * (1 / 2) / 2, -((1 / 2) * (1 / 2) + 1 / 2) / 2])


def test_rahinge_detaches_the_reals_of_the_generators_step():
    real = REAL.clone().requires_grad_()
    make(RaHinge).generator_loss(FAKE.clone().requires_grad_(), lambda: real).backward()
    assert real.grad is None


@pytest.mark.parametrize("cls", RELATIVISTIC)
@pytest.mark.parametrize("real", [None, lambda: None, lambda: torch.zeros(0)])
def test_relativistic_losses_without_reals_say_so(cls, real):
    with pytest.raises(PluginError, match=f"'{cls.name}' needs the logits of real images in the generator's step"):
        make(cls).generator_loss(FAKE, real)


def test_rpgan_by_hand():
    """Differences f - r of ln 3, -ln 3 and 0: softplus is ln 4, ln 4/3 and ln 2; pairs, so that order counts."""
    real, fake = torch.tensor([0.0, log(3), 1.0]), torch.tensor([log(3), 0.0, 1.0])
    assert make(RpGAN).discriminator_loss(real, fake).item() == pytest.approx((log(4) + log(4 / 3) + log(2)) / 3)
    assert make(RpGAN).generator_loss(fake, lambda: real).item() == pytest.approx((log(4 / 3) + log(4) + log(2)) / 3)
    assert make(RpGAN).discriminator_loss(real, fake.flip(0)).item() != pytest.approx(
        (log(4) + log(4 / 3) + log(2)) / 3
    )


def test_rahinge_refuses_batches_of_one_and_couples_the_batch():
    context = small_context(ImageSpec(16, 1), RaHinge, RaHinge.Options())
    assert RaHinge.incompatibility(RaHinge.Options(), context) is None
    single = replace(context, phases=(Phase(16, 0, 1000, 8), Phase(16, 1000, 2000, 1)))
    assert "raise training.batch_size" in RaHinge.incompatibility(RaHinge.Options(), single)
    assert RaHinge.depends_on_batch(RaHinge.Options())
    assert not any(cls.depends_on_batch(cls.Options()) for cls in LOSSES if cls is not RaHinge)


def test_wgan_gp_brings_its_penalty():
    (own,) = WGANGP.regularizers(WGANGP.Options())
    assert own == ConfiguredPart(GradientPenalty, GradientPenalty.Options(weight=10, target=1, every=1))
    (own,) = WGANGP.regularizers(WGANGP.Options(weight=2, target=3, every=4))
    assert own.options == GradientPenalty.Options(weight=2, target=3, every=4)
    assert not any(cls.regularizers(cls.Options()) for cls in LOSSES if cls is not WGANGP)


@pytest.mark.parametrize(
    ("cls", "options"), [(WGANGP, {"weight": -1}), (WGANGP, {"lambda": 1}), (R1, {"gamma": -1}), (R1, {"every": 0})]
)
def test_options_out_of_range_are_refused(cls, options):
    with pytest.raises(ValidationError):
        cls.Options(**options)


class Inner(Discriminator):
    """Inner product with a fixed image, so that the gradient at any image is that image."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__(None, ImageSpec(weight.shape[-1], weight.shape[0]))
        self.weight = torch.nn.Parameter(weight)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return (images * self.weight).sum(dim=(1, 2, 3))


def linear_step(batch: int, factor: int = 1) -> tuple[Inner, LinearStep]:
    rng = torch.Generator().manual_seed(batch)
    critic = Inner(torch.randn(3, 8, 8, generator=rng, dtype=torch.float64))
    real, fakes = (torch.randn(batch, 3, 8, 8, generator=rng, dtype=torch.float64) for _ in range(2))
    return critic, LinearStep(critic, real, fakes=fakes, lift_factor=factor)


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("factor", [1, 2, 16])
@pytest.mark.parametrize("cls", [R1, R2])
def test_r1_and_r2_of_a_linear_critic(cls, batch, factor):
    """gamma / 2 |a|^2, and 1 / f^2 of it at images f times as large."""
    critic, step = linear_step(batch, factor)
    penalty = make(cls, gamma=6.0).penalty(step)
    assert penalty.item() == pytest.approx(3.0 * critic.weight.square().sum().item() / factor**2, rel=1e-6)
    penalty.backward()
    assert torch.allclose(critic.weight.grad, 6.0 * critic.weight / factor**2, rtol=1e-5)


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("factor", [1, 2, 16])
def test_gradient_penalty_of_a_linear_critic(batch, factor):
    """lambda (|a| / f - target)^2 at images f times as large."""
    critic, step = linear_step(batch, factor)
    norm = critic.weight.norm().item() / factor
    for weight, target in ((10.0, 1.0), (3.0, 2.5), (1.0, 0.0)):
        critic.weight.grad = None
        penalty = make(GradientPenalty, weight=weight, target=target).penalty(step)
        assert penalty.item() == pytest.approx(weight * (norm - target) ** 2, rel=1e-5)
        penalty.backward()
        expected = 2 * weight * (norm - target) * critic.weight / (norm * factor**2)
        assert torch.allclose(critic.weight.grad, expected, rtol=1e-4)


class Quadratic(Discriminator):
    """Half the squared norm of the image: its gradient is the image itself."""

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return images.square().sum(dim=(1, 2, 3)) / 2


def test_penalties_are_means_of_per_image_values():
    """A gradient that differs by image tells the mean of squares from the square of the mean."""
    critic = Quadratic(None, ImageSpec(4, 1))
    real = torch.stack([torch.full((1, 4, 4), value) for value in (1.0, 2.0, 3.0)])  # norms 4, 8, 12
    step = LinearStep(critic, real, fakes=real)
    assert make(R1, gamma=2.0).penalty(step).item() == pytest.approx((16 + 64 + 144) / 3)
    doubled = LinearStep(critic, real, fakes=2 * real)
    assert make(R2, gamma=2.0).penalty(doubled).item() == pytest.approx(4 * (16 + 64 + 144) / 3)
    assert make(GradientPenalty, weight=1.0).penalty(step).item() == pytest.approx((9 + 49 + 121) / 3)


def test_gradient_penalty_mixes_real_and_generated_once_per_image():
    seen = []

    class Watching(Quadratic):
        def forward(self, images, labels):
            seen.append((images.detach(), labels))
            return super().forward(images, labels)

    real, fakes = torch.zeros(64, 3, 4, 4), torch.ones(64, 3, 4, 4)
    labels = torch.eye(64)
    critic = Watching(None, ImageSpec(4, 3, 64))
    make(GradientPenalty).penalty(LinearStep(critic, real, labels, fakes=fakes))
    ((points, given),) = seen
    assert torch.equal(given, labels)
    shares = points[:, 0, 0, 0]
    assert torch.equal(points, shares.view(-1, 1, 1, 1).expand_as(points))
    assert len(shares.unique()) == 64
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert abs(shares.mean().item() - 0.5) < 3 / sqrt(12 * 64)


def test_gradient_penalty_of_a_flat_critic_has_a_finite_gradient():
    critic, step = linear_step(4)
    with torch.no_grad():
        critic.weight.zero_()
    penalty = make(GradientPenalty).penalty(step)
    penalty.backward()
    assert penalty.item() == pytest.approx(10.0)
    assert critic.weight.grad.isfinite().all()


def test_r1_shares_the_forward_of_the_loss():
    calls = []

    class Counting(Quadratic):
        def forward(self, images, labels):
            calls.append(1)
            return super().forward(images, labels)

    step = LinearStep(Counting(None, ImageSpec(4, 1)), torch.ones(2, 1, 4, 4))
    loss = make(Logistic).discriminator_loss(step.real_logits, torch.zeros(2)) + make(R1).penalty(step)
    loss.backward()
    assert len(calls) == 1


@pytest.mark.parametrize("cls", [cls for cls in ganzoo_regularizers() if cls.applies_to is Role.DISCRIMINATOR])
@pytest.mark.parametrize("every", [2, 16])
def test_lazy_penalties_pull_as_strongly_on_average(cls, every):
    """For a constant network: the mean gradient over 16 updates, applied every n-th and n times, is the eager one."""
    critic, step = linear_step(4)
    (eager,) = torch.autograd.grad(make(cls).penalty(step), critic.weight)
    total = torch.zeros_like(critic.weight)
    for update in range(16):
        lazy = make(cls, every=every)
        if update % lazy.options.every == 0:
            step = LinearStep(critic, step.real, fakes=step.fakes)
            total += torch.autograd.grad(lazy.options.every * lazy.penalty(step), critic.weight)[0]
    assert torch.allclose(total / 16, eager)


def test_saturated_logits_stay_finite():
    for cls in LOSSES:
        for sign in (1.0, -1.0):
            real, fake = torch.full((2,), 1e6 * sign), torch.full((2,), -1e6 * sign, requires_grad=True)
            loss = make(cls)
            value = loss.discriminator_loss(real, fake) + loss.generator_loss(fake, lambda real=real: real)
            value.backward()
            assert value.isfinite(), cls.name
            assert fake.grad.isfinite().all()
