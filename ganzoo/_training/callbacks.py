"""Callbacks: what happens every so many images: log, samples, snapshots, scores, checkpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ganzoo._inference.generate import draw_latents, generate, to_uint8
from ganzoo._io.atomic import remove_tree
from ganzoo._io.image_grid import write_grid, write_picture
from ganzoo._runs.checkpoint import prune, write_checkpoint
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.manifest import folder_name
from ganzoo._runs.metrics_log import SELECTION
from ganzoo._runs.record import Score
from ganzoo._runs.sample_grids import LATENTS
from ganzoo._training.cadence import Cadence
from ganzoo._training.checkpoint_state import gather
from ganzoo._training.metrics_callback import MetricsCallback
from ganzoo._training.preview_classes import PreviewClasses
from ganzoo._training.selection import is_due
from ganzoo._training.step_terms import Losses
from ganzoo._training.trainer import Trainer
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import RunStopped
from ganzoo.figures.run_curves import write_curves
from ganzoo.scoring.estimates import MetricsFailed


class SamplesCallback:
    """Writes a grid of the EMA generator's images for the same latents each time; of each class, rows with its name."""

    def __init__(
        self, folder: Path, count: int, classes: PreviewClasses | None, seed: int, kimg: float, resolution: int
    ) -> None:
        self._folder, self._classes, self._seed = folder, classes, seed
        self._labels = torch.zeros(count, 0) if classes is None else classes.labels
        self._cadence, self._resolution = Cadence(kimg), resolution
        self.latest: Path | None = None
        self.after_write: Callable[[int, Path], None] | None = None

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        if self._cadence.due(trainer.images_before, trainer.images_seen) or trainer.finished:
            self.write(trainer)

    def write(self, trainer: Trainer) -> None:
        """Write the grid of this moment."""
        trainer.settle()
        count, device = len(self._labels), trainer.game.device
        images = generate(
            # The same latents each time, so that pictures one after the other show what training changed.
            trainer.ema.network,
            count,
            seed=self._seed,
            batch_size=count,
            device=device,
            labels=self._labels,
        )
        pixels: PixelArray = to_uint8(torch.cat(list(images))).cpu().numpy()
        scale = max(1, self._resolution // pixels.shape[-1])  # small ones while growing
        path = self._folder / f"{trainer.images_seen:010d}.png"
        pixels, facts = pixels.repeat(scale, axis=2).repeat(scale, axis=3), {LATENTS: self._latents(trainer)}
        if self._classes is None:
            write_grid(path, pixels, facts=facts)
        else:
            write_picture(path, self._classes.picture(pixels), facts)
        self.latest = path
        if self.after_write:
            self.after_write(trainer.images_seen, path)

    def _latents(self, trainer: Trainer) -> str:
        """Return which latents these are: equal where two networks draw alike for the same seed."""
        first = draw_latents(trainer.ema.network, 0, 1, seed=self._seed)
        return hashlib.sha256(first.numpy().tobytes()).hexdigest()[:16]


class CurvesCallback:
    """Draws all that was measured so far, so that a run's folder can be understood by looking."""

    def __init__(self, directory: RunDirectory, kimg: float) -> None:
        self._directory, self._cadence = directory, Cadence(kimg)

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        if self._cadence.due(trainer.images_before, trainer.images_seen) or trainer.finished:
            write_curves(self._directory)


class SnapshotCallback:
    """Keeps the generator's moving average every so many images, and at the end."""

    def __init__(self, folder: Path, kimg: float) -> None:
        self._folder, self._cadence = folder, Cadence(kimg)

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        if self.due(trainer):
            self.write(trainer)

    def due(self, trainer: Trainer) -> bool:
        """Whether this moment is kept for its own sake."""
        return self._cadence.due(trainer.images_before, trainer.images_seen) or trainer.finished

    def remove(self, images_seen: int) -> None:
        """Drop a snapshot."""
        remove_tree(self._folder / folder_name(images_seen))

    def write(self, trainer: Trainer) -> None:
        """Keep the moving average of this moment."""
        trainer.settle()
        tensors = {"ema": trainer.ema.network.state_dict()}
        write_checkpoint(self._folder, trainer.images_seen, tensors, {"images_seen": trainer.images_seen})


class ScoreCallback:
    """Scores on the way to choose the best snapshot, with another sampling seed than the one reported."""

    def __init__(
        self,
        score: Callable[[Trainer], Sequence[Score]],
        metric: str,
        metrics: MetricsCallback,
        snapshots: SnapshotCallback,
        kimg: float,
        warn: Callable[[str], None],
    ) -> None:
        self._score, self._metric, self._metrics, self._snapshots, self._warn = score, metric, metrics, snapshots, warn
        self._cadence = Cadence(kimg)
        self.best: dict[str, float] | None = None
        self.superseded: list[int] = []  # snapshots that are to go once a checkpoint knows of the better one
        self.latest = ""

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        if not is_due(self._cadence, trainer):
            return
        trainer.settle()
        # The EMA is scored, which is what samples and the final scores show.
        scores = {score.metric: score for score in self._sound_scores(trainer)}
        shown = {f"{SELECTION}{score.name}": score.value * score.scale for score in scores.values()}
        self._metrics.write(trainer.images_seen, shown)
        if self._metric not in scores:
            return
        self.latest = str(scores[self._metric])
        # The best by the metric that ranks; a snapshot of the best is kept even between the regular ones, and the
        # former best goes unless it was regular: after the next checkpoint, since a kill before it would lose both.
        value, sign = scores[self._metric].value, 1 if scores[self._metric].lower_is_better else -1
        if self.best is None or sign * value < sign * self.best["value"]:
            self._snapshots.write(trainer)
            if self.best and not self.best["regular"]:
                self.superseded.append(int(self.best["images_seen"]))
            regular = self._snapshots.due(trainer)
            self.best = {"images_seen": trainer.images_seen, "value": value, "regular": regular}

    def remove_superseded(self) -> None:
        """Drop the snapshots that a better one has replaced."""
        for images_seen in self.superseded:
            self._snapshots.remove(images_seen)
        self.superseded = []

    def _sound_scores(self, trainer: Trainer) -> Sequence[Score]:
        """Return the scores of the metrics that work: a fault in one must not cost the hours of training so far."""
        try:
            return self._score(trainer)
        except MetricsFailed as failure:
            self._warn(f"at {trainer.images_seen:,} images, while choosing the best snapshot: {failure}")
            return failure.scores


class CheckpointCallback:
    """Writes checkpoints; on a stop request it writes one more and ends the run. Must be the last callback."""

    def __init__(self, folder: Path, kimg: float, keep: int, extra: Callable[[], Mapping[str, Any]]) -> None:
        self._folder, self._cadence, self._keep, self._extra = folder, Cadence(kimg), keep, extra
        self.after_write: Callable[[Trainer], None] | None = None

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`. Raises RunStopped when a stop was requested."""
        due = self._cadence.due(trainer.images_before, trainer.images_seen) or trainer.finished
        stop = trainer.stop.requested(trainer.ranks)
        if due or stop:
            self.write(trainer)
        if stop:
            raise RunStopped(f"stopped by {stop} at {trainer.images_seen:,} images, checkpoint written")

    def write(self, trainer: Trainer) -> None:
        """Write a checkpoint of this moment and drop the oldest."""
        trainer.settle()  # no checkpoint of weights that are not finite
        # Written before the older ones go: at no moment is there none to resume from.
        tensors, state = gather(trainer)
        write_checkpoint(self._folder, trainer.images_seen, tensors, state | dict(self._extra()))
        prune(self._folder, self._keep)
        if self.after_write:
            self.after_write(trainer)
