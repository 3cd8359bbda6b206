"""SNGAN's and SAGAN's networks: sizes of the papers, attention by hand, what they refuse, how they train."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from resuming import resumed_bit_for_bit
from torch.nn.functional import avg_pool2d, conv2d, interpolate, leaky_relu, linear, relu
from training_world import installed, recipe_of

from ganzoo import ImageSpec
from ganzoo.errors import RecipeError
from ganzoo.layers import SelfAttention2d
from ganzoo_sngan.discriminator import SNGANDiscriminator
from ganzoo_sngan.generator import SNGANGenerator

CIFAR = ImageSpec(resolution=32, channels=3)
PLAIN = {"architecture": "plain", "width": 64, "max_width": 512}


def conv_size(inputs: int, outputs: int, size: int) -> int:
    return outputs * (inputs * size**2 + 1)


def size(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def built(cls, images, **options):
    return cls(cls.Options(**options), images)


def test_the_residual_networks_have_the_sizes_of_table_4():
    block = 2 * conv_size(256, 256, 3) + conv_size(256, 256, 1) + 2 * 2 * 256
    generator = 129 * 256 * 16 + 3 * block + 2 * 256 + conv_size(256, 3, 3)
    assert size(built(SNGANGenerator, CIFAR)) == generator == 4_276_739
    first = conv_size(3, 128, 3) + conv_size(128, 128, 3) + conv_size(3, 128, 1)
    rest = 3 * 2 * conv_size(128, 128, 3) + conv_size(128, 128, 1)
    assert size(built(SNGANDiscriminator, CIFAR)) == first + rest + 129


def test_the_plain_networks_have_the_sizes_of_table_3():
    widths = [512, 256, 128, 64]
    steps = sum(conv_size(a, b, 4) + 2 * b for a, b in pairwise(widths))
    assert size(built(SNGANGenerator, CIFAR, **PLAIN)) == 129 * 512 * 16 + steps + conv_size(64, 3, 3)
    reading = [(3, 64, 3), (64, 64, 4), (64, 128, 3), (128, 128, 4), (128, 256, 3), (256, 256, 4), (256, 512, 3)]
    expected = sum(conv_size(*layer) for layer in reading) + 512 * 16 + 1
    assert size(built(SNGANDiscriminator, CIFAR, **PLAIN)) == expected


def test_sagans_networks_have_its_authors_widths():
    # A sixteenth of them; the shape is that for 128x128.
    images = ImageSpec(resolution=128, channels=3, label_dim=5)
    wide = {"width": 4, "max_width": 64, "attention_at": (32,), "spectral_norm": True}
    generator = built(SNGANGenerator, images, **wide)
    assert [block.second.out_channels for block in generator.blocks] == [64, 32, 16, 8, 4]
    assert [type(each) is SelfAttention2d for each in generator.attentions] == [False, False, True, False, False]
    discriminator = built(SNGANDiscriminator, images, coarsest=4, final_blocks=1, **wide)
    blocks = [each.second.out_channels for each in discriminator.modules() if hasattr(each, "second")]
    assert blocks == [4, 8, 16, 32, 64, 64]
    # After the second block, which leaves 32x32.
    assert [type(each[1]) is SelfAttention2d for each in discriminator.body[:5]] == [False, True, False, False, False]
    assert discriminator.head.embedding.weight.shape == (64, 5)


def test_attention_is_a_weighted_mean_of_the_largest_values_and_begins_as_nothing():
    torch.manual_seed(0)
    layer, maps = SelfAttention2d(16), torch.randn(2, 16, 4, 6)
    assert torch.equal(layer(maps), maps)
    with torch.no_grad():
        layer.gamma.fill_(0.7)
        found = layer(maps)
        assert (layer.weights(maps).sum(dim=2) - 1).abs().max() < 1e-6
        # Place by place, image by image.
        query, key, value, result = (
            each.weight[:, :, 0, 0] for each in (layer.queries, layer.keys, layer.values, layer.result)
        )
        assert (len(query), len(key), len(value)) == (2, 2, 8)
        for n, y, x in ((0, 0, 0), (1, 3, 2)):
            scores, values = [], []
            for top in range(0, 4, 2):
                for left in range(0, 6, 2):
                    near = maps[n, :, top : top + 2, left : left + 2].flatten(1)
                    scores.append(float((query @ maps[n, :, y, x]) @ (key @ near).amax(dim=1)))
                    values.append((value @ near).amax(dim=1))
            shares = torch.tensor([math.exp(score) for score in scores])
            mean = (torch.stack(values) * (shares / shares.sum())[:, None]).sum(dim=0)
            assert torch.allclose(found[n, :, y, x], maps[n, :, y, x] + 0.7 * result @ mean, atol=1e-5)


def weights(layer) -> tuple[torch.Tensor, torch.Tensor]:
    return layer.weight, layer.bias


def test_a_residual_critic_computes_what_the_paper_draws():
    torch.manual_seed(0)
    options = SNGANDiscriminator.Options(width=4, max_width=4, final_blocks=1)
    critic = SNGANDiscriminator(options, ImageSpec(resolution=16, channels=2, label_dim=3)).eval()
    images, labels = torch.randn(3, 2, 16, 16), torch.eye(3)
    (first, _), last = critic.body
    with torch.no_grad():
        branch = conv2d(relu(conv2d(images, *weights(first.first), padding=1)), *weights(first.second), padding=1)
        # Averages after the 1x1 convolution, as the authors' other blocks have it.
        maps = avg_pool2d(branch, 2) + avg_pool2d(conv2d(images, *weights(first.skip)), 2)
        branch = conv2d(relu(maps), *weights(last.first), padding=1)
        maps = maps + conv2d(relu(branch), *weights(last.second), padding=1)
        features = relu(maps).sum(dim=(2, 3))
        expected = linear(features, *weights(critic.head.psi))[:, 0]
        expected = expected + (critic.head.embedding.weight.T * features).sum(dim=1)
        assert torch.allclose(critic(images, labels), expected, atol=1e-5)
        # What the norm bounds: layers of norm 1 by their matrices, so that no plain layer stretches a vector.
        norm = torch.linalg.matrix_norm(critic.head.psi.weight, 2)
    assert float(norm) == pytest.approx(1, abs=1e-5)


def test_a_residual_generator_computes_what_the_paper_draws():
    torch.manual_seed(0)
    generator = SNGANGenerator(
        SNGANGenerator.Options(latent_dim=3, width=4, max_width=8), ImageSpec(resolution=8, channels=1)
    ).eval()
    (block,) = generator.blocks
    latents = torch.randn(2, 3)
    up = lambda maps: interpolate(maps, scale_factor=2.0)  # noqa: E731
    scale = 1 / math.sqrt(1 + 2e-5)  # of batch normalization that has seen nothing
    with torch.no_grad():
        maps = generator.dense(latents).view(2, 8, 4, 4)
        branch = conv2d(up(relu(scale * maps)), *weights(block.first), padding=1)
        branch = conv2d(relu(scale * branch), *weights(block.second), padding=1)
        maps = branch + conv2d(up(maps), *weights(block.skip))
        expected = conv2d(relu(scale * maps), *weights(generator.to_rgb), padding=1).tanh()
        assert torch.allclose(generator(latents, torch.zeros(2, 0)), expected, atol=1e-6)


def test_a_plain_critic_computes_what_table_3_lists():
    torch.manual_seed(0)
    critic = SNGANDiscriminator(
        SNGANDiscriminator.Options(architecture="plain", width=2, max_width=4), ImageSpec(resolution=8, channels=1)
    ).eval()
    maps = images = torch.randn(2, 1, 8, 8)
    with torch.no_grad():
        convolutions = [each for each in critic.modules() if hasattr(each, "stride")]
        assert [(each.kernel_size[0], each.stride[0]) for each in convolutions] == [(3, 1), (4, 2), (3, 1)]
        for each in convolutions:
            maps = leaky_relu(conv2d(maps, *weights(each), stride=each.stride, padding=1), 0.1)
        expected = linear(maps.flatten(1), *weights(critic.head.psi))[:, 0]
        assert torch.allclose(critic(images, torch.zeros(2, 0)), expected, atol=1e-6)


TRAINING = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 8},
    "generator": {"name": "sngan", "architecture": "plain", "latent_dim": 4, "width": 4, "spectral_norm": True},
    "discriminator": {"name": "sngan", "architecture": "plain", "width": 4, "max_width": 8, "attention_at": [8]},
    "loss": {"name": "rahinge"},
    "training": {"total_kimg": 0.016, "batch_size": 4, "discriminator_steps": 2},
}


@pytest.mark.parametrize(
    ("section", "options", "complaint"),
    [
        ("generator", {"attention_at": [4]}, r"generator has no maps of 4 pixels to attend to .* it has 8, 16"),
        ("discriminator", {"attention_at": [16]}, r"discriminator has no maps of 16 pixels .* it has 8, 4"),
        ("discriminator", {"final_blocks": 1}, 'final_blocks is of architecture = "residual"'),
    ],
)
def test_what_networks_do_not_have_is_refused(section, options, complaint):
    with pytest.raises(RecipeError, match=complaint):
        recipe_of(TRAINING, {section: TRAINING[section] | options})


def test_batches_of_one_and_images_that_are_too_small_are_refused(tmp_path):
    with pytest.raises(RecipeError, match="batch normalization needs more than one image"):
        recipe_of(TRAINING, {"training": {"batch_size": 1}, "loss": {"name": "hinge"}})
    small = {"dataset": {"name": "tiny", "resolution": 8}, "discriminator": {"name": "sngan"}}
    with installed(tmp_path), pytest.raises(RecipeError, match="its last maps are not of 8: coarsest = 4"):
        recipe_of(TRAINING, small)


def test_a_resume_goes_on_with_the_vectors_of_power_iteration():
    resumed = resumed_bit_for_bit(TRAINING, steps=2)
    began, ended = (state["discriminator"] for state in (resumed.broken_off, resumed.ended))
    moved = [name for name, tensor in ended.items() if not torch.equal(tensor, began[name])]
    assert any(name.endswith("._u") for name in moved)
