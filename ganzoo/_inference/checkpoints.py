"""Checkpoints: the generators that a run kept while it trained, each sampled in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._runs.metrics_log import SELECTION, read_metrics
from ganzoo._runs.record import Score, ranking_metric
from ganzoo._runs.score_text import value_text


@runtime_checkable
class GeneratorSource(Protocol):
    """A run, as far as it gives generators."""

    def generator(
        self, at: int | None = None, weights: Literal["ema", "raw"] = "ema", *, device: str = "auto"
    ) -> OpenedGenerator:
        """See `Run.generator`."""

    def untrained_generator(self, *, device: str = "auto") -> OpenedGenerator:
        """See `Run.untrained_generator`."""


@dataclass(frozen=True)
class Checkpoints:
    """The generators of a run at all points of its training that it kept.

    Attributes:
        opened: One of them, the newest as a rule; the others are sampled as it is, each at its own stage of growth.
    """

    opened: OpenedGenerator

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.opened.run.path

    def kept(self) -> list[int]:
        """Return the points, in images seen, at which generators with these weights were kept, oldest first."""
        return self.opened.run.checkpoints(snapshots=self.opened.weights == "ema")

    def at(self, images_seen: int) -> OpenedGenerator:
        """Return the generator of a point of training.

        Raises:
            GanzooError: None was kept there, or it is damaged.
        """
        return self._alike(self._run().generator(images_seen, self.opened.weights, device=str(self.opened.device)))

    def untrained(self) -> OpenedGenerator:
        """Return the generator before its first step, built from the run's seed again; its `sha256` is empty.

        Raises:
            RefusedError: The run was imported, or began from the weights of another one.
        """
        return self._alike(self._run().untrained_generator(device=str(self.opened.device)))

    def resolution_at(self, images_seen: int) -> int:
        """Return the resolution at which a growing generator was trained at a point of its training."""
        return self.opened.run.stage_in_training(images_seen).resolution

    def scores(self) -> dict[int, tuple[str, str]]:
        """Return name and text of one score for each checkpoint that has one, on record or measured while training.

        They are as a table shows them: `("KD-lite0 ×10³", "1.05 (0.35)")`. Of several metrics it is the one that most
        checkpoints have; of as many, the one that ranks.
        """
        found: dict[str, dict[int, str]] = {}
        directory = self.opened.run.directory
        scores = self.opened.run.scores if directory.record.exists() else ()
        for score in scores:
            found.setdefault(score.name, {})[score.images_seen] = score.text
        for moment in read_metrics(directory.metrics):
            for key in moment:
                if key.startswith(SELECTION):
                    name = key.removeprefix(SELECTION)
                    # What is reported of a checkpoint stands before what it was chosen by.
                    found.setdefault(name, {}).setdefault(int(moment["images_seen"]), value_text(moment[key]))
        if not found:
            return {}
        ranking = _ranking(scores)
        chosen = max(found, key=lambda name: (len(found[name]), name == ranking))
        return {images_seen: (chosen, text) for images_seen, text in found[chosen].items()}

    def _run(self) -> GeneratorSource:
        assert isinstance(self.opened.run, GeneratorSource), "it opened the generator"
        return self.opened.run

    def _alike(self, other: OpenedGenerator) -> OpenedGenerator:
        sampling = replace(self.opened.sampling, stage=other.sampling.stage)
        return replace(
            other,
            weights=self.opened.weights,
            sampling=sampling,
            label=self.opened.label,
            progress=self.opened.progress,
        )


def _ranking(scores: Sequence[Score]) -> str:
    """Return the name of the score that ranks among a run's scores, or nothing where there are none."""
    counts = [score.protocol.get(key) for score in scores for key in ("generated", "reference_images")]
    images = min((count for count in counts if isinstance(count, int)), default=None)
    needed = {score.name: score.images_needed for score in scores}
    return ranking_metric(needed, images) if needed else ""
