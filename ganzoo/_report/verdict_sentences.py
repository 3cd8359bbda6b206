"""Verdict sentences: what a table of scores says, in two sentences that stand first on the page."""

from __future__ import annotations

from collections.abc import Sequence

from ganzoo._leaderboard.metric_text import estimate_decimals
from ganzoo._leaderboard.statistics.simultaneous import LEAST_SEEDS
from ganzoo._leaderboard.tables import Row, ShownMetric, Table
from ganzoo._leaderboard.verdict import Pair
from ganzoo._runs.score_text import number_text, shown_name

_MOST_NAMED = 3


def verdict_sentences(table: Table) -> list[str]:
    """Return what is known, then what is not; a third sentence where outcomes or seeds ask for caution."""
    rows = [row for row in table.rows if row.rank is not None]
    if len(rows) < 2:
        return [*(_alone(table, rows[0]) if rows else []), *_cautions(table, rows)]
    return [sentence for sentence in (_known(table, rows), _open(table, rows), *_cautions(table, rows)) if sentence]


def _alone(table: Table, row: Row) -> list[str]:
    shown, estimate = table.metrics[table.primary], row.estimates[table.primary]
    decimals = estimate_decimals([estimate], shown.scale)
    value = number_text(estimate.mean * shown.scale, decimals)
    if estimate.deviation is not None:
        value += f" ± {number_text(estimate.deviation * shown.scale, decimals)}"
    real = ""
    if shown.floor:
        real = f"; real images in place of generated ones get {number_text(shown.floor.value * shown.scale, decimals)}"
    return [
        f"{row.recipe} on {_data(table)} scores {shown_name(shown.label, shown.unit)} {value}, {_seeds([row])}{real}.",
        "There is no other recipe to compare it with yet.",
    ]


def _known(table: Table, rows: Sequence[Row]) -> str:
    shown, data = table.metrics[table.primary], _data(table)
    better = [pair for pair in table.verdict.pairs if pair.answer in ("better", "worse")]
    by_number = {row.number: row for row in rows}
    best = [row for row in rows if row.rank == (1, 1)]
    if best and (pair := _closest(best[0], better)) is not None:
        winner, loser = _sides(pair, by_number)
        all_others = "both others" if len(rows) == 3 else f"all {len(rows) - 1} others"
        whom = loser.recipe if len(rows) == 2 else all_others
        nearest = "" if len(rows) == 2 else f" than that of the next, {loser.recipe}"
        return f"{winner.recipe} beats {whom} on {data}: {_gap(pair, shown)}{nearest}, {_seeds([winner, loser])}."
    if better:
        pair = max(better, key=lambda each: _sureness(each))
        winner, loser = _sides(pair, by_number)
        more = f" {_plural(len(better) - 1, 'other pair')} settled too." if len(better) > 1 else ""
        return f"{winner.recipe} beats {loser.recipe} on {data}: {_gap(pair, shown)}, {_seeds([winner, loser])}.{more}"
    if table.verdict.better:
        return f"On {data}, one recipe is surely better in {_plural(table.verdict.better, 'pair')} of {len(rows)} rows."
    if table.verdict.equivalent and not table.verdict.unknown:
        return (
            f"All {len(rows)} recipes on {data} are equivalent: less than {_percent(table.verdict.equivalence)} apart."
        )
    return f"Which of the {len(rows)} recipes is better on {data} is not known yet by {shown.label}, {_seeds(rows)}."


def _closest(best: Row, better: Sequence[Pair]) -> Pair | None:
    """Return the pair of the best row and the one behind it."""
    own = [pair for pair in better if best.number in (pair.first, pair.second)]
    return min(own, key=lambda pair: abs(pair.difference), default=None)


def _sides(pair: Pair, rows: dict[int, Row]) -> tuple[Row, Row]:
    first, second = rows[pair.first], rows[pair.second]
    return (first, second) if pair.answer == "better" else (second, first)


