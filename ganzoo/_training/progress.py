"""Training progress: how far, how long it took and will take, losses, the latest score and memory, for a reporter."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ganzoo._runs.provenance import peak_memory_bytes
from ganzoo._training.step_terms import Losses, arrivals
from ganzoo._training.time_left import TimeLeft
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.phase import Phase
from ganzoo.contracts.reporter import Progress
from ganzoo.text import duration

_GIB = 2**30
_SECONDS_BETWEEN = 0.25  # more often is nothing that eyes could follow
_NEW_SHARE = 0.1  # of the newest step in the means that are shown


class ProgressCallback:
    """Shows how the training goes, a few times a second and at its end.

    Args:
        show: Takes what is shown.
        trainer: The trainer, where the training begins or goes on.
        samples: Folder of the grids, the newest of which is named.
        time_left: Predicts the time from what each step took.
        score: Returns the latest score, as it is shown; empty where there is none.
    """

    def __init__(
        self, show: Progress, trainer: Trainer, samples: Path, time_left: TimeLeft, score: Callable[[], str]
    ) -> None:
        self._show, self._samples, self._time_left, self._score = show, samples, time_left, score
        self._began = self._step_ended = time.monotonic()
        self._means: dict[str, float] = {}
        self._unread: deque[Losses] = deque()
        self._shown_at = 0.0
        self._recent = (trainer.images_seen, self._began)

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        # Terms that a GPU still computes are left for a later step: to show them is not worth a pause.
        self._unread.append(losses)
        for arrived in arrivals(self._unread):
            for name, value in arrived.items():
                before = self._means.get(name, value)
                self._means[name] = before + _NEW_SHARE * (value - before)
        now = time.monotonic()
        # From the end of one step to that of the next: with what the run does beside training, which takes time too.
        self._time_left.measured(_phase_of(trainer), now - self._step_ended)
        self._step_ended = now
        if now - self._shown_at > _SECONDS_BETWEEN or trainer.finished:
            self._shown_at = now
            self._show(trainer.images_seen, trainer.expected_images, self._facts(trainer, now))

    def _facts(self, trainer: Trainer, now: float) -> dict[str, str]:
        phase, phases = trainer.phase, trainer.course.phases
        left, is_measured = self._time_left.predict(trainer.images_seen)
        left = max(0.0, min(left, trainer.course.most_seconds - trainer.seconds))
        facts = {
            "elapsed": duration(now - self._began),
            "left": ("" if is_measured else "about ") + duration(left),
            "kimg": f"{trainer.images_seen / 1000:.2f} of {trainer.expected_images / 1000:.2f}",
            "images/s": f"{self._speed(trainer, now):.1f}",
        }
        if len(phases) > 1:
            fading = f", fading in (alpha {phase.alpha(trainer.images_seen):.2f})" if phase.fades else ""
            facts["phase"] = f"{phases.index(phase) + 1} of {len(phases)}, {phase.resolution} pixels{fading}"
        if score := self._score():
            facts["score"] = score
        facts |= {name: f"{value:.3f}" for name, value in self._means.items()}
        facts["memory"] = f"{peak_memory_bytes(trainer.game.device) / _GIB:.1f} GiB"
        newest = max(self._samples.glob("[0-9]*.png"), default=None) if self._samples.exists() else None
        if newest:
            facts["samples"] = str(newest)
        return facts

    def _speed(self, trainer: Trainer, now: float) -> float:
        """Return images per second, of this phase alone where it is not the first one."""
        images, since = self._recent
        phase = _phase_of(trainer)
        if images < phase.start:
            self._recent = images, since = phase.start, now
        return (trainer.images_seen - images) / max(now - since, 1e-9) if trainer.images_seen > images else 0.0


def length_text(trainer: Trainer) -> str:
    """Return how long a training is, for people: its images, or the time that ends it."""
    seconds = trainer.course.most_seconds
    return f"{trainer.total_images:,} images" if seconds == math.inf else duration(seconds)


def _phase_of(trainer: Trainer) -> Phase:
    """Return the phase that the last step belonged to."""
    phases = trainer.course.phases
    return next((phase for phase in phases if trainer.images_seen <= phase.end), phases[-1])
