"""Session: one run trained in its folder. Restores, calls back, keeps the record true, survives signals."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from ganzoo._inference.run_files import RunFiles
from ganzoo._io.append_file import AppendFile
from ganzoo._random.seeds import seed_for
from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.kept import kept_in
from ganzoo._runs.metrics_log import MetricsLog
from ganzoo._runs.provenance import peak_memory_bytes
from ganzoo._runs.record import RunRecord, ranking_metric
from ganzoo._training.build import build_trainer
from ganzoo._training.callbacks import (
    CheckpointCallback,
    CurvesCallback,
    SamplesCallback,
    ScoreCallback,
    SnapshotCallback,
)
from ganzoo._training.checkpoint_state import not_finite, parameter_counts, restore, training_hash_of
from ganzoo._training.crash import crash
from ganzoo._training.early_estimate import progress_callbacks
from ganzoo._training.first_pictures import write_first_pictures
from ganzoo._training.follower import beginning
from ganzoo._training.metrics_callback import MetricsCallback
from ganzoo._training.preview_classes import preview_classes, preview_count
from ganzoo._training.progress import length_text
from ganzoo._training.run_log import without_home
from ganzoo._training.selection import selection_scores
from ganzoo._training.signals import on_stop_signal
from ganzoo._training.step_terms import Diverged
from ganzoo._training.trainer import Callback, Trainer
from ganzoo._training.warm_start import begin_from
from ganzoo._training.watchers import Watchers
from ganzoo._training.world import World
from ganzoo.contracts.reporter import Reporter
from ganzoo.data.stream.order import Reader
from ganzoo.errors import GanzooError, ProcessEnded, RunError, RunStopped, TakenOverError
from ganzoo.scoring.real_data import Inputs


class Session:
    """Trains one run. The caller holds the run's lock."""

    def __init__(
        self,
        run: RunFiles,
        inputs: Inputs,
        record: RunRecord,
        reporter: Reporter,
        watchers: Watchers | None = None,
        world: World | None = None,
    ) -> None:
        self.world = world or World(str(inputs.device))
        self.run, self.directory, self.inputs, self.record, self.reporter = run, run.directory, inputs, record, reporter
        self.watchers = watchers or Watchers((), reporter.warning)
        self._closers = ExitStack()

    def train(self, callbacks: Sequence[Callback] = ()) -> None:
        """Train to the end, from the newest good checkpoint if there is one; `callbacks` come before the session's own.

        Raises:
            RunStopped: A signal stopped the run after a checkpoint.
            RunError: A loss or weight is not finite, the disk is full, a part failed: the record says which.
        """
        with self._closers:
            trainer = self._trainer()
            self.world.ranks.told(beginning(self.directory.path, self._began_at, has_ended=trainer.finished))
            if not trainer.finished:
                trainer.callbacks[:0] = [*self._progress(trainer), *callbacks]
                self._update(status="running", message="", hardware=self.record.hardware | self.world.facts())
                self._run(trainer)
            if self.record.status != "finished":
                self._update(status="finished", message="", **self._measured(trainer))

    def _run(self, trainer: Trainer) -> None:
        try:
            with on_stop_signal(self._request_stop):
                trainer.run()
            if trainer.stop.heard:  # it came after the last checkpoint
                raise RunStopped(f"stopped by {trainer.stop.heard} after the training had ended")
        except RunStopped as stopped:
            self._update(status="stopped", message=str(stopped), **self._measured(trainer))
            raise RunStopped(f"{stopped}; resume with: ganzoo resume {self.directory.path}") from None
        except TakenOverError:  # it goes on elsewhere: there is nothing to record here
            raise
        except ProcessEnded as error:
            raise self._failed(trainer, RunError(self.world.reason())) from error
        except GanzooError as error:
            raise self._failed(trainer, error) from error
        except Exception as error:
            self._log_traceback()
            raise self._failed(trainer, crash(error, self.inputs, trainer.phase)) from error

    def _progress(self, trainer: Trainer) -> tuple[Callback, ...]:
        self.reporter.info(f"training {self.directory.path}: {length_text(trainer)} on {trainer.game.device}")
        if warning := trainer.game.arithmetic.slow_on(trainer.game.device):
            self.reporter.warning(warning)
        return progress_callbacks(trainer, self.inputs, self.reporter, self.directory.samples, self._latest_score)

    def _latest_score(self) -> str:
        return self._scores.latest if self._scores else ", ".join(map(str, self.record.scores[-1:]))

    def _trainer(self) -> Trainer:
        inputs, recipe = self.inputs, self.inputs.recipe
        ranks = self.world.ranks
        reals, fresh = (inputs.stream(each, self._closers, Reader(0, ranks.size)) for each in ("real", "fresh"))
        trainer = build_trainer(recipe, inputs.pack.spec, inputs.device, reals, fresh, ranks=ranks)
        self._stop = trainer.stop
        checkpoint, damaged = newest_good(self.directory.checkpoints)
        for complaint in damaged:
            self.reporter.warning(complaint)
        if damaged and checkpoint is None:
            raise RunError(f"no checkpoint of {self.directory.path} is intact; start the run again")
        self._began_at = checkpoint.images_seen if checkpoint else None
        self._listen(trainer, self._began_at or 0)
        if checkpoint:
            self._restore(trainer, checkpoint.tensors, checkpoint.state)
        else:
            self._metrics.forget()  # what a run killed before its first checkpoint had measured
            begin_from(trainer, self.directory, recipe)
            write_first_pictures(trainer, inputs, self.directory, self.samples)
        return trainer

    def _listen(self, trainer: Trainer, images_seen: int) -> None:
        settings, directory, spec = self.inputs.recipe.training, self.directory, self.inputs.pack.spec
        directory.sweep()
        log = self._closers.enter_context(MetricsLog(directory.metrics))
        self.watchers.begin(directory, self.inputs.recipe.plain(), images_seen, trainer.total_images)
        self._metrics = MetricsCallback(log, [self.watchers], settings.log_kimg)
        snapshots = SnapshotCallback(directory.snapshots, settings.snapshot_kimg)
        count = preview_count(spec, settings.preview_images)
        self.samples = SamplesCallback(
            directory.samples,
            count,
            preview_classes(spec, self.inputs.pack.class_names, count),
            seed_for(self.inputs.recipe.seed, "samples"),
            settings.samples_kimg,
            spec.resolution,
        )
        self.samples.after_write = self.watchers.samples
        self._scores = None
        trainer.callbacks += [self._metrics, self.samples, snapshots]
        if settings.score_kimg:
            ranking, warn = primary_metric(self.inputs), self.reporter.warning
            scores = partial(selection_scores, inputs=self.inputs)
            self._scores = ScoreCallback(scores, ranking, self._metrics, snapshots, settings.score_kimg, warn)
            trainer.callbacks.append(self._scores)
        trainer.callbacks.append(CurvesCallback(directory, settings.samples_kimg))
        self._checkpoints = CheckpointCallback(
            directory.checkpoints, settings.checkpoint_kimg, settings.keep_checkpoints, self._extra_state
        )
        self._checkpoints.after_write = self._written
        # Last, so that a checkpoint holds what the others wrote in the same step.
        trainer.callbacks.append(self._checkpoints)

    def _restore(self, trainer: Trainer, tensors: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        only_longer = state.get("dynamics_hash") == self.inputs.recipe.dynamics_hash
        if training_hash_of(state, self.directory.path) != self.inputs.recipe.training_hash and not only_longer:
            raise RunError(
                f"the checkpoints of {self.directory.path} were made by another recipe than its recipe.toml; "
                f"start a new run"
            )
        for warning in restore(trainer, tensors, state):
            self.reporter.warning(warning)
        if complaint := self._metrics.restore(state["log"]):
            self.reporter.warning(complaint)
        if self._scores and state.get("best"):
            self._scores.best = dict(state["best"])
            self._scores.superseded = list(state["superseded"])
            self._scores.remove_superseded()
        self.reporter.info(f"resuming at {trainer.images_seen:,} of {trainer.expected_images:,} images")

    def _extra_state(self) -> dict[str, Any]:
        recipe = self.inputs.recipe
        return {
            "training_hash": recipe.training_hash,
            "dynamics_hash": recipe.dynamics_hash,
            "log": self._metrics.state(),
            "metrics": self._metrics.state()["metrics"],
            "best": self._scores.best if self._scores else None,
            "superseded": self._scores.superseded if self._scores else [],
        }

    def _written(self, trainer: Trainer) -> None:
        """Record a checkpoint; only then goes what neither it nor the record holds any more."""
        self._update(**self._measured(trainer))
        if self._scores:
            self._scores.remove_superseded()

    def _request_stop(self, signal_name: str) -> None:
        self._stop.heard = signal_name
        with suppress(RuntimeError):  # the signal may come in the middle of another line
            self.reporter.info(f"{signal_name}: finishing this step and writing a checkpoint (again to end at once)")

    def _log_traceback(self) -> None:
        with suppress(GanzooError):
            log = AppendFile(self.directory.log)
            log.append(without_home(traceback.format_exc()).encode("utf-8", "backslashreplace"))
            log.close()

    def _failed(self, trainer: Trainer, error: GanzooError) -> RunError:
        if (culprit := not_finite(trainer)) and not isinstance(error, Diverged):
            error = Diverged(f"{culprit} at step {trainer.steps} ({trainer.images_seen:,} images seen): {error}")
        status = "diverged" if isinstance(error, Diverged) else "failed"
        checkpoint, _ = newest_good(self.directory.checkpoints)
        last = f"the last good checkpoint is {checkpoint.path}" if checkpoint else "no checkpoint had been written yet"
        text = f"{str(error).rstrip('.')}; {last}"
        with suppress(GanzooError):  # the disk may be full: what failed first is what is reported
            self._update(status=status, message=text, **self._measured(trainer))
        return RunError(f"run {self.directory.name} {status}: {text}")

    def _measured(self, trainer: Trainer) -> dict[str, Any]:
        best = self._scores.best if self._scores else None
        return {
            "images_seen": trainer.images_seen,
            "seconds": trainer.seconds,
            "peak_memory_bytes": max(self.record.peak_memory_bytes, peak_memory_bytes(trainer.game.device)),
            "parameters": parameter_counts(trainer),
            "best_images_seen": int(best["images_seen"]) if best else None,
            "hardware": self.record.hardware | self.world.pace(trainer.images_seen - (self._began_at or 0)),
            "kept": kept_in(self.directory, self._scores.superseded if self._scores else ()),
        }

    def _update(self, **changes: Any) -> None:
        self.record = self.record.model_copy(update=changes)
        self.run.write_record(self.record)


def primary_metric(inputs: Inputs) -> str:
    """Return the metric that chooses the best snapshot: the one that ranks."""
    protocol = inputs.protocol
    needed = {key: metric.images_needed() for metric in protocol.metrics for key in metric.values}
    return ranking_metric(needed, min(protocol.generated, protocol.reference_images))
