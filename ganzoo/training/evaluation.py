"""Scoring a run that was trained before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganzoo.errors import RefusedError, RunError
from ganzoo.runs.checkpoint import newest_good
from ganzoo.runs.directory import RunDirectory
from ganzoo.runs.record import Score, read_record, write_record
from ganzoo.training.experiment import check_same_data, recipe_of, score_snapshot, with_scores
from ganzoo.training.inputs import Observer, find_inputs


def score_run(
    path: Path,
    device: str,
    observer: Observer,
    *,
    overrides: Sequence[str] = (),
    at: int | None = None,
    snapshots: bool = False,
    skip_bad: bool = False,
) -> list[Score]:
    """Score a run's newest generator, the one of an age, or every snapshot; the scores are kept in its record.

    Raises:
        RunError: The run has no such generator.
        RefusedError: Another process holds the run, or the data have changed.
    """
    directory = RunDirectory.open(path)
    with directory.lock():
        recipe = recipe_of(directory, overrides)
        if overrides and recipe.training_hash != recipe_of(directory).training_hash:
            raise RefusedError(
                f"--set {' '.join(overrides)} would change what {path} was trained with; a score may only change "
                f"[scoring], such as --set scoring.generated=5000"
            )
        record = read_record(directory.record)
        inputs = find_inputs(recipe, device, observer, skip_bad=skip_bad)
        check_same_data(directory, record, inputs)
        found: list[Score] = []
        for images_seen in ages_of(directory, at, snapshots):
            scores = score_snapshot(directory, images_seen, inputs, inputs.protocol, observer)
            record = with_scores(record, scores)
            write_record(directory.record, record)
            found += scores
    return found


def ages_of(directory: RunDirectory, at: int | None, snapshots: bool = False) -> list[int]:
    """Return the ages that are meant: `at`, each kept snapshot, or the newest.

    Raises:
        RunError: Nothing was kept.
    """
    if at is not None:
        return [at]
    kept = sorted(int(path.name) for path in directory.snapshots.glob("[0-9]*"))
    if snapshots:
        if not kept:
            raise RunError(f"{directory.path} kept no snapshots; training.snapshot_kimg says how often it does")
        return kept
    checkpoint, _ = newest_good(directory.checkpoints)
    if checkpoint is None and kept:
        return kept[-1:]
    if checkpoint is None:
        raise RunError(f"{directory.path} has no intact checkpoint; is its training still before the first one?")
    return [checkpoint.images_seen]
