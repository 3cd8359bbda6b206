"""Kept samples: the grids that several trainings left of the same latents, side by side; draws nothing anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganzoo._io.os_errors import shown
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import RunRecord, read_record
from ganzoo._runs.sample_grids import SampleGrid, real_grid, sample_grid
from ganzoo.errors import GanzooError
from ganzoo.figures.result import FigureResult
from ganzoo.plotting.panel_grid import Panel, Sheet

NAME = "samples"
_LEAST_SIDE = 256


def side_by_side(runs: Sequence[Path | str], images_seen: Sequence[int] | None = None) -> FigureResult:
    """Draw what several runs kept of their samples, and real images where all learned from the same.

    Each grid shows the latents of its run's seed, which are the same in two runs of one seed whose generators draw
    their latents alike. The title says whether they are.

    Args:
        runs: Their folders, at least one.
        images_seen: Of each run, how many images its network was to have seen; None: the newest grids.

    Raises:
        GanzooError: A run kept no grid so early, or they were named unevenly.
    """
    folders = [RunDirectory.open(Path(run)) for run in runs]
    if not folders or (images_seen is not None and len(images_seen) != len(folders)):
        raise GanzooError(f"{len(folders)} runs were given; name at least one, and as many counts of images as runs")
    records = [read_record(folder.record) for folder in folders]
    ends: Sequence[int | None] = images_seen or [None] * len(folders)
    grids = [sample_grid(folder, at) for folder, at in zip(folders, ends, strict=True)]
    panels = [Panel(grid.pixels, _below(record, grid)) for record, grid in zip(records, grids, strict=True)]
    heads = [record.name for record in records]
    reals = real_grid(folders[0]) if len({_data(record) for record in records}) == 1 else None
    if reals is not None:
        panels.append(Panel(reals, "training images"))
        heads.append("real")
    same = _same(grids)
    side = max(max(panel.pixels.shape[1:]) for panel in panels)
    sheet = Sheet([panels], heads, title=_TITLES[same], scale=-(-_LEAST_SIDE // side))
    facts = [
        {"run": shown(folder.path), "images_seen": grid.images_seen, "latents": grid.latents}
        for folder, grid in zip(folders, grids, strict=True)
    ]
    return FigureResult(NAME, sheet.canvas(), {"grids": facts, "same_latents": same})


_TITLES = {
    True: "The same latents, place by place",
    False: "Not the same latents",
    None: "Samples kept by each training",
}


def _same(grids: Sequence[SampleGrid]) -> bool | None:
    """Whether all grids show the same latents at the same places; None where a file does not say."""
    if len(grids) < 2 or not all(grid.latents for grid in grids):
        return None
    return len({(grid.latents, grid.pixels.shape[1:]) for grid in grids}) == 1


def _below(record: RunRecord, grid: SampleGrid) -> str:
    return f"seed {record.seed}, {grid.images_seen / 1000:,.4g} kimg"


def _data(record: RunRecord) -> str:
    return record.dataset.fingerprint if record.dataset else record.name
