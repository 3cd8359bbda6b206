"""Metrics of images and of generators against computations of another kind."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scoring_world import StyledToy, toy
from torch import nn

from ganzoo import Features, MetricInput, ScoredNetworks
from ganzoo._recipe.load import load
from ganzoo._registry.registry import Registry
from ganzoo.errors import RecipeError
from ganzoo.scoring import blocks_of
from ganzoo.testing import TinyStyledGenerator
from ganzoo_features.random import RandomFeatures
from ganzoo_metrics.ms_ssim import StructuralSimilarity, ms_ssim
from ganzoo_metrics.patch_distance import PatchDistance, laplacian_pyramid, patch_distance
from ganzoo_metrics.path_length import PathLength, path_lengths, trimmed_mean
from ganzoo_metrics.transport import directions


def noise(count, resolution=32, channels=3, *, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, resolution, resolution), generator=rng, dtype=torch.uint8)


def blurred(image):
    """One channel [R, R] by the 5x5 binomial filter, whose border mirrors, term by term."""
    padded = np.pad(image, 2, mode="reflect")
    line = np.array([1, 4, 6, 4, 1]) / 16
    size = len(image)
    return sum(line[i] * line[j] * padded[i : i + size, j : j + size] for i, j in itertools.product(range(5), range(5)))


def test_a_pyramid_loses_nothing_and_each_level_is_what_blurring_loses():
    images = noise(2, 64).float()
    coarse, middle, fine = laplacian_pyramid(images)
    assert [level.shape[-1] for level in (coarse, middle, fine)] == [16, 32, 64]
    image = images[0, 0].double().numpy()
    smaller = blurred(image)[::2, ::2]
    spread = np.zeros_like(image)
    spread[::2, ::2] = smaller
    np.testing.assert_allclose(fine[0, 0].numpy(), image - 4 * blurred(spread), atol=1e-3)
    np.testing.assert_allclose(coarse[0, 0].numpy(), blurred(smaller)[::2, ::2], atol=1e-3)


def test_patch_distance_by_standardized_patches_in_numpy():
    rng = np.random.default_rng(0)
    sets = [rng.normal(size=(12, 5, 3, 7, 7)) * [[[[2.0]], [[1.0]], [[3.0]]]] + shift for shift in (0.0, 1.0)]
    sets[0][..., :3] += rng.exponential(size=(12, 5, 3, 7, 1))  # another shape, which no scale takes away
    lines = directions(20, 147, 0)
    flat = []
    for each in sets:
        standard = (each - each.mean((0, 1, 3, 4), keepdims=True)) / each.std((0, 1, 3, 4), keepdims=True)
        flat.append(np.sort(standard.reshape(60, 147) @ lines.numpy().T, axis=0))
    fakes, reals = (torch.from_numpy(each).float() for each in sets)
    value, left = patch_distance(fakes, reals, lines, blocks=4)
    assert value == pytest.approx(np.abs(flat[0] - flat[1]).mean(), rel=1e-4)
    kept = blocks_of(12, 4) != 1
    alone, _ = patch_distance(fakes[kept], reals, lines[:16], blocks=0)
    assert float(left[1]) == pytest.approx(alone, rel=1e-5)


def test_patches_are_cut_from_the_images_that_they_are_said_to_be_of():
    metric = PatchDistance(PatchDistance.Options(patches=6))
    images = noise(4, 16, 1)
    (found,) = metric.describe(images, 10).values()
    assert found.shape == (4, 1, 6, 1, 7, 7)
    for image, patches in zip(images, found, strict=True):
        windows = image[0].float().unfold(0, 7, 1).unfold(1, 7, 1).reshape(-1, 49)
        assert all((windows == patch.flatten()).all(1).any() for patch in patches[0])
    assert torch.equal(metric.describe(images[2:], 12)["patches"], found[2:])


def test_swd_is_nearly_zero_for_more_of_the_same_and_sees_blur_at_the_finest_level():
    metric = PatchDistance(PatchDistance.Options(patches=16, projections=64))
    real, same, smooth = noise(64, seed=1), noise(64, seed=2), noise(64, seed=3)
    smooth = nn.functional.avg_pool2d(smooth.float(), 7, 1, 3).to(torch.uint8)

    def score(images):
        features = [Features(metric.describe(each, 0)) for each in (images, real)]
        return metric.estimates(MetricInput(*features, 8))

    good, bad = score(same), score(smooth)
    assert bad["swd_fine"].value > 2 * good["swd_fine"].value
    assert bad["swd"].value == pytest.approx((bad["swd_coarse"].value + bad["swd_fine"].value) / 2)
    assert 0 < good["swd"].standard_error < good["swd"].value


def ssim_by_hand(a, b):
    """The two means for gray images [R, R] with an 11x11 window that lies inside, term by term."""
    places = np.arange(11) - 5.0
    window = np.exp(-(places[:, None] ** 2 + places[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    whole, contrast = [], []
    for row, column in itertools.product(range(len(a) - 10), range(len(a) - 10)):
        x, y = (each[row : row + 11, column : column + 11] for each in (a, b))
        mx, my = (window * x).sum(), (window * y).sum()
        vx, vy = (window * (x - mx) ** 2).sum(), (window * (y - my) ** 2).sum()
        cov = (window * (x - mx) * (y - my)).sum()
        c1, c2 = 2.55**2, 7.65**2
        contrast.append((2 * cov + c2) / (vx + vy + c2))
        whole.append(contrast[-1] * (2 * mx * my + c1) / (mx**2 + my**2 + c1))
    return np.mean(whole), np.mean(contrast)


def test_ms_ssim_at_its_finest_scale_is_ssim_by_hand():
    from ganzoo_metrics import ms_ssim as module

    a, b = noise(1, 16, 1, seed=1).float(), noise(1, 16, 1, seed=2).float()
    b = 0.5 * a + 0.5 * b
    found = [float(each) for each in module._ssim(a, b)]
    assert found == pytest.approx(ssim_by_hand(a[0, 0].double().numpy(), b[0, 0].double().numpy()), rel=1e-6)


def test_ms_ssim_of_an_image_to_itself_is_one_and_of_other_noise_nearly_zero():
    images = noise(6, 64)
    assert ms_ssim(images.float(), images.float()).tolist() == pytest.approx([1.0] * 6)
    assert ms_ssim(images[:3].float(), images[3:].float()).max() < 0.3
    # Constant images differ by their luminance alone, which the last scale weighs.
    dark, light = torch.full((1, 1, 32, 32), 50.0), torch.full((1, 1, 32, 32), 100.0)
    expected = ((2 * 50 * 100 + 2.55**2) / (50**2 + 100**2 + 2.55**2)) ** 0.1333
    assert float(ms_ssim(dark, light)) == pytest.approx(expected, rel=1e-6)


def test_collapse_is_a_gap_and_which_side_is_said():
    metric = StructuralSimilarity(StructuralSimilarity.Options())
    varied = Features({"similarity": torch.tensor([0.1, 0.2, 0.3, 0.2] * 6)})
    alike = Features({"similarity": torch.tensor([0.8, 0.9, 1.0, 0.9] * 6)})
    (gap,) = metric.estimates(MetricInput(alike, varied, 20)).values()
    assert (gap.value, gap.notes) == (pytest.approx(0.7), ())
    assert gap.standard_error == pytest.approx(np.std([0.8, 0.9, 1.0, 0.9] * 6, ddof=1) / 24**0.5)
    (gap,) = metric.estimates(MetricInput(varied, alike, 20)).values()
    assert (gap.value, gap.notes) == (pytest.approx(0.7), ("pairs less alike than real ones",))
    assert len(metric.describe(noise(5), 0)["similarity"]) == 2  # the fifth has no partner


class Pixels(RandomFeatures):
    """Perceptual features that are pixels, so that distances are known."""

    def perceptual(self):
        return nn.Flatten()


class Linear(StyledToy):
    """Images are linear in styles, so that their change is one matrix times the step."""

    def synthesize(self, styles):
        flat = styles.mean(1) @ self.linear.weight.T
        return flat.view(-1, self.spec.channels, self.spec.resolution, self.spec.resolution)


def networks(generator, extractor=Pixels, batch_size=16):
    made = extractor(extractor.Options())
    return ScoredNetworks(generator, made, torch.device("cpu"), 3, batch_size, torch.zeros(40, 0))


@pytest.mark.parametrize("sampling", ["full", "end"])
def test_path_lengths_of_a_linear_generator_are_known(sampling):
    generator = toy(Linear, channels=3)
    options = PathLength.Options(samples=100, epsilon=0.05, sampling=sampling)
    found = path_lengths(networks(generator), options)
    rng, expected = torch.Generator().manual_seed(3), []
    for count in [16] * 6 + [4]:
        ends = [generator.sample_latents(count, rng) for _ in range(2)]
        if sampling == "full":
            torch.rand(count, generator=rng)
        step = (ends[1] - ends[0]).double() @ generator.linear.weight.double().T
        expected.append(step.square().sum(1))
    torch.testing.assert_close(found, torch.cat(expected).detach(), rtol=1e-3, atol=1e-3)


def test_noise_is_held_still_on_a_step():
    from ganzoo import ImageSpec

    generator = TinyStyledGenerator(TinyStyledGenerator.Options(), ImageSpec(16, 1)).eval()
    with torch.no_grad():
        generator.strengths.fill_(1.0)
    metric = PathLength(PathLength.Options(samples=100))
    empty = Features({})
    (found,) = metric.estimates(MetricInput(empty, empty, 20, networks=networks(generator, RandomFeatures))).values()
    assert found.value < 100  # noise that changes would be a distance of about 1, divided by epsilon squared
    assert generator.noise == "constant"  # the core puts it back


def test_the_trimmed_mean_and_its_error():
    lengths = torch.arange(200.0, dtype=torch.float64)
    lengths[-1] = 1e9
    found = trimmed_mean(lengths)
    assert found.value == pytest.approx(np.arange(1, 199).mean(), abs=1.0)
    values = [float(trimmed_mean(_draw(seed)).value) for seed in range(200)]
    errors = [trimmed_mean(_draw(seed)).standard_error for seed in range(200)]
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)


def _draw(seed):
    return torch.exp(torch.randn(300, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))


def test_what_a_recipe_has_not_is_said_before_training():
    metrics = '["kid", "perceptual-path-length", "class-accuracy", "class-distances", "copying"]'
    with pytest.raises(RecipeError) as found:
        load("quickstart", Registry.discover(), overrides=[f"scoring.metrics={metrics}", 'scoring.split="test"'])
    said = str(found.value)
    assert "scoring.metrics.1: perceptual-path-length: needs a StyleBased generator, which 'dcgan' is not" in said
    assert "scoring.metrics.4: copying: compares the images trained on with others, so scoring.split must" in said


def test_classes_are_asked_for_before_training():
    with pytest.raises(
        RecipeError, match=r"scoring.metrics.0: class-accuracy: compares classes, and dataset 'phantom' has none"
    ):
        load("quickstart", Registry.discover(), overrides=['scoring.metrics=["class-accuracy"]'])
