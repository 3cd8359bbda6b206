from __future__ import annotations

import copy

import pytest
import torch
from resuming import resumed_bit_for_bit
from torch.nn.functional import interpolate, relu
from training_world import merged, recipe_of

from ganzoo import ComponentOptions, ConfiguredPart, ImageSpec, PluginError
from ganzoo.errors import RecipeError
from ganzoo_fastgan.layers import SkipLayerExcitation
from ganzoo_features.lite0 import Lite0
from ganzoo_features.random import RandomFeatures
from ganzoo_losses.hinge import Hinge
from ganzoo_projected.discriminator import ProjectedDiscriminator, ProjectedOptions
from ganzoo_projected.heads import HeadShape, head_shapes
from ganzoo_projected.mixing import CrossChannelMixing, CrossScaleMixing

RANDOM = ConfiguredPart(RandomFeatures, ComponentOptions())
SMALL = {"seen_at": 16, "mixed_channels": 2, "width": 8}
RECIPE = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 12},
    "generator": {"name": "fastgan", "latent_dim": 4, "channel_base": 64, "channel_max": 4, "excites": 4},
    "discriminator": {"name": "projected", "features": "random-features", **SMALL},
    "loss": {"name": "hinge"},
    "training": {"total_kimg": 0.012, "batch_size": 4},
}


def critic(**options):
    torch.manual_seed(0)
    return ProjectedDiscriminator(ProjectedOptions(features=RANDOM, **{**SMALL, **options}), ImageSpec(16, 1))


def test_mixing_across_channels_is_a_fixed_linear_map_of_each_place():
    torch.manual_seed(1)
    mixing = CrossChannelMixing([3, 5], [2, 4])
    maps = [torch.randn(2, 3, 4, 4), torch.randn(2, 5, 2, 2)]
    for layer, found, given in zip(mixing.layers, mixing(maps), maps, strict=True):
        by_hand = torch.einsum("oc,nchw->nohw", layer.weight[:, :, 0, 0], given) + layer.bias[:, None, None]
        assert torch.allclose(found, by_hand, atol=1e-6)
    assert not list(mixing.parameters())
    assert set(mixing.state_dict()) == {f"layers.{n}.{key}" for n in (0, 1) for key in ("weight", "bias")}


def test_mixing_across_scales_goes_from_coarse_to_fine():
    """Each scale is its own maps and what comes from below, twice as large, convolved."""
    torch.manual_seed(2)
    mixing = CrossScaleMixing([2, 4, 8], 1)
    maps = [torch.randn(1, width, side, side) for width, side in ((2, 8), (4, 4), (8, 2))]
    fine, middle, coarse = mixing(maps)
    assert [tuple(each.shape[1:]) for each in (fine, middle, coarse)] == [(2, 16, 16), (2, 8, 8), (4, 4, 4)]

    def up(x):
        return interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)

    assert torch.allclose(coarse, mixing.layers[2](up(maps[2])))
    assert torch.allclose(middle, mixing.layers[1](up(maps[1] + coarse)), atol=1e-6)
    assert torch.allclose(fine, mixing.layers[0](up(maps[0] + middle)), atol=1e-6)
    for layer in mixing.layers:  # the identity at zero: what is not mixed in stays its own
        layer.weight.zero_()
        layer.bias.zero_()
    assert not any(each.any() for each in mixing(maps))


def test_heads_end_at_one_side_and_give_as_many_logits():
    # At 256 pixels as the authors count: 128, 64, 32, 16 to 8, and 5x5 logits of a 4x4 kernel.
    shapes = head_shapes([64, 64, 128, 256], [128, 64, 32, 16])
    assert [(shape.blocks, shape.side, shape.logits) for shape in shapes] == [
        (4, 8, 25),
        (3, 8, 25),
        (2, 8, 25),
        (1, 8, 25),
    ]
    # At 224, 4x4 logits; at 64, one for each head.
    assert [(shape.blocks, shape.logits) for shape in head_shapes([1] * 4, [112, 56, 28, 14])] == [
        (4, 16),
        (3, 16),
        (2, 16),
        (1, 16),
    ]
    assert head_shapes([1] * 4, [32, 16, 8, 4])[0] == HeadShape(1, 3, 4)
    options = ProjectedOptions(features=ConfiguredPart(Lite0, Lite0.Options()))
    assert ProjectedDiscriminator.logits_per_image(options, ImageSpec(64, 3)) == 64
    assert ProjectedDiscriminator.logits_per_image(options, ImageSpec(256, 3)) == 100


def test_the_hinge_of_all_logits_is_the_mean_of_the_heads_hinges():
    discriminator = critic(seen_at=64, normalization="none").eval()
    images, labels = torch.rand(3, 1, 16, 16) * 2 - 1, torch.zeros(3, 0)
    logits = discriminator(images, labels)
    each = len(logits[0]) // 4
    heads = logits.split(each, dim=1)
    assert logits.shape == (3, 4) or each > 1
    loss = Hinge(Hinge.Options()).discriminator_loss(logits, -logits)
    by_hand = sum(relu(1 - head).mean() + relu(1 - head).mean() for head in heads) / 4
    assert torch.allclose(loss, by_hand)


