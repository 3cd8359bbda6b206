"""BigGAN's networks: sizes of the paper, where labels and chunks of the latents go, what is refused."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from training_world import recipe_of

from ganzoo import ImageSpec, Role
from ganzoo.errors import RecipeError
from ganzoo.testing import LinearStep, TinyGenerator
from ganzoo_biggan.discriminator import BigGANDiscriminator
from ganzoo_biggan.generator import BigGANGenerator
from ganzoo_biggan.orthogonal import Orthogonal

WORLD = {
    "dataset": {"name": "folder", "root": "nowhere", "resolution": 32},
    "generator": {"name": "biggan"},
    "discriminator": {"name": "biggan"},
    "loss": {"name": "hinge"},
}


def built(cls, images: ImageSpec, **options):
    torch.manual_seed(0)
    return cls(cls.Options(**options), images)


def count(network) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


# Numbers of parameters by hand, of widths in channels; convolutions have biases, but for those of attention.
def up(inputs: int, outputs: int, conditions: int) -> int:
    """Two 3x3 and a 1x1; gains and biases of two normalizations, linear in the condition."""
    return 9 * inputs * outputs + 9 * outputs**2 + inputs * outputs + 3 * outputs + 2 * conditions * (inputs + outputs)


def down(inputs: int, outputs: int, *, skips: bool = True) -> int:
    return 9 * inputs * outputs + 9 * outputs**2 + 2 * outputs + skips * (inputs + 1) * outputs


def attention(channels: int) -> int:
    """Queries and keys of an eighth, values of a half, and the way back; the learned weight."""
    return 2 * channels * (channels // 8) + 2 * channels * (channels // 2) + 1


def paper_sizes(width: int) -> tuple[int, int]:
    """Of table 4: 128 pixels, 1000 classes, an embedding of 128, chunks of 20."""
    up_widths, down_widths = [16, 16, 8, 4, 2, 1], [1, 2, 4, 8, 16]
    generator = 1000 * 128 + (20 + 1) * 16 * width * 16 + attention(2 * width) + 2 * width + 27 * width + 3
    generator += sum(up(width * a, width * b, 128 + 20) for a, b in pairwise(up_widths))
    critic = down(3, width) + sum(down(width * a, width * b) for a, b in pairwise(down_widths)) + attention(width)
    return generator, critic + down(16 * width, 16 * width, skips=False) + 16 * width + 1 + 1000 * 16 * width


def test_sizes_are_those_of_the_paper_at_128_pixels():
    # What the first author counts for ch = 96, and so do the tests of Google's compare_gan; table 1 has 158.3 million.
    assert paper_sizes(96) == (70_305_988 + 1000 * 128, 87_982_370)
    images, options = ImageSpec(128, 3, 1000), {"width": 8, "attention_at": [64]}
    generator, critic = built(BigGANGenerator, images, **options), built(BigGANDiscriminator, images, **options)
    assert (count(generator), count(critic)) == paper_sizes(8)
    assert generator.chunks == [20] * 6 and generator.latent_dim == 120
    shapes = [tuple(each.shape) for each in critic.features(torch.zeros(1, 3, 128, 128), torch.zeros(1, 1000))]
    sides, widths = [64, 32, 16, 8, 4, 4], [1, 2, 4, 8, 16, 16]
    assert shapes == [*((1, 8 * c, r, r) for c, r in zip(widths, sides, strict=True)), (1, 128)]


def test_sizes_are_those_of_the_authors_at_32_pixels():
    images = ImageSpec(32, 3, 10)
    generator = built(BigGANGenerator, images, width=4, latent_dim=128, hierarchical=False, embedding=0)
    assert count(generator) == (128 + 1) * 16 * 16 + 3 * up(16, 16, 10) + 2 * 16 + 27 * 16 + 3
    critic = built(BigGANDiscriminator, images, width=4)
    shapes = [tuple(each.shape) for each in critic.features(torch.zeros(1, 3, 32, 32), torch.zeros(1, 10))]
    assert shapes == [(1, 16, 16, 16), *[(1, 16, 8, 8)] * 3, (1, 16)]


def test_each_chunk_of_the_latents_and_the_class_reach_their_own_layers():
    torch.manual_seed(0)
    options = BigGANGenerator.Options(latent_dim=8, embedding=4, width=2)
    generator = BigGANGenerator(options, ImageSpec(32, 1, 3)).eval()
    seen = {}
    for number, each in enumerate(generator.blocks):
        each.norm1.register_forward_pre_hook(lambda _, given, number=number: seen.__setitem__(number, given[1]))
    latents, labels = torch.randn(2, 8), torch.eye(3)[[0, 2]]
    generator(latents, labels)
    for number in range(3):
        assert torch.equal(seen[number][:, :4], generator.embedding.weight.T[[0, 2]])
        assert torch.equal(seen[number][:, 4:], latents[:, 2 * number + 2 : 2 * number + 4])
    # The last chunk changes what the last block normalizes, and nothing before.
    moved = latents.clone()
    moved[:, 6:] += 1
    before = dict(seen)
    generator(moved, labels)
    assert [torch.equal(seen[n], before[n]) for n in range(3)] == [True, True, False]


def test_truncated_latents_make_images_of_one_class_more_alike():
    generator = built(BigGANGenerator, ImageSpec(16, 3, 3), width=4, latent_dim=12, embedding=4).eval()
    labels = torch.eye(3)[[1] * 64]
    spread = []
    for threshold in (0.02, 0.5, 50.0):
        rng = torch.Generator().manual_seed(0)
        latents = generator.truncate_latents(generator.sample_latents(64, rng), threshold, rng)
        with torch.no_grad():
            spread.append(generator(latents, labels).std(dim=0).mean().item())
    assert spread[0] < spread[1] < spread[2]


def test_scores_truncate_latents_and_not_styles():
    assert recipe_of(WORLD, {"scoring": {"truncation_threshold": 0.5}}).scoring.truncation_threshold == 0.5
    with pytest.raises(RecipeError, match=r"no styles .* truncate its latents by scoring\.truncation_threshold"):
        recipe_of(WORLD, {"scoring": {"truncation_psi": 0.7}})


def test_weights_have_spectral_norm_1_and_begin_orthogonal():
    torch.manual_seed(0)
    critic = BigGANDiscriminator(BigGANDiscriminator.Options(width=4), ImageSpec(16, 3, 3))
    drawn = critic.blocks[1].conv1.parametrizations.weight.original.flatten(1)
    assert torch.allclose(drawn @ drawn.T, torch.eye(16), atol=1e-5)
    with torch.no_grad():
        for each in critic.parameters():
            each.mul_(3.0)
    for _ in range(30):  # power iterations, one for each forward in training
        critic(torch.randn(2, 3, 16, 16), torch.eye(3)[:2])
    critic.eval()
    for layer in (critic.blocks[0].conv2, critic.blocks[2].conv1, critic.head.psi, critic.head.embedding):
        assert torch.linalg.svdvals(layer.weight.flatten(1))[0].item() == pytest.approx(1.0, abs=1e-3)


def test_without_projection_the_critic_does_not_look_at_labels():
    options = BigGANDiscriminator.Options(width=2, projection=False)
    critic = BigGANDiscriminator(options, ImageSpec(16, 1, 2)).eval()
    images = torch.randn(1, 1, 16, 16)
    assert torch.equal(critic(images, torch.eye(2)[:1]), critic(images, torch.eye(2)[1:]))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"dataset": {"resolution": 1024}}, "generator works at 16, 32, 64, 128, 256 or 512 pixels, not at 1024"),
        ({"generator": {"channels": [8, 8]}}, "generator has 4 widths at 32 pixels; channels lists 2: give 4"),
        ({"generator": {"latent_dim": 3}}, "latents of 3 cannot be split into 4: raise latent_dim to 4 or more"),
        (
            {"generator": {"attention_at": [64]}},
            "generator has no maps of 64 pixels: attention_at may list 8, 16 or 32",
        ),
        ({"discriminator": {"attention_at": [32]}}, "discriminator has no maps of 32 pixels: attention_at may list 8"),
        ({"training": {"batch_size": 1}}, "needs more than one image in a batch"),
    ],
)
def test_shapes_that_cannot_be_are_refused(changes, complaint):
    with pytest.raises(RecipeError, match=complaint):
        recipe_of(WORLD, {**changes})


def test_orthogonal_regularization_counts_products_of_different_filters():
    generator = TinyGenerator(TinyGenerator.Options(), ImageSpec(4, 1))
    step = LinearStep(None, torch.zeros(2, 1, 4, 4), generator=generator, role=Role.GENERATOR)
    expected = 0.0
    for weight in (each.detach().flatten(1) for each in generator.parameters() if each.dim() > 1):
        for i, one in enumerate(weight):
            expected += sum(float(one @ other) ** 2 for j, other in enumerate(weight) if i != j)
    penalty = Orthogonal(Orthogonal.Options(weight=0.5))
    assert expected > 0 and penalty.penalty(step).item() == pytest.approx(0.5 * expected, rel=1e-4)
    names = tuple(name for name, _ in generator.named_parameters())
    assert Orthogonal(Orthogonal.Options(leave_out=names)).penalty(step).item() == 0
