"""Each conformance check catches a part that breaks it, and says which part and what."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from broken_parts import broken, complaint
from pydantic import BaseModel, Field
from torch import Tensor, nn

from ganzoo import AdversarialLoss, testing
from ganzoo.testing import (
    TinyDataset,
    TinyDiscriminator,
    TinyGenerator,
    TinyGrowableDiscriminator,
    TinyGrowableGenerator,
    TinyLoss,
    check_part,
)

TINY = (TinyGenerator, TinyDiscriminator, TinyGrowableGenerator, TinyGrowableDiscriminator, TinyLoss, TinyDataset)


@pytest.mark.parametrize("part", TINY)
def test_tiny_parts_keep_the_contract(part):
    check_part(part)


def test_tiny_data_set_with_color_and_classes():
    check_part(TinyDataset, TinyDataset.Options(channels=3, classes=4, count=9))


def test_the_global_random_state_is_left_alone():
    before = torch.get_rng_state()
    check_part(TinyGenerator)
    check_part(TinyGrowableDiscriminator)
    assert torch.equal(before, torch.get_rng_state())


# Rules for every part


def test_complaints_name_the_part():
    class Misnamed(TinyGenerator):
        """A generator."""

        name = "Has Spaces"

    assert complaint(Misnamed).startswith("generator 'Has Spaces': its name is 'Has Spaces'")


def test_not_a_part():
    assert "'Module' is no part" in complaint(nn.Module)


def test_a_part_of_another_kind():
    assert "not a subclass of ganzoo.Generator" in complaint(TinyLoss, check=testing.check_generator)


def test_abstract_class():
    class Half(AdversarialLoss):
        """Half a loss."""

        name = "half"

        def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
            return fake.mean()

    assert "loss 'half': does not define generator_loss" in complaint(Half)


def test_no_docstring():
    class Silent(TinyLoss):
        name = "silent"

    assert "no docstring" in complaint(Silent)


@pytest.mark.parametrize("key", ["name", "override"])
def test_reserved_option(key):
    class Reserved(TinyLoss):
        """A loss."""

        Options = type(
            "Options",
            (TinyLoss.Options,),
            {"__annotations__": {key: int}, key: Field(default=1, description="Taken."), "__module__": __name__},
        )

    assert f"an option may not be called '{key}'" in complaint(Reserved)


def test_option_without_description():
    class Terse(TinyLoss):
        """A loss."""

        class Options(TinyLoss.Options):
            """Terse."""

            weight: float = 1.0

    assert "option 'weight' has no description" in complaint(Terse)


def test_option_without_default_needs_options_to_test_with():
    class Demanding(TinyLoss):
        """A loss."""

        class Options(TinyLoss.Options):
            """Demanding."""

            weight: float = Field(description="Weight.")

        def generator_loss(self, fake, real):
            return self.options.weight * super().generator_loss(fake, real)

    assert "options without default: weight; let the classmethod example_options" in complaint(Demanding)
    check_part(Demanding, Demanding.Options(weight=1.0))
    assert "must be its Options" in complaint(Demanding, TinyLoss.Options())


def test_options_that_let_mistakes_through():
    class Loose(TinyLoss):
        """A loss."""

        class Options(TinyLoss.Options, extra="ignore"):
            """Loose."""

    assert "extra='forbid'" in complaint(Loose)

    class Foreign(TinyLoss):
        """A loss."""

        class Options(BaseModel):
            """Foreign."""

    assert "subclass of AdversarialLoss.Options" in complaint(Foreign)


def test_unfit_must_answer_with_a_sentence():
    class Vague(TinyGenerator):
        """A generator."""

        @classmethod
        def incompatibility(cls, options, context):
            return True

    assert "incompatibility must return a sentence or None, not True" in complaint(Vague)


def test_a_network_that_refuses_everything():
    class Picky(TinyGenerator):
        """A generator."""

        @classmethod
        def incompatibility(cls, options, context):
            return "only 512 pixels"

    assert "refuses every kind of image of 32 pixels; give the check a `resolution`: only 512" in complaint(Picky)


def test_a_network_of_one_resolution_is_tested_at_it():
    class OfSixteen(TinyGenerator):
        """A generator."""

        @classmethod
        def incompatibility(cls, options, context):
            return None if context.images.resolution == 16 else "only 16 pixels"

    testing.check_generator(OfSixteen)
    testing.check_generator(OfSixteen, resolution=16)


def test_a_network_may_refuse_labels():
    class Unconditional(TinyGenerator):
        """A generator."""

        def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
            return super().forward(latents, labels * 0)

    assert "the labels change nothing" in complaint(Unconditional)

    class Honest(Unconditional):
        """A generator."""

        @classmethod
        def incompatibility(cls, options, context):
            return "no labels, please" if context.images.label_dim else None

    check_part(Honest)


# Networks


class Broken(TinyGenerator):
    """A generator with something wrong."""


GENERATORS: list[Any] = []


@broken(GENERATORS, "must set latent_dim")
class NoLatentDim(Broken):
    def __init__(self, options, images):
        super().__init__(options, images)
        del self.latent_dim


@broken(GENERATORS, "from the `rng` it is given")
class GlobalLatents(Broken):
    def sample_latents(self, count, rng):
        return torch.randn(count, self.latent_dim)


@broken(GENERATORS, "same latents for every seed")
class FixedLatents(Broken):
    def sample_latents(self, count, rng):
        return torch.ones(count, self.latent_dim)


@broken(GENERATORS, "sample_latents must return float32 [4, 8]")
class WrongLatents(Broken):
    def sample_latents(self, count, rng):
        return torch.randn(count, self.latent_dim + 1, generator=rng)


@broken(GENERATORS, "must have shape [4, 1, 32, 32], but has [4, 1, 32, 31]")
class WrongShape(Broken):
    def forward(self, latents, labels):
        return super().forward(latents, labels)[..., 1:]


@broken(GENERATORS, "not finite")
class NotFinite(Broken):
    def forward(self, latents, labels):
        return super().forward(latents, labels) / 0


@broken(GENERATORS, "a forward failed: ValueError: oh")
class Crashing(Broken):
    def forward(self, latents, labels):
        raise ValueError("oh")


@broken(GENERATORS, "no gradient reaches spare.weight, spare.bias")
class Unused(Broken):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.spare = nn.Linear(2, 2)


@broken(GENERATORS, "depends on an earlier call, which it keeps in `calls`")
class Restless(Broken):
    def forward(self, latents, labels):
        self.calls = getattr(self, "calls", 0) + 1
        return super().forward(latents, labels) * (1 + 0.01 * self.calls)


@broken(GENERATORS, "a forward in evaluation mode changes calls")
class Counting(Broken):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, latents, labels):
        self.calls += 1
        return super().forward(latents, labels)


@broken(GENERATORS, "same state_dict gives other results")
class HiddenState(Broken):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.shift = torch.rand(())

    def forward(self, latents, labels):
        return super().forward(latents, labels) + self.shift.to(latents)


@broken(GENERATORS, "in training mode, one result depends on the others of its batch; let depends_on_batch")
class Coupled(Broken):
    def forward(self, latents, labels):
        images = super().forward(latents, labels)
        return images - images.mean(dim=0) if self.training else images


@broken(GENERATORS, "in evaluation mode, one result depends on the others")
class CoupledAlways(Broken):
    def forward(self, latents, labels):
        images = super().forward(latents, labels)
        return images - images.mean(dim=0)


@broken(GENERATORS, "channels-last")
class Viewing(Broken):
    def __init__(self, options, images):
        super().__init__(options, images)
        self.convolution = nn.Conv2d(images.channels, 3 * images.channels, 3, padding=1)

    def forward(self, latents, labels):
        features = self.convolution(super().forward(latents, labels))
        shape = (len(latents), 3, *self.shape)
        return features.view(len(latents), -1).view(shape).sum(dim=1)


@broken(GENERATORS, "the gradient of a gradient (penalties need it) failed")
class OnceDifferentiable(Broken):
    def forward(self, latents, labels):
        return Once.apply(super().forward(latents, labels))


class Once(torch.autograd.Function):
    @staticmethod
    def forward(context, images):
        return images * 2

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context, slope):
        return slope * 2


@pytest.mark.parametrize(("part", "expected"), GENERATORS)
def test_broken_generators(part, expected):
    assert expected in complaint(part)


class BrokenCritic(TinyDiscriminator):
    """A discriminator with something wrong."""


CRITICS: list[Any] = []


@broken(CRITICS, "must have shape [4], but has [4, 1]")
class Column(BrokenCritic):
    def forward(self, images, labels):
        return super().forward(images, labels).unsqueeze(1)


@broken(CRITICS, "return raw logits, the loss owns the sigmoid")
class Sigmoid(BrokenCritic):
    def forward(self, images, labels):
        return super().forward(images, labels).sigmoid()


@broken(CRITICS, "one result depends on the others of its batch")
class BatchMean(BrokenCritic):
    def forward(self, images, labels):
        logits = super().forward(images, labels)
        return logits - logits.mean() / 2


@broken(CRITICS, "no gradient reaches its inputs")
class Blind(BrokenCritic):
    def forward(self, images, labels):
        return super().forward(images.detach(), labels)


@broken(CRITICS, "must be float32, but is torch.float64")
class Double(BrokenCritic):
    def forward(self, images, labels):
        return super().forward(images, labels).double()


@broken(CRITICS, "has no parameters to train")
class NoWeights(BrokenCritic):
    def __init__(self, options, images):
        nn.Module.__init__(self)

    def forward(self, images, labels):
        return images.mean(dim=(1, 2, 3))


@pytest.mark.parametrize(("part", "expected"), CRITICS)
def test_broken_discriminators(part, expected):
    assert expected in complaint(part)


def test_growth_that_jumps():
    class Jumping(TinyGrowableGenerator):
        """Its newest layer weighs a tenth from the start."""

        def grow(self, resolution: int, alpha: float) -> None:
            super().grow(resolution, max(alpha, 0.1))

    assert "images at (8, alpha 0) differ from those at (4, alpha 1) upsampled" in complaint(Jumping)

    class JumpingCritic(TinyGrowableDiscriminator):
        """Its newest layer weighs a tenth from the start."""

        def grow(self, resolution: int, alpha: float) -> None:
            super().grow(resolution, max(alpha, 0.1))

    assert "logits at (8, alpha 0) of upsampled images differ" in complaint(JumpingCritic)
