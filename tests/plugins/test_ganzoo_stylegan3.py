"""StyleGAN3: filters, layers against a dense double, what moves with its input; and NVIDIA's numbers."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from exploring_world import untrained
from training_world import recipe_of

from ganzoo import CheckpointError, ImageSpec, RecipeError, RefusedError, Transformable
from ganzoo._cli.app import app
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo.interchange import init_kwargs, read_content
from ganzoo.layers import truncated
from ganzoo_dcgan.generator import DCGANGenerator
from ganzoo_stylegan3 import activation, nvidia
from ganzoo_stylegan3.filters import low_pass
from ganzoo_stylegan3.generator import StyleGAN3Generator
from ganzoo_stylegan3.layer import AliasFreeLayer, LayerSettings
from ganzoo_stylegan3.nvidia import NvidiaStyleGAN3
from ganzoo_stylegan3.plan import Band, bands

LABELS = torch.zeros(4, 0)
NAMES = (
    (r"mapping\.w_avg", "w_avg"),
    (r"mapping\.fc(\d+)\.(.+)", r"mapping.layers.\1.\2"),
    (r"synthesis\.input\.(.+)", r"input.\1"),
    (r"synthesis\.L(\d+)_\d+_\d+\.(.+)", r"layers.\1.\2"),
)


def our_name(official):
    return next(found.expand(ours) for theirs, ours in NAMES if (found := re.fullmatch(theirs, official)))


@pytest.mark.parametrize(("letter", "equivariance", "base"), [("t", "translation", 512), ("r", "rotation", 1024)])
def test_images_are_nvidias(letter, equivariance, base):
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        pytest.skip("GANZOO_REFERENCE names no folder of reference numbers")
    with np.load(Path(folder) / f"stylegan3_{letter}.npz") as arrays:
        numbers = {name: torch.from_numpy(arrays[name]) for name in arrays if name not in ("config", "layers")}
    sizes = {"latent_dim": 16, "style_dim": 16, "layers": 6, "channel_base": base, "channel_max": 16, "clamp": None}
    options = StyleGAN3Generator.Options(equivariance=equivariance, **sizes)
    generator = StyleGAN3Generator(options, ImageSpec(32, 3, 0)).eval()
    weights = {name[2:]: value for name, value in numbers.items() if name.startswith("G/")}
    generator.load_state_dict({our_name(n): value for n, value in weights.items() if not n.endswith("_filter")})

    for number, layer in enumerate(generator.layers[:-1]):
        (prefix,) = {name.rpartition(".")[0] for name in weights if name.startswith(f"synthesis.L{number}_")} - {
            name.rpartition(".")[0] for name in weights if name.endswith(("affine.weight",))
        }
        lowering, gain = layer.activation.down_filter, activation.GAIN
        lowering = lowering / (gain if lowering.ndim == 2 else math.sqrt(gain))
        raising = layer.activation.up_filter / layer.activation.raising.up
        torch.testing.assert_close(raising, weights[f"{prefix}.up_filter"], rtol=0, atol=1e-7)
        torch.testing.assert_close(lowering, weights[f"{prefix}.down_filter"], rtol=0, atol=1e-7)

    with torch.no_grad():
        styles = generator.map(numbers["z"], LABELS)
        pulled = truncated(styles, generator.mean_w(), 0.7)
        found = {"ws": styles, "image": generator.synthesize(styles), "image_psi07": generator.synthesize(pulled)}
        # Theirs is the way back from the image to the input.
        generator.use_transform(torch.linalg.inv(numbers["transform"]))
        found["image_transformed"] = generator.synthesize(styles)
    for name, value in found.items():
        assert (value - numbers[name]).abs().max() <= 1e-5, name


@pytest.mark.parametrize("letter", ["t", "r"])
def test_nvidias_pickles_are_read_without_running_them(letter, monkeypatch):
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        pytest.skip("GANZOO_REFERENCE names no folder of reference numbers")
    content = read_content(Path(folder) / f"stylegan3_{letter}.pkl")
    assert NvidiaStyleGAN3.recognizes(content)
    found = NvidiaStyleGAN3.read(content)
    assert found.notes == ("what it generates is moved by a transform that the file carries",)
    generator = StyleGAN3Generator(found.ema.options, found.images).eval()
    generator.load_state_dict(found.ema.weights)
    with np.load(Path(folder) / f"stylegan3_{letter}.npz") as arrays, torch.no_grad():
        images = generator(torch.from_numpy(arrays["z"]), LABELS)
        assert np.abs(images.numpy() - arrays["image_transformed"]).max() <= 1e-5

    settings = init_kwargs(content["G_ema"])
    for changed, words in (
        ({"first_cutoff": 3}, "its layers are not those of its settings|another filter than that of its settings"),
        ({"margin_size": 8}, "its layers are not those of its settings"),
        ({"filter_size": 8}, "is another filter than that of its settings"),
        ({"num_critical": 1}, "its layers are not those of its settings|is another filter than that of its settings"),
        ({"z_dim": None}, "its z_dim is missing or damaged"),
        ({"channel_max": "many"}, "its channel_max is 'many', and here it should be a whole number"),
        ({"num_critical": 6}, "its num_critical is 6, of 6 layers in all"),
        ({"conv_clamp": 256}, "conv_clamp is None, not 256"),
    ):
        monkeypatch.setattr(nvidia, "init_kwargs", lambda record, changed=changed: settings | changed)
        with pytest.raises(CheckpointError, match=words):
            NvidiaStyleGAN3.read(content)
    assert not NvidiaStyleGAN3.recognizes({"G_ema": content["training_set_kwargs"]})


def test_views_move_what_is_generated_where_it_can_be_moved(alias_free):
    view = SamplingOptions(rotation=90.0, shift_right=0.25)
    expected = torch.tensor([[0.0, -1, 0.25], [1, 0, 0], [0, 0, 1]])
    torch.testing.assert_close(view.transform(), expected, rtol=0, atol=1e-6)
    assert SamplingOptions().transform() is None
    generator = alias_free["rotation"]
    latents, labels = torch.randn(2, 8), torch.zeros(2, 0)
    view.check(generator)
    with torch.no_grad():
        still = generator(latents, labels)
        with view.applied(generator):
            # A quarter turn clockwise, and a quarter to the right.
            shown = view.images(generator, latents, labels)
        torch.testing.assert_close(generator(latents, labels), still)
    assert (shown[..., 10:-2] - still.rot90(-1, (2, 3))[..., 2:-10]).square().mean() < 1e-2 * still.var()
    other = DCGANGenerator(DCGANGenerator.Options(), ImageSpec(32, 1, 0))
    with pytest.raises(RefusedError, match="which 'dcgan' is not"):
        view.check(other)


def test_filters_pass_half_at_the_cutoff_and_stop_what_is_beyond_their_slope():
    taps = low_pass(24, cutoff=4.0, half_width=2.0, rate=32)
    assert taps.sum().item() == pytest.approx(1) and torch.equal(taps, taps.flip(0))
    places = (np.arange(24) - 11.5) / 32
    response = [abs((taps.numpy() * np.exp(-2j * np.pi * at * places)).sum()) for at in (0, 1, 4, 6.5, 9, 15)]
    assert response[:3] == pytest.approx([1, 1, 0.5], abs=0.02) and max(response[3:]) < 0.02

    radial = low_pass(24, cutoff=4.0, half_width=2.0, rate=32, radial=True).numpy()
    waves = [np.exp(-2j * np.pi * at * places) for at in (0, 4, 4 / math.sqrt(2), 6.5, 6.5 / math.sqrt(2))]
    along = [abs(waves[0] @ radial @ wave) for wave in (waves[1], waves[3])]
    across = [abs(wave @ radial @ wave) for wave in (waves[2], waves[4])]
    # Of all directions alike; a separable filter passes a quarter at the cutoff along the diagonal's (4, 4).
    assert along == pytest.approx(across, abs=0.02) and along[0] == pytest.approx(0.5, abs=0.05)


def test_the_plan_is_the_papers_for_1024_pixels():
    plan = bands(1024, 3, layers=14, critical=2, channel_base=32768, channel_max=512, margin=10)
    # Of configuration T; NVIDIA's pickles name their layers by size and channels.
    assert [band.rate for band in plan] == [16, 16, 32, 32, 64, 128, 128, 256, 256, 512, *[1024] * 5]
    assert [band.channels for band in plan] == [512] * 7 + [323, 203, 128, 81, 51, 32, 32, 3]
    assert [band.size for band in plan][-3:] == [1044, 1024, 1024] and plan[0].size == 36
    assert plan[0].cutoff == 2 and plan[-1].cutoff == 512


def bessel_j1(values):
    """By its integral, with the trapezoidal rule, which is exact to the last digits for a period."""
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    return np.cos(angles - values[..., None] * np.sin(angles)).mean(axis=-1)


def kaiser_window(places, taps, half_width, rate):
    attenuation = 2.285 * (taps - 1) * np.pi * (4 * half_width / rate) + 7.95
    assert attenuation > 21
    low = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    beta = low if attenuation <= 50 else 0.1102 * (attenuation - 8.7)
    inside = np.abs(places) < (taps / 2 - 0.25) / rate
    return np.where(inside, np.i0(beta * np.sqrt(np.clip(1 - (2 * places * rate / (taps - 1)) ** 2, 0, None))), 0)


def samples(size, rate):
    """Where samples lie, from the center of the image, in its sides."""
    return (np.arange(size) - (size - 1) / 2) / rate


def resampled(maps, band, rate, size, taps, radial=False):
    """Sinc (or jinc) sums over all samples, at places that are asked for; from the definition, without any padding."""
    given = samples(maps.shape[-1], rate[0])
    asked = samples(size, rate[1])
    high = max(rate)
    unit = samples(taps, high)
    if radial:

        def jinc(x, y):
            window = kaiser_window(x, taps, band.half_width, high) * kaiser_window(y, taps, band.half_width, high)
            radius = np.hypot(x, y)
            return bessel_j1(2 * np.pi * band.cutoff * radius) / radius * window

        apart, which = np.unique((asked[:, None] - given[None, :]).round(9), return_inverse=True)
        table = jinc(apart[:, None], apart[None, :]) / jinc(unit[:, None], unit[None, :]).sum()
        which = which.reshape(len(asked), len(given))
        return np.einsum("yxij,ncij->ncyx", table[which[:, None, :, None], which[None, :, None, :]], maps)

    def sinc(x):
        return np.sinc(2 * band.cutoff * x) * kaiser_window(x, taps, band.half_width, high)

    weight = sinc(asked[:, None] - given[None, :]) / sinc(unit).sum() * high / rate[0]
    return weight @ maps @ weight.T


@pytest.mark.parametrize("rotates", [False, True])
@pytest.mark.parametrize("after", [Band(3.1, 4.9, 16, 10, 3), Band(4.4, 11.6, 32, 14, 2)])
def test_a_layer_is_its_definition_by_dense_sinc_sums(rotates, after):
    before = Band(2.0, 6.0, 16, 10, 3)
    settings = LayerSettings(style_dim=5, kernel=1 if rotates else 3, radial=rotates, clamp=0.4, magnitude_beta=0.5)
    torch.manual_seed(0)
    layer = AliasFreeLayer(before, after, settings).eval()
    layer.bias.data.normal_()
    layer.magnitude_ema.fill_(1.7)
    features, style = torch.randn(2, 3, 10, 10), torch.randn(2, 5)
    found = [layer(features, style).detach().numpy()]
    with torch.no_grad():  # another path
        found.append(layer(features, style).numpy())

    weight, scale = layer.weight.detach().double().numpy(), layer.affine(style).detach().double().numpy()
    modulated = weight[None] * scale[:, None, :, None, None]
    modulated /= np.sqrt((modulated**2).sum(axis=(2, 3, 4), keepdims=True)) * math.sqrt(1.7)
    wide = np.pad(features.double().numpy(), [(0, 0), (0, 0), *[(settings.kernel - 1,) * 2] * 2])
    windows = np.lib.stride_tricks.sliding_window_view(wide, (settings.kernel,) * 2, axis=(2, 3))
    maps = np.einsum("noikl,niyxkl->noyx", modulated, windows) + layer.bias.detach().numpy()[:, None, None]
    high = 2 * max(before.rate, after.rate)
    down = high // after.rate
    raised = resampled(maps, before, (before.rate, high), after.size * down + 5 * down, 6 * high // before.rate)
    bent = np.clip(math.sqrt(2) * np.where(raised < 0, 0.2 * raised, raised), -0.4, 0.4)
    assert (abs(bent) == 0.4).any()
    expected = resampled(bent, after, (high, after.rate), after.size, 6 * down, rotates)
    for each in found:
        assert np.abs(each - expected).max() <= 1e-5


@pytest.mark.parametrize("rotates", [False, True])
def test_two_bits_a_sample_are_enough_for_gradients_of_gradients(rotates):
    filters = low_pass(12, cutoff=4.0, half_width=2.0, rate=32), low_pass(6, cutoff=4.0, half_width=2.0, rate=32)
    lowering = low_pass(6, cutoff=4.0, half_width=2.0, rate=32, radial=True) if rotates else filters[1]
    torch.manual_seed(0)
    layer = activation.FilteredLeakyReLU(filters[0], lowering, inputs=3, outputs=3, up=2, down=2, clamp=0.3).double()
    maps = torch.randn(1, 3, 3, 3, dtype=torch.float64, requires_grad=True)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda each: kept.append(each) or each, lambda each: each):
        layer(maps)
    assert sum(each.nbytes for each in kept) <= 3 * layer.raising.outputs**2 / 4 + 1
    assert torch.autograd.gradcheck(layer, maps, fast_mode=True)
    assert torch.autograd.gradgradcheck(layer, maps, fast_mode=True)


@pytest.mark.slow  # tracing takes seconds
@pytest.mark.parametrize("equivariance", ["translation", "rotation"])
def test_samples_graphs_and_weights_that_leave_a_run_make_the_same_images(equivariance, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    sizes = StyleGAN3Generator.example_options(tmp_path).model_dump() | {"equivariance": equivariance}
    run = untrained(tmp_path, "stylegan3", **sizes)
    latents = np.random.default_rng(0).normal(size=(3, 16)).astype("f4")
    np.save(tmp_path / "z.npy", latents)

    def sampled(path):
        ganzoo("sample", path, "--latents", tmp_path / "z.npy", "--raw", tmp_path / "out.npy")
        return np.load(tmp_path / "out.npy")

    ganzoo("export", run, "--onnx", tmp_path / "g.onnx")
    ganzoo("export", run, "--out", tmp_path / "g.safetensors")
    ganzoo("import", tmp_path / "g.safetensors", "--out", tmp_path / "again")
    (images,) = onnxruntime.InferenceSession(tmp_path / "g.onnx").run(None, {"latents": latents})
    assert np.abs(images - sampled(run)).max() < 1e-4
    assert np.array_equal(sampled(tmp_path / "again"), sampled(run))


def ganzoo(*arguments):
    app([str(each) for each in arguments], standalone_mode=False)


@pytest.fixture(scope="module")
def alias_free():
    """Networks without critically sampled layers but one, and margins: what they make can move."""
    sizes = {"latent_dim": 8, "style_dim": 8, "layers": 4, "critical_layers": 1, "channel_base": 128, "channel_max": 8}
    made = {}
    for equivariance in ("translation", "rotation"):
        torch.manual_seed(1)
        options = StyleGAN3Generator.Options(equivariance=equivariance, **sizes)
        made[equivariance] = StyleGAN3Generator(options, ImageSpec(32, 1, 0)).eval()
    return made


def moved(generator, matrix, latents):
    generator.use_transform(torch.tensor(matrix))
    with torch.no_grad():
        images = generator(latents, LABELS)
    generator.use_transform(None)
    return images


def test_what_is_generated_moves_and_turns_as_it_is_told(alias_free):
    latents = torch.randn(4, 8)
    for name, generator in alias_free.items():
        assert isinstance(generator, Transformable)
        still = moved(generator, np.eye(3), latents)
        with torch.no_grad():
            torch.testing.assert_close(still, generator(latents, LABELS))
        # Four pixels to the right, two down.
        shifted = moved(generator, [[1, 0, 4 / 32], [0, 1, 2 / 32], [0, 0, 1.0]], latents)
        left, around = shifted[:, :, 4:-4, 6:-4], still[:, :, 2:-6, 2:-8]
        assert (left - around).square().mean() < 1e-3 * still.var(), name
    # A quarter turn clockwise takes what is right (x) to below (y); 3x3 kernels do not follow.
    turned = [[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]
    far = {
        name: (moved(generator, turned, latents) - moved(generator, np.eye(3), latents).rot90(-1, (2, 3)))
        .square()
        .mean()
        / moved(generator, np.eye(3), latents).var()
        for name, generator in alias_free.items()
    }
    assert far["rotation"] < 1e-6 < 0.1 < far["translation"]
    # One transform for each image.
    each = moved(alias_free["rotation"], [turned, np.eye(3).tolist()] * 2, latents)
    torch.testing.assert_close(each[1::2], moved(alias_free["rotation"], np.eye(3), latents)[1::2])


def test_magnitudes_are_tracked_in_training_alone_and_no_image_sees_another(alias_free):
    generator = alias_free["translation"]
    before = [layer.magnitude_ema.clone() for layer in generator.layers]
    latents = torch.randn(4, 8)
    try:
        generator.train()
        with torch.no_grad():
            first = generator(latents, LABELS)
            assert all(layer.magnitude_ema != kept for layer, kept in zip(generator.layers, before, strict=True))
            for layer, kept in zip(generator.layers, before, strict=True):
                layer.magnitude_ema.copy_(kept)
            torch.testing.assert_close(generator(latents[:1], LABELS[:1]), first[:1])
            features = generator.input(generator.map(latents, LABELS)[:, 0])
            layer = generator.layers[0]
            layer.magnitude_ema.copy_(torch.tensor(3.0))
            layer(features, torch.zeros(4, 8))
        assert layer.magnitude_ema.item() == pytest.approx(0.999 * 3 + 0.001 * features.square().mean().item())
    finally:
        generator.eval()
        for layer, kept in zip(generator.layers, before, strict=True):
            layer.magnitude_ema.copy_(kept)


def test_what_makes_no_plan_is_refused():
    recipe = {
        "dataset": {"name": "folder", "root": "data", "resolution": 8, "channels": 1},
        "generator": {"name": "stylegan3"},
        "discriminator": {"name": "stylegan2"},
        "loss": {"name": "logistic"},
        "training": {"total_kimg": 1},
    }
    with pytest.raises(RecipeError, match="powers of two from 16 to 1024, not at 8"):
        recipe_of(recipe)
    recipe["generator"] |= {"layers": 3, "critical_layers": 3}
    with pytest.raises(RecipeError, match=r"set generator\.critical_layers below generator\.layers"):
        recipe_of(recipe)
