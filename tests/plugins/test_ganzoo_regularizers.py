"""Penalties against values by hand: linear and quadratic critics, networks of one weight, augmentations that double."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ganzoo import Augmentation, ComponentOptions, Discriminator, ImageSpec, Role
from ganzoo.testing import LinearStep
from ganzoo_losses.r1 import R1
from ganzoo_losses.r2 import R2
from ganzoo_regularizers.finite_difference_r1 import FiniteDifferenceR1
from ganzoo_regularizers.finite_difference_r2 import FiniteDifferenceR2


def make(cls, **options):
    return cls(cls.Options(**options))


class Inner(Discriminator):
    """Inner product with a fixed image, so that the gradient at any image is that image."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__(ComponentOptions(), ImageSpec(weight.shape[-1], weight.shape[0]))
        self.weight = torch.nn.Parameter(weight)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return (images * self.weight).sum(dim=(1, 2, 3))


class Pair(Inner):
    """Two logits per image: the inner product, and twice that."""

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        one = super().forward(images, labels)
        return torch.stack([one, 2 * one], dim=1)


class Quadratic(Discriminator):
    """Half the squared norm of the image: its gradient is the image itself."""

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return images.square().sum(dim=(1, 2, 3)) / 2


class Shaken(Augmentation):
    """Adds another number to each image at each call: compared across two calls, logits say nothing."""

    def __init__(self) -> None:
        super().__init__(ComponentOptions(), ImageSpec(4, 1))
        self.calls = 0

    def forward(self, images: Tensor) -> Tensor:
        self.calls += 1
        return images + 100 * torch.rand(len(images), 1, 1, 1)


def images_of(count: int, channels: int = 1, side: int = 4, seed: int = 0) -> Tensor:
    return torch.randn(count, channels, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("cls", "exact"), [(FiniteDifferenceR1, R1), (FiniteDifferenceR2, R2)])
@pytest.mark.parametrize("factor", [1, 2])
@pytest.mark.parametrize("critic", [Inner, Pair])
def test_finite_differences_of_a_linear_critic(cls, exact, factor, critic):
    """(w . e)^2 gamma / 2 for the noise e that was drawn; its mean is the exact penalty, also when lifted."""
    network = critic(images_of(1, seed=1)[0])
    step = LinearStep(network, images_of(3), fakes=images_of(3, seed=2), lift_factor=factor)
    torch.manual_seed(0)
    penalty = make(cls, gamma=6.0, sigma=0.1).penalty(step)
    torch.manual_seed(0)
    noise = torch.randn(3, 1, 4, 4).double() / factor
    slope = network.weight.detach() * (3 if critic is Pair else 1)  # the sum over logits, as for R1
    assert penalty.item() == pytest.approx(3.0 * (noise * slope).sum(dim=(1, 2, 3)).square().mean().item())
    many = LinearStep(network, images_of(1).expand(4_000, -1, -1, -1), fakes=images_of(1).expand(4_000, -1, -1, -1))
    many.lift_factor = factor
    found = make(cls, gamma=6.0).penalty(many).item()
    assert found == pytest.approx(make(exact, gamma=6.0).penalty(many).item(), rel=0.12)  # 5 deviations of chi^2 / n


def test_finite_differences_of_a_curved_critic_hold_the_curvature_at_large_sigma_alone():
    """D = |x|^2 / 2: the difference is sigma x.e + sigma^2 |e|^2 / 2, so the mean is |x|^2 + sigma^2 (n^2 + 2n) / 4."""
    step = LinearStep(Quadratic(None, ImageSpec(4, 1)), images_of(1).expand(4_000, -1, -1, -1))
    for sigma in (0.01, 1.0):
        expected = step.real[0].square().sum().item() + sigma**2 * (16**2 + 2 * 16) / 4
        assert make(FiniteDifferenceR1, gamma=2.0, sigma=sigma).penalty(step).item() == pytest.approx(expected, rel=0.1)


def test_finite_differences_look_at_the_augmented_images_twice_and_share_the_forward_of_the_loss():
    seen = []

    class Watching(Inner):
        def forward(self, images, labels):
            seen.append(images.detach())
            return super().forward(images, labels)

    augmentation = Shaken()
    step = LinearStep(Watching(images_of(1, seed=1)[0]), images_of(4), augmentation=augmentation)
    loss = step.real_logits.mean()
    (loss + make(FiniteDifferenceR1, sigma=0.01).penalty(step)).backward()
    assert augmentation.calls == 1 and len(seen) == 2
    assert 0 < (seen[0] - seen[1]).abs().max() < 0.06
    assert FiniteDifferenceR1.applies_to is Role.DISCRIMINATOR
