"""Importer of rosinality's stylegan2-pytorch, whose layout StyleGAN-nada, pSp, e4e and ReStyle share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganzoo import CheckpointError, ForeignCheckpoint, ForeignNetwork, ImageSpec, Importer
from ganzoo.interchange import is_averaged, state_dicts
from ganzoo.layers import measured_mean_w
from ganzoo_stylegan2 import examples
from ganzoo_stylegan2.generator import StyleGAN2Generator
from ganzoo_stylegan2.official import Facts, discriminator_of, generator_of
from ganzoo_stylegan2.rosinality_names import discriminator_state, generator_state, is_discriminator, is_generator

State = Mapping[str, Tensor]
_DECODER = "decoder."  # what encoders (pSp, e4e, ReStyle) call the generator inside of them
_NOISE_SEED = 0  # fixed, so that one file always gives the same network
_NO_MEAN = "its mean style was measured over 10,240 latents, as the file has none"
_NO_NOISE = "its constant noise is drawn here, as the file has none"


@dataclass(frozen=True)
class _Found:
    """The networks in a file, by their keys."""

    generators: Mapping[str, State]
    discriminators: Mapping[str, State]
    encoded: bool


class Rosinality(Importer):
    """Checkpoints of rosinality's stylegan2-pytorch, and of the encoders and adaptations that are built on it.

    Read are `g_ema`, `g`, `d` and `latent_avg`, a state dict alone, and the `decoder` of pSp, e4e and ReStyle.

    Paper: arXiv:1912.04958; https://github.com/rosinality/stylegan2-pytorch.
    """

    name = "rosinality-stylegan2"

    @classmethod
    def example_content(cls) -> Any:
        return examples.rosinality()

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        found = _networks(content)
        return bool(found.generators or found.discriminators)

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        found = _networks(content)
        judges = [discriminator_state(state) for state in found.discriminators.values()]
        if not found.generators:
            return ForeignCheckpoint(_judged(judges[0]), discriminator=discriminator_of(judges[0], Facts(), 0))
        averaged = [key for key in found.generators if is_averaged(key)]
        raw = [key for key in found.generators if key not in averaged]
        chosen = (averaged or raw)[0]
        ema, images, notes = _generator(found.generators[chosen], _mean_style(content))
        return ForeignCheckpoint(
            images,
            ema,
            _generator(found.generators[raw[0]], None)[0] if averaged and raw else None,
            discriminator_of(judges[0], Facts(), 0) if judges else None,
            notes=(*notes, *_remarks(chosen, found)),
        )


def _networks(content: Any) -> _Found:
    generators, discriminators, encoded = dict[str, State](), dict[str, State](), False
    for key, state in state_dicts(content).items():
        decoder = {name.removeprefix(_DECODER): value for name, value in state.items() if name.startswith(_DECODER)}
        if is_generator(state):
            generators[key] = state
        elif is_generator(decoder):
            generators[key], encoded = decoder, True
        elif is_discriminator(state):
            discriminators[key] = state
    return _Found(generators, discriminators, encoded)


def _remarks(chosen: str, found: _Found) -> list[str]:
    if found.encoded:
        return ["its encoder is left out: the decoder is the generator"]
    if chosen and not is_averaged(chosen):
        return ["its generator is taken for the EMA, as no key names one"]
    return []


def _mean_style(content: Any) -> Tensor | None:
    """Return the file's mean style `[W]`; encoders repeat it for each layer."""
    found = content.get("latent_avg") if isinstance(content, dict) else None
    if not isinstance(found, Tensor) or not found.ndim or not found.numel():
        return None
    rows = found.reshape(-1, found.shape[-1])
    if not bool((rows == rows[0]).all()):
        raise CheckpointError("its mean style (latent_avg) differs by layer, and one for all is known here")
    return rows[0].clone()


def _generator(state: State, mean: Tensor | None) -> tuple[ForeignNetwork, ImageSpec, list[str]]:
    """Return a generator, what it makes, and what a person should know of it. Raises CheckpointError."""
    found, notes = generator_state(state), list[str]()
    if not any(name.endswith("noise_const") for name in found):
        # The first checkpoints of that code were written before it kept any.
        _draw_noise(found)
        notes.append(_NO_NOISE)
    if mean is not None:
        found["mapping.w_avg"] = mean
    network, images = generator_of(found, Facts())
    if mean is not None:
        return network, images, notes
    weights = dict(network.weights)
    weights["w_avg"] = measured_mean_w(StyleGAN2Generator, network.options, images, weights)
    return ForeignNetwork(network.cls, network.options, weights), images, [*notes, _NO_MEAN]


def _draw_noise(state: dict[str, Tensor]) -> None:
    rng = torch.Generator().manual_seed(_NOISE_SEED)
    for name in sorted(state):
        match = re.fullmatch(r"(synthesis\.b(\d{1,4})\.conv[01])\.weight", name)
        if match and int(match[2]) <= 1024:
            state[f"{match[1]}.noise_const"] = torch.randn(int(match[2]), int(match[2]), generator=rng)


def _judged(state: State) -> ImageSpec:
    """Return what a discriminator sees."""
    found = [(int(match[1]), value) for name, value in state.items() if (match := re.match(r"b(\d+)\.fromrgb.w", name))]
    if not found or found[0][1].ndim != 4:
        raise CheckpointError("its layer that reads images is missing or damaged")
    return ImageSpec(found[0][0], int(found[0][1].shape[1]), 0)
