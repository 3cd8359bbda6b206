"""Selection: scores on the way, by which the best snapshot is chosen; all processes share the work."""

from __future__ import annotations

from ganzoo._runs.record import Score
from ganzoo._training.cadence import Cadence
from ganzoo._training.step_terms import Losses
from ganzoo._training.trainer import Trainer
from ganzoo.scoring.real_data import Inputs
from ganzoo.scoring.score import score


def selection_scores(trainer: Trainer, inputs: Inputs) -> tuple[Score, ...]:
    """Score the moving average of this moment, with another sampling seed than the one reported.

    Returns:
        The scores in the first process, nothing in the others.
    """
    return score(
        trainer.ema.network,
        inputs.pack,
        inputs.protocol.for_selection(),
        inputs.extractor,
        images_seen=trainer.images_seen,
        device=trainer.game.device,
        with_floor=False,
        ranks=trainer.ranks,
    )


def is_due(cadence: Cadence, trainer: Trainer) -> bool:
    """Whether what happens every so many images, and at the end, happens now: alike in all processes."""
    return cadence.due(trainer.images_before, trainer.images_seen) or trainer.finished


class SharedSelection:
    """What the processes but the first do while it scores."""

    def __init__(self, inputs: Inputs, kimg: float) -> None:
        self._inputs, self._cadence = inputs, Cadence(kimg)

    def on_step_end(self, trainer: Trainer, losses: Losses) -> None:
        """See `Callback.on_step_end`."""
        if is_due(self._cadence, trainer):
            trainer.settle()
            selection_scores(trainer, self._inputs)
