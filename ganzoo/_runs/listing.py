"""Listing of runs: what each came to, in a line, from its record alone. Knows no torch."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganzoo._io.lock import holder_of
from ganzoo._runs.directory import RunDirectory, find_runs
from ganzoo._runs.record import RunRecord, Score, ranking_metric, read_record
from ganzoo.errors import GanzooError


@dataclass(frozen=True)
class ListedRun:
    """A run in a list.

    Attributes:
        path: Its folder.
        status: As its record says; `interrupted` where it says that it runs and nobody is at it, `damaged` where the
            record cannot be read.
        images_seen: Real images shown to the discriminator.
        total_images: Of the whole training; 0 where that is not known.
        best: Its best score under the protocol that it was scored with last, by the metric that ranks; None: no score.
        age_seconds: Since its record was written.
        size_bytes: Of all its files.
        tags: Words that people gave it.
        holder: Who is at it.
        message: Why it failed or was stopped.
    """

    path: Path
    status: str
    images_seen: int = 0
    total_images: int = 0
    best: Score | None = None
    age_seconds: float = 0.0
    size_bytes: int = 0
    tags: tuple[str, ...] = ()
    holder: str = ""
    message: str = ""


def list_runs(paths: Sequence[Path]) -> list[ListedRun]:
    """Return the runs that `paths` are or contain, newest first. Raises GanzooError where a path is neither."""
    return sorted((listed(path) for path in find_runs(paths)), key=lambda run: (run.age_seconds, str(run.path)))


def listed(path: Path) -> ListedRun:
    """Return one run as a list shows it."""
    run, size = RunDirectory(path), size_of_tree(path)
    holder = holder_of(run.lock_file, run.leases) or ""
    try:
        age = max(0.0, time.time() - (run.record if run.record.exists() else path).stat().st_mtime)
    except OSError:
        age = 0.0
    try:
        record = read_record(run.record)
    except GanzooError as error:
        return ListedRun(path, "damaged", age_seconds=age, size_bytes=size, holder=holder, message=str(error))
    status = "interrupted" if record.status == "running" and not holder else record.status
    return ListedRun(
        path=path,
        status=status,
        images_seen=record.images_seen,
        total_images=_total_images(record),
        best=best_score(record),
        age_seconds=age,
        size_bytes=size,
        tags=record.tags,
        holder=holder,
        message=record.message,
    )


def best_score(record: RunRecord) -> Score | None:
    """Return the best of the scores that may be compared with each other: of one protocol, metric and settings."""
    reported = [score for score in record.scores if score.purpose == "report" and score.dataset is None]
    if not reported:
        return None
    same = [score for score in reported if score.protocol_id == reported[-1].protocol_id]
    counts = [score.protocol.get(key) for score in same for key in ("generated", "reference_images")]
    images = min((count for count in counts if isinstance(count, int)), default=None)
    metric = ranking_metric({score.metric: score.images_needed for score in same}, images)
    newest = [score for score in same if score.metric == metric][-1]
    alike = [score for score in same if (score.metric, score.settings_id) == (metric, newest.settings_id)]
    return min(alike, key=lambda score: score.value if score.lower_is_better else -score.value)


def _total_images(record: RunRecord) -> int:
    training = record.recipe.get("training")
    kimg = training.get("total_kimg") if isinstance(training, dict) else None
    return round(1000 * kimg) if isinstance(kimg, int | float) else 0


def size_of_tree(path: Path) -> int:
    """Return the size of all files below a folder in bytes; links are not followed."""
    size = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                found = os.lstat(os.path.join(folder, name))
            except OSError:  # just removed
                continue
            size += found.st_size if stat.S_ISREG(found.st_mode) else 0
    return size
