"""Kept entries: checkpoints, snapshots and sample images that a record vouches for, and which of them are gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ganzoo._io.os_errors import shown
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.manifest import folder_name, list_checkpoints


def kept_in(run: RunDirectory, superseded: Collection[int] = ()) -> dict[str, tuple[str, ...]]:
    """Return the names of what is in a run's folders now, by folder, without snapshots about to be removed."""
    going = {folder_name(images_seen) for images_seen in superseded}
    found = {
        run.checkpoints.name: {path.name for path in list_checkpoints(run.checkpoints)},
        run.snapshots.name: {path.name for path in list_checkpoints(run.snapshots)} - going,
        run.samples.name: {path.name for path in run.samples.glob("[!.]*.png")},
    }
    return {folder: tuple(sorted(names)) for folder, names in found.items() if names}


def missing(run: RunDirectory, kept: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Yield a sentence for each entry that a record vouches for and that is gone.

    Of the checkpoints the older ones go as newer ones are written, which a run that was killed had no time to record.
    """
    for folder in (run.checkpoints, run.snapshots, run.samples):
        recorded = kept.get(folder.name, ())
        there = {path.name for path in folder.glob("*")}
        for name in sorted(set(recorded) - there):
            newer = [path for path in list_checkpoints(folder) if path.name > name]
            if folder != run.checkpoints or len(newer) < len(recorded):
                yield f"{shown(_plain(folder, name))} is missing: the record vouches for it."


def _plain(folder: Path, name: str) -> Path:
    return folder / Path(name).name
