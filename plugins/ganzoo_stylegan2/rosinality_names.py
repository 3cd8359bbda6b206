"""Names of rosinality's stylegan2-pytorch, and what they are in NVIDIA's PyTorch code.

The numbers mean the same there: a doubling convolution is stored as it is used, styles hold their 1, gains stand where
NVIDIA has them. What differs is how tensors lie: an axis in front of kernels, maps and constants, layers counted, not
named by resolution, and filters kept beside the weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ganzoo import CheckpointError
from ganzoo_stylegan2.official import OFFICIAL_FILTER
from ganzoo_stylegan2.translation import Rule, first, same, translated

_FILTER = r".*\.kernel"
_KNOWN = "StyleGAN2 of rosinality's"
# Two digits: no network has more layers, and a larger number would make a resolution that no memory holds.
_COUNT = r"(\d{1,2})"


def _flat(value: Tensor) -> Tensor:
    return value.flatten()


def _number(value: Tensor) -> Tensor:
    return value.reshape(())


def _map(value: Tensor) -> Tensor:
    return first(first(value))


def _doubling_or_not(index: int) -> str:
    # Two convolutions a resolution from 8 pixels on, of which the first doubles.
    return f"synthesis.b{8 << index // 2}.conv{index % 2}"


def _noisy(index: int) -> str:
    # Maps are counted with the convolutions; the one of 4 pixels is number 0.
    return "synthesis.b4.conv1" if index == 0 else _doubling_or_not(index - 1)


def _named(place: Callable[[int], str], ours: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"{place(int(match[1]))}.{ours}"


_LAYER = (
    ("conv.weight", "weight", first),
    ("conv.modulation.weight", "affine.weight", same),
    ("conv.modulation.bias", "affine.bias", same),
    ("noise.weight", "noise_strength", _number),
    ("activate.bias", "bias", _flat),
    ("bias", "bias", _flat),
)
_ALONE = (("conv1", "synthesis.b4.conv1"), ("to_rgb1", "synthesis.b4.torgb"))
_COUNTED: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("convs", _doubling_or_not),
    ("to_rgbs", lambda index: f"synthesis.b{8 << index}.torgb"),
)
_GENERATOR: tuple[Rule, ...] = (
    # The first entry of `style` normalizes the latents.
    (rf"style\.{_COUNT}\.(weight|bias)", lambda match: f"mapping.fc{int(match[1]) - 1}.{match[2]}", same),
    (r"input\.input", "synthesis.b4.const", first),
    (rf"noises\.noise_{_COUNT}", _named(_noisy, "noise_const"), _map),
    *((f"{name}.{theirs}", f"{place}.{ours}", change) for name, place in _ALONE for theirs, ours, change in _LAYER),
    *(
        (rf"{name}\.{_COUNT}\.{theirs}", _named(place, ours), change)
        for name, place in _COUNTED
        for theirs, ours, change in _LAYER
    ),
)


def _discriminator_rules(blocks: int) -> tuple[Rule, ...]:
    """Return the rules for a discriminator of so many halvings, which are counted from the image on."""

    def block(index: int) -> str:
        return f"b{4 << max(blocks + 1 - index, 0)}"

    inside = (
        ("conv1.0.weight", "conv0.weight"),
        ("conv1.1.bias", "conv0.bias"),
        ("conv2.1.weight", "conv1.weight"),
        ("conv2.2.bias", "conv1.bias"),
        ("skip.1.weight", "skip.weight"),
    )
    return (
        (r"convs\.0\.0\.weight", f"b{4 << blocks}.fromrgb.weight", same),
        (r"convs\.0\.1\.bias", f"b{4 << blocks}.fromrgb.bias", _flat),
        *(
            (rf"convs\.{_COUNT}\.{theirs}", _named(block, ours), _flat if theirs.endswith("bias") else same)
            for theirs, ours in inside
        ),
        (r"final_conv\.0\.weight", "b4.conv.weight", same),
        (r"final_conv\.1\.bias", "b4.conv.bias", _flat),
        (r"final_linear\.0\.(weight|bias)", r"b4.fc.\1", same),
        (r"final_linear\.1\.(weight|bias)", r"b4.out.\1", same),
    )


def is_generator(state: Mapping[str, Tensor]) -> bool:
    """Whether it is a generator of that code, as it was published: not the one with wavelets."""
    return {"conv1.conv.weight", "to_rgb1.conv.weight"} <= state.keys() and not has_wavelets(state)


def is_discriminator(state: Mapping[str, Tensor]) -> bool:
    """Whether it is a discriminator of that code."""
    return {"convs.0.0.weight", "final_conv.0.weight", "final_linear.1.weight"} <= state.keys()


def has_wavelets(state: Mapping[str, Tensor]) -> bool:
    """Whether images are wavelet coefficients, as in that code's SWAGAN."""
    return any(re.fullmatch(r"(.*\.)?i?dwt\.[lh]{2}|(.*\.)?iwt\.[lh]{2}", name) for name in state)


def generator_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a generator's state by official names. Raises CheckpointError."""
    _check_filters(state, gain=4)  # of what doubles: three of every four pixels were zeros
    return translated(state, _GENERATOR, _FILTER, _KNOWN)


def discriminator_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a discriminator's state by official names. Raises CheckpointError."""
    _check_filters(state, gain=1)
    counted = [int(match[1]) for name in state if (match := re.match(rf"convs\.{_COUNT}\.", name))]
    return translated(state, _discriminator_rules(max(counted, default=0)), _FILTER, _KNOWN)


def _check_filters(state: Mapping[str, Tensor], gain: float) -> None:
    expected = OFFICIAL_FILTER.outer(OFFICIAL_FILTER) / OFFICIAL_FILTER.sum().square() * gain
    for name, value in state.items():
        if re.fullmatch(_FILTER, name) and not (
            value.shape == expected.shape and torch.allclose(value.float(), expected, atol=1e-3)
        ):
            raise CheckpointError(f"its {name} is another filter than [1, 3, 3, 1], which is not known here")
