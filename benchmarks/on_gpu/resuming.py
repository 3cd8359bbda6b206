"""Resuming: whether a run that stops in the middle and goes on has the bits of one that does not."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import ganzoo
from ganzoo._runs.checkpoint import newest_good
from on_gpu.games import arithmetic, dcgan, progan, stylegan2

GAMES = {
    "DCGAN 16": dcgan(16, 16, resolution=16),
    "StyleGAN2 32 with ADA": stylegan2(32, 16, 2, 4, 1024),
    "ProGAN 32": progan(32, 16, 1024, 64),
}
_HALF, _WHOLE = 0.256, 0.512  # kimg: 16 and 32 steps, each with both lazy penalties


def resumed(game: dict[str, Any], device: torch.device, precision: str) -> dict[str, Any]:
    """Train a game whole, and in two halves; return what differs in the checkpoints at the end.

    Where anything does, it is trained whole once more: a GPU may add up otherwise each time.
    """
    with tempfile.TemporaryDirectory() as folder, arithmetic(precision) as training:
        recipe = game | {
            "dataset": game["dataset"] | {"count": 64},
            "training": game["training"]
            | training
            | {"total_kimg": _WHOLE, "checkpoint_kimg": _HALF, "preview_images": 4},
            "scoring": {"metrics": ["fid"], "generated": 16, "extractor": {"name": "random-features"}},
        }

        def run(name: str, *overrides: str) -> ganzoo.Run:
            return ganzoo.run(recipe, overrides=overrides, name=name, runs=folder, device=str(device))

        whole = _end(run("whole"))
        half = run("half", f"training.total_kimg={_HALF}")
        ganzoo.resume(half, overrides=[f"training.total_kimg={_WHOLE}"], device=str(device))
        differing = _differing(whole, _end(half))
        found = {"equal": str(not differing), "tensors": len(whole), "differs_when_resumed": differing}
        return found | ({"differs_when_repeated": _differing(whole, _end(run("again")))} if differing else {})


def _end(run: ganzoo.Run) -> dict[str, Tensor]:
    checkpoint, _ = newest_good(Path(run.path) / "checkpoints")
    if checkpoint is None or checkpoint.images_seen != round(_WHOLE * 1000):
        raise RuntimeError(f"{run.path} has no checkpoint at its end")
    return {f"{part}/{name}": value for part, held in checkpoint.tensors.items() for name, value in held.items()}


def _differing(first: dict[str, Tensor], second: dict[str, Tensor]) -> list[str]:
    """Return the tensors with any other bit, at most 20."""
    return [
        name
        for name in first.keys() | second.keys()
        if name not in first or name not in second or not torch.equal(first[name], second[name])
    ][:20]
