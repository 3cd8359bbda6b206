"""lucidrains' files: what that package computes, written out here, the imported networks compute."""

from __future__ import annotations

import math
import re

import foreign_files as files
import pytest
import torch
from torch.nn import functional as F

from ganzoo import CheckpointError, ImageSpec
from ganzoo_lucidrains import layers
from ganzoo_lucidrains.discriminator import LucidrainsDiscriminator, LucidrainsDiscriminatorOptions
from ganzoo_lucidrains.generator import LucidrainsGenerator, LucidrainsGeneratorOptions
from ganzoo_lucidrains.importer import Lucidrains

WIDTHS = {4: 8, 8: 8, 16: 4}  # a capacity of 2 (of 1 in the discriminator), at most 8
STATE = files.lucidrains(files.Maker(1), WIDTHS, attention=(0, 2), judged=(1,))
CLIPPED = files.lucidrains(files.Maker(3), {4: 7, 8: 7, 16: 7})  # by an odd fmap_max, whatever the capacity
STYLED = files.lucidrains(files.Maker(2), WIDTHS, start="style")
NOTHING = torch.zeros(3, 0)


def loaded(foreign, images):
    network = foreign.cls(foreign.options, images)
    network.load_state_dict(dict(foreign.weights))
    return network.eval()


def part_of(state, name):
    return {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}


# --- what the package computes, layer by layer, image by image --------------------------------------------------------


