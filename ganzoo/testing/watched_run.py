"""Watched run: a made-up run that a callback is told of, from its first step, and once more where it goes on."""

from __future__ import annotations

import contextlib
import copy
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganzoo._io.append_file import AppendFile
from ganzoo.contracts.callbacks import WatchedRun
from ganzoo.testing.calls import draws
from ganzoo.testing.failure import NotAsked, doing, require

_VALUES = {"discriminator/loss": 1.25, "generator/loss": 0.5, "D(real)": 0.1, "seconds": 2.0, "images_per_second": 8.0}
_SCORES = {"KD-lite0": 12.5, "FD-lite0": 80.0}
_TOTAL = 32
_RECIPE: dict[str, Any] = {"seed": 0, "loss": {"name": "acme-loss"}}


def check_watches(case: Any) -> None:
    """Require that it is told of a run without fault, and leaves all but its own folder as it was."""
    if reason := case.cls.unavailable():
        raise NotAsked(f"it cannot be used here: {reason}")
    folder = _made_up(case.folder)
    outside = {path: path.read_bytes() for path in _files(folder)}
    here = _listed(Path.cwd())
    with contextlib.redirect_stdout(io.StringIO()):  # whatever it tells people is not ours
        _tell(case, folder, 0)
        _tell(case, folder, 16)
        drawn = draws(lambda: _tell(case, _made_up(case.folder), 0))
    require(not drawn, f"draws with {drawn} from torch's global stream, which the training draws from")
    new = sorted(name for name, _, _ in _listed(Path.cwd()) - here)
    require(not new, f"writes outside of its folder, into the working directory: {', '.join(new)}; use run.folder")
    changed = [path.name for path, held in outside.items() if path.read_bytes() != held]
    added = [path.name for path in _files(folder) if path not in outside]
    require(
        not changed and not added,
        f"writes outside of its folder, {', '.join(changed + added)}: the run's folder is sealed; use run.folder or "
        f"run.append_to",
    )


def _listed(folder: Path) -> set[tuple[str, int, int]]:
    """Return name, size and time of what lies in a folder, but for folders, which others may write into meanwhile."""
    found = [(each.name, each.stat()) for each in folder.iterdir() if each.is_file()]
    return {(name, stat.st_size, stat.st_mtime_ns) for name, stat in found}


def _made_up(parent: Path) -> Path:
    """Make a new run's folder in another one."""
    folder = parent / f"run-{len(list(parent.glob('run-*')))}"
    (folder / "callbacks").mkdir(parents=True)
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(folder / "0000000016.png")
    return folder


def _files(folder: Path) -> list[Path]:
    """Return all files of the run but those of callbacks."""
    own = folder / "callbacks"
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_relative_to(own)]


def _tell(case: Any, folder: Path, images_seen: int) -> None:
    own = folder / "callbacks"

    def append_to(name: str) -> AppendFile:
        return AppendFile(own / name)

    with doing("building it"):
        callback = case.cls(case.options)
    before = {path: path.read_bytes() for path in own.rglob("*") if path.is_file()}
    run = WatchedRun("acme-s0", own, copy.deepcopy(_RECIPE), images_seen, _TOTAL, append_to)
    with doing("on_begin(run)"):
        callback.on_begin(run)
    require(
        run.hyper_parameters == _RECIPE,
        "changes run.hyper_parameters, the recipe that other callbacks read too; work on a copy",
    )
    # A process may be killed and the run go on: what was written of its first part must still be there.
    lost = [path.name for path, held in before.items() if not (path.exists() and path.read_bytes().startswith(held))]
    require(
        not lost,
        f"overwrites {', '.join(lost)} where a run goes on; append to it, or name files by run.images_seen",
    )
    for seen in range(images_seen + 8, _TOTAL + 1, 8):
        _step(callback, folder, seen)
    with doing("on_scores(images_seen, scores)"):
        callback.on_scores(_TOTAL, dict(_SCORES))
    with doing("on_end(status)"):
        callback.on_end("finished")


def _step(callback: Any, folder: Path, seen: int) -> None:
    values = dict(_VALUES)
    with doing("on_values(images_seen, values)"):
        callback.on_values(seen, values)
    require(values == _VALUES, "changes the values that it is given; work on a copy: other callbacks read them too")
    grid = folder / "0000000016.png"
    with doing("on_samples(images_seen, grid)"):
        callback.on_samples(seen, grid)
    require(grid.exists(), "deletes the grid of samples that it is shown, which is a picture of the run; copy it")
