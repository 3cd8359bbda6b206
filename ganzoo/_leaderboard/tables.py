"""Tables of rows, and the runs that no table holds: what a comparison consists of, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from ganzoo._leaderboard.statistics import Estimate


@dataclass(frozen=True)
class Row:
    """One experiment: the runs that differ in nothing but the seed.

    Attributes:
        recipe: Name of the recipe's file.
        augmentation: Name of what stands in front of the discriminator, or a dash.
        kimg: Thousands of real images that the scored networks were shown; mean over the seeds.
        seeds: The training seeds.
        runs: Names of the runs, in the order of `seeds`.
        estimates: By metric.
        options: Fields in which the row differs from others of the same parts.
        section: Value of the field that `--by` names.
        rank: First and last rank that the row may hold; None if it lacks the metric that ranks.
        published: Value and source by metric, from the recipe.
    """

    recipe: str
    generator: str
    discriminator: str
    loss: str
    penalties: tuple[str, ...]
    augmentation: str
    kimg: float
    seeds: tuple[int, ...]
    runs: tuple[str, ...]
    estimates: Mapping[str, Estimate]
    images_per_second: float | None
    parameters: Mapping[str, int]
    hours: float
    options: Mapping[str, JsonValue]
    published: Mapping[str, tuple[float, str]]
    section: str = ""
    rank: tuple[int, int] | None = None

    @property
    def tied(self) -> bool:
        """Whether its rank is shared with others."""
        return self.rank is not None and self.rank[0] != self.rank[1]


@dataclass(frozen=True)
class Section:
    """Rows of one value of the field that `--by` names, how many there are, and their means by metric."""

    value: str
    count: int
    rows: tuple[Row, ...]
    means: Mapping[str, float]


@dataclass(frozen=True)
class Difference:
    """A field in which tables differ: its value in one of them, and in the others."""

    here: JsonValue
    there: tuple[JsonValue, ...]


@dataclass(frozen=True)
class ShownMetric:
    """A metric as a table shows it, as its scores say.

    Attributes:
        label: Its name.
        lower_is_better: Its direction.
        unit: What stands behind the name.
        scale: What values are multiplied with.
        images_needed: With fewer images on either side another metric ranks.
    """

    label: str
    lower_is_better: bool
    unit: str
    scale: float
    images_needed: int


@dataclass(frozen=True)
class Table:
    """Rows that may be compared: one dataset, one protocol.

    Attributes:
        dataset: Name of the dataset.
        context: Everything that must be equal, by dotted field: `dataset.*` and `protocol.*`.
        protocol_id: Hash of the protocol.
        generated: Images generated for each score, if known.
        reference_images: Real images compared with, if known.
        metrics: How each metric is shown, in the order of columns.
        primary: The metric that ranks.
        reason: Why that one.
        distinct: Fields of `context` in which this table differs from another.
        by: The field that `sections` are made by, or empty.
        sections: The rows, in one section if `by` is empty.
        notes: What a reader must know.
    """

    dataset: str
    context: Mapping[str, JsonValue]
    protocol_id: str
    generated: int | None
    reference_images: int | None
    metrics: Mapping[str, ShownMetric]
    primary: str
    reason: str
    distinct: Mapping[str, Difference]
    by: str
    sections: tuple[Section, ...]
    notes: tuple[str, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows."""
        return tuple(row for section in self.sections for row in section.rows)


@dataclass(frozen=True)
class Unranked:
    """A run that no table holds, and why."""

    name: str
    status: str
    reason: str
    kimg: float


@dataclass(frozen=True)
class Comparison:
    """All tables, and all runs that none of them holds: nothing is dropped.

    Attributes:
        tables: One per group of runs that may be compared.
        unfinished: Runs that still run, were stopped, diverged or failed.
        unscored: Finished runs without a score.
        unreadable: Folders whose record is damaged, with what is wrong.
    """

    tables: tuple[Table, ...]
    unfinished: tuple[Unranked, ...]
    unscored: tuple[Unranked, ...]
    unreadable: tuple[Unranked, ...] = ()
