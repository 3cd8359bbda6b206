"""An image of a seed is the same in whatever company; logits are those of the network."""

from __future__ import annotations

import pytest
import torch
from scoring_world import NoisyToy, StyledToy, Toy, toy
from torch import nn

from ganzoo._inference.growth_stage import GrowthStage
from ganzoo._inference.oom_batching import in_groups
from ganzoo._inference.per_seed import group_size, judge, latents_of, portray
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Discriminator
from ganzoo.errors import RecipeError, RefusedError, RunError
from ganzoo.testing import TinyGrowableGenerator, TinyStyledGenerator

CPU = torch.device("cpu")


class UniformNoise(Toy):
    """Draws noise of another kind."""

    def forward(self, latents, labels):
        images = super().forward(latents, labels)
        return images + 0.1 * torch.rand_like(images)


class InPlaceNoise(Toy):
    """Draws noise into memory of its own."""

    def forward(self, latents, labels):
        images = super().forward(latents, labels)
        return images + 0.1 * torch.empty_like(images).normal_() + 0.1 * torch.randn(len(images), 1, 1, 1)


def portraits(generator, seeds, sampling=None, resolution=16, labels=None):
    labels = torch.zeros(len(seeds), 0) if labels is None else labels
    images = portray(
        generator,
        latents_of(generator, seeds),
        labels,
        seeds,
        sampling or SamplingOptions(),
        resolution=resolution,
        device=CPU,
    )
    return torch.cat(list(images))


def styled():
    torch.manual_seed(0)
    generator = TinyStyledGenerator(TinyStyledGenerator.Options(), ImageSpec(16, 1))
    nn.init.constant_(generator.strengths, 0.3)
    nn.init.normal_(generator.mean)
    return generator


@pytest.mark.parametrize("cls", [Toy, NoisyToy, UniformNoise, InPlaceNoise, TinyStyledGenerator])
def test_an_image_depends_on_its_seed_alone(cls):
    generator = styled() if cls is TinyStyledGenerator else toy(cls)
    many = portraits(generator, list(range(20)))
    assert many.shape == (20, 1, 16, 16)
    assert torch.equal(portraits(generator, [7]), many[7:8])
    assert torch.equal(portraits(generator, [19, 7, 3, 7]), many[[19, 7, 3, 7]])
    assert len(torch.unique(many.flatten(1), dim=0)) == 20


class Hungry(NoisyToy):
    """Has memory for three images at a time."""

    most = 3

    def forward(self, latents, labels):
        if len(latents) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().forward(latents, labels)


def test_groups_shrink_until_memory_suffices():
    generator, plenty = toy(Hungry), toy(Hungry)
    plenty.most = 100
    torch.testing.assert_close(portraits(generator, range(7)), portraits(plenty, range(7)))


def test_rows_come_once_and_in_order_although_memory_runs_out():
    asked = []

    def make(rows):
        asked.append(len(rows))
        if len(rows) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return list(rows)

    assert [row for rows in in_groups(6, 8, make) for row in rows] == list(range(6))
    assert asked == [8, 4, 2, 2, 2]


def test_other_errors_and_too_little_memory_for_one_image_are_told():
    def broken(rows):
        raise RuntimeError("another error")

    def hopeless(rows):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(RuntimeError, match="another error"):
        list(in_groups(3, 2, broken))
    with pytest.raises(RunError, match="out of memory for a single image"):
        list(in_groups(3, 2, hopeless))


def test_the_noise_of_an_image_is_that_of_its_seed():
    generator = styled()
    latents = latents_of(generator, [1]).repeat(3, 1)
    labels = torch.zeros(3, 0)
    images = torch.cat(
        list(portray(generator, latents, labels, [5, 6, 5], SamplingOptions(), resolution=16, device=CPU))
    )
    assert torch.equal(images[0], images[2])
    assert not torch.equal(images[0], images[1])


def test_the_global_stream_is_left_alone():
    generator = styled()
    before = torch.get_rng_state()
    portraits(generator, [0, 1])
    assert torch.equal(torch.get_rng_state(), before)


