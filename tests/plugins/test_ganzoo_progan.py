"""ProGAN's networks: the official gains by hand, normalization, and what fades."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu

from ganzoo import ImageSpec
from ganzoo.layers import EqualizedConv2d, EqualizedLinear, pixel_norm
from ganzoo.testing import check_discriminator, check_generator, small_context
from ganzoo_progan import ProGANDiscriminator, ProGANGenerator

SMALL = {"channel_base": 128, "channel_max": 16}
NONE = torch.zeros(4, 0)
ROOT2 = math.sqrt(2)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def generator(images: ImageSpec | None = None, **options) -> ProGANGenerator:
    return ProGANGenerator(
        ProGANGenerator.Options(**{**SMALL, "latent_dim": 16, **options}), images or ImageSpec(16, 1)
    )


def discriminator(images: ImageSpec | None = None, **options) -> ProGANDiscriminator:
    return ProGANDiscriminator(ProGANDiscriminator.Options(**{**SMALL, **options}), images or ImageSpec(16, 1))


def gains(network: nn.Module) -> dict[str, float]:
    """Return each layer's gain: what it multiplies its N(0, 1) weights by, times the square root of its fan-in."""
    return {
        name: module.scale * math.sqrt(module.weight[0].numel())
        for name, module in network.named_modules()
        if isinstance(module, EqualizedLinear | EqualizedConv2d)
    }


def test_the_generator_has_the_official_gains():
    assert gains(generator()) == pytest.approx(
        {
            "blocks.4.dense": ROOT2 / 4,
            "blocks.4.convolution": ROOT2,
            "blocks.8.first": ROOT2,
            "blocks.8.second": ROOT2,
            "blocks.16.first": ROOT2,
            "blocks.16.second": ROOT2,
            "to_rgb.4": 1.0,
            "to_rgb.8": 1.0,
            "to_rgb.16": 1.0,
        }
    )


def test_the_discriminator_has_the_official_gains():
    expected = dict.fromkeys(
        [f"body.from_rgb.{side}" for side in (4, 8, 16)]
        + [f"body.blocks.{side}.{layer}" for side in (8, 16) for layer in ("first", "second")]
        + ["body.head.convolution", "body.head.dense"],
        ROOT2,
    )
    assert gains(discriminator()) == pytest.approx({**expected, "body.head.logit": 1.0})


def test_widths_are_the_official_ones():
    with torch.device("meta"):
        made = ProGANGenerator(ProGANGenerator.Options(), ImageSpec(1024, 3))
        judging = ProGANDiscriminator(ProGANDiscriminator.Options(), ImageSpec(1024, 3))
    widths = [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert [layer.weight.shape[1] for layer in made.to_rgb.values()] == widths
    assert [layer.weight.shape[0] for layer in judging.body.from_rgb.values()] == widths
    # The paper's table 2 gives 23.1 million each.
    for network in (made, judging):
        assert sum(value.numel() for value in network.parameters()) == pytest.approx(23.1e6, rel=0.005)


def test_the_generator_is_what_the_paper_says_step_by_step():
    made = generator(ImageSpec(8, 3))
    latents = torch.randn(4, 16) * 3
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_()
        features = latents / (latents.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
        start = made.blocks["4"]
        features = (features @ start.dense.weight.T * ROOT2 / 4 / 4).reshape(4, 16, 4, 4) + start.bias[:, None, None]
        features = pixel_norm(leaky_relu(features, 0.2))
        for index, layer in enumerate((start.convolution, made.blocks["8"].first, made.blocks["8"].second)):
            if index == 1:
                features = interpolate(features, scale_factor=2.0)
            weight = layer.weight * ROOT2 / math.sqrt(16 * 9)
            features = torch.conv2d(features, weight, layer.bias, padding=1)
            features = pixel_norm(leaky_relu(features, 0.2))
        rgb = made.to_rgb["8"]
        expected = torch.conv2d(features, rgb.weight / 4, rgb.bias)
        torch.testing.assert_close(made(latents, NONE), expected, rtol=1e-4, atol=1e-5)


def test_feature_vectors_of_the_generator_have_length_one():
    features = generator().blocks["4"](torch.randn(4, 16))
    torch.testing.assert_close(features.square().mean(dim=1), torch.ones(4, 4, 4))


def test_latents_are_normalized_with_their_labels_unless_told_not_to():
    images = ImageSpec(8, 1, label_dim=2)
    latents, labels = torch.randn(4, 16), torch.eye(2).repeat(2, 1)
    torch.manual_seed(1)
    plain = generator(images, normalize_latents=False)
    torch.manual_seed(1)
    made = generator(images)
    joined = pixel_norm(torch.cat([latents, labels], dim=1))
    torch.testing.assert_close(made(latents, labels), plain(joined[:, :16], joined[:, 16:]))


def test_a_fading_generator_mixes_images():
    made, latents = generator(), torch.randn(4, 16)
    ends = []
    for alpha in (0.0, 1.0, 0.25):
        made.grow(16, alpha)
        ends.append(made(latents, NONE))
    torch.testing.assert_close(ends[2], 0.75 * ends[0] + 0.25 * ends[1])


def test_a_fading_discriminator_mixes_features():
    judging = discriminator().body
    images = torch.randn(4, 1, 16, 16)
    new = judging.blocks["16"](leaky_relu(judging.from_rgb["16"](images), 0.2))
    old = leaky_relu(judging.from_rgb["8"](avg_pool2d(images, 2)), 0.2)
    expected = judging.head(judging.blocks["8"](0.75 * old + 0.25 * new)).squeeze(1)
    judging.grow(16, 0.25)
    torch.testing.assert_close(judging(images, NONE), expected)


def test_the_discriminator_sees_how_much_images_differ():
    judging = discriminator()
    images = torch.randn(1, 1, 16, 16).expand(4, -1, -1, -1)
    among_others = torch.cat([images[:1], torch.randn(3, 1, 16, 16)])
    assert not torch.allclose(judging(images, NONE)[0], judging(among_others, NONE)[0])
    alone = discriminator(minibatch_std_group=1)
    torch.testing.assert_close(alone(images, NONE)[0], alone(among_others, NONE)[0])
    assert ProGANDiscriminator.depends_on_batch(ProGANDiscriminator.Options())
    assert not ProGANDiscriminator.depends_on_batch(ProGANDiscriminator.Options(minibatch_std_group=1))


@pytest.mark.ci
def test_other_options_keep_the_contract():
    plain = ProGANGenerator.Options(**SMALL, latent_dim=8, normalize_latents=False)
    check_generator(ProGANGenerator, plain, resolution=16)
    alone = ProGANDiscriminator.Options(**SMALL, minibatch_std_group=1)
    check_discriminator(ProGANDiscriminator, alone, resolution=16)


@pytest.mark.parametrize("part", [ProGANGenerator, ProGANDiscriminator])
def test_odd_resolutions_are_refused(part):
    reason = part.incompatibility(part.Options(), small_context(ImageSpec(24, 1), part, part.Options()))
    assert "24" in reason and "dataset.resolution" in reason
