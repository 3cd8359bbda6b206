"""Conformance of style-based generators (StyleGAN, arXiv:1812.04948)."""

from __future__ import annotations

from typing import Any

import torch

from ganzoo.testing import networks
from ganzoo.testing.failure import Judge


def check_styles(generator: Any, inputs: networks.Inputs, judge: Judge) -> None:
    """Require `forward(z, c) == synthesize(map(z, c))` in evaluation mode, and a mean style of the right size."""
    generator.eval()
    with judge.doing("map, synthesize and style_mean"), torch.no_grad():
        with networks.seeded():
            direct = generator(*inputs)
        with networks.seeded():
            styles = generator.map(*inputs)
        with networks.seeded():
            composed = generator.synthesize(styles)
        mean = generator.style_mean()
    judge.require(
        styles.dim() == 3 and len(styles) == len(inputs[0]),
        f"map must return styles [N, S, W], found {list(styles.shape)}",
    )
    judge.require(
        mean.shape == styles.shape[2:],
        f"style_mean must return [W] = {list(styles.shape[2:])}, found {list(mean.shape)}",
    )
    judge.require(
        torch.allclose(direct, composed, rtol=1e-4, atol=1e-5),
        "in evaluation mode, forward(z, c) differs from synthesize(map(z, c))",
    )
