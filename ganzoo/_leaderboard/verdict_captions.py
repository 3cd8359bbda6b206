"""Captions of a verdict: how far its ranks hold, and what else a reader must know before believing them."""

from __future__ import annotations

from collections.abc import Sequence

from ganzoo._leaderboard.tables import Row, Table
from ganzoo._leaderboard.verdict import Pair

_MOST_NAMED = 4


def verdict_lines(table: Table) -> list[str]:
    """Return what holds of a table's ranks, a sentence or two each; nothing of a table of one row."""
    rows = [row for row in table.rows if row.rank is not None]
    lines = [_diverged(row) for row in table.rows if row.diverged]
    if len(rows) < 2:
        return lines
    verdict = table.verdict
    lines.insert(
        0, f"rank: the ranks that a row may hold; all of them hold together with {_percent(1 - verdict.level)}."
    )
    if verdict.few:
        lines.append(
            f"Fewer than three seeds never give a definite rank; of one seed, a spread over trainings of "
            f"{_percent(verdict.assumed_spread)} is assumed."
        )
    lines += [_pairs(table), _looks(table, rows), *_seeds(table), *_scale(table)]
    return [line for line in lines if line]


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _diverged(row: Row) -> str:
    all_seeds = len(row.seeds) + len(row.diverged)
    lost = ", ".join(map(str, row.diverged))
    return f"{row.recipe}: {len(row.diverged)} of {all_seeds} seeds diverged ({lost}); its mean is that of the rest."


def _pairs(table: Table) -> str:
    verdict = table.verdict
    total = verdict.better + verdict.equivalent + verdict.unknown
    text = (
        f"Of {total:,} pair{'s' * (total != 1)}, one is better in {verdict.better:,}, they are equivalent (less than "
        f"{_percent(verdict.equivalence)} apart) in {verdict.equivalent:,}, it is not known yet in {verdict.unknown:,}"
    )
    text += ": --plan says what would settle it." if verdict.unknown else "."
    equal = [pair for pair in verdict.pairs if pair.answer == "equivalent"]
    return text + (f" Equivalent: {_named(equal, table.rows)}." if equal else "")


def _named(pairs: Sequence[Pair], rows: Sequence[Row]) -> str:
    names = {row.number: row.recipe for row in rows}
    shown = [f"{names[pair.first]} and {names[pair.second]}" for pair in pairs[:_MOST_NAMED]]
    more = len(pairs) - len(shown)
    return ", ".join(shown) + (f", and {more:,} more" if more else "")


def _looks(table: Table, rows: Sequence[Row]) -> str:
    looks = table.verdict.looks
    if not looks:
        return (
            "Looks were not planned: read again after 3, 5 and 8 seeds, a table errs in about 12 % of cases, not 5 %; "
            "--looks 3,5,8 shares the 5 % among them."
        )
    planned = ", ".join(map(str, looks))
    others = sorted({len(row.seeds) for row in rows} - set(looks))
    text = f"One of {len(looks)} looks planned at {planned} seeds: all together err in about 5 % of cases."
    if len(looks) == 1:
        text = f"The one look that was planned, at {planned} seeds."
    return text + (f" Not at a planned look: rows with {', '.join(map(str, others))}." if others else "")


def _seeds(table: Table) -> list[str]:
    verdict = table.verdict
    if verdict.correlation is None:
        return []
    used = (
        "surely, so what seeds have in common is taken out of the differences"
        if verdict.paired
        else "not surely above 0, so rows are compared as if their seeds were others"
    )
    return [f"Correlation of rows over their seeds: {verdict.correlation:.2f}, {used}."]


def _scale(table: Table) -> list[str]:
    if table.verdict.transform != "raw":
        return []
    return [
        "Differences are judged in the metric's own units, each pair by its own spread as well: a score lies near 0."
    ]
