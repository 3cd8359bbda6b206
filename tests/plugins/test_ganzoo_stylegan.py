"""StyleGAN's networks: equal to reference numbers, and what popular copies got wrong."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from ganzoo import ImageSpec
from ganzoo.testing import check_discriminator, check_generator, small_context
from ganzoo_stylegan import StyleGANDiscriminator, StyleGANGenerator
from ganzoo_stylegan.importers import (
    huangzh13_discriminator_weights,
    huangzh13_generator_weights,
    rosinality_generator_weights,
)

SMALL = {"channel_base": 128, "channel_max": 16}
NONE = torch.zeros(4, 0)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def reference(name: str) -> dict[str, torch.Tensor | str]:
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        pytest.skip("GANZOO_REFERENCE names no folder of reference numbers")
    with np.load(Path(folder) / name, allow_pickle=False) as arrays:
        return {
            key: str(arrays[key]) if arrays[key].dtype.kind == "U" else torch.from_numpy(arrays[key])
            for key in arrays.files
        }


def assert_equal_function(found, expected):
    worst = (found - expected).abs().max().item()
    assert worst <= 1e-4 * max(1.0, expected.abs().max().item())


def small_generator(images: ImageSpec | None = None, **options) -> StyleGANGenerator:
    sizes = {**SMALL, "latent_dim": 16, "style_dim": 16, **options}
    return StyleGANGenerator(StyleGANGenerator.Options(**sizes), images or ImageSpec(32, 1))


def huangzh13_generator(norm_epsilon: float) -> StyleGANGenerator:
    arrays = reference("stylegan1_huangzh13_32.npz")
    sizes = json.loads(arrays["config"])
    generator = StyleGANGenerator(
        StyleGANGenerator.Options(
            latent_dim=sizes["z_dim"],
            style_dim=sizes["w_dim"],
            mapping_layers=sizes["mapping_layers"],
            channel_base=2 * sizes["fmap_base"],
            channel_max=sizes["fmap_max"],
            norm_epsilon=norm_epsilon,
        ),
        ImageSpec(sizes["resolution"], sizes["channels"]),
    )
    fill(generator, huangzh13_generator_weights(inner(arrays)))
    generator.use_noise("none")
    return generator.eval()


def inner(arrays):
    return {name.removeprefix("state/"): value for name, value in arrays.items() if name.startswith("state/")}


def fill(network, weights):
    """Load all weights; only constant noise, and a mean style, may be missing from foreign files."""
    missing, unexpected = network.load_state_dict(weights, strict=False)
    assert not unexpected
    assert [name for name in missing if not name.endswith((".noise_const", "w_avg"))] == []


@pytest.mark.parametrize(
    ("file", "norm_epsilon"), [("stylegan1_huangzh13_32.npz", 1e-5), ("stylegan1_tf_32.npz", 1e-8)]
)
@torch.no_grad()
def test_the_generator_equals_the_reference(file, norm_epsilon):
    expected = reference(file)
    generator = huangzh13_generator(norm_epsilon)
    styles = generator.map(expected["z"], NONE)
    assert_equal_function(styles[:, 0], expected["w"])
    for depth in range(4):
        generator.grow(4 << depth, 1.0)
        assert_equal_function(generator(expected["z"], NONE), expected[f"image_depth{depth}_alpha1"])
    generator.grow(32, 0.3)
    assert_equal_function(generator(expected["z"], NONE), expected["image_depth3_alpha03"])
    generator.grow(32, 1.0)
    mean = generator.mean_w()
    pulled = torch.cat([mean + 0.7 * (styles[:, :4] - mean), styles[:, 4:]], dim=1)
    assert_equal_function(generator.synthesize(pulled), expected["image_depth3_psi07_cutoff4"])


@torch.no_grad()
def test_the_discriminator_equals_the_reference():
    arrays = reference("stylegan1_huangzh13_d32.npz")
    options = StyleGANDiscriminator.Options(channel_base=512, channel_max=32, from_rgb_activation="none")
    discriminator = StyleGANDiscriminator(options, ImageSpec(32, 3))
    discriminator.load_state_dict(huangzh13_discriminator_weights(inner(arrays)))
    for alpha, name in ((1.0, "logits_alpha1"), (0.3, "logits_alpha03")):
        discriminator.grow(32, alpha)
        assert_equal_function(discriminator(arrays["x"], NONE), arrays[name].squeeze(1))


@torch.no_grad()
def test_a_generator_with_other_gains_equals_the_reference():
    arrays = reference("stylegan1_rosinality_512.npz")
    shapes = json.loads(arrays["state_names"])
    drawing = torch.Generator().manual_seed(77)
    state = {}
    for name in json.loads(arrays["parameter_names_in_draw_order"]):
        state[name] = torch.randn(shapes[name], generator=drawing) * (0.1 if name.endswith("bias") else 1.0)
    options = StyleGANGenerator.Options(
        mapping_lr_multiplier=1.0, norm_epsilon=1e-5, input="normal", bias_before_blur=True
    )
    generator = StyleGANGenerator(options, ImageSpec(1024, 3)).eval()
    fill(generator, rosinality_generator_weights(state))
    generator.use_noise("none")
    for step, alpha in ((0, 1.0), (1, 1.0), (1, 0.4), (2, 1.0), (3, 1.0)):
        generator.grow(4 << step, alpha)
        assert_equal_function(generator(arrays["z"], NONE[:2]), arrays[f"image_step{step}_alpha{alpha}"])


def test_the_filter_keeps_a_constant_away_from_borders():
    generator = small_generator()
    layer = generator.blocks["32"].first
    torch.nn.init.constant_(layer.convolution.weight, 1.0)
    features = layer._convolved(torch.ones(1, 8, 16, 16))
    torch.testing.assert_close(features[..., 2:-2, 2:-2], torch.full((1, 4, 28, 28), features[0, 0, 9, 9].item()))


def test_layers_begin_with_the_official_scales():
    wide = {"channel_base": 16384, "channel_max": 128, "style_dim": 128, "latent_dim": 128}
    generator = StyleGANGenerator(StyleGANGenerator.Options(**wide), ImageSpec(16, 3))
    block = generator.blocks["16"]
    inputs = torch.randn(4, 128, 18, 18)
    for layer, expected in ((block.second.convolution, math.sqrt(2)), (generator.to_rgb["16"], 1.0)):
        assert layer(inputs)[..., 1:-1, 1:-1].std().item() == pytest.approx(expected, rel=0.1)
    style = block.first.style(torch.randn(64, 128))
    assert style.std().item() == pytest.approx(1.0, rel=0.1)
    assert generator.mapping.layers[0].weight.std().item() == pytest.approx(100, rel=0.1)
    assert generator.start.constant.eq(1).all()
    assert not any(value.any() for name, value in generator.named_parameters() if name.endswith("noise_weight"))
    assert not any(value.any() for name, value in generator.named_parameters() if name.endswith("bias"))


def test_sizes_are_the_official_ones():
    with torch.device("meta"):
        networks = [part(part.Options(), ImageSpec(1024, 3)) for part in (StyleGANGenerator, StyleGANDiscriminator)]
    counts = [sum(value.numel() for value in network.parameters()) for network in networks]
    assert counts == [26_219_627, 23_087_249]


@torch.no_grad()
def test_nothing_jumps_when_the_second_resolution_fades_in():
    generator = small_generator(ImageSpec(8, 1)).eval()
    discriminator = StyleGANDiscriminator(StyleGANDiscriminator.Options(**SMALL), ImageSpec(8, 1))
    latents = torch.randn(4, 16)
    found = []
    for side, alpha in ((4, 1.0), (8, 0.0)):
        for network in (generator, discriminator):
            network.grow(side, alpha)
        images = generator(latents, NONE)
        found.append((interpolate(images, size=8), discriminator(images, NONE)))
    for before, after in zip(*found, strict=True):
        torch.testing.assert_close(after, before)


def test_bfloat16_gives_nearly_the_same_images_and_gradients_in_float32():
    generator = small_generator().eval()
    generator.use_noise("none")
    latents = torch.randn(4, 16)
    expected = generator(latents, NONE)
    with torch.autocast("cpu", torch.bfloat16):
        found = generator(latents, NONE)
    assert found.dtype == torch.bfloat16
    assert (found - expected).abs().mean() < 0.03 * expected.std()
    found.float().square().sum().backward()
    assert all(value.grad.dtype == torch.float32 for value in generator.blocks.parameters() if value.grad is not None)


@torch.no_grad()
def test_a_crossover_leaves_layers_to_both_latents_at_every_resolution():
    generator = small_generator(style_mixing=1.0, mapping_layers=1)
    for side, layers in ((4, 2), (8, 4), (16, 6), (32, 8)):
        generator.grow(side, 0.5)
        first_of_others = set()
        for _ in range(60):
            styles = generator.map(torch.randn(1, 16), NONE[:1])[0]
            first_of_others.add(int((styles != styles[0]).any(dim=1).int().argmax()))
        assert first_of_others == set(range(1, layers))


def test_styles_are_mixed_in_training_alone_and_one_crossover_serves_the_batch():
    generator = small_generator(style_mixing=1.0)
    latents = torch.randn(4, 16)
    mixed = generator.map(latents, NONE)
    same = (mixed == mixed[:, :1]).all(dim=2)
    assert same.any() and not same.all()
    assert (same == same[:1]).all()
    plain = generator.eval().map(latents, NONE)
    assert (plain == plain[:, :1]).all()
    assert (small_generator(style_mixing=0.0).map(latents, NONE).diff(dim=1) == 0).all()


def test_the_mean_style_follows_the_mean_of_the_batch_in_training_alone():
    generator = small_generator(w_avg_beta=0.9)
    latents = torch.randn(4, 16)
    generator.eval().map(latents, NONE)
    assert not generator.mean_w().any()
    expected = generator.mapping(latents, NONE).mean(dim=0) * 0.1
    generator.train().map(latents, NONE)
    torch.testing.assert_close(generator.mean_w(), expected)


def test_training_never_truncates():
    generator = small_generator(style_mixing=0.0)
    generator.w_avg.fill_(5.0)
    latents = torch.randn(4, 16)
    styles = generator.mapping(latents, NONE)
    torch.testing.assert_close(generator.map(latents, NONE)[:, 0], styles)
    torch.testing.assert_close(generator.eval().map(latents, NONE)[:, 0], styles)


@torch.no_grad()
def test_noise_is_new_constant_or_absent():
    generator = small_generator().eval()
    for name, value in generator.named_parameters():
        if name.endswith("noise_weight"):
            value.fill_(0.5)
    latents = torch.randn(1, 16).expand(2, -1)

    def images():
        return generator(latents, NONE[:2])

    first = images()
    assert not torch.allclose(first, images())
    assert not torch.allclose(first[0], first[1])
    generator.use_noise("constant")
    constant = images()
    torch.testing.assert_close(constant, images())
    torch.testing.assert_close(constant[0], constant[1])
    generator.use_noise("none")
    assert not torch.allclose(images(), constant)
    for name, value in generator.named_parameters():
        if name.endswith("noise_weight"):
            value.zero_()
    absent = images()
    generator.use_noise("constant")
    torch.testing.assert_close(images(), absent)


@pytest.mark.ci
@pytest.mark.parametrize(
    "options",
    [
        {"input": "normal", "mapping_layers": 1},
        pytest.param({"input": "dense", "blur": ()}, marks=pytest.mark.slow),
        pytest.param({"bias_before_blur": True, "style_offset": 0.0}, marks=pytest.mark.slow),
    ],
)
def test_other_generators_keep_the_contract(options):
    sizes = {**SMALL, "latent_dim": 8, "style_dim": 8}
    check_generator(StyleGANGenerator, StyleGANGenerator.Options(**sizes, **options), resolution=16)


@pytest.mark.ci
@pytest.mark.parametrize(
    "options",
    [{"blur": (), "widening": "first"}, {"from_rgb_activation": "none", "minibatch_std_group": 1}],
)
def test_other_discriminators_keep_the_contract(options):
    check_discriminator(StyleGANDiscriminator, StyleGANDiscriminator.Options(**SMALL, **options), resolution=16)


def test_classes_choose_their_score():
    discriminator = StyleGANDiscriminator(StyleGANDiscriminator.Options(**SMALL), ImageSpec(8, 1, label_dim=3))
    images = torch.randn(1, 1, 8, 8)
    logits = [discriminator(images, label[None]) for label in torch.eye(3)]
    torch.testing.assert_close(sum(logits), discriminator(images, torch.ones(1, 3)))


@pytest.mark.parametrize("resolution", [4, 24, 4096])
def test_odd_resolutions_are_refused(resolution):
    for part in (StyleGANGenerator, StyleGANDiscriminator):
        context = small_context(ImageSpec(resolution, 1), part, part.Options())
        assert "power" in part.incompatibility(part.Options(), context)
