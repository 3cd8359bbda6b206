"""Scoring a run that was trained before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganzoo._inference.load import ages_of, recipe_of
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import Score, read_record, with_scores, write_record
from ganzoo.errors import RefusedError
from ganzoo.scoring.real_data import Observer, check_same_data, find_inputs, score_snapshot


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