def test_noise_can_be_held_or_left_out_and_is_random_again_afterwards():
    generator = styled().train()
    seeds = [3, 4]
    latents = latents_of(generator, seeds)
    images = {
        mode: portraits(generator, seeds, SamplingOptions(noise_mode=mode)) for mode in ("random", "constant", "none")
    }
    assert (generator.noise, generator.training) == ("random", True)
    assert torch.equal(portraits(generator, seeds), images["random"])
    generator.eval().use_noise("constant")
    labels = torch.zeros(2, 0)
    with torch.no_grad():
        assert torch.allclose(generator(latents, labels), images["constant"], atol=1e-6)
        generator.strengths.zero_()
        assert torch.allclose(generator(latents, labels), images["none"], atol=1e-6)
    assert not torch.allclose(images["constant"], images["none"], atol=1e-3)


def test_truncation_and_its_cutoff_pull_the_first_layers():
    generator = styled().eval()
    latents, labels = latents_of(generator, [0, 1]), torch.zeros(2, 0)
    with torch.no_grad():
        styles, mean = generator.map(latents, labels), generator.mean_w()
        pulled = styles.clone()
        pulled[:, 0] = mean + 0.7 * (styles[:, 0] - mean)
        generator.use_noise("none")
        expected = generator.synthesize(pulled)
    sampling = SamplingOptions(truncation_psi=0.7, truncation_cutoff=1, noise_mode="none")
    assert torch.allclose(portraits(generator, [0, 1], sampling), expected, atol=1e-6)
    whole = SamplingOptions(truncation_psi=0.7, truncation_cutoff=2, noise_mode="none")
    assert torch.equal(
        portraits(generator, [0, 1], whole),
        portraits(generator, [0, 1], SamplingOptions(truncation_psi=0.7, noise_mode="none")),
    )
    none = SamplingOptions(truncation_psi=0.7, truncation_cutoff=0, noise_mode="none")
    plain = portraits(generator, [0, 1], SamplingOptions(noise_mode="none"))
    assert torch.allclose(portraits(generator, [0, 1], none), plain, atol=1e-6)
    mirrored = portraits(generator, [0, 1], SamplingOptions(truncation_psi=-1.0, noise_mode="none"))
    assert not torch.allclose(mirrored, plain, atol=1e-2)


def test_what_a_generator_lacks_is_named():
    with pytest.raises(RefusedError, match=r"'toy' is not \(it lacks the capability StyleBased\)"):
        portraits(toy(), [0], SamplingOptions(truncation_psi=0.7))
    with pytest.raises(
        RefusedError, match=r"noise_mode 'none' needs .* 'toy' does not \(it lacks the capability NoiseInputs\)"
    ):
        portraits(toy(StyledToy), [0], SamplingOptions(noise_mode="none"))


def test_a_truncation_that_is_no_number_is_named():
    with pytest.raises(RecipeError, match="truncation_psi nan is no number"):
        portraits(styled(), [0], SamplingOptions(truncation_psi=float("nan")))


def test_a_growing_generator_is_used_at_the_stage_asked_for():
    torch.manual_seed(0)
    generator = TinyGrowableGenerator(TinyGrowableGenerator.Options(), ImageSpec(16, 1))
    assert portraits(generator, [0], SamplingOptions(stage=GrowthStage(8, 0.25)), 8).shape == (1, 1, 8, 8)
    assert (generator.growth.resolution, generator.growth.alpha) == (8, 0.25)


def test_images_that_are_not_finite_are_refused():
    generator = toy()
    nn.init.constant_(generator.linear.bias, float("nan"))
    with pytest.raises(RunError, match="the generator made images with NaN or infinite values"):
        portraits(generator, [0])


def test_groups_get_smaller_as_images_get_larger():
    sizes = [group_size(side, CPU) for side in (32, 256, 1024)]
    assert sizes == [32, 4, 1]
    assert group_size(1024, torch.device("cuda")) == 4


class Coupled(Discriminator):
    """Its logits are relative to the mean of the batch."""

    name = "coupled"

    def __init__(self, options, images):
        super().__init__(options, images)
        self.sizes = []

    def forward(self, images, labels):
        self.sizes.append(len(images))
        logits = images.mean((1, 2, 3))
        return logits - logits.mean()


def test_a_critic_that_compares_its_batch_gets_the_whole_file():
    images = torch.rand(20, 1, 8, 8)
    critic = Coupled(None, ImageSpec(8, 1))
    labels = torch.zeros(20, 0)
    logits = judge(critic, images, labels, together=True, stage=None, device=CPU)
    assert critic.sizes == [20]
    assert torch.allclose(logits, images.mean((1, 2, 3)) - images.mean())
    judge(critic, images, labels, together=False, stage=None, device=CPU)
    assert critic.sizes == [20, 32]
