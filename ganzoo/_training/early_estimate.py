"""Early estimate: after a twentieth of a training, what the whole run will have cost, said once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ganzoo._training.progress import ProgressCallback
from ganzoo._training.step_terms import Losses
from ganzoo._training.time_left import TimeLeft, arithmetic
from ganzoo._training.trainer import Callback, Trainer
from ganzoo.contracts.reporter import Reporter
from ganzoo.scoring.cost import estimate
from ganzoo.scoring.real_data import Inputs
from ganzoo.text import duration

_SHARE = 0.05  # of the images, after which it is said
_SHORTEST_SECONDS = 60.0  # of a training that is worth a line, and the seconds that it takes to time a score


class EarlyEstimate:
    """Says how long a run will take in all, and how many processor hours, its score included.

    Args:
        say: Takes the line.
        trainer: The trainer, where the training begins or goes on.
        clock_left: Predicts the time by the clock; others feed it.
        processors_left: Predicts the time of the processors; fed here.
        scoring_seconds: Measures what the score at the end will take of the processors.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        trainer: Trainer,
        clock_left: TimeLeft,
        processors_left: TimeLeft,
        scoring_seconds: Callable[[], float],
    ) -> None:
        self._say, self._clock_left, self._processors_left = say, clock_left, processors_left
        self._scoring_seconds = scoring_seconds
        self._began, self._worked_before = time.monotonic(), time.process_time()
        self._step_ended = self._worked_before
        self._is_due = trainer.images_seen < _SHARE * trainer.total_images

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        if not self._is_due:
            return
        now, phases = time.process_time(), trainer.course.phases
        phase = next((phase for phase in phases if trainer.images_seen <= phase.end), phases[-1])
        self._processors_left.measured(phase, now - self._step_ended)
        self._step_ended = now
        if trainer.images_seen >= _SHARE * trainer.expected_images:
            self._is_due = False
            self._tell(trainer, now)

    def _tell(self, trainer: Trainer, now: float) -> None:
        left, _ = self._processors_left.predict(trainer.images_seen)
        training = now - self._worked_before + left
        if training < _SHORTEST_SECONDS:
            return
        elapsed = time.monotonic() - self._began
        wall = elapsed + self._clock_left.predict(trainer.images_seen)[0]
        share = max(now - self._worked_before, 1e-9) / max(elapsed, 1e-9)
        scoring = self._scoring_seconds()
        self._say(
            f"{_SHARE:.0%} done: about {duration(wall + scoring / share)} in all, its score included, which is "
            f"{(training + scoring) / 3600:.3g} processor hours"
        )


def progress_callbacks(
    trainer: Trainer, inputs: Inputs, reporter: Reporter, samples: Path, score: Callable[[], str]
) -> tuple[Callback, Callback]:
    """Return what shows a training's progress and what says early how long the run will take.

    Args:
        trainer: The trainer, where the training begins or goes on.
        inputs: Its recipe, images and protocol.
        reporter: Takes both.
        samples: Folder of the grids.
        score: Returns the latest score, as it is shown.
    """
    work, phases = partial(arithmetic, inputs.recipe), trainer.course.phases
    left = TimeLeft(phases, work)

    def scoring_seconds() -> float:
        network, device = trainer.ema.network, inputs.device
        of = inputs.pack, inputs.protocol, inputs.extractor
        return estimate(network, *of, device=device, clock=time.process_time).seconds

    shown = ProgressCallback(reporter.progress("training"), trainer, samples, left, score)
    return shown, EarlyEstimate(reporter.info, trainer, left, TimeLeft(phases, work), scoring_seconds)
