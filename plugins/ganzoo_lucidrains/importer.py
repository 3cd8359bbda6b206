"""Importer of checkpoints of lucidrains' stylegan2-pytorch."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganzoo import CheckpointError, ForeignCheckpoint, ForeignNetwork, ImageSpec, Importer
from ganzoo.interchange import state_dicts
from ganzoo.layers import measured_mean_w
from ganzoo_lucidrains.discriminator import LucidrainsDiscriminator, LucidrainsDiscriminatorOptions
from ganzoo_lucidrains.example import checkpoint
from ganzoo_lucidrains.generator import LucidrainsGenerator, LucidrainsGeneratorOptions
from ganzoo_lucidrains.names import MAPPING_FACTOR, discriminator_weights, generator_weights, mapping_weights

State = Mapping[str, Tensor]
_NOISE_SEED = 0  # fixed, so that one file always gives the same network
_HIGHEST = 1024
_GENERATOR_NOTES = (
    "its mapping network is taken for one of lr_mlp = 0.1, the default, as the file does not say",
    "its mean style was measured over 10,240 latents, as the file has none",
    "its constant noise is drawn here, as the file has none",
)
_TRANSPARENT = (
    "its images are transparent: grids show their colors alone, and `ganzoo sample --raw` gives all four channels"
)
_NEGATED = "the logits of its discriminator are negated: its hinge loss calls reals low, and losses here call them high"
_QUANTIZED = "its discriminator is left out: it quantizes features (fq_layers), which no part here does"
_GIGAGAN = (
    "a GigaGAN of lucidrains' gigagan-pytorch (arXiv:2303.05511): styles mix the kernels of its convolutions from a "
    "bank, and its maps attend to each other and to a text, which no part here computes"
)
_GIGAGAN_UPSAMPLER = (
    "an upsampler of GigaGAN (arXiv:2303.05511), as gigagan-pytorch and AuraSR save it: it enlarges images that it is "
    "given, and a generator here begins with latents"
)
_LIGHTWEIGHT = "a checkpoint of lucidrains' lightweight-gan, whose networks no part here computes"


@dataclass(frozen=True)
class _Found:
    """The networks in a file by the package's names for them: S and G, SE and GE (their EMA), D."""

    networks: Mapping[str, State]

    def generator(self, mapping: str, synthesis: str) -> tuple[State, State] | None:
        """Return a mapping and a synthesis network; None where the file has neither."""
        found = [self.networks.get(name) for name in (mapping, synthesis)]
        if found == [None, None]:
            return None
        if found[0] is None or found[1] is None:
            there, missing = (mapping, synthesis) if found[1] is None else (synthesis, mapping)
            raise CheckpointError(f"it has the network {there} but not {missing}, which belongs to it")
        return found[0], found[1]


class Lucidrains(Importer):
    """Checkpoints `model_N.pt` of lucidrains' stylegan2-pytorch, of its version 1.2 or later.

    Read are the EMA (`SE`, `GE`), the raw generator (`S`, `G`) and the discriminator (`D`), with attention layers or
    without, and with a constant or a style to begin with.

    Paper: arXiv:1912.04958; https://github.com/lucidrains/stylegan2-pytorch.
    """

    name = "lucidrains-stylegan2"

    @classmethod
    def example_content(cls) -> Any:
        return checkpoint()

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        return _state_of(content) is not None

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        found = _networks(_state_of(content) or {})
        averaged, raw = found.generator("SE", "GE"), found.generator("S", "G")
        notes = []
        judge = found.networks.get("D")
        if judge is not None and any(name.startswith("quantize_blocks.") for name in judge):
            judge, notes = None, [_QUANTIZED]
        discriminator, seen = _discriminator(judge) if judge is not None else (None, None)
        notes += [_NEGATED] if discriminator else []
        chosen = averaged or raw
        if chosen is None:
            raise CheckpointError("it has no generator (SE and GE, or S and G)")
        ema, images = _generator(*chosen)
        if seen is not None and seen != images:
            raise CheckpointError("its networks are of different resolutions or channels")
        notes += [_TRANSPARENT] if images.channels == 4 else []
        if averaged is None:
            notes.append("its generator is taken for the EMA, as the file has no other")
        generator = _generator(*raw)[0] if averaged is not None and raw is not None else None
        return ForeignCheckpoint(images, ema, generator, discriminator, notes=(*_GENERATOR_NOTES, *notes))

    @classmethod
    def refusal(cls, content: Any) -> str | None:
        for state in state_dicts(content).values():
            if _has(state, r"GE?\.initial_conv\.\d+\..+"):
                return _LIGHTWEIGHT
            # One dense layer gives the styles and the choices of kernels of all layers: in no other code.
            if _has(state, r"(.+\.)?style_to_conv_modulations\.weight"):
                return _GIGAGAN_UPSAMPLER if _has(state, r"(.+\.)?downs\..+") else _GIGAGAN
        return None


