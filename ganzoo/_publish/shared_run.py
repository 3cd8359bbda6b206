"""Shared run: what a published folder has of each run: record, recipe, metrics, kept samples, and its generator."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import tomli_w

from ganzoo._inference.export_run import export_safetensors
from ganzoo._inference.run import Run, Weights
from ganzoo._io.atomic import make_folder, write_inside
from ganzoo._io.regular_file import read_regular
from ganzoo._publish.names import RUNS
from ganzoo._recipe.locations import without_locations
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.plain_data import plain
from ganzoo._runs.record import RunRecord, Score, recipe_hash, write_record
from ganzoo._runs.sealed_toml import seal_toml


def shareable_recipe(run: Run) -> dict[str, Any]:
    """Return a run's recipe without where anything lies; images are looked for in `data/` and their dataset's name."""
    data = run.recipe_data()
    found: dict[str, Any] = without_locations(data)
    dataset = found.get("dataset")
    if isinstance(dataset, dict) and "root" in data["dataset"]:
        dataset["root"] = f"data/{str(dataset.get('name', 'images')).rpartition(':')[2]}"
    return found


def scored_last(record: RunRecord) -> Score | None:
    """Return a score of the network that counts: the last that is reported."""
    reported = [score for score in record.scores if score.purpose == "report"]
    return max(reported, key=lambda score: score.images_seen, default=None)


def write_shared_run(folder: Path, run: Run) -> None:
    """Write a run's public files, without weights, into `runs/NAME` of a temporary folder."""
    inside = RunDirectory(folder / RUNS / run.name)
    make_folder(inside.samples)
    recipe = plain(shareable_recipe(run))
    text = seal_toml(tomli_w.dumps(recipe)).encode("utf-8")
    write_inside(inside.path, inside.recipe.name, text)
    if run.directory.metrics.exists():
        write_inside(inside.path, inside.metrics.name, read_regular(run.directory.metrics))
    kept = sorted(path for path in run.directory.samples.glob("[0-9]*.png") if path.stem.isdecimal())
    for path in kept[-1:]:
        write_inside(inside.samples, path.name, read_regular(path))
    changed = {
        "recipe": recipe,
        "recipe_hash": recipe_hash(recipe),
        "files": {inside.recipe.name: hashlib.sha256(text).hexdigest()},
        "kept": {inside.samples.name: tuple(path.name for path in kept[-1:])} if kept else {},
    }
    write_record(inside.record, RunRecord.model_validate(run.record.model_dump() | changed))


def write_generator(path: Path, run: Run) -> tuple[int, Weights]:
    """Write the generator that a run's last score is of; returns its images seen and which weights those are."""
    score = scored_last(run.record)
    weights: Weights = "raw" if score and score.protocol.get("weights") == "raw" else "ema"
    facts = {"run": run.name, "seed": str(run.record.seed), "recipe_hash": recipe_hash(plain(shareable_recipe(run)))}
    if score:
        facts["protocol_id"] = score.protocol_id
    seen = export_safetensors(run, path, weights=weights, at=score.images_seen if score else None, facts=facts)
    return seen, weights
