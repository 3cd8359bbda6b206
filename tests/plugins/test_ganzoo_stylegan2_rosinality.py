"""rosinality's StyleGAN2 files: what that code computes, written out here, the imported networks compute."""

from __future__ import annotations

import re
from math import sqrt

import foreign_files as files
import pytest
import torch
from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu, pad

from ganzoo import CheckpointError, ImageSpec
from ganzoo_stylegan2.rosinality import Rosinality

WIDTHS = {4: 8, 8: 8, 16: 4}  # channel_base 64, at most 8
RAW = files.rosinality_stylegan2_generator(files.Maker(1), WIDTHS)
EMA = files.rosinality_stylegan2_generator(files.Maker(2), WIDTHS)
JUDGE = files.rosinality_stylegan2_discriminator(files.Maker(3), WIDTHS)
MEAN = torch.linspace(-1, 1, 6)
NOTHING = torch.zeros(4, 0)


# --- what that code computes, layer by layer ------------------------------------------------------------------------


def active(x, bias):
    return leaky_relu(x + bias.view(1, -1, *[1] * (x.ndim - 2)), 0.2) * sqrt(2)


def dense(x, state, name, rate=1.0):
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    return x @ (weight / sqrt(weight.shape[1]) * rate).t(), bias * rate


def filtered(x, kernel, before, after):
    channels = x.shape[1]
    padded = pad(x, (before, after, before, after))
    return conv2d(padded, kernel.flip(0, 1)[None, None].repeat(channels, 1, 1, 1), groups=channels)


def doubled(image, kernel):
    spread = image.new_zeros(*image.shape[:2], image.shape[2] * 2, image.shape[3] * 2)
    spread[:, :, ::2, ::2] = image
    return filtered(spread, kernel, 2, 1)


