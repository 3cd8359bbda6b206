"""The style shell: what every generator that is built on it does, whatever its synthesis."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from ganzoo import ImageSpec, NoiseInputs, StyleBased
from ganzoo.layers import StyledGenerator, StyledOptions, add_noise, draw_crossover, layered, truncated
from ganzoo.testing import check_part
from ganzoo_dcgan import StyledDCGANGenerator
from ganzoo_stylegan import StyleGANGenerator
from ganzoo_stylegan2 import RevisedGenerator, StyleGAN2Generator

BUILT_ON_IT = [StyleGANGenerator, StyleGAN2Generator, RevisedGenerator, StyledDCGANGenerator]
SMALL = {"latent_dim": 6, "style_dim": 5, "mapping_layers": 2}
SHARED = set(StyledOptions.model_fields)


class Smallest(StyledGenerator[StyledOptions]):
    """One layer per style that adds its style's sum to a map; made anew for these tests."""

    name = "smallest-styled"

    def __init__(self, options, images):
        super().__init__(options, images, style_resolutions=[4, 8, 8], noise_resolutions=[8])
        self.build_mapping(images)
        self.shape = (images.channels, images.resolution, images.resolution)
        self.layers = nn.ModuleList(nn.Linear(options.style_dim, images.resolution**2 * images.channels) for _ in "abc")
        self.strength = nn.Parameter(torch.zeros(1))
        self.register_buffer("noise_const", torch.randn(1, 1, images.resolution, images.resolution))

    def synthesize(self, styles):
        maps = sum(layer(style) for layer, style in zip(self.layers, styles.unbind(1), strict=True))
        maps = maps.unflatten(1, self.shape)
        return add_noise(maps, self.strength, self.noise_const, self.noise_at(8)).tanh()


def smallest(**options):
    return Smallest(StyledOptions(**SMALL, **options), ImageSpec(16, 1))


def latents(count=4):
    return torch.randn(count, 6), torch.zeros(count, 0)


def test_a_generator_that_writes_its_synthesis_alone_keeps_every_contract():
    check_part(Smallest, StyledOptions(**SMALL, mapping_lr_multiplier=1.0))
    made = smallest()
    assert isinstance(made, StyleBased)
    assert isinstance(made, NoiseInputs)
    assert made.num_ws == 3
    assert list(made.style_resolutions()) == [4, 8, 8]


@pytest.mark.parametrize("cls", BUILT_ON_IT)
def test_options_have_the_same_names_and_ranges_in_every_generator(cls):
    assert issubclass(cls.Options, StyledOptions)
    own = {name: field.metadata for name, field in cls.Options.model_fields.items() if name in SHARED}
    assert own == {name: field.metadata for name, field in StyledOptions.model_fields.items()}
    for beta in (1.0, -0.1):
        with pytest.raises(ValidationError, match="w_avg_beta"):
            cls.Options(w_avg_beta=beta)


@pytest.mark.parametrize("cls", BUILT_ON_IT)
def test_the_mean_style_follows_the_batch_in_training_alone(cls):
    made = cls(cls.Options(**SMALL, w_avg_beta=0.75), ImageSpec(16, 1))
    z, c = latents()
    with torch.no_grad():
        style = made.eval().map(z, c)[:, 0].mean(dim=0)
        assert not made.mean_w().any()
        made.train().map(z, c)
    torch.testing.assert_close(made.mean_w(), 0.25 * style)
    assert dict(made.named_buffers())["w_avg"] is made.mean_w()


def test_mixing_takes_other_styles_from_a_crossover_on():
    made = smallest(style_mixing=1.0)
    z, c = latents()
    own = made.eval().map(z, c)
    made.train()
    crossovers = set()
    for seed in range(20):
        torch.manual_seed(seed)
        mixed = made.map(z, c)
        same = (mixed == own).all(dim=2)
        first = int(same.sum(dim=1)[0])
        assert (same.sum(dim=1) == first).all()  # one crossover for the batch
        assert same[:, :first].all()
        crossovers.add(first)
    assert crossovers == {1, 2}


def test_mixing_crosses_over_among_the_styles_in_use():
    made = StyleGANGenerator(StyleGANGenerator.Options(**SMALL, style_mixing=1.0), ImageSpec(32, 1))
    made.grow(8, 1.0)
    for seed in range(20):
        torch.manual_seed(seed)
        styles = made.map(*latents())
        assert (styles[:, 3] != styles[:, 0]).any()  # the fourth is the last at 8x8, and always mixed


def test_without_mixing_training_draws_nothing():
    made = smallest(style_mixing=0.0)
    torch.manual_seed(5)
    styles = made.map(*latents())
    assert (styles == styles[:, :1]).all()
    assert draw_crossover(1, 1.0) is None


def test_crossovers_are_uniform_and_leave_a_style_to_each_latent():
    torch.manual_seed(0)
    drawn = [draw_crossover(4, 0.5) for _ in range(4000)]
    kept = [each for each in drawn if each is not None]
    assert len(kept) == pytest.approx(2000, abs=150)
    counts = [kept.count(value) for value in (1, 2, 3)]
    assert sum(counts) == len(kept)
    assert max(counts) - min(counts) < 150


def test_noise_is_chosen_for_all_resolutions_or_for_some():
    made = smallest()
    assert made.noise_at(8) == "random"
    made.use_noise("constant")
    made.use_noise_at({8: "none"})
    assert (made.noise_at(4), made.noise_at(8)) == ("constant", "none")
    made.use_noise("constant")
    assert made.noise_at(8) == "constant"
    assert list(made.noise_maps()) == ["noise_const"]


def test_truncation_pulls_the_first_styles_towards_the_mean():
    styles, mean = torch.randn(2, 3, 5), torch.randn(5)
    assert torch.equal(truncated(styles, mean, 1.0), mean + (styles - mean))
    assert torch.equal(truncated(styles, mean, 0.0), mean.expand(2, 3, 5))
    half = truncated(styles, mean, 0.5, cutoff=1)
    torch.testing.assert_close(half[:, 0], (styles[:, 0] + mean) / 2)
    assert torch.equal(half[:, 1:], styles[:, 1:])


def test_layers_share_a_style_up_to_the_crossover():
    one, two = torch.zeros(2, 5), torch.ones(2, 5)
    assert layered(one, 4).shape == (2, 4, 5)
    assert layered(one, 4, two, 3).sum(dim=(0, 2)).tolist() == [0, 0, 0, 10]
