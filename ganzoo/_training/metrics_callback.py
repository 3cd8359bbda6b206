"""Metrics callback: means of each term since the last line, in metrics.jsonl and wherever else people want them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from ganzoo._runs.metrics_log import MetricsLog
from ganzoo._training.cadence import Cadence
from ganzoo._training.step_terms import Losses, arrivals
from ganzoo._training.trainer import Trainer


class Tracker(Protocol):
    """A place for numbers beside metrics.jsonl, such as TensorBoard event files."""

    def log(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Take values measured at a point of training."""


class MetricsCallback:
    """Writes the mean of each term since the last line, and the speed."""

    def __init__(self, log: MetricsLog, trackers: list[Tracker], kimg: float) -> None:
        self._log, self._trackers, self._cadence = log, trackers, Cadence(kimg)
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._unread: deque[Losses] = deque()

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        # Means over all steps since the last line, not the last step's values: single steps of a GAN are noise.
        self._unread.append(losses)
        is_due = self._cadence.due(trainer.images_before, trainer.images_seen) or trainer.finished
        self._add(wait=is_due)
        if is_due:
            means = {name: total / self._counts[name] for name, total in self._sums.items()}
            self._sums, self._counts = {}, {}
            self.write(trainer.images_seen, means | {"seconds": trainer.seconds})

    def _add(self, *, wait: bool) -> None:
        """Add to the sums the terms that have arrived, or all."""
        for name, value in (term for losses in arrivals(self._unread, wait=wait) for term in losses.items()):
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1

    def write(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Write one line now, in all places."""
        self._log.append(images_seen, values)
        for tracker in self._trackers:
            tracker.log(images_seen, values)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: where the log stands, and the sums since its last line."""
        self._add(wait=True)
        return {"metrics": self._log.position(), "sums": self._sums, "counts": self._counts}

    def forget(self) -> None:
        """Begin with an empty log."""
        self._log.truncate_to(0)

    def restore(self, state: Mapping[str, Any]) -> str | None:
        """Go back to a checkpoint's line; returns a complaint where lines before it are lost."""
        self._sums, self._counts = dict(state["sums"]), dict(state["counts"])
        # Lines after the checkpoint are cut off: the resumed run writes them again.
        return self._log.truncate_to(int(state["metrics"]["offset"]), str(state["metrics"]["sha256"]))