def _sureness(pair: Pair) -> float:
    """Return how far the interval is from 0."""
    ends = [end for end in (pair.low, pair.high) if end is not None]
    return min(map(abs, ends), default=0.0)


def _gap(pair: Pair, shown: ShownMetric) -> str:
    """Return `KID lower by 12 % [8, 16]`."""
    word = "lower" if pair.difference < 0 else "higher"
    scale, unit, digits = (100.0, " %", ".0f") if pair.relative else (shown.scale, "", ".3g")
    ends = sorted(abs(end) * scale for end in (pair.low, pair.high) if end is not None)
    if pair.relative and ends and ends[0] < 1:
        digits = ".1f"
    interval = f" [{ends[0]:{digits}}, {ends[1]:{digits}}]" if len(ends) == 2 else ""
    name = shown.label if pair.relative else shown_name(shown.label, shown.unit)
    return f"{name} {word} by {abs(pair.difference) * scale:{digits}}{unit}{interval}"


def _open(table: Table, rows: Sequence[Row]) -> str:
    unknown = [pair for pair in table.verdict.pairs if pair.answer == "not known yet"]
    if not unknown:
        left = table.verdict.unknown
        return f"Of {_plural(left, 'pair')} nothing is known yet." if left else "No pair is left open."
    by_number = {row.number: row for row in rows}
    # What matters is who may be the best: pairs of rows that may hold rank 1 come first, the cheapest before others.
    leading = [
        pair for pair in unknown if _may_be_first(by_number[pair.first]) and _may_be_first(by_number[pair.second])
    ]
    pair = min(leading or unknown, key=lambda each: (each.seeds_needed is None, each.seeds_needed or 0))
    one, other = by_number[pair.first], by_number[pair.second]
    text = f"Between {one.recipe} and {other.recipe} nothing is known yet: {_needed(pair, one, other)}"
    return f"{text}; {_plural(len(unknown) - 1, 'more pair')} open." if len(unknown) > 1 else f"{text}."


def _may_be_first(row: Row) -> bool:
    return row.rank is not None and row.rank[0] == 1


def _needed(pair: Pair, one: Row, other: Row) -> str:
    if pair.seeds_needed is None:
        return "more than 200 seeds each would be needed, if they are as they look"
    more = max(1, pair.seeds_needed - min(len(one.seeds), len(other.seeds)))
    return f"about {more} more seed{'s' * (more != 1)} each"


def _cautions(table: Table, rows: Sequence[Row]) -> list[str]:
    found = []
    if diverged := [row for row in table.rows if row.diverged]:
        texts = [
            f"{row.recipe} diverged on {len(row.diverged)} of {len(row.seeds) + len(row.diverged)} seeds"
            for row in diverged[:_MOST_NAMED]
        ]
        more = f", and {len(diverged) - _MOST_NAMED} more recipes on some" if len(diverged) > _MOST_NAMED else ""
        found.append(f"{'; '.join(texts)}{more}: means are those of the rest.")
    if len(rows) > 1 and any(len(row.seeds) < LEAST_SEEDS for row in rows):
        found.append(f"Fewer than {LEAST_SEEDS} seeds never settle a rank.")
    return found


def _seeds(rows: Sequence[Row]) -> str:
    counts = sorted({len(row.seeds) for row in rows})
    if len(counts) == 1:
        each = " each" if len(rows) > 1 else ""
        return f"{counts[0]} seed{'s' * (counts[0] != 1)}{each}"
    return f"{counts[0]} to {counts[-1]} seeds each" if len(rows) > 2 else f"{' and '.join(_in_order(rows))} seeds"


def _in_order(rows: Sequence[Row]) -> list[str]:
    return [str(len(row.seeds)) for row in rows]


def _data(table: Table) -> str:
    return table.dataset or "these images"


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}{'s are' if count != 1 else ' is'}" if what.startswith(("other", "more")) else (
        f"{count:,} {what}{'s' * (count != 1)}"
    )  # fmt: skip


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
