"""Columns of a table: its cells as text, for every way of showing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ganzoo._leaderboard.metric_text import estimate_decimals, metric_name
from ganzoo._leaderboard.record_fields import NONE, value_text
from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.tables import Row, Section, ShownMetric, Table
from ganzoo._leaderboard.variants import own_key
from ganzoo._leaderboard.verdict import Pair
from ganzoo._runs.plain_data import Floor
from ganzoo._runs.score_text import number_text, shown_name
from ganzoo.text import duration

MARK = "†"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        header: Its name, with the unit.
        cells: Texts as they are, not escaped.
        right: Whether it holds numbers.
        drop: Where the table is too wide, columns of higher number go first; those of 0 stay.
        hoist: Whether one common value may be said below the table instead.
        merge: Whether it may stand below the recipe's name, in one cell.
    """

    header: str
    cells: tuple[str, ...]
    right: bool = False
    drop: int = 0
    hoist: bool = False
    merge: bool = False

    @property
    def common(self) -> str | None:
        """The value of all rows, if it is one."""
        values = {cell for cell in self.cells if cell}
        return values.pop() if len(values) == 1 else None


@dataclass(frozen=True)
class RealImages:
    """The line of real images in place of generated ones: what a perfect generator would get, by metric."""

    floors: Mapping[str, Floor]


Line = Row | Section | RealImages
REAL_IMAGES = "real images"


def lines_of(table: Table) -> list[Line]:
    """Return rows in order; each section that has a name before its own rows; what real images get at the end."""
    lines: list[Line] = []
    for section in table.sections:
        lines += [section, *section.rows] if table.by else section.rows
    floors = {key: shown.floor for key, shown in table.metrics.items() if shown.floor}
    return [*lines, RealImages(floors)] if floors else lines


def columns_of(table: Table) -> list[Column]:
    """Return all columns of a table that have something to say."""
    rows = table.rows
    lines = lines_of(table)
    alone = sum(row.rank is not None for row in rows) == 1

    def column(
        header: str, cell: Callable[[Row], str], drop: int = 0, *, right: bool = True, hoist: bool = False
    ) -> Column:
        cells = (cell(line) if isinstance(line, Row) else "" for line in lines)
        return Column(header, tuple(cells), right, drop, hoist, merge=not right)

    columns = [
        column("rank", lambda row: NONE if alone else rank_text(row)),
        _recipes(table, lines),
        column("generator", lambda row: row.generator, right=False, hoist=True),
        column("discriminator", lambda row: row.discriminator, right=False, hoist=True),
        column("loss", lambda row: row.loss, right=False, hoist=True),
        column("penalties", lambda row: ", ".join(row.penalties) or NONE, right=False, hoist=True),
    ]
    if any(row.augmentation != NONE for row in rows):
        columns.append(column("augmentation", lambda row: row.augmentation, right=False, hoist=True))
    if any(row.options for row in rows):
        columns.append(column("options", options_text, right=False))
    kimg = _decimals([row.kimg for row in rows], 1)
    lengths = len({row.kimg for row in rows})
    # What may tell two rows of one experiment apart stays.
    columns.append(column("kimg", lambda row: f"{row.kimg:,.{kimg}f}", 0 if lengths > 1 else 2, hoist=True))
    columns.append(column("seeds", seeds_text))
    for metric in sorted(table.metrics, key=lambda key: key != table.primary):
        columns += _metric_columns(table, metric, lines)
    columns.append(column("images/s", lambda row: _speed(row.images_per_second), 4))
    columns.append(column("M params G + D", parameters_text, 6, hoist=True))
    columns.append(column("time", lambda row: duration(row.hours * 3600), 5))
    return columns


def rank_text(row: Row) -> str:
    """Return the ranks that a row may hold, `1` or `1–3`, or a dash for a row that lacks the metric that ranks."""
    if row.rank is None:
        return NONE
    first, last = row.rank
    return str(first) if first == last else f"{first}–{last}"


def seeds_text(row: Row) -> str:
    """Return how many seeds a row has, and how many of its experiment diverged: `3 (2 diverged)`."""
    lost = f" ({len(row.diverged)} diverged)" if row.diverged else ""
    return f"{len(row.seeds)}{lost}"


def options_text(row: Row) -> str:
    """Return the fields in which a row differs from others of the same parts, each with its section."""
    return ", ".join(f"{_short(field)}={value_text(value)}" for field, value in row.options.items())


def _short(field: str) -> str:
    """Return a key with its section; with the name of the list, where that is a number of one."""
    steps = field.split(".")
    first = len(steps) - 2
    while first > 0 and steps[first].isdigit():
        first -= 1
    return ".".join(steps[max(first, 0) :])


