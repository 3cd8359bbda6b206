"""Example of a checkpoint of the package's, a small one, written from this plugin's own networks."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ganzoo import ImageSpec
from ganzoo.interchange import renamed
from ganzoo_lucidrains.discriminator import LucidrainsDiscriminator
from ganzoo_lucidrains.generator import LucidrainsGenerator

_IMAGES = ImageSpec(8, 3)


def _generator(mapping: str, synthesis: str) -> dict[str, Tensor]:
    network = LucidrainsGenerator(LucidrainsGenerator.example_options(Path()), _IMAGES)
    rules = [
        (rf"blocks\.(\d+)\.{ours}\.{part}", rf"{synthesis}.blocks.\1.{theirs}", change)
        for number, ours in ((1, "first"), (2, "second"))
        for part, theirs, change in (
            (r"conv\.style\.(.+)", rf"to_style{number}.\2", None),
            (r"conv\.weight", f"conv{number}.weight", None),
            ("noise_weight", f"to_noise{number}.weight", lambda value: value[:, None]),
            ("bias", f"to_noise{number}.bias", None),
        )
    ]
    rules += [
        ("constant", f"{synthesis}.initial_block", None),
        (r"first_conv\.(.+)", rf"{synthesis}.initial_conv.\1", None),
        (r"blocks\.(\d+)\.to_rgb\.style\.(.+)", rf"{synthesis}.blocks.\1.to_rgb.to_style.\2", None),
        (r"blocks\.(\d+)\.to_rgb\.weight", rf"{synthesis}.blocks.\1.to_rgb.conv.weight", None),
        # Activations stand between the layers.
        *((rf"mapping\.layers\.{layer}\.(.+)", rf"{mapping}.net.{2 * layer}.\1", None) for layer in range(2)),
    ]
    found = renamed(network.state_dict(), rules)
    found[f"{synthesis}.blocks.0.to_rgb.upsample.1.f"] = torch.tensor([1.0, 2.0, 1.0])
    return found


def checkpoint() -> dict[str, Tensor]:
    """Return the state of its discriminator and its EMA generator."""
    critic = LucidrainsDiscriminator(LucidrainsDiscriminator.example_options(Path()), _IMAGES)
    rules = (
        (r"blocks\.(\d+)\.shortcut\.(.+)", r"D.blocks.\1.conv_res.\2", None),
        (r"blocks\.(\d+)\.first\.(.+)", r"D.blocks.\1.net.0.\2", None),
        (r"blocks\.(\d+)\.second\.(.+)", r"D.blocks.\1.net.2.\2", None),
        (r"blocks\.(\d+)\.down\.(.+)", r"D.blocks.\1.downsample.1.\2", None),
        (r"conv\.(.+)", r"D.final_conv.\1", None),
        (r"logit\.(.+)", r"D.to_logit.\1", torch.neg),
    )
    return {**_generator("SE", "GE"), **renamed(critic.state_dict(), rules)}
