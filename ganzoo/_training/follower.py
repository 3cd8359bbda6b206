"""Follower: what every process but the first does of a training. It writes and prints nothing, and ends with the first.

The first process owns the run: it says which folder and checkpoint to begin from, and takes the steps with the others.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from ganzoo._inference.run import Run
from ganzoo._registry.registry import Registry
from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.directory import RunDirectory
from ganzoo._training.build import build_trainer
from ganzoo._training.checkpoint_state import restore
from ganzoo._training.signals import on_stop_signal
from ganzoo._training.step_terms import Diverged, Losses
from ganzoo._training.trainer import Trainer
from ganzoo._training.warm_start import begin_from
from ganzoo._training.world import World
from ganzoo.contracts.reporter import SILENT
from ganzoo.data.stream.order import Reader
from ganzoo.errors import GanzooError, ProcessEnded, RunError, RunStopped
from ganzoo.scoring.real_data import find_inputs

_NEW = -1


def beginning(path: Path, images_seen: int | None) -> str:
    """Return what the first process tells the others: the run, and the checkpoint that all begin from."""
    return f"{_NEW if images_seen is None else images_seen} {path.absolute()}"


def follow(world: World, registry: Registry) -> NoReturn:
    """Train along with the first process, and end as it does."""
    code = 0
    try:
        if told := world.ranks.told():
            images_seen, _, path = told.partition(" ")
            _train_along(Run(RunDirectory.at(Path(path)), registry=registry), int(images_seen), world)
    except (RunStopped, Diverged) as error:  # the first process has found the same
        code = error.exit_code
    except ProcessEnded as error:  # whoever ended has a reason, and says it
        code = error.exit_code
    except GanzooError as error:
        world.report(str(error))
        code = error.exit_code
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        world.report(f"{type(error).__name__}: {lines[0][:300]}")
        code = 1
    raise SystemExit(code)


def _train_along(run: Run, images_seen: int, world: World) -> None:
    inputs = find_inputs(run.recipe, world.device, SILENT, record=run.record)
    reader = Reader(world.ranks.rank, world.ranks.size)
    with ExitStack() as closers:
        reals, fresh = (inputs.stream(name, closers, reader) for name in ("real", "fresh"))
        trainer = build_trainer(inputs.recipe, inputs.pack.spec, inputs.device, reals, fresh, ranks=world.ranks)
        _begin(trainer, run, images_seen)
        trainer.callbacks.append(_Stopping())
        with on_stop_signal(lambda name: setattr(trainer.stop, "heard", name)):
            trainer.run()


def _begin(trainer: Trainer, run: Run, images_seen: int) -> None:
    if images_seen == _NEW:
        begin_from(trainer, run.directory, run.recipe)
        return
    checkpoint, _ = newest_good(run.directory.checkpoints)
    if checkpoint is None or checkpoint.images_seen != images_seen:
        raise RunError(
            f"{run.path} has no intact checkpoint at {images_seen:,} images where this process looks; keep runs on a "
            f"file system that all machines share"
        )
    restore(trainer, checkpoint.tensors, checkpoint.state)


class _Stopping:
    """Ends at the step at which all have agreed to stop."""

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        if stop := trainer.stop.requested(trainer.ranks):
            raise RunStopped(f"stopped by {stop}")
