"""StyleGAN2: equal to the official numbers, and what its paper promises."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ganzoo import Generator, ImageSpec
from ganzoo.layers import convolve
from ganzoo.testing import (
    LinearStep,
    TinyDiscriminator,
    TinyGenerator,
    check_discriminator,
    check_generator,
    check_part,
    small_context,
)
from ganzoo_stylegan2.discriminator import StyleGAN2Discriminator
from ganzoo_stylegan2.generator import StyleGAN2Generator
from ganzoo_stylegan2.importers import official_discriminator_weights, official_generator_weights
from ganzoo_stylegan2.modulation import ACTIVATION_GAIN, StyledConv, convolve_up, demodulation, scaled
from ganzoo_stylegan2.path_length import PathLength, path_lengths
from ganzoo_stylegan2.revised import RevisedGenerator

NO_LABELS = torch.zeros(4, 0)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def reference(name):
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        pytest.skip("GANZOO_REFERENCE names no folder of reference numbers")
    with np.load(Path(folder) / name) as arrays:
        return {key: torch.from_numpy(arrays[key]) if arrays[key].dtype.kind == "f" else arrays[key] for key in arrays}


def close(found, expected, tolerance):
    return bool((found - expected).abs().max() <= tolerance * max(1.0, float(expected.abs().max())))


@pytest.fixture(scope="module")
def official():
    numbers = reference("stylegan2_g32.npz")
    config = json.loads(str(numbers["config"]))
    images = ImageSpec(config["img_resolution"], config["img_channels"], config["c_dim"])
    widths = {"channel_base": config["channel_base"], "channel_max": config["channel_max"]}
    generator = StyleGAN2Generator(
        StyleGAN2Generator.Options(
            latent_dim=config["z_dim"], style_dim=config["w_dim"], mapping_layers=config["mapping_layers"], **widths
        ),
        images,
    ).eval()
    discriminator = StyleGAN2Discriminator(
        StyleGAN2Discriminator.Options(minibatch_std_group=config["minibatch_std_group"], **widths), images
    ).eval()
    part = lambda key: {name[2:]: value for name, value in numbers.items() if name.startswith(key)}  # noqa: E731
    generator.load_state_dict(official_generator_weights(part("G/")))
    discriminator.load_state_dict(official_discriminator_weights(part("D/")))
    return generator, discriminator, numbers


def test_operators_are_the_official_ones():
    numbers = reference("stylegan2_ops.npz")
    x, weight, styles = (numbers[key] for key in ("x", "conv_weight", "styles"))
    factors = demodulation(weight, styles)
    plain = convolve(scaled(x, styles), weight, padding=1)
    up = convolve_up(scaled(x, styles), weight, numbers["resample_filter"])
    assert close(plain, numbers["modconv_nodemod"], 1e-5)
    assert close(scaled(plain, factors), numbers["modconv"], 1e-5)
    assert close(scaled(up, factors), numbers["modconv_up"], 1e-5)


def test_generator_is_the_official_one(official):
    generator, _, numbers = official
    with torch.no_grad():
        styles = generator.map(numbers["z"], NO_LABELS)
        truncated = generator.mean_w().lerp(styles, 0.7)
        assert close(styles, numbers["ws"], 1e-4)
        assert close(truncated, numbers["ws_psi07"], 1e-4)
        generator.use_noise("constant")
        assert close(generator.synthesize(styles), numbers["image_noise_const"], 1e-4)
        assert close(generator.synthesize(truncated), numbers["image_psi07_noise_const"], 1e-4)
        generator.use_noise("none")
        assert close(generator.synthesize(styles), numbers["image_noise_none"], 1e-4)


def test_discriminator_and_r1_are_the_official_ones(official):
    _, discriminator, numbers = official
    images = numbers["image_noise_const"].clamp(-3, 3).requires_grad_()
    logits = discriminator(images, NO_LABELS)
    (slope,) = torch.autograd.grad(logits.sum(), images)
    assert close(logits, numbers["logits_of_image_noise_const_clamped3"].squeeze(1), 1e-4)
    assert close(slope.square().sum((1, 2, 3)), numbers["r1_penalty_per_sample"], 1e-4)


def test_path_lengths_are_the_official_ones(official):
    generator, _, numbers = official
    generator.use_noise("constant")
    styles = numbers["ws"].clone().requires_grad_()
    lengths = path_lengths(generator.synthesize(styles), styles, numbers["path_noise"])
    assert close(lengths, numbers["path_lengths"], 1e-4)


def small(cls, resolution=16, channels=1, label_dim=0, **options):
    sizes = {"latent_dim": 16, "style_dim": 16, "mapping_layers": 2} if issubclass(cls, Generator) else {}
    return cls(
        cls.Options(channel_base=256, channel_max=16, **(sizes | options)), ImageSpec(resolution, channels, label_dim)
    )


def one_hot(count, classes):
    return torch.eye(classes)[torch.arange(count) % classes]


@pytest.mark.ci
@pytest.mark.parametrize(
    "architecture", ["resnet", *(pytest.param(each, marks=pytest.mark.slow) for each in ("skip", "orig"))]
)
def test_networks_keep_their_contracts(architecture):
    options = {"channel_base": 256, "channel_max": 16, "mapping_layers": 2, "architecture": architecture}
    generator = StyleGAN2Generator.Options(latent_dim=8, style_dim=16, **options)
    discriminator = StyleGAN2Discriminator.Options(minibatch_std_group=0, clamp=256.0, **options)
    check_generator(StyleGAN2Generator, generator, resolution=16)
    check_discriminator(StyleGAN2Discriminator, discriminator, resolution=16)


@pytest.mark.slow  # conformance tries them in other sizes
def test_growing_generator_and_penalty_keep_their_contracts():
    sizes = {"channel_base": 256, "channel_max": 16, "mapping_layers": 2, "latent_dim": 8, "style_dim": 16}
    check_generator(RevisedGenerator, RevisedGenerator.Options(**sizes))
    plain = StyleGAN2Generator.Options(demodulate=False, clamp=256.0, **sizes)
    check_generator(StyleGAN2Generator, plain, resolution=16)
    check_part(PathLength)


def test_demodulated_convolutions_put_out_deviation_one():
    weight, styles, features = torch.randn(64, 64, 3, 3), torch.randn(32, 64) + 3, torch.randn(32, 64, 16, 16)
    maps = scaled(convolve(scaled(features, styles), weight, padding=1), demodulation(weight, styles))
    assert maps[:, :, 1:-1, 1:-1].std().item() == pytest.approx(1.0, abs=0.05)


def test_without_demodulation_the_weight_is_scaled_by_its_fan_in():
    conv = StyledConv(64, 32, 8, 16, up=False, demodulate=False, clamp=None)
    maps = conv(torch.randn(8, 64, 16, 16), torch.zeros(8, 8), "none", 1 / ACTIVATION_GAIN)
    assert maps.square().mean().sqrt().item() == pytest.approx(math.sqrt((1 + 0.2**2) / 2), rel=0.1)


def test_clamp_bounds_what_layers_give():
    conv = StyledConv(16, 16, 8, 8, up=True, demodulate=True, clamp=0.5)
    features, style = torch.randn(2, 16, 4, 4), torch.randn(2, 8)
    assert conv(features, style, "none").abs().max().item() == pytest.approx(0.5)
    assert conv(features, style, "none", 0.1).abs().max().item() == pytest.approx(0.05)


def test_mean_style_follows_the_mean_of_the_batch_while_training_and_only_then():
    generator, latents = small(StyleGAN2Generator, w_avg_beta=0.9), torch.randn(4, 16)
    generator.eval().map(latents, NO_LABELS)
    assert not generator.mean_w().any()
    mean = generator.map(latents, NO_LABELS)[:, 0].mean(dim=0)
    generator.train().map(latents, NO_LABELS)
    assert torch.allclose(generator.mean_w(), 0.1 * mean)
    generator.map(latents, NO_LABELS)
    assert torch.allclose(generator.mean_w(), 0.19 * mean)


@pytest.mark.parametrize(("cls", "reached"), [(StyleGAN2Generator, 32), (RevisedGenerator, 32), (RevisedGenerator, 8)])
def test_mixing_crosses_over_once_per_batch_and_never_past_the_last_style(cls, reached):
    generator = small(cls, 32, style_mixing=1.0)
    if cls is RevisedGenerator:
        generator.grow(reached, 1.0)
    crossovers = set()
    for _ in range(60):
        styles = generator.map(torch.randn(3, 16), torch.zeros(3, 0))
        same = (styles == styles[:, :1]).all(dim=2)
        assert same.equal(same[:1].expand(3, -1))
        crossovers.add(int(same[0].sum()))
    assert crossovers == set(range(1, {32: 8, 8: 4}[reached]))


def test_without_mixing_or_in_evaluation_all_styles_are_one():
    for generator in (small(StyleGAN2Generator, style_mixing=0.0), small(StyleGAN2Generator, style_mixing=1.0).eval()):
        styles = generator.map(torch.randn(3, 16), torch.zeros(3, 0))
        assert styles.equal(styles[:, :1].expand_as(styles))


def test_noise_is_random_constant_or_none():
    generator = small(StyleGAN2Generator).eval()
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.5)
    styles = generator.map(torch.randn(1, 16), torch.zeros(1, 0)).expand(2, -1, -1)

    def images(mode):
        generator.use_noise(mode)
        with torch.no_grad():
            return generator.synthesize(styles)

    assert not torch.equal(*images("random"))
    assert torch.allclose(*images("constant"), atol=1e-6)
    assert torch.equal(images("constant"), images("constant"))
    assert not torch.allclose(images("constant"), images("none"), atol=1e-3)


@pytest.mark.parametrize("labels", ["projection", "output"])
def test_labels_matter_to_both_networks(labels):
    generator = small(StyleGAN2Generator, label_dim=3, style_mixing=0.0).eval()
    discriminator = small(StyleGAN2Discriminator, label_dim=3, labels=labels, minibatch_std_group=0)
    generator.use_noise("none")
    images = generator(torch.randn(1, 16).expand(3, -1), one_hot(3, 3))
    assert not torch.allclose(images[0], images[1], atol=1e-3)
    logits = discriminator(images[:1].expand(3, -1, -1, -1), one_hot(3, 3))
    assert logits.unique().numel() == 3


class LinearSynthesis(TinyGenerator):
    """Images that are a linear map of three layers of styles, so that path lengths can be written down."""

    name = "linear-synthesis"

    def map(self, latents, labels):
        return self.fixed[: len(latents), None].requires_grad_().expand(-1, 3, -1)

    def synthesize(self, styles):
        return self.dense(styles.sum(dim=1)).unflatten(1, self.shape)

    def mean_w(self):
        return self.fixed[0]

    fixed = torch.zeros(8, 8)


def test_path_length_of_a_linear_synthesis():
    generator = LinearSynthesis(LinearSynthesis.Options(latent_dim=8), ImageSpec(16, 1))
    styles = torch.randn(5, 3, 8, requires_grad=True)
    directions = torch.randn(5, 1, 16, 16)
    expected = (directions.flatten(1) / 16 @ generator.dense.weight).norm(dim=1)  # alike in each layer, so their mean
    assert torch.allclose(path_lengths(generator.synthesize(styles), styles, directions), expected)


def test_path_length_penalty_and_its_mean_by_hand():
    generator = LinearSynthesis(LinearSynthesis.Options(latent_dim=8), ImageSpec(16, 1))
    penalty = PathLength(PathLength.Options(weight=3.0, decay=0.25, batch_shrink=2))
    step = LinearStep(TinyDiscriminator(TinyDiscriminator.Options(), ImageSpec(16, 1)), torch.zeros(8, 1, 16, 16))
    step.generator = generator
    mean = 0.0
    for _ in range(2):
        torch.manual_seed(5)
        value = penalty.penalty(step)
        torch.manual_seed(5)
        lengths = (torch.randn(4, 1, 16, 16).flatten(1) / 16 @ generator.dense.weight).norm(dim=1)
        mean = 0.75 * mean + 0.25 * lengths.mean()
        expected = 3 * (lengths - mean).square().mean()
        assert penalty.mean.item() == pytest.approx(mean.item(), rel=1e-5)
        assert value.item() == pytest.approx(expected.item(), rel=1e-4)
        # This batch's share of the mean has its slope, what is kept of it for the next batch has none.
        (slope,), (by_hand,) = (torch.autograd.grad(each, [generator.dense.weight]) for each in (value, expected))
        assert torch.allclose(slope, by_hand, rtol=1e-3, atol=1e-6)
        mean = mean.detach()
    assert set(penalty.state_dict()) == {"mean"}


@pytest.mark.parametrize("cls", [StyleGAN2Generator, RevisedGenerator])
def test_path_length_works_with_labels_and_while_growing(cls):
    generator = small(cls, label_dim=3)
    critic = small(StyleGAN2Discriminator, label_dim=3)
    if cls is RevisedGenerator:
        generator.grow(8, 0.5)
    step = LinearStep(critic, torch.zeros(4, 1, 16, 16), one_hot(4, 3), generator=generator)
    PathLength(PathLength.Options()).penalty(step).backward()
    assert generator.mapping.embedding.weight.grad.any()


def test_path_length_is_refused_with_micro_batches():
    assert PathLength.depends_on_batch(PathLength.Options())


class Convolved(TorchDispatchMode):
    """Notes in which type maps of which resolution are convolved."""

    def __init__(self):
        super().__init__()
        self.types = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.convolution.default:
            self.types.setdefault(args[0].shape[-1], set()).add(args[0].dtype)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("cls", [StyleGAN2Generator, RevisedGenerator])
def test_half_precision_changes_little_and_is_for_the_highest_resolutions(cls, dtype):
    torch.manual_seed(1)
    half = {"half_resolutions": 2, "clamp": 256.0}
    generator, discriminator = small(cls, 32, **half).eval(), small(StyleGAN2Discriminator, 32, **half)
    generator.use_noise("constant")
    for weight in generator.blocks["32"].parameters():
        weight.data *= 300.0 if weight.dim() == 4 else 1.0  # demodulation takes it out, but float16 ends at 65504
    latents = torch.randn(4, 16)
    images = generator(latents, NO_LABELS)
    logits = discriminator(images, NO_LABELS)
    with torch.autocast("cpu", dtype):
        with Convolved() as generated:
            rounded = generator(latents, NO_LABELS)
        with Convolved() as judged:
            verdicts = discriminator(images, NO_LABELS)
    assert rounded.dtype == verdicts.dtype == torch.float32
    assert (rounded - images).abs().max() < 0.05 * images.abs().max()
    assert (verdicts - logits).abs().max() < 0.05 * logits.abs().max().clamp_min(1)
    assert generated.types[4] == judged.types[4] == {torch.float32}
    assert generated.types[32] == judged.types[32] == judged.types[16] == {dtype}


def test_float16_wants_bounded_maps():
    for cls in (StyleGAN2Generator, RevisedGenerator, StyleGAN2Discriminator):
        context = replace(small_context(ImageSpec(16, 3)), precision="fp16")
        assert "clamp = 256" in cls.incompatibility(cls.Options(), context)
        assert cls.incompatibility(cls.Options(clamp=256.0), context) is None
        assert cls.incompatibility(cls.Options(), replace(context, precision="bf16")) is None


def test_resolutions_that_no_network_has_are_refused():
    for cls in (StyleGAN2Generator, RevisedGenerator, StyleGAN2Discriminator):
        for resolution, fits in ((4, False), (8, True), (24, False), (1024, True), (2048, False)):
            assert (cls.incompatibility(cls.Options(), small_context(ImageSpec(resolution, 3))) is None) is fits
