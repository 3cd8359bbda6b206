"""Measured mean style: of a generator whose training never tracked one, or whose file does not hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.component import ImageSpec
from ganzoo.errors import CheckpointError
from ganzoo.layers.style import StyledGenerator

# The mean of so many styles is off by a hundredth of their deviation (1 / sqrt(10240)).
MEASURED_LATENTS = 10_240
_SEED = 0  # fixed, so that one file always gives the same network


def measured_mean_w(
    cls: Callable[[Any, ImageSpec], StyledGenerator[Any]],
    options: Any,
    images: ImageSpec,
    weights: Mapping[str, Tensor],
) -> Tensor:
    """Return the mean style `[W]` of 10,240 latents, and of all classes alike.

    Args:
        cls: The generator; only its mapping network is given memory.
        options: Its options.
        images: What it makes.
        weights: Its state, of which `mapping.*` is used.

    Raises:
        CheckpointError: The mapping network's weights do not fit its options.
    """
    with torch.device("meta"):
        mapping = cls(options, images).mapping
    inside = {name.removeprefix("mapping."): value for name, value in weights.items() if name.startswith("mapping.")}
    expected = mapping.state_dict()
    if {name: value.shape for name, value in inside.items()} != {name: value.shape for name, value in expected.items()}:
        raise CheckpointError("the sizes of its mapping network contradict each other")
    mapping.to_empty(device="cpu")
    mapping.load_state_dict(inside)
    rng = torch.Generator().manual_seed(_SEED)
    latents = torch.randn(MEASURED_LATENTS, options.latent_dim, generator=rng)
    labels = torch.zeros(MEASURED_LATENTS, images.label_dim)
    if images.label_dim:
        # Classes in turn: the mean over all of them, as training tracks it.
        labels[torch.arange(MEASURED_LATENTS), torch.arange(MEASURED_LATENTS) % images.label_dim] = 1.0
    with torch.no_grad():
        mean: Tensor = mapping(latents, labels).mean(dim=0)
    return mean
