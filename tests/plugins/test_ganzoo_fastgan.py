"""FastGAN's critic and its decoders: shapes are the authors', layers and penalties compute what the paper says."""

from __future__ import annotations

import pytest
import torch
from resuming import resumed_bit_for_bit
from torch.nn.functional import avg_pool2d, conv2d, leaky_relu
from training_world import merged, recipe_of

from ganzoo import ComponentOptions, ConfiguredPart, Featured, ImageSpec, PluginError
from ganzoo._recipe.judges import extractors_read
from ganzoo.errors import RecipeError
from ganzoo.testing import LinearStep
from ganzoo_fastgan.critic_layers import DownBlock, PatchHead
from ganzoo_fastgan.discriminator import FastGANDiscriminator, FastGANDiscriminatorOptions
from ganzoo_fastgan.generator import FastGANGenerator, FastGANOptions
from ganzoo_fastgan.reconstruction import Reconstruction, ReconstructionOptions, quarter
from ganzoo_features.random import RandomFeatures

SMALL = {"channel_base": 64, "channel_max": 8, "end": 4, "excites": 2, "projection": 4}
RECIPE = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 12},
    "generator": {"name": "fastgan", "latent_dim": 4, "channel_base": 64, "channel_max": 4, "excites": 4},
    "discriminator": {"name": "fastgan", **SMALL},
    "loss": {"name": "hinge"},
    "regularizers": [{"name": "reconstruction", "width": 2}],
    "augmentation": {"name": "diffaugment", "policy": ["color", "translation"]},
    "training": {"total_kimg": 0.012, "batch_size": 4},
}


def test_coarse_maps_excite_those_from_64_to_512():
    with torch.device("meta"):
        generator = FastGANGenerator(FastGANOptions(latent_dim=4, channel_max=2), ImageSpec(1024, 3))
    # By the finer map's place among the blocks, 8x8 first: 64 to 512, by 4 to 32; none of 1024.
    assert generator._coarse == {3: 0, 4: 1, 5: 2, 6: 3}
    assert list(generator.skips) == ["3", "4", "5", "6"]


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


def reconstruction(discriminator, **options):
    torch.manual_seed(3)
    penalty = Reconstruction(ReconstructionOptions(width=2, **options))
    penalty.prepare(ImageSpec(16, 3), discriminator)
    return penalty.eval()  # so that statistics stand still


def mirrored(images):
    return images.flip(3)


def a_step(discriminator):
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(4)) * 2 - 1
    return LinearStep(discriminator, images, augmentation=mirrored)


def test_the_reals_are_decoded_as_the_critic_was_shown_them():
    discriminator = critic().eval()
    penalty, step = reconstruction(discriminator, weight=0.5), a_step(discriminator)
    place = (torch.rand((), generator=torch.Generator().manual_seed(0)) * 4).long()
    shown = step.real.flip(3)
    features = discriminator.features(shown, step.labels)
    whole, small, part = penalty.decoders
    images = [whole(features[-2]), small(features[-1]), part(quarter(features[-3], place))]
    assert [each.shape[-1] for each in images] == [16, 16, 8] and all(each.abs().max() <= 1 for each in images)
    wanted = [shown, shown, quarter(shown, place)]
    distances = [(made - seen).abs().mean() for made, seen in zip(images, wanted, strict=True)]
    found = penalty.penalty(step)
    assert torch.allclose(found, 0.5 * sum(distances))
    found.backward()
    reached = [*penalty.parameters(), *discriminator.stem.parameters(), *discriminator.small.parameters()]
    assert all(each.grad is not None and each.grad.any() for each in reached)
    assert all(each.grad is None for each in discriminator.head.parameters())


def test_large_images_are_averaged_down_to_what_a_decoder_makes():
    discriminator = critic().eval()
    penalty, step = reconstruction(discriminator, whole=(-2,), quarters=(), largest=8), a_step(discriminator)
    shown = step.real.flip(3)
    made = penalty.decoders[0](discriminator.features(shown, step.labels)[-2])
    assert torch.allclose(penalty.penalty(step), (made - avg_pool2d(shown, 2)).abs().mean())


def test_images_are_compared_in_the_features_of_an_extractor_where_one_is_named():
    discriminator, features = critic().eval(), ConfiguredPart(RandomFeatures, ComponentOptions())
    penalty, step = reconstruction(discriminator, whole=(-1,), quarters=(), features=features), a_step(discriminator)
    shown = step.real.flip(3)
    perceptual = RandomFeatures(ComponentOptions()).perceptual().eval()
    made = penalty.decoders[0](discriminator.features(shown, step.labels)[-1])
    by_hand = (perceptual(made) - perceptual(shown)).square().sum(dim=1).mean()
    assert torch.allclose(penalty.penalty(step), by_hand, rtol=1e-4)
    assert not any("perceptual" in name for name in penalty.state_dict())
    named = merged(RECIPE, {"regularizers": [{"name": "reconstruction", "features": "random-features"}]})
    (read,) = extractors_read(recipe_of(named))
    assert (read.name, read.by) == ("random-features", "penalty 'reconstruction'")


def test_a_quarter_is_a_corner():
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    corners = [quarter(maps, torch.tensor(place))[0, 0].tolist() for place in range(4)]
    assert corners == [[[0, 1], [4, 5]], [[2, 3], [6, 7]], [[8, 9], [12, 13]], [[10, 11], [14, 15]]]


def test_features_that_are_not_there_are_refused():
    with pytest.raises(PluginError, match="'fastgan' has 4 features, and none is number -5; name others in whole"):
        reconstruction(critic(), whole=(-5,))
    for options, reason in (({"whole": [], "quarters": []}, "nothing is decoded"), ({"largest": 12}, "power of two")):
        with pytest.raises(RecipeError, match=reason):
            recipe_of(merged(RECIPE, {"regularizers": [{"name": "reconstruction", **options}]}))


def test_a_resume_equals_an_unbroken_training_bit_for_bit():
    """Decoders, their optimizer's moments, spectral norms and running statistics are all saved."""
    resumed_bit_for_bit(RECIPE)
