"""Examples of other people's files, small ones, written from this plugin's own networks: for conformance checks."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ganzoo import ImageSpec
from ganzoo.interchange import Record, network_record, renamed
from ganzoo_stylegan.discriminator import StyleGANDiscriminator
from ganzoo_stylegan.generator import StyleGANGenerator

State = dict[str, Tensor]
_IMAGES = ImageSpec(8, 3)


def _generator() -> State:
    return StyleGANGenerator(StyleGANGenerator.example_options(Path()), _IMAGES).state_dict()


def _discriminator() -> State:
    return StyleGANDiscriminator(StyleGANDiscriminator.example_options(Path()), _IMAGES).state_dict()


def _dense(value: Tensor) -> Tensor:
    return value.t()


def _kernel(value: Tensor) -> Tensor:
    return value.permute(2, 3, 1, 0)


def _column(value: Tensor) -> Tensor:
    return value[None, :, None, None]


def huangzh13() -> dict[str, State]:
    """Return state dicts of huangzh13's StyleGAN.pytorch."""
    blocks = {4: "g_synthesis.init_block", 8: "g_synthesis.blocks.0"}
    rules = [
        (rf"blocks\.{at}\.{ours}\.{part}", f"{block}.epi{number}.{theirs}", None)
        for at, block in blocks.items()
        for number, ours in ((1, "first"), (2, "second"))
        for part, theirs in (("noise_weight", "top_epi.noise.weight"), (r"style\.(.+)", r"style_mod.lin.\1"))
    ]
    convolutions = (
        (4, "second", "init_block.conv"),
        (8, "first", "blocks.0.conv0_up"),
        (8, "second", "blocks.0.conv1"),
    )
    rules += [
        (rf"blocks\.{at}\.{ours}\.(?:convolution\.)?(weight|bias)", rf"g_synthesis.{theirs}.\1", None)
        for at, ours, theirs in convolutions
    ]
    rules += [
        (r"blocks\.4\.first\.bias", "g_synthesis.init_block.bias", None),
        (r"w_avg", "truncation.avg_latent", None),
        (r"start\.constant", "g_synthesis.init_block.const", None),
        (r"mapping\.layers\.(\d+)\.(.+)", r"g_mapping.map.dense\1.\2", None),
        (r"to_rgb\.4\.(.+)", r"g_synthesis.to_rgb.0.\1", None),
        (r"to_rgb\.8\.(.+)", r"g_synthesis.to_rgb.1.\1", None),
    ]
    critic = (
        (r"body\.from_rgb\.8\.(.+)", r"from_rgb.0.\1", None),
        (r"body\.from_rgb\.4\.(.+)", r"from_rgb.1.\1", None),
        (r"body\.blocks\.8\.first\.(.+)", r"blocks.0.conv0.\1", None),
        (r"body\.blocks\.8\.second\.(.+)", r"blocks.0.conv1_down.\1", None),
        (r"body\.head\.convolution\.(.+)", r"final_block.conv.\1", None),
        (r"body\.head\.dense\.(.+)", r"final_block.dense0.\1", None),
        (r"body\.head\.logit\.(.+)", r"final_block.dense1.\1", None),
    )
    generator = renamed(_generator(), rules)
    return {"gen": generator, "dis": renamed(_discriminator(), critic), "gen_shadow": generator}


def rosinality() -> dict[str, State]:
    """Return a checkpoint of rosinality's style-based-gan-pytorch."""
    rules = [
        (rf"blocks\.{4 << index}\.{ours}\.{part}", f"generator.progression.{index}.{theirs}", change)
        for index in range(2)
        for number, ours in ((1, "first"), (2, "second"))
        for part, theirs, change in (
            ("noise_weight", f"noise{number}.weight_orig", _column),
            (r"style\.weight", f"adain{number}.style.linear.weight_orig", None),
            (r"style\.bias", f"adain{number}.style.linear.bias", None),
        )
    ]
    convolutions = ((4, "second", "0.conv2"), (8, "first", "1.conv1.1"), (8, "second", "1.conv2"))
    rules += [
        (rf"blocks\.{at}\.{ours}\.{part}", f"generator.progression.{theirs}.conv.{last}", None)
        for at, ours, theirs in convolutions
        for part, last in ((r"convolution\.weight", "weight_orig"), ("bias", "bias"))
    ]
    rules += [
        (rf"to_rgb\.{4 << index}\.{part}", f"generator.to_rgb.{index}.conv.{theirs}", None)
        for index in range(2)
        for part, theirs in (("weight", "weight_orig"), ("bias", "bias"))
    ]
    rules += [
        (rf"mapping\.layers\.{layer}\.{part}", f"style.{2 * layer + 1}.linear.{theirs}", None)
        for layer in range(2)
        for part, theirs in (("weight", "weight_orig"), ("bias", "bias"))
    ]
    rules.append((r"start\.constant", "generator.progression.0.conv1.input", None))
    generator = renamed(_generator(), rules)
    return {"discriminator": _rosinality_critic(), "g_running": generator}


