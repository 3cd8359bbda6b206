"""Importers of two well-known copies of StyleGAN: huangzh13's and rosinality's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ganzoo import CheckpointError, ForeignCheckpoint, ForeignNetwork, ImageSpec, Importer
from ganzoo.interchange import is_averaged, state_dicts
from ganzoo_stylegan import examples
from ganzoo_stylegan.importers import (
    huangzh13_discriminator_weights,
    huangzh13_generator_weights,
    rosinality_discriminator_weights,
    rosinality_generator_weights,
)
from ganzoo_stylegan.shapes import discriminator_from, generator_from

State = dict[str, Tensor]
Found = tuple[ForeignNetwork, ImageSpec]


class Huangzh13(Importer):
    """State dicts of huangzh13's StyleGAN.pytorch: generator, discriminator, or a dictionary of several.

    Paper: arXiv:1812.04948; https://github.com/huangzh13/StyleGAN.pytorch.
    """

    name = "huangzh13-stylegan"

    @classmethod
    def example_content(cls) -> Any:
        return examples.huangzh13()

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        return any(
            _is_huangzh13_generator(state) or _is_huangzh13_critic(state) for state in state_dicts(content).values()
        )

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        found = state_dicts(content)
        generators = {key: state for key, state in found.items() if _is_huangzh13_generator(state)}
        critics = [state for state in found.values() if _is_huangzh13_critic(state)]
        known = [state for state in critics if not _sees_classes(state)]
        if critics and not known and not generators:
            raise CheckpointError("its discriminator sees classes as images, which no part here does")
        foreign = assembled(generators, known, _huangzh13_generator, _huangzh13_critic)
        if len(known) < len(critics):
            note = "its discriminator was left out: it sees classes as images, which no part here does"
            return replace(foreign, notes=(*foreign.notes, note))
        return foreign


class Rosinality(Importer):
    """Checkpoints of rosinality's style-based-gan-pytorch: all networks, or the EMA generator alone.

    Paper: arXiv:1812.04948; https://github.com/rosinality/style-based-gan-pytorch.
    """

    name = "rosinality-stylegan"

    @classmethod
    def example_content(cls) -> Any:
        return examples.rosinality()

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        return any(
            "generator.progression.0.conv1.input" in state or _is_rosinality_critic(state)
            for state in state_dicts(content).values()
        )

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        found = state_dicts(content)
        generators = {key: state for key, state in found.items() if "generator.progression.0.conv1.input" in state}
        critics = [state for state in found.values() if _is_rosinality_critic(state)]
        return assembled(generators, critics, _rosinality_generator, _rosinality_critic)


def assembled(
    generators: Mapping[str, State],
    critics: list[State],
    generator_of: Callable[[State], Found],
    critic_of: Callable[[State], Found],
) -> ForeignCheckpoint:
    """Put the networks of a file together: the key of a generator says whether it is the EMA.

    Raises:
        CheckpointError: A name is missing, or the networks are of different images.
    """
    # Files name their EMA generator in many ways; a single one is taken for it, with a note.
    averaged = [key for key in generators if is_averaged(key)]
    raw = [key for key in generators if key not in averaged]
    try:
        ema = generator_of(generators[(averaged or raw)[0]]) if generators else None
        generator = generator_of(generators[raw[0]]) if averaged and raw else None
        discriminator = critic_of(critics[0]) if critics else None
    except KeyError as error:
        raise CheckpointError(f"{error} is missing, which every such network has") from None
    stranger = discriminator is not None and _other_classes(ema, discriminator)
    if stranger:
        discriminator = None
    found = [each for each in (ema, generator, discriminator) if each is not None]
    if any(images != found[0][1] for _, images in found):
        raise CheckpointError("its networks are of different resolutions or channels")
    resolution = reached(generators[(averaged or raw)[0]], found[0][1].resolution) if generators else None
    remarks = {
        "its discriminator knows other classes than its generator and is left out": stranger,
        "its generator is taken for the EMA, as no key names one": bool(
            raw and not averaged and len(generators) + len(critics) > 1
        ),
        "its mean style is 0, as if never tracked: --truncation-psi would pull towards that": bool(
            ema and not ema[0].weights["w_avg"].any()
        ),
        f"its generator was trained up to {resolution} pixels: larger blocks are as they began": resolution is not None,
    }
    return ForeignCheckpoint(
        found[0][1],
        ema[0] if ema else None,
        generator[0] if generator else None,
        discriminator[0] if discriminator else None,
        resolution=resolution,
        notes=tuple(remark for remark, holds in remarks.items() if holds),
    )


def _other_classes(generator: Found | None, critic: Found) -> bool:
    """Whether the two are of the same images but not of the same classes."""
    images = critic[1]
    return (
        generator is not None and generator[1] != images and replace(generator[1], label_dim=images.label_dim) == images
    )


def reached(state: Mapping[str, Tensor], resolution: int) -> int | None:
    """Return the resolution that training reached, beyond which biases of image layers are still 0; None: the final."""
    # They begin at 0, and the first step of training at a resolution moves them.
    biases = {
        4 << int(match.group(1)): value
        for name, value in state.items()
        if (match := re.fullmatch(r"(?:generator|g_synthesis)\.to_rgb\.(\d+)\.(?:conv\.)?bias", name))
    }
    trained = [at for at, value in biases.items() if bool(value.any())]
    return max(trained) if trained and max(trained) < resolution else None


def _is_huangzh13_generator(state: State) -> bool:
    return "g_mapping.map.dense0.weight" in state and "g_synthesis.init_block.conv.weight" in state


def _is_huangzh13_critic(state: State) -> bool:
    return "final_block.dense1.weight" in state and "from_rgb.0.weight" in state


def _is_rosinality_critic(state: State) -> bool:
    return "progression.0.conv1.0.conv.weight_orig" in state and "linear.linear.weight_orig" in state


def _huangzh13_generator(state: State) -> Found:
    kernel = state.get("g_synthesis.blocks.0.conv0_up.intermediate.kernel")
    given = dict(state)
    if not any(name.endswith(".top_epi.noise.weight") for name in state):  # a network built without noise
        for name in state:
            if match := re.fullmatch(r"(g_synthesis\..+\.epi[12])\.style_mod\.lin\.bias", name):
                # Noise of strength 0 is what a network without noise computes.
                given[f"{match.group(1)}.top_epi.noise.weight"] = torch.zeros(len(state[name]) // 2)
    # A file without the mean style gets one that is measured.
    lacks_mean = "truncation.avg_latent" not in state
    given.setdefault("truncation.avg_latent", torch.zeros(0))
    weights = huangzh13_generator_weights(given)
    if lacks_mean:
        del weights["w_avg"]
    # 1e-5 is the default of torch's InstanceNorm2d, which that code uses.
    return generator_from(weights, blur=_taps(kernel), norm_epsilon=1e-5)


def _sees_classes(state: State) -> bool:
    return any("embedding" in name for name in state)


def _huangzh13_critic(state: State) -> Found:
    weights = huangzh13_discriminator_weights(state)
    return discriminator_from(weights, blur=_taps(state.get("blocks.0.blur.kernel")), from_rgb_activation="none")


def _rosinality_generator(state: State) -> Found:
    return generator_from(
        rosinality_generator_weights(state),
        # Its InstanceNorm2d has torch's epsilon, its mapping no factor on the rate, its constant N(0, 1) numbers, and
        # its convolutions add their bias before they are filtered (model.py).
        norm_epsilon=1e-5,
        mapping_lr_multiplier=1.0,
        input="normal",
        bias_before_blur=True,
    )


def _rosinality_critic(state: State) -> Found:
    active = any(re.fullmatch(r"from_rgb\.\d+\.0\.conv\.bias", name) for name in state)
    return discriminator_from(
        rosinality_discriminator_weights(state),
        widening="first",
        # Its deviation is over the whole batch, and the first convolution of a block widens (model.py).
        minibatch_std_group=0,
        from_rgb_activation="leaky-relu" if active else "none",
    )


def _taps(kernel: Tensor | None) -> tuple[float, ...]:
    """Return the taps of a square filter that is the product of a row with itself; () without one."""
    if kernel is None:
        return ()
    square = kernel.squeeze().float()
    if square.ndim != 2 or square.shape[0] != square.shape[1]:
        raise CheckpointError("its filter is damaged")
    row = square.sum(dim=0)
    row = row / row.sum()
    if not torch.allclose(row.outer(row), square / square.sum(), atol=1e-6):
        raise CheckpointError("its filter is no product of a row with itself")
    # Whole numbers where the taps are in such a ratio, as (1, 2, 1): an option that people can read.
    scaled = row / row.min()
    whole = scaled.round()
    taps = whole if torch.allclose(whole, scaled, atol=1e-4) else row
    return tuple(taps.tolist())
