"""Tables of rows, and the runs that no table holds: what a comparison consists of, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from ganzoo._leaderboard.course import Point
from ganzoo._leaderboard.published import Published
from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.statistics.transforms import Transform
from ganzoo._leaderboard.verdict import Verdict
from ganzoo._runs.plain_data import ClassScore, Floor
from ganzoo._runs.record import RunRecord


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
        settings: All keys of the recipe that decide what is learned, dotted.
        options: Fields in which the row differs from others of the same parts.
        section: Value of the field that `--by` names.
        rank: First and last rank that the row may hold; None if it lacks the metric that ranks.
        number: Place in the order of the means, from 1, by which pairs are named; 0 if it lacks that metric.
        better_than: Numbers of the rows that it is surely better than.
        worse_than: Numbers of the rows that it is surely worse than.
        equivalent_to: Numbers of the rows from which it surely differs by less than matters.
        diverged: Seeds of this experiment whose training diverged: outcomes that no mean holds.
        recipe_of: Name of the run whose saved recipe trains this row; empty where it was imported.
        published: Published values by metric, from the recipe.
        course: By metric: where all seeds were scored on the way, and at the end; nothing where that is the end alone.
        judge_read: The extractor of the table, where its training read it: then it has no rank; else empty.
        machines: What its runs were trained on, each once; nothing where a record does not say.
        by_class: By metric and number of the class, what it scored in each; nothing where not all of its seeds say
            it, or where rows say it of unlike classes.
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
    published: Mapping[str, Published]
    settings: Mapping[str, JsonValue]
    peak_memory_bytes: int
    section: str = ""
    rank: tuple[int, int] | None = None
    number: int = 0
    better_than: tuple[int, ...] = ()
    worse_than: tuple[int, ...] = ()
    equivalent_to: tuple[int, ...] = ()
    diverged: tuple[int, ...] = ()
    recipe_of: str = ""
    course: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    machines: tuple[str, ...] = ()
    judge_read: str = ""
    by_class: Mapping[str, Mapping[int, Estimate]] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether it may hold more than one rank."""
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
        transform: Scale on which its errors are even here.
        floor: What real images get in place of generated ones; None if no score says.
    """

    label: str
    lower_is_better: bool
    unit: str
    scale: float
    images_needed: int
    transform: Transform = "log"
    floor: Floor | None = None


@dataclass(frozen=True)
class ShownClass:
    """A class as a table shows it.

    Attributes:
        number: The class, from 0.
        name: Its name; empty where it has none.
        generated: Images of it that were generated for each score.
        reference_images: Real images of it that were compared with; None where there is no reference.
        floor: What real images get in place of generated ones, of this class; None if no score says.
    """

    number: int
    name: str
    generated: int
    reference_images: int | None
    floor: ClassScore | None = None


@dataclass(frozen=True)
class ShownClasses:
    """The classes of which a metric's values are known, in order: the same for all rows that have them.

    Attributes:
        classes: The classes.
        transform: Scale on which errors of their values are even here.
    """

    classes: tuple[ShownClass, ...]
    transform: Transform = "log"


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
        verdict: What is known of its pairs of rows, by the metric that ranks.
        notes: What a reader must know.
        classes: By metric, the classes of which its values are known; nothing is ranked by them.
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
    verdict: Verdict
    notes: tuple[str, ...]
    classes: Mapping[str, ShownClasses] = field(default_factory=dict)

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
class Origin:
    """What a comparison was made of, by which it can be made again: what was asked for, and all records in order."""

    asked: Mapping[str, JsonValue]
    records: tuple[RunRecord, ...]


@dataclass(frozen=True)
class Comparison:
    """All tables, and all runs that none of them holds: nothing is dropped.

    Attributes:
        tables: One per group of runs that may be compared.
        unfinished: Runs that still run, were stopped, diverged or failed.
        unscored: Finished runs without a score.
        unreadable: Folders whose record is damaged, with what is wrong.
        folders: Folders of the runs by their names, where the records were read from some.
        records: Records of the runs by their names, for what no table shows: versions, machines, messages.
        origin: What it was made of, where the records were read from folders.
    """

    tables: tuple[Table, ...]
    unfinished: tuple[Unranked, ...]
    unscored: tuple[Unranked, ...]
    unreadable: tuple[Unranked, ...] = ()
    folders: Mapping[str, Path] = field(default_factory=dict, compare=False)
    records: Mapping[str, RunRecord] = field(default_factory=dict, compare=False, repr=False)
    origin: Origin | None = field(default=None, compare=False, repr=False, kw_only=True)
