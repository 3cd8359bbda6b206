"""The styled DCGAN: a style per block, bilinear upsampling in all blocks but the first."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import interpolate, leaky_relu

from ganzoo import ImageSpec
from ganzoo.testing import check_generator, small_context
from ganzoo_dcgan import DCGANDiscriminator, StyledDCGANGenerator

SIZES = {"latent_dim": 8, "style_dim": 8, "mapping_layers": 2, "width": 4, "max_width": 8}
NONE = torch.zeros(3, 0)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def generator(images: ImageSpec | None = None, **options) -> StyledDCGANGenerator:
    return StyledDCGANGenerator(StyledDCGANGenerator.Options(**{**SIZES, **options}), images or ImageSpec(16, 1))


@pytest.mark.ci
@pytest.mark.parametrize("options", [{"input": "constant"}, {"kernel": 5}, {"noise": False}])
def test_other_options_keep_the_contract(options):
    check_generator(StyledDCGANGenerator, StyledDCGANGenerator.Options(**SIZES, **options), resolution=16)


def test_there_is_a_block_per_resolution_and_widths_halve():
    with torch.device("meta"):
        made = StyledDCGANGenerator(StyledDCGANGenerator.Options(), ImageSpec(256, 1))
    assert [block.resolution for block in made.blocks] == [4, 8, 16, 32, 64, 128, 256]
    assert [block.convolution.weight.shape[0] for block in made.blocks] == [512, 512, 512, 256, 128, 64, 32]
    assert len(made.mapping.layers) == 8


@torch.no_grad()
def test_a_block_is_upsampling_convolution_noise_activation_and_style():
    made = generator().eval()
    made.use_noise("constant")
    block, features, style = made.blocks[1], torch.randn(3, 8, 4, 4), torch.randn(3, 8)
    block.noise_weight.normal_()
    large = interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)
    expected = block.convolution(large) + block.noise_weight[:, None, None] * block.noise_const
    expected = leaky_relu(expected, 0.2)
    deviation, mean = torch.std_mean(expected, dim=(2, 3), correction=0, keepdim=True)
    scale, shift = (half[:, :, None, None] for half in block.style(style).chunk(2, dim=1))
    expected = (expected - mean) / deviation * (scale + 1) + shift
    torch.testing.assert_close(block(features, style, "constant"), expected, rtol=1e-4, atol=1e-4)
    assert block(features, style, "none").shape == (3, 8, 8, 8)
    assert made.blocks[0](features, style, "none").shape == (3, 8, 4, 4)


@torch.no_grad()
def test_without_noise_nothing_is_random():
    made = generator(noise=False).eval()
    assert not any("noise" in name for name in made.state_dict())
    latents = torch.randn(3, 8)
    torch.testing.assert_close(made(latents, NONE), made(latents, NONE))


@torch.no_grad()
def test_styles_are_mixed_in_training_and_each_block_has_its_own():
    made = generator(style_mixing=1.0)
    styles = made.map(torch.randn(3, 8), NONE)
    assert styles.shape == (3, 3, 8)
    assert (styles[:, 0] != styles[:, 2]).any()
    assert made.mean_w().any()
    fixed = made.eval().map(torch.randn(3, 8), NONE)
    assert (fixed == fixed[:, :1]).all()
    made.use_noise("none")
    images = made.synthesize(fixed)
    changed = fixed.clone()
    changed[:, 2] += 5
    assert images.abs().max() <= 1
    assert not torch.allclose(made.synthesize(changed), images)


def test_resolutions_are_those_of_dcgan():
    for part in (StyledDCGANGenerator, DCGANDiscriminator):
        for resolution, fits in ((8, False), (16, True), (512, True), (1024, False)):
            reason = part.incompatibility(part.Options(), small_context(ImageSpec(resolution, 1), part, part.Options()))
            assert (reason is None) == fits