def _rosinality_critic() -> State:
    layers = (
        (r"from_rgb\.8", "from_rgb.0.conv", None),
        (r"from_rgb\.4", "from_rgb.1.conv", None),
        (r"blocks\.8\.first", "progression.0.conv1.0.conv", None),
        (r"blocks\.8\.second", "progression.0.conv2.1.conv", None),
        (r"head\.convolution", "progression.1.conv1.0.conv", None),
        # A convolution there that sees all of a map of 4 pixels.
        (r"head\.dense", "progression.1.conv2.0.conv", lambda value: value.unflatten(1, (-1, 4, 4))),
        (r"head\.logit", "linear.linear", None),
    )
    weights = [(rf"body\.{ours}\.weight", f"{theirs}.weight_orig", change) for ours, theirs, change in layers]
    return renamed(_discriminator(), [*weights, *((rf"body\.{o}\.bias", f"{t}.bias", None) for o, t, _ in layers)])


def nvidia_tensorflow() -> tuple[Record, Record, Record]:
    """Return what a pickle of StyleGAN in TensorFlow holds: G, D, Gs."""
    return _tensorflow_generator("G"), _tensorflow_discriminator(), _tensorflow_generator("Gs")


def _tensorflow_generator(name: str) -> Record:
    found = _generator()
    mapping = renamed(
        found,
        (
            (r"mapping\.layers\.(\d+)\.weight", r"Dense\1/weight", _dense),
            (r"mapping\.layers\.(\d+)\.bias", r"Dense\1/bias", None),
        ),
    )
    places = ((4, "first", "4x4/Const"), (4, "second", "4x4/Conv"), (8, "first", "8x8/Conv0_up"))
    rules = [
        (rf"blocks\.{at}\.{ours}\.{part}", f"{theirs}/{last}", change)
        for at, ours, theirs in (*places, (8, "second", "8x8/Conv1"))
        for part, last, change in (
            (r"convolution\.weight", "weight", _kernel),
            ("bias", "bias", None),
            ("noise_weight", "Noise/weight", None),
            (r"style\.weight", "StyleMod/weight", _dense),
            (r"style\.bias", "StyleMod/bias", None),
        )
    ]
    noises = enumerate((at, place) for at in (4, 8) for place in ("first", "second"))
    rules += [(rf"blocks\.{at}\.{place}\.noise_const", f"noise{number}", None) for number, (at, place) in noises]
    rules += [(rf"to_rgb\.{at}\.weight", f"ToRGB_lod{lod}/weight", _kernel) for lod, at in enumerate((8, 4))]
    rules += [(rf"to_rgb\.{at}\.bias", f"ToRGB_lod{lod}/bias", None) for lod, at in enumerate((8, 4))]
    rules.append((r"start\.constant", "4x4/Const/const", None))
    components = {
        "mapping": network_record("G_mapping", "G_mapping", mapping),
        "synthesis": network_record("G_synthesis", "G_synthesis", renamed(found, rules)),
    }
    own = {"lod": torch.zeros(()), "dlatent_avg": found["w_avg"]}
    return network_record(name, "G_style", own, components)


def _tensorflow_discriminator() -> Record:
    layers = (
        (r"from_rgb\.8", "FromRGB_lod0", _kernel),
        (r"from_rgb\.4", "FromRGB_lod1", _kernel),
        (r"blocks\.8\.first", "8x8/Conv0", _kernel),
        (r"blocks\.8\.second", "8x8/Conv1_down", _kernel),
        (r"head\.convolution", "4x4/Conv", _kernel),
        (r"head\.dense", "4x4/Dense0", _dense),
        (r"head\.logit", "4x4/Dense1", _dense),
    )
    weights = [(rf"body\.{ours}\.weight", f"{theirs}/weight", change) for ours, theirs, change in layers]
    biases = [(rf"body\.{ours}\.bias", f"{theirs}/bias", None) for ours, theirs, _ in layers]
    found = renamed(_discriminator(), [*weights, *biases])
    return network_record("D", "D_basic", {"lod": torch.zeros(()), **found})
