"""How the training goes, as a person sees it: a live panel on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

from rich.live import Live
from rich.table import Table
from rich.text import Text

from ganzoo._cli.terminal import PLAIN_INTERVAL_SECONDS, Terminal, duration
from ganzoo._runs.provenance import peak_memory_bytes
from ganzoo._training.trainer import Report, Trainer

GIB = 2**30


class ProgressCallback:
    """Shows phase, images, speed, time left, losses, logit means, memory and the newest sample grid."""

    def __init__(self, terminal: Terminal, trainer: Trainer, samples: Path) -> None:
        self._terminal, self._samples = terminal, samples
        self._start_images, self._start_seconds = trainer.images_seen, trainer.seconds
        self._means: dict[str, float] = {}
        self._shown_at = 0.0
        self._live: Live | None = None
        if terminal.console.is_terminal:
            self._live = Live(console=terminal.console, refresh_per_second=4, transient=True)
            self._live.start()

    def on_step_end(self, trainer: Trainer, report: Report) -> None:
        """See `Callback.on_step_end`."""
        for name, value in report.items():
            before = self._means.get(name, value)
            self._means[name] = before + 0.1 * (value - before)
        now = time.monotonic()
        if self._live:
            if now - self._shown_at > 0.25 or trainer.finished:
                self._shown_at = now
                self._live.update(self._panel(trainer))
        elif now - self._shown_at > PLAIN_INTERVAL_SECONDS or trainer.finished:
            self._shown_at = now
            print(self._line(trainer), flush=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live:
            self._live.stop()

    def _speed(self, trainer: Trainer) -> float:
        return (trainer.images_seen - self._start_images) / max(trainer.seconds - self._start_seconds, 1e-9)

    def _facts(self, trainer: Trainer) -> dict[str, str]:
        speed = self._speed(trainer)
        phase, phases = trainer.phase, trainer.schedule.phases
        left = (trainer.total_images - trainer.images_seen) / speed
        facts = {
            "phase": f"{phases.index(phase) + 1} of {len(phases)}, {phase.resolution} pixels",
            "kimg": f"{trainer.images_seen / 1000:.2f} of {trainer.total_images / 1000:.2f}",
            "images/s": f"{speed:.1f}",
            "time left": duration(left),
        }
        if phase.fades:
            facts["alpha"] = f"{phase.alpha(trainer.images_seen):.2f}"
        facts |= {name: f"{value:.3f}" for name, value in self._means.items()}
        facts["memory"] = f"{peak_memory_bytes(trainer.game.device) / GIB:.1f} GiB"
        newest = max(self._samples.glob("[0-9]*.png"), default=None) if self._samples.exists() else None
        if newest:
            facts["samples"] = str(newest)
        return facts

    def _panel(self, trainer: Trainer) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right", style="cyan", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in self._facts(trainer).items():
            table.add_row(Text(name), Text(value))
        return table

    def _line(self, trainer: Trainer) -> str:
        return "  ".join(f"{name} {value}" for name, value in self._facts(trainer).items())