def _has(state: State, pattern: str) -> bool:
    return any(re.fullmatch(pattern, name) for name in state)


def _state_of(content: Any) -> State | None:
    """Return the state that holds all networks of the package's."""
    for state in state_dicts(content).values():
        if _has(state, r"SE?\.net\.0\.weight|GE?\.(to_)?initial_block(\.weight)?"):
            return state
    return None


def _networks(state: State) -> _Found:
    found: dict[str, dict[str, Tensor]] = {}
    for name, value in state.items():
        network, _, rest = name.partition(".")
        # What else there is are the same weights again (`D_aug.D`), or of a regularizer (`D_cl`).
        if network in ("S", "G", "SE", "GE", "D") and rest:
            found.setdefault(network, {})[rest] = value
    return _Found(found)


def _generator(mapping: State, synthesis: State) -> tuple[ForeignNetwork, ImageSpec]:
    """Return a generator and what it makes. Raises CheckpointError."""
    weights = generator_weights(synthesis)
    blocks = _count(weights, "blocks.{}.first.conv.weight")
    width, layers = _width(mapping), _count(mapping, "net.{}.weight", step=2)
    images = ImageSpec(_resolution(blocks), _size(weights, f"blocks.{blocks - 1}.to_rgb.weight", 0), 0)
    if images.channels not in (3, 4):
        raise CheckpointError(f"its images have {images.channels} channels, and the package's are of color")
    finest, coarsest = (
        _size(weights, f"blocks.{blocks - 1}.first.conv.weight", 0),
        _size(weights, "first_conv.weight", 0),
    )
    # A layer there moves by a tenth of the learning rate, here by that share of what its weight is scaled by.
    rate = MAPPING_FACTOR * math.sqrt(width / 2)
    options = LucidrainsGeneratorOptions(
        latent_dim=width,
        style_dim=width,
        mapping_layers=layers,
        mapping_lr_multiplier=rate,
        capacity=-(-finest // 2),  # rounded up: where channel_max is less, it alone counts
        channel_max=coarsest,
        start="style" if "from_style.weight" in weights else "constant",
        attention=_attended(weights),
    )
    weights |= mapping_weights(mapping, rate)
    rng = torch.Generator().manual_seed(_NOISE_SEED)
    weights["noise_const"] = torch.rand(images.resolution, images.resolution, generator=rng) - 0.5
    weights["w_avg"] = measured_mean_w(LucidrainsGenerator, options, images, weights)
    return ForeignNetwork(LucidrainsGenerator, options, weights), images


def _discriminator(state: State) -> tuple[ForeignNetwork, ImageSpec]:
    """Return a discriminator and what it judges. Raises CheckpointError."""
    weights = discriminator_weights(state)
    blocks = _count(weights, "blocks.{}.first.weight")
    images = ImageSpec(_resolution(blocks - 1), _size(weights, "blocks.0.first.weight", 1), 0)
    options = LucidrainsDiscriminatorOptions(
        capacity=-(-_size(weights, "blocks.0.first.weight", 0) // 4),
        channel_max=_size(weights, "conv.weight", 0),
        attention=_attended(weights),
    )
    return ForeignNetwork(LucidrainsDiscriminator, options, weights), images


def _width(mapping: State) -> int:
    """Return the size of latents and styles, which are one there."""
    return _size(mapping, "net.0.weight", 0)


def _resolution(blocks: int) -> int:
    if not 2 <= blocks <= math.log2(_HIGHEST) - 1:
        raise CheckpointError(f"it has {max(blocks, 0)} blocks, and networks from 8 to {_HIGHEST} pixels have 2 to 9")
    return 2 << blocks


def _attended(weights: State) -> tuple[int, ...]:
    found = {int(match[1]) for name in weights if (match := re.match(r"attention\.(\d+)\.", name))}
    return tuple(sorted(found))


def _size(state: State, name: str, axis: int) -> int:
    value = state.get(name)
    if value is None:
        raise CheckpointError(f"its {name} is missing, which every such network has")
    if not 2 <= value.ndim <= 4 or not value.numel():
        raise CheckpointError(f"its {name} has an unexpected shape {tuple(value.shape)}")
    return int(value.shape[axis])


def _count(state: State, pattern: str, *, step: int = 1) -> int:
    """Return how many of the names pattern.format(0), (step), ... there are without a gap."""
    count = 0
    while pattern.format(count * step) in state:
        count += 1
    return count