def modulated(x, w, state, name, *, demodulate=True):
    weight = state[f"{name}.conv.weight"]
    product, bias = dense(w, state, f"{name}.conv.modulation")
    weights = weight / sqrt(weight[0, 0].numel()) * (product + bias)[:, None, :, None, None]
    if demodulate:
        weights = weights * torch.rsqrt(weights.square().sum((2, 3, 4), keepdim=True) + 1e-8)
    made = []
    for image, kernel in zip(x, weights, strict=True):
        if f"{name}.conv.blur.kernel" in state:
            between = conv_transpose2d(image[None], kernel.transpose(0, 1), stride=2)
            made.append(filtered(between, state[f"{name}.conv.blur.kernel"], 1, 1))
        else:
            made.append(conv2d(image[None], kernel, padding=kernel.shape[-1] // 2))
    return torch.cat(made)


def styled(x, w, state, name, number):
    x = modulated(x, w, state, name)
    return active(x + state[f"{name}.noise.weight"] * state[f"noises.noise_{number}"], state[f"{name}.activate.bias"])


def to_image(x, w, state, name, coarser=None):
    image = modulated(x, w, state, name, demodulate=False) + state[f"{name}.bias"]
    return image if coarser is None else image + doubled(coarser, state[f"{name}.upsample.kernel"])


def style_of(state, z, layers=2):
    w = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
    for layer in range(1, layers + 1):
        w = active(*dense(w, state, f"style.{layer}", 0.01))
    return w


def images_of(state, w):
    x = styled(state["input.input"].repeat(len(w), 1, 1, 1), w, state, "conv1", 0)
    image = to_image(x, w, state, "to_rgb1")
    for block in range(len([name for name in state if re.fullmatch(r"to_rgbs\.\d\.bias", name)])):
        for number in (2 * block, 2 * block + 1):
            x = styled(x, w, state, f"convs.{number}", number + 1)
        image = to_image(x, w, state, f"to_rgbs.{block}", image)
    return image


def convolved(x, weight, **how):
    return conv2d(x, weight / sqrt(weight[0].numel()), **how)


def logits_of(state, images):
    x = active(convolved(images, state["convs.0.0.weight"]), state["convs.0.1.bias"])
    for number in (1, 2):
        block = f"convs.{number}"
        y = active(convolved(x, state[f"{block}.conv1.0.weight"], padding=1), state[f"{block}.conv1.1.bias"])
        y = filtered(y, state[f"{block}.conv2.0.kernel"], 2, 2)
        y = active(convolved(y, state[f"{block}.conv2.1.weight"], stride=2), state[f"{block}.conv2.2.bias"])
        skip = filtered(x, state[f"{block}.skip.0.kernel"], 1, 1)
        x = (y + convolved(skip, state[f"{block}.skip.1.weight"], stride=2)) / sqrt(2)
    groups = x.view(4, -1, 1, *x.shape[1:])
    deviation = (groups.var(0, unbiased=False) + 1e-8).sqrt().mean((2, 3, 4), keepdim=True).squeeze(2)
    x = torch.cat([x, deviation.repeat(4, 1, *x.shape[2:])], dim=1)
    x = active(convolved(x, state["final_conv.0.weight"], padding=1), state["final_conv.1.bias"]).flatten(1)
    return sum(dense(active(*dense(x, state, "final_linear.0")), state, "final_linear.1"))


# --- what is imported -----------------------------------------------------------------------------------------------


IMAGES = ImageSpec(16, 3, 0)


def rebuilt(foreign):
    network = foreign.cls(foreign.options, IMAGES).eval()
    network.load_state_dict(dict(foreign.weights))
    if hasattr(network, "use_noise"):
        network.use_noise("constant")
    return network


def agrees(foreign, state):
    z = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = images_of(state, style_of(state, z))
        made = rebuilt(foreign)(z, NOTHING)
    assert (made - expected).abs().max() <= 1e-4 * max(1.0, float(expected.abs().max()))


def test_a_whole_training_checkpoint_gives_its_images_and_logits():
    content = {"g": {f"module.{name}": value for name, value in RAW.items()}, "d": JUDGE, "g_ema": EMA, "g_optim": {}}
    found = Rosinality.read(content | {"latent_avg": MEAN})
    assert (found.images, found.notes) == (IMAGES, ())
    agrees(found.ema, EMA)
    agrees(found.generator, RAW)
    assert torch.equal(rebuilt(found.ema).mean_w(), MEAN)
    images = torch.randn(8, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        logits, expected = rebuilt(found.discriminator)(images, torch.zeros(8, 0)), logits_of(JUDGE, images).squeeze(1)
    assert (logits - expected).abs().max() <= 1e-4 * max(1.0, float(expected.abs().max()))
    alone = Rosinality.read({"d": JUDGE})
    assert alone.ema is None and alone.images == IMAGES


def test_the_decoder_of_an_encoder_is_its_generator():
    inside = {f"decoder.{name}": value for name, value in EMA.items()} | {"encoder.input_layer.0.weight": torch.ones(2)}
    found = Rosinality.read({"state_dict": inside, "latent_avg": MEAN.repeat(6, 1), "opts": {"size": 16}})
    assert found.notes == ("its encoder is left out: the decoder is the generator",)
    agrees(found.ema, EMA)
    assert torch.equal(rebuilt(found.ema).mean_w(), MEAN)


def test_a_state_dict_alone_gets_what_it_lacks_with_a_note():
    bare = files.rosinality_stylegan2_generator(files.Maker(2), WIDTHS, noises=False)
    found = Rosinality.read(bare)
    assert [note.split(",")[0] for note in found.notes] == [
        "its constant noise is drawn here",
        "its mean style was measured over 10",
    ]
    network = rebuilt(found.ema)
    drawn = {name: network.state_dict()[name] for name in network.noise_maps()}
    numbers = ["4.conv1", "8.conv0", "8.conv1", "16.conv0", "16.conv1"]
    kept = {f"noises.noise_{n}": drawn[f"blocks.{at}.noise_const"][None, None] for n, at in enumerate(numbers)}
    agrees(found.ema, bare | kept)
    styles = style_of(bare, torch.randn(20_000, 6, generator=torch.Generator().manual_seed(3)))
    assert (network.mean_w() - styles.mean(dim=0)).abs().max() < 0.05 * float(styles.std())
    again = Rosinality.read(bare).ema.weights
    assert all(torch.equal(value, again[name]) for name, value in found.ema.weights.items())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"convs.0.conv.blur.kernel": torch.full((4, 4), 0.25)}, "another filter"),
        ({"convs.3.extra": torch.zeros(1)}, "'convs.3.extra' is in no StyleGAN2 of rosinality's"),
        ({"input.input": torch.zeros(2, 8, 4, 4)}, "'input.input' has an unexpected shape"),
        ({"conv1.noise.weight": torch.zeros(8)}, "'conv1.noise.weight' has an unexpected shape"),
        ({"convs.99.conv.weight": torch.zeros(1, 4, 4, 3, 3)}, "no row of powers of two"),
    ],
    ids=["filter", "name", "constant", "noise", "resolution"],
)
def test_what_that_code_never_wrote_is_refused_by_name(change, reason):
    with pytest.raises(CheckpointError, match=reason):
        Rosinality.read({"g_ema": EMA | change})


def test_mean_styles_that_differ_by_layer_are_refused():
    with pytest.raises(CheckpointError, match="differs by layer"):
        Rosinality.read({"g_ema": EMA, "latent_avg": torch.eye(6)})
