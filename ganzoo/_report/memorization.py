"""Memorization: what was found of runs by comparing their samples with the images that they learned from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganzoo._io.regular_file import read_regular
from ganzoo._report.page_table import PageTable, text_lines
from ganzoo._report.without_places import without_places

REPORT = "memorization_report"
"""Keyword under which a figure that tests memorization says in its sidecar what it found."""
_MOST_BYTES = 20_000_000

NOT_TESTED = (
    "No run was tested for memorization. ganzoo explore neighbors RUN compares samples with the training images and, "
    "where images were held out, tests whether they are nearer than chance allows; then this report says what it found."
)


def memorization_table(folders: Mapping[str, Path], runs: Sequence[str]) -> PageTable | None:
    """Return what was found of each run; None where none was tested."""
    rows = [
        (
            run,
            _text(found),
            _counts(found),
            f"{found['images_seen'] / 1000:,.4g}" if _is_number(found, "images_seen") else "—",
        )
        for run in runs
        if run in folders
        for found in _reports(folders[run])
    ]
    if not rows:
        return None
    header = ("run", "found", "images compared with", "kimg")
    return PageTable("memorization", "Memorization reports", header, text_lines(rows), frozenset({3}))


def _reports(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((folder / "figures").glob("*.json")):
        try:
            found = json.loads(read_regular(path)) if path.lstat().st_size <= _MOST_BYTES else None
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(found, dict) and isinstance(found.get(REPORT), str):
            yield found


def _text(found: Mapping[str, Any]) -> str:
    return without_places(str(found[REPORT]))


def _counts(found: Mapping[str, Any]) -> str:
    if not _is_number(found, "training_images"):
        return "—"
    held_out = f", {found['held_out_images']:,} held out" if _is_number(found, "held_out_images") else ""
    return f"{found['training_images']:,} training{held_out}"


def _is_number(found: Mapping[str, Any], key: str) -> bool:
    return isinstance(found.get(key), int) and not isinstance(found[key], bool)