def test_gradients_pass_the_frozen_features_and_move_the_heads_alone():
    discriminator = critic(normalization="none")
    frozen = [name for name, _ in discriminator.named_buffers() if name.startswith("features.")]
    assert frozen and not any(name.startswith(("features.", "mixing.")) for name, _ in discriminator.named_parameters())
    assert not any(name.startswith("features.") for name in discriminator.state_dict())
    assert any(name.startswith("mixing.") for name in discriminator.state_dict())
    before = copy.deepcopy(dict(discriminator.named_buffers()))
    images = (torch.rand(2, 1, 16, 16) * 2 - 1).requires_grad_()
    discriminator.train()
    assert not discriminator.features.training
    discriminator(images, torch.zeros(2, 0)).sum().backward()
    assert images.grad is not None and (images.grad != 0).float().mean() > 0.9
    assert all(parameter.grad is not None for parameter in discriminator.parameters())
    torch.optim.SGD(discriminator.parameters(), 1.0).step()
    after = dict(discriminator.named_buffers())
    assert all(torch.equal(before[name], after[name]) for name in frozen)
    assert torch.equal(before["mixing.0.layers.0.weight"], after["mixing.0.layers.0.weight"])


def test_gray_images_are_seen_in_three_equal_channels_and_each_by_itself():
    gray, color = critic().eval(), None
    torch.manual_seed(0)
    color = ProjectedDiscriminator(ProjectedOptions(features=RANDOM, **SMALL), ImageSpec(16, 3)).eval()
    images = torch.rand(2, 1, 16, 16)
    alone = critic(normalization="none").eval()
    one_by_one = torch.cat([alone(image, torch.zeros(1, 0)) for image in images.split(1)])
    assert torch.allclose(alone(images, torch.zeros(2, 0)), one_by_one, atol=1e-5)
    assert torch.equal(gray(images, torch.zeros(2, 0)), color(images.expand(-1, 3, -1, -1), torch.zeros(2, 0)))


def test_excitation_weighs_channels_by_what_the_coarse_maps_say():
    torch.manual_seed(3)
    excitation = SkipLayerExcitation(3, 2)
    coarse, fine = torch.randn(2, 3, 4, 4), torch.randn(2, 2, 8, 8)
    weights = excitation(coarse, fine) / fine
    assert torch.allclose(weights, weights[:, :, :1, :1].expand_as(weights), atol=1e-5)
    assert bool(((weights > 0) & (weights < 1)).all())
    assert not torch.allclose(weights[0, :, 0, 0], weights[1, :, 0, 0])


def test_what_the_features_cannot_be_is_refused_by_name():
    with pytest.raises(
        RecipeError, match=r"discriminator\.features: no extractor called 'random-feature'; did you mean"
    ):
        recipe_of(merged(RECIPE, {"discriminator": {"features": "random-feature"}}))
    with pytest.raises(RecipeError, match="'vgg16' offers no maps to project"):
        recipe_of(merged(RECIPE, {"discriminator": {"features": {"name": "vgg16"}}}))
    with pytest.raises(RecipeError, match="gives no maps of images of 8 pixels; set seen_at to 224"):
        recipe_of(merged(RECIPE, {"discriminator": {"seen_at": 8}}))
    with pytest.raises(PluginError, match="'efficientnet-lite0' is a name that was not looked up"):
        ProjectedDiscriminator(ProjectedOptions(), ImageSpec(64, 3))
    assert ProjectedOptions().model_dump()["features"] == {"name": "efficientnet-lite0"}


def test_a_resolved_recipe_pins_the_extractor():
    recipe = recipe_of(RECIPE)
    plain = recipe.plain()
    assert plain["discriminator"]["features"] == {"name": "random-features"}
    assert "random-features" in plain["parts"]["extractor"]
    again = recipe_of(plain)
    assert again.plain() == plain and again.training_hash == recipe.training_hash
    changed = merged(RECIPE, {"discriminator": {"features": "efficientnet-lite0", "seen_at": 32}})
    assert recipe_of(changed).training_hash != recipe.training_hash


@pytest.mark.ci
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_resume_equals_an_unbroken_training_bit_for_bit(precision):
    """Spectral norms, running statistics and random mixtures are all there is beside the weights."""
    recipe = merged(RECIPE, {"training": {"precision": precision}, "augmentation": {"name": "diffaugment"}})
    resumed = resumed_bit_for_bit(recipe)
    began = resumed.broken_off["discriminator"].items()
    assert not all(torch.equal(tensor, resumed.ended["discriminator"][name]) for name, tensor in began)
