"""Verdicts: how often `ganzoo compare` calls equal recipes apart, and tells unequal ones apart, in simulated tables.

The functions that judge are those of `ganzoo compare` itself, over thousands of tables at once. Scores are log-normal
over training seeds: the log's spread over trainings, times a standard normal number or one of Student's t(3) scaled to
the same variance, and the error of sampling images beside it, in a ratio to the spread (The FID Lottery,
arXiv:2606.20536, saw 3.2). A false claim is any pair of equal recipes that is called apart in a table.

Usage: python benchmarks/verdicts.py [TABLES]      (default: 4000 of 9 and 20 recipes, twice as many of 2 and 3)
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from ganzoo._leaderboard.ranking import LEAST_SPREAD
from ganzoo._leaderboard.rules import LEVEL, PLANNED_LOOKS, Rules
from ganzoo._leaderboard.statistics.simultaneous import Samples, simultaneous_intervals
from ganzoo._leaderboard.statistics.verdicts import BETTER, WORSE, Answers, answers_of

Array = NDArray[np.float64]
RULES = Rules()
ROWS = (2, 3, 9, 20)
SEEDS: dict[str, tuple[int, ...]] = {
    "1": (1,),
    "2": (2,),
    "3": (3,),
    "5": (5,),
    "3 or 8": (3, 8, 8),
    "2 to 8": (2, 3, 5, 8),
    "1, 3, 5": (1, 3, 5),
}
SPREADS = ("equal 1.5 %", "equal 8 %", "mixed 1 / 2 / 8 %", "one 8 %, rest 1 %", "half 8 %, rest 1.5 %")
SHAPES = ("normal", "t(3)")
RATIOS = (1.0, 3.2, 8.0)
TARGET = 0.08
MARGIN = math.log1p(RULES.equivalence)


@dataclass(frozen=True)
class Case:
    """One kind of table: rows, seeds of each, their spreads, shape, and training spread over sampling error."""

    rows: int
    seeds: tuple[int, ...]
    spread: str
    shape: str = "normal"
    ratio: float = 3.2
    gap: float = 0.0
    correlation: float = 0.0

    def __str__(self) -> str:
        seeds = ", ".join(map(str, self.seeds))
        return f"{self.rows} recipes, {seeds} seeds, {self.spread}, {self.shape}, ratio {self.ratio:g}"


def spreads_of(case: Case, tables: int, draw: np.random.Generator) -> Array:
    """Return each row's spread over trainings, `[tables, rows]`."""
    shape = (tables, case.rows)
    if case.spread.startswith("mixed"):
        return draw.choice([0.01, 0.02, 0.08], shape)
    if case.spread.startswith("equal"):
        return np.full(shape, float(case.spread.split()[1]) / 100)
    wide = 1 if case.spread.startswith("one") else max(1, case.rows // 2)
    return np.where(np.arange(case.rows) < wide, 0.08, float(case.spread.split()[-2]) / 100) * np.ones(shape)


def trainings(case: Case, shape: tuple[int, ...], draw: np.random.Generator) -> Array:
    """Return what one training is off by, in spreads: variance 1 and mean 0 whatever the shape."""
    if case.shape == "t(3)":
        return np.asarray(draw.standard_t(3, shape) / math.sqrt(3))
    if case.shape == "skewed":
        return np.asarray(draw.exponential(1, shape) - 1)
    own = draw.standard_normal(shape)
    common = draw.standard_normal((shape[0], 1, shape[2]))
    return math.sqrt(1 - case.correlation) * own + math.sqrt(case.correlation) * common


def drawn(case: Case, tables: int, seed: int = 0) -> Samples:
    """Return tables of this kind; the second half of the rows is worse by the gap, if there is one."""
    draw = np.random.default_rng(seed)
    counts = np.resize(case.seeds, case.rows)
    shape = (tables, case.rows, int(counts.max()))
    spread = spreads_of(case, tables, draw)
    sampling = spread / case.ratio
    values = trainings(case, shape, draw) * spread[:, :, None] + draw.standard_normal(shape) * sampling[:, :, None]
    values[:, case.rows // 2 :] += math.log1p(case.gap)
    values[:, np.arange(shape[2])[None] >= counts[:, None]] = np.nan
    known = sampling * np.sqrt(draw.chisquare(19, sampling.shape) / 19)  # the error is estimated as well
    assumed = np.full_like(spread, math.log1p(RULES.assumed_spread))
    return Samples(values, known, np.full_like(spread, math.log1p(LEAST_SPREAD)), assumed)


def told(samples: Samples, level: float = LEVEL) -> Answers:
    """Return the answers of all pairs, as `ganzoo compare` gives them."""
    return answers_of(simultaneous_intervals(samples, level), MARGIN)


def apart(answers: Answers) -> NDArray[np.bool_]:
    """Return of each table whether any pair is called apart."""
    return np.asarray(((answers == BETTER) | (answers == WORSE)).any((1, 2)))


def upper_limit(share: float, tables: int) -> float:
    """Return the upper end of Wilson's 95 % interval."""
    z = 1.96
    centre = share + z * z / (2 * tables)
    half = z * math.sqrt(share * (1 - share) / tables + z * z / (4 * tables * tables))
    return (centre + half) / (1 + z * z / tables)


@dataclass
class Worst:
    """The worst case so far, by its upper limit."""

    limit: float = 0.0
    share: float = 0.0
    where: str = ""

    def take(self, share: float, tables: int, where: str) -> None:
        """Note a case."""
        limit = upper_limit(share, tables)
        if limit > self.limit:
            self.limit, self.share, self.where = limit, share, where


class Campaign:
    """All tables of the benchmark, of one number of simulated tables a case."""

    def __init__(self, tables: int) -> None:
        self.console, self.tables, self.worst = Console(width=120), tables, Worst()

    def count(self, rows: int) -> int:
        """Return how many tables to draw: small ones are cheap."""
        return self.tables * (2 if rows < 9 else 1)

    def null(self, ratio: float) -> None:
        """Print how often equal recipes are called apart."""
        title = f"False claims among equal recipes, training spread {ratio:g} times the sampling error"
        columns = [f"{rows} {shape}" for rows in ROWS for shape in SHAPES]
        table = Table("seeds", "spread over trainings", *columns, title=title)
        for name, seeds in SEEDS.items():
            for spread in SPREADS:
                cells = [self.share(Case(rows, seeds, spread, shape, ratio)) for rows in ROWS for shape in SHAPES]
                table.add_row(name, spread, *cells)
            table.add_section()
        self.console.print(table)

    def share(self, case: Case) -> str:
        """Return the share of tables with a false claim, and note it."""
        tables = self.count(case.rows)
        found = float(apart(told(drawn(case, tables))).mean())
        self.worst.take(found, tables, str(case))
        return f"{found:.3f}"

    def looks(self) -> None:
        """Print how often a claim is made at any of three looks, planned and not."""
        columns = [f"{rows} {shape}" for rows in ROWS for shape in SHAPES]
        table = Table(
            "looks at 3, 5 and 8", "spread over trainings", *columns, title="False claims at any look, ratio 3.2"
        )
        for name, level in (("planned, 5 % / 3 each", LEVEL / len(PLANNED_LOOKS)), ("not planned, 5 % each", LEVEL)):
            for spread in SPREADS:
                cells = []
                for rows in ROWS:
                    for shape in SHAPES:
                        case, tables = Case(rows, PLANNED_LOOKS[-1:], spread, shape), self.count(rows)
                        found = float(_at_any_look(drawn(case, tables), level).mean())
                        cells.append(f"{found:.3f}")
                        if level < LEVEL:
                            self.worst.take(found, tables, f"planned looks: {case}")
                table.add_row(name, spread, *cells)
            table.add_section()
        self.console.print(table)

    def power(self) -> None:
        """Print how often recipes of two qualities are told apart, half of them each."""
        table = Table("seeds", "gap", "spread over trainings", *(f"{rows} recipes" for rows in ROWS), title="Power")
        for seeds, gap, spread in (
            (3, 0.05, "equal 1.5 %"),
            (3, 0.10, "equal 1.5 %"),
            (5, 0.05, "equal 1.5 %"),
            (3, 0.10, "mixed 1 / 2 / 8 %"),
            (5, 0.10, "mixed 1 / 2 / 8 %"),
            (3, 0.30, "equal 8 %"),
            (5, 0.30, "equal 8 %"),
            (8, 0.30, "equal 8 %"),
        ):
            cells = [f"{self._told_apart(Case(rows, (seeds,), spread, ratio=1e6, gap=gap)):.2f}" for rows in ROWS]
            table.add_row(str(seeds), f"{gap:.0%}", spread, *cells)
        self.console.print(table)

    def _told_apart(self, case: Case) -> float:
        answers, half = told(drawn(case, self.count(case.rows))), case.rows // 2
        return float((answers[:, :half, half:] == BETTER).mean())

    def not_bounded(self) -> None:
        """Print what no such method holds: skewed spreads, and a recipe whose bad seeds diverge."""
        table = Table("not bounded", *(f"{rows} recipes" for rows in ROWS), title="False claims where the method ends")
        for seeds in (3, 5):
            for spread in SPREADS:
                cases = (Case(rows, (seeds,), spread, "skewed") for rows in ROWS)
                cells = (f"{apart(told(drawn(case, self.count(case.rows)))).mean():.3f}" for case in cases)
                table.add_row(f"skewed, {seeds} seeds, {spread}", *cells)
        for spread in ("equal 1.5 %", "equal 8 %"):
            cells = (f"{self._diverging(Case(rows, (5,), spread)):.3f}" for rows in ROWS)
            table.add_row(f"one recipe loses its worst 2 of 5 seeds, {spread}", *cells)
        self.console.print(table)

    def _diverging(self, case: Case) -> float:
        samples = drawn(case, self.count(case.rows))
        values = np.sort(samples.values, axis=2)
        values[:, 0, 3:] = np.nan
        return float(apart(told(replace(samples, values=values))).mean())

    def pairing(self) -> None:
        """Print what pairing by seeds does where rows agree over them."""
        table = Table(
            "correlation over seeds", "rows", "seeds", "pairing used", "false claims", "power, gap 5 %",
            title="Pairing, spread 3 %",
        )  # fmt: skip
        for correlation in (0.0, 0.5, 0.9):
            for rows, seeds in ((2, 5), (9, 3), (9, 5)):
                case = Case(rows, (seeds,), "equal 3 %", ratio=8.0, correlation=correlation)
                samples = drawn(case, self.count(rows))
                found = float(apart(told(samples)).mean())
                used = simultaneous_intervals(samples).paired.mean()
                self.worst.take(found, self.count(rows), f"correlation {correlation}: {case}")
                power = self._told_apart(replace(case, gap=0.05))
                table.add_row(f"{correlation:g}", str(rows), str(seeds), f"{used:.2f}", f"{found:.3f}", f"{power:.2f}")
        self.console.print(table)

    def run(self) -> None:
        """Print all, and the worst case."""
        start = time.perf_counter()
        self.power()
        for ratio in RATIOS:
            self.null(ratio)
        self.looks()
        self.pairing()
        self.not_bounded()
        met = "met" if self.worst.limit <= TARGET else "NOT met"
        self.console.print(
            f"Worst case: {self.worst.share:.3f}, at most {self.worst.limit:.3f} with 95 % ({self.worst.where}).\n"
            f"At most {TARGET:.0%} is {met}. {time.perf_counter() - start:,.0f} s."
        )


def _at_any_look(samples: Samples, level: float) -> NDArray[np.bool_]:
    found: Iterable[NDArray[np.bool_]] = (
        apart(told(replace(samples, values=samples.values[:, :, :look]), level)) for look in PLANNED_LOOKS
    )
    return np.logical_or.reduce(list(found))


if __name__ == "__main__":
    Campaign(int(sys.argv[1]) if len(sys.argv) > 1 else 4000).run()
