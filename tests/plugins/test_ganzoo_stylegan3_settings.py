"""StyleGAN3 at settings that are neither T's nor R's: pickles of them against a dense double in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dense_stylegan3 import DenseStyleGAN3, layers_of, low_pass
from drawn_stylegan3 import pickle_of, random_weights
from training_world import recipe_of

from ganzoo import CheckpointError, RecipeError
from ganzoo.interchange import parse
from ganzoo.layers import truncated
from ganzoo_stylegan3 import filters
from ganzoo_stylegan3.activation import FilteredLeakyReLU
from ganzoo_stylegan3.generator import StyleGAN3Generator
from ganzoo_stylegan3.nvidia import NvidiaStyleGAN3

SIZES = {"channel_base": 64, "channel_max": 3, "num_layers": 3, "num_critical": 1, "margin_size": 2}
ROTATES = {"conv_kernel": 1, "use_radial_filters": True}


def drawn(resolution=16, channels=1, *, labels=0, latents=7, mapping_layers=2, **settings):
    """Weights by official names, and all settings."""
    settings = SIZES | {"conv_clamp": None} | settings
    weights = random_weights(
        np.random.default_rng(1),
        layers_of(resolution, channels, **settings),
        latents=latents,
        styles=5,
        labels=labels,
        mapping_layers=mapping_layers,
        kernel=settings.get("conv_kernel", 3),
    )
    return weights, settings


def imported(data):
    found = NvidiaStyleGAN3.read(parse(data))
    generator = StyleGAN3Generator(found.ema.options, found.images).eval()
    generator.load_state_dict(found.ema.weights)
    return generator, found


def compare(resolution=16, channels=1, *, labels=0, rate=0.01, **given):
    weights, settings = drawn(resolution, channels, labels=labels, **given)
    dense = DenseStyleGAN3(weights, resolution, channels, lr_multiplier=rate, **settings)
    generator, found = imported(pickle_of(weights, resolution, channels, rate=rate, settings=settings))
    draw = np.random.default_rng(2)
    latents = draw.normal(size=(2, generator.latent_dim)).astype("f4")
    classes = np.eye(labels, dtype="f4")[[labels - 1, 0]] if labels else np.zeros((2, 0), "f4")
    with torch.no_grad():
        styles = generator.map(torch.from_numpy(latents), torch.from_numpy(classes))
        images = generator.synthesize(truncated(styles, generator.mean_w(), 0.6, 2)).numpy()
    expected = dense.images(dense.styles(latents, classes, 0.6, 2))
    assert np.abs(styles.numpy() - dense.styles(latents, classes)).max() <= 1e-5 * max(1, styles.abs().max())
    assert np.abs(images - expected).max() <= 1e-5 * max(1, np.abs(expected).max())
    assert found.images.label_dim == labels and found.images.channels == channels
    return generator.options


def test_pickles_of_other_settings_make_the_images_that_the_paper_says():
    options = compare(channels=3, labels=10, first_cutoff=1.5, first_stopband=5.0, last_stopband_rel=1.5, rate=0.1)
    assert (options.mapping_lr_multiplier, options.w_avg_beta) == (0.1, 0.99)
    assert compare(filter_size=4, lrelu_upsampling=1, conv_clamp=0.7, **ROTATES).equivariance == "rotation"
    options = compare(use_radial_filters=True, filter_size=3, lrelu_upsampling=3, output_scale=1.0)
    assert (options.equivariance, options.kernel, options.radial_filters) == ("translation", 3, True)


@pytest.mark.ci
@pytest.mark.parametrize(
    ("resolution", "channels", "labels", "given"),
    [
        (8, 1, 2, {}),
        (32, 3, 0, {"num_layers": 14, "num_critical": 2, "margin_size": 10}),
        (64, 1, 3, {"num_layers": 6, "num_critical": 2, **ROTATES}),
        (16, 3, 0, {"num_layers": 2}),
        (16, 1, 0, {"num_layers": 5, "num_critical": 4}),
        (16, 1, 0, {"margin_size": 0, "channel_base": 50, "channel_max": 99}),
        (16, 1, 0, {"margin_size": 17, "latents": 3, "mapping_layers": 8}),
        (16, 1, 0, {"conv_kernel": 1}),
        (16, 1, 0, {"conv_kernel": 5}),
        (32, 1, 0, {"last_stopband_rel": 1.0, "first_cutoff": 3, "first_stopband": 4.0}),
        *((16, 1, 0, {"filter_size": taps, "lrelu_upsampling": rate}) for taps in (1, 5, 8) for rate in (1, 2, 4)),
        *((16, 1, 0, {"filter_size": taps, "lrelu_upsampling": 2} | ROTATES) for taps in (3, 4, 8)),
    ],
)
def test_pickles_of_many_settings_make_the_images_that_the_paper_says(resolution, channels, labels, given):
    compare(resolution, channels, labels=labels, **given)


@pytest.mark.slow
def test_a_pickle_of_256_pixels_makes_the_images_that_the_paper_says():
    compare(256, 3, num_layers=14, num_critical=2, margin_size=10, channel_base=1024, channel_max=6)


def test_a_file_may_hold_tensors_in_halves_and_strides_and_arguments_by_position():
    weights, settings = drawn()
    plain, _ = imported(pickle_of(weights, 16, 1, settings=settings))

    def strided(value):
        wide = torch.zeros(3, *value.shape[::-1], 2)
        turned = wide[1, ..., 1].permute(tuple(range(value.ndim))[::-1])
        turned.copy_(value)
        return turned

    apart, _ = imported(pickle_of(weights, 16, 1, settings=settings, cast=strided))
    halved, _ = imported(pickle_of(weights, 16, 1, settings=settings, cast=lambda value: value.double().half()))
    for name, value in plain.state_dict().items():
        assert torch.equal(apart.state_dict()[name], value)
        torch.testing.assert_close(halved.state_dict()[name], value, rtol=1e-3, atol=1e-4)
    record = parse(pickle_of(weights, 16, 1, settings=settings))
    inside = record["G_ema"].args[0]["state"]
    first = ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels")
    inside["_init_args"] = tuple(inside["_init_kwargs"].pop(name) for name in first)
    assert NvidiaStyleGAN3.read(record).ema.options == plain.options


@pytest.mark.parametrize(
    ("more", "said", "words"),
    [
        ({"first_cutoff": 2.5, "channel_max": 3}, {}, r"up_filter is another filter than that of its settings"),
        ({"filter_size": 99}, {}, "its filter_size is 99, and here it should be less than or equal to 16"),
        ({"lrelu_upsampling": 2.5}, {}, "its lrelu_upsampling is 2.5, and here it should be a whole number"),
        ({"num_critical": 3}, {}, "its num_critical is 3, of 3 layers in all"),
        ({}, {"synthesis": {"output_scale": 1.0}}, r"its synthesis.output_scale is 1.0, not 0.25"),
        ({}, {"synthesis.L1_20_3": {"conv_clamp": 9}}, r"its L1_20_3.conv_clamp is 9, not None"),
        ({}, {"mapping.fc1": {"activation": "relu"}}, "its mapping network has activations 'relu'"),
        ({}, {"mapping.fc1": {"bias_gain": 1}}, "its mapping network have different factors"),
    ],
)
def test_what_a_file_says_otherwise_than_its_networks_is_refused_by_name(more, said, words):
    weights, settings = drawn()
    with pytest.raises(CheckpointError, match=words):
        imported(pickle_of(weights, 16, 1, settings=settings, more=more, said=said))


def test_filters_of_an_odd_number_of_taps_are_the_papers():
    for radial in (False, True):
        found = filters.low_pass(9, cutoff=2.0, half_width=1.5, rate=16, radial=radial).numpy()
        assert np.abs(found - low_pass(9, 2.0, 1.5, 16, radial=radial)).max() < 1e-10
    assert filters.low_pass(1, cutoff=2.0, half_width=1.5, rate=16, radial=True).tolist() == [1]


@pytest.mark.parametrize(("ups", "downs", "up", "down"), [(1, 6, 1, 2), (6, 1, 2, 1), (9, 5, 3, 2), (1, 1, 1, 1)])
@pytest.mark.parametrize("radial", [False, True])
def test_gradients_pass_filters_of_odd_and_single_taps(ups, downs, up, down, radial):
    torch.manual_seed(0)
    raising = filters.low_pass(ups, cutoff=4.0, half_width=2.0, rate=32)
    lowering = filters.low_pass(downs, cutoff=4.0, half_width=2.0, rate=32, radial=radial)
    layer = FilteredLeakyReLU(raising, lowering, inputs=4, outputs=3, up=up, down=down, clamp=0.3).double()
    maps = torch.randn(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, maps, fast_mode=True)
    assert torch.autograd.gradgradcheck(layer, maps, fast_mode=True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"first_cutoff": 5.0}, r"set generator\.first_stopband above generator\.first_cutoff"),
        ({"first_cutoff": 8.0, "first_stopband": 9.0}, r"set generator\.first_cutoff below that, not to 8"),
    ],
)
def test_bands_that_no_image_has_are_refused(given, words):
    recipe = {
        "dataset": {"name": "folder", "root": "data", "resolution": 16, "channels": 1},
        "generator": {"name": "stylegan3"} | given,
        "discriminator": {"name": "stylegan2"},
        "loss": {"name": "logistic"},
        "training": {"total_kimg": 1},
    }
    with pytest.raises(RecipeError, match=words):
        recipe_of(recipe)
