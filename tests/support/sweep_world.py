"""A sweep of three recipes and three seeds, small enough for a test: real parts, and the real OASIS slices if given."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forked import ganzoo_in_child

from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.manifest import list_checkpoints
from ganzoo._runs.record import read_record
from ganzoo._runs.verify import verify_run
from ganzoo._sweep.cells import Cell, cells_of, variants_of
from ganzoo._sweep.engine import Engine, Outcome
from ganzoo._sweep.sweep_file import sweep_settings
from ganzoo._sweep.sweep_folder import SweepFolder
from ganzoo._sweep.work import Place, Work

RECIPE = """
[dataset]
{dataset}
[generator]
name = "dcgan"
width = 4
kernel = 4
latents = "normal"
[discriminator]
name = "dcgan"
width = 4
kernel = 4
normalization = "none"
[loss]
name = "{loss}"
[training]
total_kimg = {kimg}
batch_size = 8
checkpoint_kimg = {checkpoint}
snapshot_kimg = 10
samples_kimg = 10
log_kimg = 0.4
[scoring]
metrics = ["fid"]
generated = 16
reference_images = 16
extractor = {{ name = "random-features" }}
"""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def dataset() -> str:
    data = os.environ.get("GANZOO_DATA")
    slices = Path(data) / "oasis" if data else None
    if slices is None or not slices.is_dir():
        return 'name = "phantom"\nresolution = 16\ncount = 40'
    return f'name = "oasis"\nroot = {json.dumps(str(slices))}\nresolution = 16'


class World:
    """The cells of the sweep, in a folder of its own, and what they came to undisturbed."""

    def __init__(self, folder: Path, *, kimg: float = 0.6, checkpoint: float = 0.08):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for loss in ("logistic", "hinge", "rahinge"):
            text = RECIPE.format(dataset=dataset(), loss=loss, kimg=kimg, checkpoint=checkpoint)
            (folder / f"{loss}.toml").write_text(text)
        self.settings = sweep_settings(
            {"recipes": ["logistic.toml", "hinge.toml", "rahinge.toml"], "seeds": [0, 1, 2]}, "the sweep"
        )
        self.cells = cells_of(variants_of(self.settings, folder), self.settings.seeds)
        self._undisturbed: dict[str, dict[str, str]] = {}

    def undisturbed(self) -> dict[str, dict[str, str]]:
        """SHA-256 of the weights that each cell ends with when nothing happens, by run."""
        if not self._undisturbed:
            place = self.place("undisturbed")
            for cell in self.cells:
                done = ganzoo_in_child(*cell.command(place.runs)[1:], folder=self.folder, **ONE_THREAD)
                assert done.returncode == 0, done.stdout + done.stderr
            self._undisturbed = {cell.run_name: weights(place.runs / cell.run_name) for cell in self.cells}
        return self._undisturbed

    def place(self, name: str) -> Place:
        runs = self.folder / name
        shutil.rmtree(runs, ignore_errors=True)
        return Place(runs, SweepFolder.of(runs, "grid"), "cpu", ONE_THREAD, planned=False)

    def check(self, place: Place, outcomes: dict[str, Outcome] | None = None) -> None:
        """Every cell has ended, once, with the weights that it ends with undisturbed, bit for bit."""
        if outcomes is not None:
            assert outcomes == {cell.run_name: Outcome.DONE for cell in self.cells}
        folders = sorted(path.name for path in place.runs.iterdir() if not path.name.endswith(".sweep"))
        assert folders == sorted(cell.run_name for cell in self.cells)
        for name, expected in self.undisturbed().items():
            assert read_record(place.runs / name / "record.json").status == "finished"
            assert weights(place.runs / name) == expected, f"{name} ends otherwise"
            assert verify_run(place.runs / name) == []

    def log(self, place: Place, cell: Cell) -> str:
        return place.folder.log(cell.run_name).read_text()


def weights(run: Path) -> dict[str, str]:
    newest = list_checkpoints(RunDirectory(run).checkpoints)[0]
    manifest: dict[str, Any] = json.loads((newest / "MANIFEST.json").read_text())
    return {"at": newest.name} | {
        name: entry["sha256"] for name, entry in manifest["files"].items() if name != "state.json"
    }


def in_training(place: Place, words: list[str]) -> str | None:
    """The run that a command line computes, if it is a cell's that is past its first checkpoints and has not ended."""
    if "run" not in words or "--name" not in words:
        return None
    name = f"{words[words.index('--name') + 1]}-s{words[words.index('--seed') + 1]}"
    kept = list_checkpoints(RunDirectory(place.runs / name).checkpoints)
    return (
        name
        if kept and int(kept[0].name) >= 160 and read_record(place.runs / name / "record.json").status == "running"
        else None
    )


def cell_on(place: Place, pids: list[int]) -> str | None:
    """The run in training among some processes."""
    for pid in pids:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if name := in_training(place, words):
            return name
    return None


@dataclass
class Disturbing:
    """A watcher that does something once, as soon as it can: it returns whether it has."""

    disturb: Callable[[], bool]
    done: bool = False

    def started(self, cell: Cell, where: str) -> None:
        print("started", cell.run_name, where)

    def ended(self, cell: Cell, outcome: Outcome, reason: str) -> None:
        print("ended", cell.run_name, outcome, reason)

    def tick(self) -> None:
        self.done = self.done or self.disturb()


def work(world: World, engine: Engine, place: Place, watcher: Disturbing) -> dict[str, Outcome]:
    try:
        return Work(world.cells, engine, place, watcher).run(lambda: 0)
    finally:
        engine.close()
