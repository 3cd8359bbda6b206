"""Example: a small pair of networks as a snapshot of the authors' code holds them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from torch import Tensor

from ganzoo import ImageSpec
from ganzoo.interchange import Record, renamed
from ganzoo_r3gan.discriminator import R3GANDiscriminator
from ganzoo_r3gan.generator import R3GANGenerator
from ganzoo_r3gan.names import BLOCK, State


def snapshot() -> dict[str, Any]:
    """Return the content of a snapshot."""
    images = ImageSpec(16, 3, 2)
    generator = R3GANGenerator(R3GANGenerator.example_options(Path()), images)
    critic = R3GANDiscriminator(R3GANDiscriminator.example_options(Path()), images)
    made = _module("Generator", _official(generator.state_dict(), first=1))
    return {"G": made, "G_ema": made, "D": _module("Discriminator", _official(critic.state_dict(), first=0))}


def _official(state: State, *, first: int) -> dict[str, Tensor]:
    """Return a network's state by the authors' names; `first` is the number of a stage's first block."""
    last = max((int(match[1]) for name in state if (match := re.match(r"stages\.(\d)", name))), default=0)
    block = {ours: theirs for theirs, ours in BLOCK.items()}
    found = {}
    for name, value in state.items():
        if match := re.fullmatch(r"stages\.(\d)\.(\d+)\.(.+)", name):
            found[f"MainLayers.{match[1]}.Layers.{int(match[2]) + first}.{block[match[3]]}"] = value
    blocks = 2  # of the parts' defaults
    at = f"MainLayers.{0 if first else last}.Layers.{0 if first else blocks}"
    rules = [
        (r"to_rgb\.weight", "AggregationLayer.Layer.weight", None),
        (r"from_rgb\.weight", "ExtractionLayer.Layer.weight", None),
        (r"embedding", "EmbeddingLayer.weight", None),
        (r"pattern", f"{at}.Basis" if first else f"{at}.Basis.weight", None if first else lambda value: value[:, None]),
        (r"scale|head", f"{at}.LinearLayer.weight", None),
    ]
    return found | renamed(state, rules)


def _module(kind: str, state: State) -> Record:
    """Return a network as a snapshot holds it: a module that has the authors' one as `Model`."""
    return Record("training.networks", kind, state={"_modules": {"Model": _nested(kind, state)}})


def _nested(kind: str, state: State) -> Record:
    own, inside = dict[str, Tensor](), dict[str, dict[str, Tensor]]()
    for name, value in state.items():
        head, _, rest = name.partition(".")
        if rest:
            inside.setdefault(head, {})[rest] = value
        else:
            own[head] = value
    modules = {name: _nested("Layer", values) for name, values in inside.items()}
    return Record("R3GAN.Networks", kind, state={"_parameters": own, "_buffers": {}, "_modules": modules})