def layer(state, name, x, stride=1):
    weight, bias = state[f"{name}.weight"], state.get(f"{name}.bias")
    if weight.ndim == 2:
        return x @ weight.t() + bias
    return F.conv2d(x, weight, bias, stride=stride, padding=weight.shape[-1] // 2)


def mapped(state, z):
    w = z / z.norm(dim=1, keepdim=True)
    for number in (0, 2):
        w = F.leaky_relu(w @ (state[f"net.{number}.weight"] * 0.1).t() + state[f"net.{number}.bias"] * 0.1, 0.2)
    return w


def modulated(x, scales, weight, demodulate=True):
    made = []
    for image, scale in zip(x, scales, strict=True):
        kernel = weight * (scale + 1)[None, :, None, None]
        if demodulate:
            kernel = kernel / (kernel.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        made.append(F.conv2d(image[None], kernel, padding=weight.shape[-1] // 2))
    return torch.cat(made)


def doubled(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def blurred(x):
    taps = torch.tensor([1.0, 2.0, 1.0]) / 4
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
    return F.conv2d(padded, torch.outer(taps, taps).expand(x.shape[1], 1, 3, 3), groups=x.shape[1])


def attended(state, name, x):
    if f"{name}.0.fn.norm.g" not in state:
        return x

    def normalized(number, x):
        g, b = (state[f"{name}.{number}.fn.norm.{each}"] for each in "gb")
        variance = x.var(dim=1, unbiased=False, keepdim=True)
        return (x - x.mean(dim=1, keepdim=True)) / (variance + 1e-5).sqrt() * g + b

    seen, inside = normalized(0, x), f"{name}.0.fn.fn"
    depthwise = F.conv2d(seen, state[f"{inside}.to_kv.net.0.weight"], padding=1, groups=x.shape[1])
    keys, values = layer(state, f"{inside}.to_kv.net.1", depthwise).chunk(2, dim=1)
    heads = []
    for q, k, v in zip(
        *(each.chunk(8, dim=1) for each in (layer(state, f"{inside}.to_q", seen), keys, values)), strict=True
    ):
        context = torch.einsum("ndp,nep->nde", k.flatten(2).softmax(dim=-1), v.flatten(2))
        heads.append(torch.einsum("ndp,nde->nep", q.flatten(2).softmax(dim=1) / 8, context).unflatten(2, x.shape[2:]))
    x = x + layer(state, f"{inside}.to_out", F.gelu(torch.cat(heads, dim=1)))
    inner = F.leaky_relu(layer(state, f"{name}.1.fn.fn.0", normalized(1, x)), 0.2)
    return x + layer(state, f"{name}.1.fn.fn.2", inner)


def generated(state, styles, noise):
    """Images in [0, 1] of styles `[N, L, W]` and noise `[N, R, R, 1]` in [0, 1]."""
    if "initial_block" in state:
        x = state["initial_block"].repeat(len(styles), 1, 1, 1)
    else:
        x = F.conv_transpose2d(styles.mean(dim=1)[:, :, None, None], state["to_initial_block.weight"])
    x, rgb = layer(state, "initial_conv", x), None
    for index in range(styles.shape[1]):
        x, name, w = attended(state, f"attns.{index}", x), f"blocks.{index}", styles[:, index]
        x = doubled(x) if index else x
        crop = noise[:, : x.shape[2], : x.shape[3]]
        for number in (1, 2):
            made = modulated(x, layer(state, f"{name}.to_style{number}", w), state[f"{name}.conv{number}.weight"])
            x = F.leaky_relu(made + layer(state, f"{name}.to_noise{number}", crop).permute(0, 3, 2, 1), 0.2)
        weight = state[f"{name}.to_rgb.conv.weight"]
        newer = modulated(x, layer(state, f"{name}.to_rgb.to_style", w), weight, demodulate=False)
        rgb = newer if rgb is None else rgb + newer
        rgb = blurred(doubled(rgb)) if index < styles.shape[1] - 1 else rgb
    return rgb


def judged(state, x):
    for index in range(4):
        name = f"blocks.{index}"
        shortcut = layer(state, f"{name}.conv_res", x, stride=2 if index < 3 else 1)
        x = F.leaky_relu(layer(state, f"{name}.net.2", F.leaky_relu(layer(state, f"{name}.net.0", x), 0.2)), 0.2)
        x = layer(state, f"{name}.downsample.1", blurred(x), stride=2) if index < 3 else x
        x = attended(state, f"attn_blocks.{index}", (x + shortcut) / math.sqrt(2))
    return layer(state, "to_logit", layer(state, "final_conv", x).flatten(1)).squeeze(1)


def same(found, expected):
    return torch.allclose(found, expected, rtol=0, atol=1e-4 * float(expected.abs().max()))


# --- parity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [STATE, STYLED, CLIPPED], ids=["constant, attention", "no_const", "odd fmap_max"])
def test_images_of_both_generators_are_the_package_s(state):
    torch.manual_seed(0)
    found = Lucidrains.read({"GAN": state, "version": "1.9.0"})
    assert found.images == ImageSpec(16, 3)
    latents, noise = torch.randn(3, 6), torch.rand(3, 16, 16, 1)
    for network, mapping, synthesis in ((found.ema, "SE", "GE"), (found.generator, "S", "G")):
        generator = loaded(network, found.images)
        # Transposed, as the package adds it; any map for each image may take the constant noise's place.
        generator.noise_const = noise[..., 0].transpose(1, 2)[:, None] - 0.5
        generator.use_noise("constant")
        styles = mapped(part_of(state, mapping), latents)
        expected = generated(part_of(state, synthesis), styles[:, None].expand(-1, 3, -1), noise)
        assert same(generator(latents, NOTHING), 2 * expected - 1)
        mean = mapped(part_of(state, mapping), torch.randn(20_000, 6)).mean(dim=0)
        assert torch.allclose(generator.mean_w(), mean, atol=0.05 * float(styles.std()))


@pytest.mark.parametrize("state", [STATE, CLIPPED], ids=["attention", "odd fmap_max"])
def test_logits_are_the_package_s_with_the_sign_that_losses_here_expect(state):
    torch.manual_seed(0)
    found = Lucidrains.read({"GAN": state})
    images = torch.rand(3, 3, 16, 16)
    judge = loaded(found.discriminator, found.images)
    assert same(judge(2 * images - 1, NOTHING), -judged(part_of(state, "D"), images))
    assert any("negated" in note for note in found.notes)


def test_noise_is_uniform_one_image_for_all_layers_and_its_mean_where_there_is_none():
    torch.manual_seed(0)
    found = Lucidrains.read({"GAN": STYLED})
    generator = loaded(found.ema, found.images)
    latents = torch.randn(3, 6)
    noise = generator._noise(generator.map(latents, NOTHING))["random"]
    assert noise.shape == (3, 1, 16, 16) and -0.5 <= noise.min() < -0.45 < 0.45 < noise.max() <= 0.5
    assert noise.var() == pytest.approx(1 / 12, rel=0.1)
    generator.use_noise("none")
    styles = mapped(part_of(STYLED, "SE"), latents)[:, None].expand(-1, 3, -1)
    assert same(
        generator(latents, NOTHING), 2 * generated(part_of(STYLED, "GE"), styles, torch.full((3, 16, 16, 1), 0.5)) - 1
    )


# --- files ---------------------------------------------------------------------------------------------------------


def test_networks_are_read_with_what_people_should_know():
    raw = {name: value for name, value in STYLED.items() if name.startswith(("S.", "G."))}
    found = Lucidrains.read(raw)
    assert found.discriminator is None and found.generator is None and found.ema is not None
    assert "its generator is taken for the EMA, as the file has no other" in found.notes
    assert any("lr_mlp = 0.1" in note for note in found.notes)
    quantized = STYLED | {"D.quantize_blocks.0.fn._codebook.embed": torch.ones(2)}
    found = Lucidrains.read({"GAN": quantized})
    assert found.discriminator is None and any("fq_layers" in note for note in found.notes)
    transparent = Lucidrains.read({"GAN": files.lucidrains(files.Maker(3), WIDTHS, channels=4)})
    assert transparent.images.channels == 4 and any("--raw" in note for note in transparent.notes)


def without(pattern):
    return {name: value for name, value in STATE.items() if not re.search(pattern, name)}


@pytest.mark.parametrize(
    "state, reason",
    [
        (without(r"initial_conv"), "from version 1.0 on"),
        (without(r"upsample"), "from version 1.2 on"),
        (STATE | {"GE.attns.0.0.fn.g": torch.zeros(1)}, "before version 1.8"),
        (without(r"^SE\."), "it has the network GE but not SE"),
        (without(r"^(S|G|SE|GE)\."), "it has no generator"),
        (STATE | {"GE.more": torch.zeros(1)}, "'more' is in no network"),
        (STATE | {"GE.blocks.0.to_rgb.upsample.1.f": torch.ones(3)}, "another filter than"),
        (STATE | {"D.blocks.0.net.0.weight": torch.ones(4, 1, 3, 3)}, "different resolutions or channels"),
        (STATE | {"SE.net.0.weight": torch.ones(3)}, "unexpected shape"),
        (without(r"blocks\.0\."), "0 blocks, and networks from 8 to 1024 pixels have 2 to 9"),
    ],
)
def test_other_versions_and_damaged_files_are_refused(state, reason):
    with pytest.raises(CheckpointError, match=re.escape(reason)):
        Lucidrains.read({"GAN": state})


RELATIVES = {
    "lightweight": ({"GAN": {"GE.initial_conv.0.weight": torch.eye(2)}}, "lucidrains' lightweight-gan"),
    "gigagan": (
        {"G": {"init_block": torch.eye(2), "style_to_conv_modulations.weight": torch.eye(2)}, "steps": 10},
        "a GigaGAN of lucidrains' gigagan-pytorch (arXiv:2303.05511)",
    ),
    "gigagan, averaged": (
        {"G_ema": {"ema_model.style_to_conv_modulations.weight": torch.eye(2)}},
        "a GigaGAN of lucidrains' gigagan-pytorch (arXiv:2303.05511)",
    ),
    "gigagan, upsampler": (
        {"style_to_conv_modulations.weight": torch.eye(2), "downs.0.0.proj.weight": torch.eye(2)},
        "an upsampler of GigaGAN (arXiv:2303.05511)",
    ),
}


@pytest.mark.parametrize("kind", RELATIVES)
def test_other_packages_of_the_author_are_named_with_the_reason(kind):
    content, expected = RELATIVES[kind]
    assert not Lucidrains.recognizes(content)
    assert expected in (Lucidrains.refusal(content) or "")


def test_what_is_unknown_is_neither_read_nor_named():
    for odd in (None, 3, {"a": {"b": torch.eye(2)}}, {"GAN": {"G.other": torch.eye(2)}}):
        assert not Lucidrains.recognizes(odd) and Lucidrains.refusal(odd) is None


# --- parts ---------------------------------------------------------------------------------------------------------


def test_attention_of_blocks_that_there_are_not_is_refused():
    assert layers.attended((0, 2), 3) is None
    assert layers.attended((1, 3), 3) == "attention names block 3; they are counted from 0 to 2"


def test_parameter_counts_are_the_package_s_at_its_defaults():
    # Counted by the package 1.9.0 at 128 pixels, its trainer's default.
    images = ImageSpec(128, 3)
    with torch.device("meta"):
        generator = LucidrainsGenerator(LucidrainsGeneratorOptions(), images)
        judge = LucidrainsDiscriminator(LucidrainsDiscriminatorOptions(), images)
    assert sum(each.numel() for each in generator.parameters()) == 18_827_936
    assert sum(each.numel() for each in judge.parameters()) == 30_021_249
