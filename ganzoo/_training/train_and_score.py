"""Training and scoring of a run: whatever is left of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.run import Run
from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.manifest import folder_name
from ganzoo._runs.record import RunRecord
from ganzoo._training.run_log import RunLog
from ganzoo._training.session import Session
from ganzoo._training.signals import on_stop_signal
from ganzoo._training.trainer import Callback
from ganzoo._training.world import World
from ganzoo.errors import ProcessEnded, RunError, RunStopped
from ganzoo.figures.run_curves import write_curves
from ganzoo.scoring.protocol import ScoringProtocol, identity_of
from ganzoo.scoring.real_data import Inputs, score_each, score_opened


def train_and_score(run: Run, inputs: Inputs, session: Session, callbacks: Sequence[Callback], log: RunLog) -> None:
    """Train a run to its end and score it; callbacks are told the scores."""
    known = len(run.record.scores)
    with on_stop_signal(_stop_at_once(run)):
        session.train(callbacks)
        run.write_record(session.record)
        try:
            _score(run, inputs, session.world, log)
        finally:  # the curves hold the scores, those too that another metric's failure left
            write_curves(run.directory)
        session.watchers.scores(run.record.scores[known:])


def _score(run: Run, inputs: Inputs, world: World, log: RunLog) -> None:
    """Score what is not scored yet; other processes, told of each, share the work."""
    ranks, protocol = world.ranks, inputs.protocol

    def opened(images_seen: int) -> OpenedGenerator:
        ranks.told(str(images_seen))
        return run.generator(images_seen, protocol.weights, device=str(inputs.device))

    unscored = map(opened, _unscored(run, protocol))
    try:
        score_each(unscored, lambda each: score_opened(each, inputs, protocol, log, ranks), run.add_scores)
        ranks.told()
    except ProcessEnded as error:
        raise RunError(
            f"{world.reason()}; the training is whole, and what is not scored yet is by: ganzoo resume {run.path}"
        ) from error


def _stop_at_once(run: Run) -> Callable[[str], None]:
    """Return what a signal does outside of the training: all that is there is whole already."""

    def stop(signal_name: str) -> None:
        raise RunStopped(f"stopped by {signal_name}; resume with: ganzoo resume {run.path}")

    return stop


def _unscored(run: Run, protocol: ScoringProtocol) -> list[int]:
    """Return the checkpoints to score: the last, and the best snapshot where one was chosen on the way."""
    checkpoint, _ = newest_good(run.directory.checkpoints)
    if checkpoint is None:
        raise RunError(f"{run.path} has no intact checkpoint to score")
    wanted = [checkpoint.images_seen]
    best = checkpoint.state.get("best")
    if isinstance(best, dict) and best["images_seen"] not in wanted:
        images_seen = int(str(best["images_seen"]))
        wanted[:0] = [images_seen] if (run.directory.snapshots / folder_name(images_seen)).exists() else []
    return [images_seen for images_seen in wanted if not _is_scored(run.record, images_seen, protocol)]


def _is_scored(record: RunRecord, images_seen: int, protocol: ScoringProtocol) -> bool:
    """Whether each of the protocol's values is in the record, of the settings that are asked for."""
    there = [
        (found.metric, found.settings)
        for found in record.scores
        if found.images_seen == images_seen and found.protocol_id == protocol.id
    ]
    return all((key, identity_of(metric)) in there for metric in protocol.metrics for key in metric.values)
