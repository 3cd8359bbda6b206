"""FastGAN's critic: its shapes are the authors', its layers compute what the paper says."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import avg_pool2d, conv2d, leaky_relu
from training_world import merged, recipe_of

from ganzoo import Featured, ImageSpec
from ganzoo.errors import RecipeError
from ganzoo_fastgan.critic_layers import DownBlock, PatchHead
from ganzoo_fastgan.discriminator import FastGANDiscriminator, FastGANDiscriminatorOptions

SMALL = {"channel_base": 64, "channel_max": 8, "end": 4, "excites": 2, "projection": 4}
RECIPE = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 12},
    "generator": {"name": "fastgan", "latent_dim": 4, "channel_base": 64, "channel_max": 4, "excites": 4},
    "discriminator": {"name": "fastgan", **SMALL},
    "loss": {"name": "hinge"},
    "training": {"total_kimg": 0.012, "batch_size": 4},
}


def critic(resolution=16, classes=0, **options):
    torch.manual_seed(0)
    images = ImageSpec(resolution, 3, classes)
    return FastGANDiscriminator(FastGANDiscriminatorOptions(**{**SMALL, **options}), images)


def test_maps_views_and_patches_are_the_authors():
    """At an eighth of their widths."""
    defaults, spec = FastGANDiscriminatorOptions(), ImageSpec(256, 3)
    assert (defaults.channel_base, defaults.channel_max, defaults.end, defaults.excites) == (4096, 512, 8, 8)
    assert FastGANDiscriminator.logits_per_image(defaults, spec) == 2 * 25
    narrow = {"channel_base": 4096 // 8, "channel_max": 512 // 8}
    published = FastGANDiscriminator(FastGANDiscriminatorOptions(**narrow), spec).eval()
    features = published.features(torch.zeros(1, 3, 256, 256), torch.zeros(1, 0))
    sides = {256: 16, 128: 32, 64: 64, 32: 128, 16: 256, 8: 512}
    assert [tuple(each.shape[1:]) for each in features[:-1]] == [(w // 8, side, side) for side, w in sides.items()]
    assert features[-1].shape[1:] == (256 // 8, 8, 8) and published.view == 128
    # 8x8 is excited by 64x64, 16x16 by 128x128, 32x32 by 256x256.
    assert {place: skip.gather.weight.shape[1] for place, skip in published.skips.items()} == {"3": 2, "4": 4, "5": 8}
    assert published.judge(features, torch.zeros(1, 0)).shape == (1, 50)
    # One more halving for each factor of two above 256, the first without normalization.
    stem = critic(1024, channel_base=4096, channel_max=64).stem
    assert [tuple(each.shape) for each in stem.parameters() if each.dim() == 4] == [(8, 3, 4, 4), (16, 8, 4, 4)]


def test_a_block_is_the_mean_of_a_long_and_a_short_way():
    torch.manual_seed(1)
    block = DownBlock(3, 5, normalized=False).eval()
    maps = torch.randn(2, 3, 8, 8)
    first, second, short = block.long[0][0].weight, block.long[1][0].weight, block.short[1][0].weight
    long = leaky_relu(conv2d(maps, first, stride=2, padding=1), 0.2)
    long = leaky_relu(conv2d(long, second, padding=1), 0.2)
    by_hand = (long + leaky_relu(conv2d(avg_pool2d(maps, 2), short), 0.2)) / 2
    assert torch.allclose(block(maps), by_hand, atol=1e-6)


def test_logits_are_those_of_the_features_of_two_views_of_one_image():
    discriminator = critic(normalization="none").eval()
    images, labels = torch.rand(3, 3, 16, 16) * 2 - 1, torch.zeros(3, 0)
    features, logits = discriminator.features(images, labels), discriminator(images, labels)
    assert isinstance(discriminator, Featured) and logits.shape == (3, 2)
    assert torch.equal(logits, discriminator.judge(features, labels))
    one_by_one = torch.cat([discriminator(image, torch.zeros(1, 0)) for image in images.split(1)])
    assert torch.allclose(logits, one_by_one, atol=1e-6)
    small = discriminator.small(avg_pool2d(images, 2))
    assert torch.equal(small, features[-1])
    assert torch.equal(logits[:, 1:], discriminator.small_head(small, labels))
    # What averages away in the small view moves the large view's logits alone.
    checks = (torch.arange(16)[:, None] + torch.arange(16)) % 2 * 0.2 - 0.1
    moved = discriminator(images + checks, labels)
    assert torch.allclose(moved[:, 1], logits[:, 1], atol=1e-5) and not torch.allclose(moved[:, 0], logits[:, 0])


def test_the_class_of_an_image_moves_its_logits_by_a_projection():
    torch.manual_seed(2)
    head = PatchHead(3, 8, label_dim=2, projection=4).eval()
    maps, labels = torch.randn(2, 3, 8, 8), torch.eye(2)
    found = conv2d(maps, head.last.weight)
    of_class = labels @ head.classes.weight.T
    by_hand = found[:, 0] + torch.einsum("npij,np->nij", found[:, 1:], of_class) / 2
    assert head(maps, labels).shape == (2, PatchHead.logits(8)) == (2, 25)
    assert torch.allclose(head(maps, labels), by_hand.flatten(1), atol=1e-6)
    assert torch.allclose(head(maps, torch.zeros(2, 2)), found[:, 0].flatten(1))


def test_sizes_that_do_not_fit_are_refused_with_those_that_do():
    with pytest.raises(RecipeError, match=r"end: halving images of 16 pixels ends at a power of two.*16 is not one"):
        recipe_of(merged(RECIPE, {"discriminator": {"end": 16}}))
    with pytest.raises(RecipeError, match=r"small_resolution: should be a power of two from 8 \(twice end\) to 16"):
        recipe_of(merged(RECIPE, {"discriminator": {"small_resolution": 4}}))
    with pytest.raises(RecipeError, match="'rahinge' takes one logit per image, and discriminator 'fastgan' gives 2"):
        recipe_of(merged(RECIPE, {"loss": {"name": "rahinge"}}))
    assert critic(small_resolution=16).view == 16 and critic().view == 8
