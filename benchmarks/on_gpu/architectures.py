"""Architectures: four of them trained for a while at once on one device, as a sweep, listed with what they cost."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import tomli_w
import torch

import ganzoo
from ganzoo._recipe.find_recipe import find_recipe

# Shipped recipes of OASIS, brought to 64 pixels where they are for 32, in batches that a GPU is worth.
RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    "dcgan": ("dcgan_oasis_logistic", {}),
    "progan": ("progan_oasis_wgan_gp_32", {"batch_size": 32}),
    "stylegan": ("stylegan_oasis_logistic_32", {"batch_size": 32}),
    "stylegan2": ("stylegan2_oasis_logistic_32", {"batch_size": 32}),
}
_SIDE = 64


def train_all(device: torch.device, out: Path, seconds: float, data: Path | None, *, tiny: bool) -> dict[str, Any]:
    """Train each for so many seconds, all at once; keep a grid of samples of each in `out`.

    Args:
        device: Where.
        out: Takes `architecture-NAME.png`.
        seconds: Of training, each.
        data: Folder of OASIS slices; None: phantoms take their place.
        tiny: Whether it is only tried out.
    """
    names = list(RECIPES)[: 1 if tiny else None]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name in names:
            files.append(Path(folder, f"{name}.toml"))
            files[-1].write_text(tomli_w.dumps(_recipe(name, seconds, data, tiny=tiny)))
        runs = Path(folder, "runs")
        sweep = {"recipes": [str(path) for path in files], "seeds": [0]}
        result = ganzoo.sweep(sweep, runs=runs, jobs=len(names), device=str(device))
        found = {name: _kept(name, runs, out) for name in names if name not in "".join(result.failed)}
    return {"at_once": len(names), "runs": found, "failed_runs": result.failed, "comparison": str(result.comparison)}


def _recipe(name: str, seconds: float, data: Path | None, *, tiny: bool) -> dict[str, Any]:
    shipped, training = RECIPES[name]
    recipe = tomllib.loads(find_recipe(shipped).read_text())
    recipe["dataset"] = (
        {"name": "phantom", "resolution": 16 if tiny else _SIDE, "count": 100 if tiny else 1000}
        if data is None
        else {"name": "oasis", "root": str(data), "resolution": _SIDE}
    )
    recipe["training"] |= training | {"total_kimg": 1000, "most_hours": seconds / 3600}
    recipe["training"] |= {"snapshot_kimg": 100, "checkpoint_kimg": 100, "samples_kimg": 100}
    if tiny:
        recipe["generator"]["width"] = recipe["discriminator"]["width"] = 4
        recipe["scoring"] = {"generated": 100, "metrics": ["fid"], "extractor": {"name": "random-features"}}
    return recipe


def _kept(name: str, runs: Path, out: Path) -> dict[str, Any]:
    run = ganzoo.open(next(runs.glob(f"{name}*")))
    newest = max((Path(run.path) / "samples").glob("[0-9]*.png"))
    shutil.copyfile(newest, out / f"architecture-{name}.png")
    record = run.record
    return {
        "recipe": RECIPES[name][0],
        "status": record.status,
        "images_seen": record.images_seen,
        "seconds": record.seconds,
        "s_per_kimg": 1000 * record.seconds / max(record.images_seen, 1),
        "parameters": dict(record.parameters),
        "scores": [str(score) for score in record.scores],
    }
