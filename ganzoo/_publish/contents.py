"""Contents of a published folder: its runs, the one whose generator it offers, terms, and what is said of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ganzoo._inference.run import Run, Weights
from ganzoo._leaderboard.comparison import Comparison
from ganzoo._publish.terms import Terms
from ganzoo._runs.record import RunRecord, Score
from ganzoo.contracts.memorization import MemorizationVerdict


@dataclass(frozen=True)
class Offered:
    """A generator in the folder.

    Attributes:
        file: Its file, below the folder.
        images_seen: Real images that were shown to its discriminator.
        weights: EMA or raw ones.
        memorization: What a test of memorization says of it.
    """

    file: str
    images_seen: int
    weights: Weights
    memorization: MemorizationVerdict


@dataclass(frozen=True)
class Labels:
    """What a person says of a folder.

    Attributes:
        title: Its title.
        repository: Where it will be, `owner/name` on the Hub; empty: not known.
        dataset_id: The dataset on the Hub, `owner/name`; empty: it is not there.
        authors: Names of people, `Family, Given` or as they are written.
        date: Day of publication, ISO 8601.
        folder: Name of the folder.
    """

    title: str
    date: str
    folder: str
    repository: str = ""
    dataset_id: str = ""
    authors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contents:
    """All that the texts of a folder are made of.

    Attributes:
        runs: The runs, of which `main` is the one whose generator lies at the top.
        offered: Generators by the names of their runs.
        comparison: The runs' scores as the folder itself has them.
    """

    main: Run
    runs: Sequence[Run]
    offered: Mapping[str, Offered]
    comparison: Comparison
    terms: Terms
    labels: Labels
    left_out: Sequence[str] = field(default=())

    @property
    def record(self) -> RunRecord:
        """The record of the main run."""
        return self.main.record

    @property
    def scores(self) -> tuple[Score, ...]:
        """The reported scores of the main generator."""
        seen = self.offered[self.main.name].images_seen
        return tuple(score for score in self.record.scores if score.purpose == "report" and score.images_seen == seen)
