"""Training progress: phase, images, speed, time left, losses and memory, for a reporter."""

from __future__ import annotations

import time
from pathlib import Path

from ganzoo._runs.provenance import peak_memory_bytes
from ganzoo._training.trainer import Losses, Trainer
from ganzoo.contracts.reporter import Progress
from ganzoo.text import duration

_GIB = 2**30
_SECONDS_BETWEEN = 0.25  # more often is nothing that eyes could follow
_NEW_SHARE = 0.1  # of the newest step in the means that are shown


class ProgressCallback:
    """Shows how the training goes, a few times a second and at its end."""

    def __init__(self, show: Progress, trainer: Trainer, samples: Path) -> None:
        self._show, self._samples = show, samples
        self._start_images, self._start_seconds = trainer.images_seen, trainer.seconds
        self._means: dict[str, float] = {}
        self._shown_at = 0.0

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        for name, value in losses.items():
            before = self._means.get(name, value)
            self._means[name] = before + _NEW_SHARE * (value - before)
        now = time.monotonic()
        if now - self._shown_at > _SECONDS_BETWEEN or trainer.finished:
            self._shown_at = now
            self._show(trainer.images_seen, trainer.total_images, self._facts(trainer))

    def _facts(self, trainer: Trainer) -> dict[str, str]:
        seconds = max(trainer.seconds - self._start_seconds, 1e-9)
        speed = max(trainer.images_seen - self._start_images, 1) / seconds
        phase, phases = trainer.phase, trainer.schedule.phases
        facts = {
            "phase": f"{phases.index(phase) + 1} of {len(phases)}, {phase.resolution} pixels",
            "kimg": f"{trainer.images_seen / 1000:.2f} of {trainer.total_images / 1000:.2f}",
            "images/s": f"{speed:.1f}",
            "time left": duration((trainer.total_images - trainer.images_seen) / speed),
        }
        if phase.fades:
            facts["alpha"] = f"{phase.alpha(trainer.images_seen):.2f}"
        facts |= {name: f"{value:.3f}" for name, value in self._means.items()}
        facts["memory"] = f"{peak_memory_bytes(trainer.game.device) / _GIB:.1f} GiB"
        newest = max(self._samples.glob("[0-9]*.png"), default=None) if self._samples.exists() else None
        if newest:
            facts["samples"] = str(newest)
        return facts