def parameters_text(row: Row) -> str:
    """Return millions of parameters: generator + discriminator."""
    counts = [row.parameters.get(side) for side in ("generator", "discriminator")]
    known = [f"{count / 1e6:.2f}" for count in counts if count is not None]
    return " + ".join(known) or NONE


def _recipes(table: Table, lines: Sequence[Line]) -> Column:
    def cell(line: Line) -> str:
        if isinstance(line, Row):
            return line.recipe
        if isinstance(line, RealImages):
            return REAL_IMAGES
        return f"{table.by} = {line.value} (mean of {line.count})"

    return Column("recipe", tuple(cell(line) for line in lines), merge=True)


def _metric_columns(table: Table, metric: str, lines: Sequence[Line]) -> list[Column]:
    shown = table.metrics[metric]
    estimates = [row.estimates[metric] for row in table.rows if metric in row.estimates]
    decimals = estimate_decimals(estimates, shown.scale)

    def cell(line: Line) -> str:
        if isinstance(line, Section):
            return f"{line.means[metric] * shown.scale:.{decimals}f}" if metric in line.means else NONE
        if isinstance(line, RealImages):
            return floor_text(line.floors.get(metric), shown.scale, decimals)
        found = line.estimates.get(metric)
        return estimate_text(found, shown.scale, decimals) if found else NONE

    drop = 0 if metric == table.primary else 1
    columns = [Column(metric_name(shown), tuple(cell(line) for line in lines), right=True, drop=drop)]
    if any(estimate.low is not None for estimate in estimates):
        cells = (interval_text(_of(line, metric), shown.scale, decimals) for line in lines)
        columns.append(Column(f"95 % {shown.label}", tuple(cells), right=True, drop=drop + 1 + 6 * drop))
    if metric == table.primary and any(each.deviation and each.sampling_error for each in estimates):
        cells = (sampling_text(_of(line, metric), shown.scale, decimals) for line in lines)
        columns.append(Column("sampling error", tuple(cells), right=True, drop=7))
    if any(own_key(metric) in row.published for row in table.rows):
        columns.append(_published(own_key(metric), shown, lines))
    return columns


def _published(metric: str, shown: ShownMetric, lines: Sequence[Line]) -> Column:
    cells = []
    for line in lines:
        found = line.published.get(metric) if isinstance(line, Row) else None
        cells.append(f"{found.value * shown.scale:g}{MARK if found.otherwise else ''}" if found else "")
    return Column(shown_name(f"published {metric.upper()}", shown.unit), tuple(cells), right=True, drop=3)


def _of(line: Line, metric: str) -> Estimate | None:
    return line.estimates.get(metric) if isinstance(line, Row) else None


def estimate_text(estimate: Estimate, scale: float, decimals: int) -> str:
    """Return `12.30 ± 0.40` over seeds, `12.30 (0.40)` with the error of one seed; a dagger marks what needs a note."""
    value = number_text(estimate.mean * scale, decimals)
    if estimate.deviation is not None:
        value += f" ± {number_text(estimate.deviation * scale, decimals)}"
    elif estimate.sampling_error is not None:
        value += f" ({number_text(estimate.sampling_error * scale, decimals)})"
    return value + (MARK if estimate.notes else "")


def interval_text(estimate: Estimate | None, scale: float, decimals: int) -> str:
    """Return the mean's interval over seeds, `[11.20, 13.40]`; nothing for one seed."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"[{number_text(estimate.low * scale, decimals)}, {number_text(estimate.high * scale, decimals)}]"


def sampling_text(estimate: Estimate | None, scale: float, decimals: int) -> str:
    """Return the error of sampling from one network, in brackets; nothing where it is not known or stands beside."""
    if estimate is None or estimate.deviation is None or estimate.sampling_error is None:
        return ""
    return f"({number_text(estimate.sampling_error * scale, decimals)})"


def difference_text(pair: Pair, difference: float | None, shown: ShownMetric) -> str:
    """Return a difference of two rows, `-12.3 %`, or in the metric's own units; ? where it is not known."""
    if difference is None:
        return "?"
    return f"{100 * difference:+.3g} %" if pair.relative else f"{difference * shown.scale:+.3g}"


def floor_text(floor: Floor | None, scale: float, decimals: int) -> str:
    """Return what real images get, with its error."""
    if floor is None:
        return ""
    error = "" if floor.error is None else f" ({number_text(floor.error * scale, decimals)})"
    return number_text(floor.value * scale, decimals) + error


def _decimals(values: Sequence[float], most: int) -> int:
    return 0 if all(value == round(value) for value in values) else most


def _speed(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
