"""Recipes and runs small enough to train in a test, with nothing made up: real parts, real folders, real signals."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import torch

from ganzoo._inference.run import Run
from ganzoo._recipe.load import validate
from ganzoo._recipe.recipe import Recipe
from ganzoo._registry.registry import Registry
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import read_record
from ganzoo._training.build import build_trainer
from ganzoo._training.experiment import resume_run, run_recipe
from ganzoo.contracts.reporter import Silent
from ganzoo.scoring.real_data import find_inputs

TINY = {
    "seed": 3,
    "dataset": {"name": "tiny", "resolution": 8, "count": 40},
    "generator": {"name": "tiny"},
    "discriminator": {"name": "tiny"},
    "loss": {"name": "tiny"},
    "regularizers": [],
    "training": {"total_kimg": 0.064, "batch_size": 8, "log_kimg": 0.016, "checkpoint_kimg": 0.016},
    "scoring": {
        "metrics": ["fid"],
        "generated": 8,
        "reference_images": 8,
        "extractor": {"name": "random-features"},
    },
}
DCGAN = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 40},
    "generator": {"name": "dcgan", "width": 4, "kernel": 4, "latents": "normal"},
    "discriminator": {"name": "dcgan", "width": 4, "kernel": 4, "normalization": "none"},
    "loss": {"name": "logistic"},
}
GROWING = {
    "generator": {"name": "tiny-growable"},
    "discriminator": {"name": "tiny-growable"},
    "training": {
        "total_kimg": 0.112,
        "growth": {
            "start_resolution": 4,
            "stable_kimg": 0.032,
            "fade_kimg": 0.04,
            "batch_size": {"4": 16},
            "learning_rate": {"8": 0.0001},
        },
    },
}


GROWING_BY_EPOCHS = {
    "dataset": {"name": "tiny", "resolution": 16, "count": 40},
    "generator": {"name": "tiny-growable"},
    "discriminator": {"name": "tiny-growable"},
    "training": {
        "total_kimg": None,
        "growth": {
            "order": "fade-first",
            "epochs": {"4": 2, "8": 2, "16": 1.5},
            "fade_share": 0.55,
            "batch_size": {"4": 16},
            "learning_rate": {"8": 0.0001, "16": 0.0003},
        },
    },
}


def merged(*layers: dict) -> dict:
    """Lay recipes over each other; a table that names another part replaces the one below."""
    result: dict = {}
    for layer in layers:
        for key, value in layer.items():
            below = result.get(key)
            if isinstance(value, dict) and isinstance(below, dict) and "name" not in value:
                result[key] = merged(below, value)
            else:
                result[key] = deepcopy(value)
    return result


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder for runs, in memory where the system has such: each checkpoint syncs, and many are written."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder) / "runs"


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """Install the plugin `tiny_parts` for the length of the block, as pip would: by its metadata."""
    metadata = folder / "tiny_parts-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-parts\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[ganzoo]\ntiny = tiny_parts\n")
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def recipe_of(*layers: dict) -> Recipe:
    return validate(merged(TINY, *layers), Registry.discover(), "recipe")


class Quiet(Silent):
    """A reporter that remembers messages."""

    def __init__(self):
        self.said: list[str] = []

    def info(self, text: str) -> None:
        self.said.append(text)

    warning = info


def trainer_of(*layers: dict, reals=None):
    """A trainer without a run: what the mathematics is tested on."""
    recipe = recipe_of(*layers)
    inputs = find_inputs(recipe, "cpu", Quiet())
    reals = reals or inputs.batches("real")
    return build_trainer(recipe, inputs.pack.spec, inputs.device, reals, inputs.batches("fresh"))


class _Stopper:
    def __init__(self, at: int, number: int = signal.SIGTERM):
        self.at, self.number = at, number

    def on_step_end(self, trainer, losses):
        if trainer.images_seen >= self.at:
            os.kill(os.getpid(), self.number)


def stop_at(images_seen: int):
    """A callback that sends this process a real SIGTERM once so many images were seen."""
    return _Stopper(images_seen)


def start(root: Path, recipe: Recipe, *callbacks, reporter=None, again: bool = False, **more) -> RunDirectory:
    reporter, registry = reporter or Quiet(), Registry.discover()
    more |= {"device": "cpu", "reporter": reporter, "resume": again, "callbacks": callbacks}
    return run_recipe("tiny", recipe, root, registry, **more).directory


def go_on(path: Path, *overrides: str, reporter=None, callbacks=(), watching=()) -> RunDirectory:
    run = Run(path)
    resume_run(
        run, device="cpu", reporter=reporter or Quiet(), overrides=overrides, callbacks=callbacks, watching=watching
    )
    return run.directory


def only_run(root: Path) -> RunDirectory:
    (path,) = root.iterdir()
    return RunDirectory(path)


def hashes(directory: RunDirectory) -> dict[str, str]:
    """SHA-256 of every tensor file of the newest checkpoint, from its manifest."""
    newest = max(directory.checkpoints.iterdir())
    manifest = json.loads((newest / "MANIFEST.json").read_text())
    files = manifest.get("files") or manifest["body"]["files"]
    return {"age": newest.name} | {name: entry["sha256"] for name, entry in files.items() if name != "state.json"}


def metrics_of(directory: RunDirectory) -> list[dict]:
    """The lines of metrics.jsonl without the seconds, which no two runs share."""
    lines = [json.loads(line) for line in directory.metrics.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def status_of(directory: RunDirectory) -> str:
    return read_record(directory.record).status


def leftovers(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob(".tmp-*"))


def weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
