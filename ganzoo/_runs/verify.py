"""Verification of every file of a run that carries a checksum. Knows no torch, changes nothing, takes no lock."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganzoo._io.os_errors import shown
from ganzoo._io.png_check import png_damage
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.kept import missing
from ganzoo._runs.manifest import damage, foreign_entries, list_checkpoints, read_bytes
from ganzoo._runs.plain_data import plain
from ganzoo._runs.record import RunRecord, read_record, recipe_hash
from ganzoo._runs.sealed_toml import require_seal
from ganzoo.errors import GanzooError, RunError

_ATTEMPTS = 5


def verify_run(path: Path) -> list[str]:
    """Return all problems found in a run, a sentence each; nothing if it is intact.

    Checked are the record against its checksum, the recipe against its own and the record, every checkpoint and
    snapshot against its manifest, the metrics against the newest intact checkpoint, sample images against their CRCs,
    and that all is there that the record vouches for. Beside a trainer that writes meanwhile, it is looked again.

    Raises:
        GanzooError: There is no run at `path`.
    """
    run, problems = RunDirectory.at(path), list[str]()
    for _ in range(_ATTEMPTS):
        before = _written(run)
        problems = run.misplaced() or list(_problems(run))
        if not problems or _written(run) == before:
            break  # what is wrong is so by itself, and not because a trainer was at work
    return problems


def _written(run: RunDirectory) -> tuple[object, ...]:
    """Return what changes whenever a trainer has written a checkpoint or a record."""
    names = [path.name for folder in (run.checkpoints, run.snapshots) for path in list_checkpoints(folder)]
    try:
        return (*names, run.record.lstat().st_mtime_ns)
    except OSError:
        return (*names, None)


def _problems(run: RunDirectory) -> Iterator[str]:
    yield from _record_problems(run)
    newest: Path | None = None
    for folder in (run.checkpoints, run.snapshots, run.initial):
        for checkpoint in list_checkpoints(folder):
            found = damage(checkpoint)
            if found and not checkpoint.exists():
                continue  # a trainer has just removed it; a record that vouches for it has said so above
            yield from found
            if folder == run.checkpoints and newest is None and not found:
                newest = checkpoint
        yield from (f"{shown(entry)} is no checkpoint." for entry in foreign_entries(folder))
    if newest is not None:
        yield from _metrics_problems(run, newest)
    yield from _sample_problems(run.samples)


def _record_problems(run: RunDirectory) -> Iterator[str]:
    try:
        record = read_record(run.record)
    except GanzooError as error:
        yield str(error)
        return
    if record.recipe_hash and recipe_hash(record.recipe) != record.recipe_hash:
        yield f"{shown(run.record)}: the recipe is not the one that the run was started with (its hash differs)."
    yield from _recipe_problems(run, record)
    yield from missing(run, record.kept)
    if record.initial and not list_checkpoints(run.initial):
        yield f"{shown(run.initial)} is missing: it holds the weights that the run began from."
    for name, expected in record.files.items():
        yield from _file_problems(run.path, name, expected)


def _recipe_problems(run: RunDirectory, record: RunRecord) -> Iterator[str]:
    path = run.networks if record.status == "imported" else run.recipe
    try:
        text = read_bytes(path).decode("utf-8")
        require_seal(text, path)
        found: Mapping[str, Any] = tomllib.loads(text)
    except RunError as error:
        yield str(error)
    except (ValueError, RecursionError) as error:
        yield f"{shown(path)} is damaged: {error}."
    else:
        if plain(found) != record.recipe:
            yield f"{shown(path)} is not what the run was started with."


def _file_problems(root: Path, name: str, expected: str) -> Iterator[str]:
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        yield f"{shown(root / 'record.json')} names a file outside of the run: {shown(name)}."
        return
    try:
        if hashlib.sha256(read_bytes(root / path)).hexdigest() != expected:
            yield f"{shown(root / path)} is damaged: its content does not match the record."
    except RunError as error:
        yield str(error)


def _metrics_problems(run: RunDirectory, checkpoint: Path) -> Iterator[str]:
    """The log may have grown since the checkpoint; up to there it is what it was."""
    try:
        position = json.loads(read_bytes(checkpoint / "state.json")).get("metrics")
    except RunError:  # a trainer has just removed it
        return
    if not isinstance(position, dict) or not isinstance(position.get("offset"), int):
        return
    try:
        data = read_bytes(run.metrics)
    except RunError as error:
        yield str(error)
        return
    offset = position["offset"]
    if len(data) < offset:
        yield f"{shown(run.metrics)} is cut: {len(data):,} bytes, at the checkpoint it had {offset:,}."
    elif hashlib.sha256(data[:offset]).hexdigest() != position.get("sha256"):
        yield f"{shown(run.metrics)} is damaged before byte {offset:,}: it does not match its checksum."


def _sample_problems(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.png")):
        try:
            problem = png_damage(read_bytes(path))
        except RunError as error:
            yield str(error)
            continue
        if problem:
            yield f"{shown(path)} is damaged: {problem}."
