"""Follower: what every process but the first does of a run. It writes and prints nothing, and ends with the first.

The first process owns the run: it says which folder and checkpoint to begin from, takes the steps with the others, and
hands out shares of its scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from ganzoo._inference.run import Run
from ganzoo._registry.registry import Registry
from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.directory import RunDirectory
from ganzoo._training.build import build_trainer
from ganzoo._training.checkpoint_state import restore
from ganzoo._training.selection import SharedSelection
from ganzoo._training.signals import on_stop_signal
from ganzoo._training.step_terms import Diverged, Losses
from ganzoo._training.trainer import Trainer
from ganzoo._training.warm_start import begin_from
from ganzoo._training.world import World
from ganzoo.contracts.reporter import SILENT, Progress, Silent
from ganzoo.data.stream.order import Reader
from ganzoo.errors import GanzooError, ProcessEnded, RunError, RunStopped, ShareDone
from ganzoo.scoring.real_data import Inputs, find_inputs, score_opened

_NEW, _ENDED = -1, -2


def beginning(path: Path, images_seen: int | None, *, has_ended: bool) -> str:
    """Return what the first process tells the others: the run, and the checkpoint that all begin from, if they do."""
    at = _NEW if images_seen is None else images_seen
    return f"{_ENDED if has_ended else at} {path.absolute()}"


def follow(world: World, registry: Registry) -> NoReturn:
    """Train and score along with the first process, and end as it does."""

    def work() -> None:
        if told := world.ranks.told():
            images_seen, _, path = told.partition(" ")
            _go_along(Run(RunDirectory.at(Path(path)), registry=registry), int(images_seen), world)

    ending_with_first(world, work)


def ending_with_first(world: World, work: Callable[[], object]) -> NoReturn:
    """Do work along with the first process, and end as it does, in silence; it is told why this one fails."""
    code = 0
    try:
        work()
    except (RunStopped, Diverged, ShareDone) as error:  # the first process knows
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


def _go_along(run: Run, images_seen: int, world: World) -> None:
    inputs = find_inputs(run.recipe, world.device, SILENT, record=run.record)
    if images_seen != _ENDED:
        _train_along(run, inputs, images_seen, world)
    _score_along(run, inputs, world)


def _train_along(run: Run, inputs: Inputs, images_seen: int, world: World) -> None:
    reader = Reader(world.ranks.rank, world.ranks.size)
    with ExitStack() as closers:
        reals, fresh = (inputs.stream(name, closers, reader) for name in ("real", "fresh"))
        trainer = build_trainer(inputs.recipe, inputs.pack.spec, inputs.device, reals, fresh, ranks=world.ranks)
        _begin(trainer, run, images_seen)
        if kimg := inputs.recipe.training.score_kimg:
            trainer.callbacks.append(SharedSelection(inputs, kimg))
        trainer.callbacks.append(_Stopping())
        with on_stop_signal(lambda name: setattr(trainer.stop, "heard", name)):
            trainer.run()


def _score_along(run: Run, inputs: Inputs, world: World) -> None:
    """Score each of the generators that the first process names."""
    heeding = Heeding()
    with on_stop_signal(heeding.hear):
        while at := world.ranks.told():
            opened = run.generator(int(at), inputs.protocol.weights, device=str(inputs.device))
            score_opened(opened, inputs, inputs.protocol, heeding, world.ranks)


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


class Heeding(Silent):
    """A reporter that says nothing, and stops what reports progress to it once a signal was heard."""

    def __init__(self) -> None:
        self._heard = ""

    def hear(self, signal_name: str) -> None:
        """Stop at the next progress; the first process then learns of it in place of results."""
        self._heard = signal_name

    def progress(self, what: str) -> Progress:
        """See `Reporter.progress`."""

        def show(done: int, total: int, facts: Mapping[str, str] | None = None, /) -> None:
            if self._heard:
                raise RunStopped(f"stopped by {self._heard}")

        return show


class _Stopping:
    """Ends at the step at which all have agreed to stop."""

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        if stop := trainer.stop.requested(trainer.ranks):
            raise RunStopped(f"stopped by {stop}")
