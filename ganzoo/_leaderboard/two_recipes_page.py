"""Page of two recipes: what is known of them, in which keys they differ, their scores by seed, their costs."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from ganzoo._leaderboard.captions import title
from ganzoo._leaderboard.pace_text import pace_lines
from ganzoo._leaderboard.record_fields import NONE, value_text
from ganzoo._leaderboard.statistics.simultaneous import LEAST_SEEDS
from ganzoo._leaderboard.tables import ShownMetric
from ganzoo._leaderboard.two_recipes import Paired, TwoRecipes
from ganzoo._leaderboard.two_recipes_classes import TwoByClass, two_by_class
from ganzoo._leaderboard.verdict import Pair
from ganzoo.text import clip, literal, markdown_cell

_MOST_KEYS = 40
_VALUE_WIDTH = 40
_WIDTH = 120
_SIDES = ("A", "B")  # as headers, names would not fit


@dataclass(frozen=True)
class Block:
    """A part of the page: sentences, then a table of texts whose columns after the first are the two recipes'."""

    heading: str
    sentences: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(two: TwoRecipes) -> list[Block]:
    """Return the page, part by part; texts are not escaped."""
    one, other = two.names
    return [
        Block(f"A {one} against B {other}", (title(two.table), *answer(two), *pace_lines(two))),
        _keys(two),
        Block("Scores", (), ("", *_SIDES, "difference"), tuple(_scores(two))),
        *(_by_class(found) for found in two_by_class(two)),
        Block("Cost", (), ("", *_SIDES), tuple((what, *cells) for what, cells in two.costs().items())),
        Block("Images", (_images(two),)),
    ]


def _images(two: TwoRecipes) -> str:
    runs = " and ".join(two.pictured)
    return (
        f"ganzoo compare A B --figure FILE.png puts what {runs} kept of their samples side by side; ganzoo sample RUN "
        f"draws others."
    )


def answer(two: TwoRecipes) -> list[str]:
    """Say which of the two is better, if that is known, with the interval of their difference, and how it was found."""
    shown, pair = two.table.metrics[two.table.primary], two.pair
    for row, name in ((two.one, two.names[0]), (two.other, two.names[1])):
        if row.judge_read:
            return [
                f"Which is better is not known: the training of {name} read the features of {row.judge_read}, in which "
                f"these scores are taken."
            ]
    if pair is None:
        return [f"Which is better is not known: not both were scored with {shown.label}."]
    first, second = two.names if pair.first == two.one.number else two.names[::-1]
    verdict = two.table.verdict
    interval = _interval(pair, shown, verdict.level)
    sentences = {
        "better": f"{first} is better by {shown.label}: {_against(pair, shown)}{interval}.",
        "worse": f"{second} is better by {shown.label}; {first}: {_against(pair, shown)}{interval}.",
        "equivalent": f"The two are equivalent: their {shown.label} differs by less than "
        f"{100 * verdict.equivalence:.2g} %; {first}: {_against(pair, shown)}{interval}.",
        "not known yet": f"Which is better is not known yet. By {shown.label}, {first}: {_against(pair, shown)}"
        f"{interval}. ganzoo compare --plan says how many more seeds would settle it.",
    }
    found = [f"{sentences[pair.answer]} From {_counts(len(two.one.seeds), len(two.other.seeds))}."]
    fewest = min(len(two.one.seeds), len(two.other.seeds))
    if fewest < LEAST_SEEDS:
        assumed = f"; of a single one, a spread over trainings of {100 * verdict.assumed_spread:.2g} % is assumed"
        assumed = assumed if fewest == 1 else ""
        found.append(f"Fewer than {LEAST_SEEDS} seeds never give a definite answer{assumed}.")
    if pair.smaller_than_matters:
        found.append("They surely differ, though by less than matters.")
    if (paired := two.paired(two.table.primary)) is not None:
        found.append(_paired(paired, shown, used=verdict.paired))
    return found


def _counts(one: int, other: int) -> str:
    """Return `3 seeds each`, or `3 and 4 seeds`."""
    if one == other:
        return f"{one} seed{'s' * (one != 1)} each"
    return f"{one} and {other} seeds"


def _paired(paired: Paired, shown: ShownMetric, *, used: bool) -> str:
    """Say what the differences seed by seed are, and whether the answer rests on them."""
    use = (
        "the answer rests on it, since what the seeds share surely helps"
        if used
        else "the answer does not rest on it: it would have to help surely, and both to have the same seeds"
    )
    ends = (paired.mean, paired.low, paired.high)
    mean, low, high = (_amount(end, paired.relative, shown, signed=True) for end in ends)
    how = "" if math.isnan(paired.correlation) else f", correlation {paired.correlation:.2f}"
    return f"Seed by seed, over the {paired.count} that both have: {mean} (95 % interval {low} to {high}{how}); {use}."


def _against(pair: Pair, shown: ShownMetric) -> str:
    return f"{_amount(pair.difference, pair.relative, shown)} {'lower' if pair.difference < 0 else 'higher'}"


def _interval(pair: Pair, shown: ShownMetric, level: float) -> str:
    if pair.low is None or pair.high is None:
        return " (an error is not known, so neither is the interval)"
    low, high = (_amount(end, pair.relative, shown, signed=True) for end in (pair.low, pair.high))
    return f" ({100 * (1 - level):.3g} % interval {low} to {high})"


def _amount(value: float, relative: bool, shown: ShownMetric, *, signed: bool = False) -> str:
    value = value if signed else abs(value)
    sign = "+" if signed else ""
    return f"{100 * value:{sign}.1f} %" if relative else f"{value * shown.scale:{sign}.3g}"


def _keys(two: TwoRecipes) -> Block:
    listed = list(two.keys.items())[:_MOST_KEYS]
    more = len(two.keys) - len(listed)
    count = len(two.keys)
    heading = f"Different in {count} key{'s' * (count != 1)} of {count + two.equal}"
    rows = tuple((field, *(clip(value_text(value), _VALUE_WIDTH) for value in values)) for field, values in listed)
    sentences = ("Nothing that decides what is learned differs but the length.",) if not two.keys else ()
    return Block(heading, sentences + ((f"and {more} more",) if more else ()), ("key", *_SIDES) if rows else (), rows)


def _scores(two: TwoRecipes) -> Iterator[tuple[str, ...]]:
    for metric in sorted(two.table.metrics, key=lambda key: key != two.table.primary):
        shown = two.table.metrics[metric]
        found = [row.estimates.get(metric) for row in (two.one, two.other)]
        if not any(found):
            continue
        name = f"{shown.label}{f' {shown.unit}' if shown.unit else ''} {'↓' if shown.lower_is_better else '↑'}"
        means = [each.mean if each else None for each in found]
        cells = [NONE if each is None else _mean(each.mean, each.deviation, shown) for each in found]
        yield (name, *cells, _change(means, shown))
        seeds = two.seeds(metric)
        if len(seeds) > 1:
            for seed, values in seeds.items():
                texts = (NONE if value is None else f"{value * shown.scale:.4g}" for value in values)
                yield (f"  seed {seed}", *texts, _change(values, shown))


def _by_class(found: TwoByClass) -> Block:
    """Return what two recipes scored in each class, with the differences of their means."""
    rows = (
        (name, *texts, _change(values, found.shown))
        for name, texts, values in zip(found.names, found.texts, found.values, strict=True)
    )
    return Block(found.heading, found.captions, ("class", *_SIDES, "difference"), tuple(rows))


def _mean(mean: float, deviation: float | None, shown: ShownMetric) -> str:
    spread = "" if deviation is None else f" ± {deviation * shown.scale:.2g}"
    return f"{mean * shown.scale:.4g}{spread}"


def _change(values: Sequence[float | None], shown: ShownMetric) -> str:
    """Return by how much the first is above the second: a share of it, or in the metric's units where it may be 0."""
    one, other = values
    if one is None or other is None:
        return ""
    if one > 0 and other > 0:
        return f"{100 * (one / other - 1):+.1f} %"
    return f"{(one - other) * shown.scale:+.3g}"


class TwoRecipesPage(TwoRecipes):
    """Two recipes side by side. It shows itself in a notebook."""

    @classmethod
    def of(cls, two: TwoRecipes) -> Self:
        """Return the page of two recipes."""
        return cls(two.table, two.one, two.other, two.keys, two.equal, two.folders)

    def print(self, console: Console) -> None:
        """Print the page, as wide as the console."""
        for block in blocks(self):
            console.print(Text(literal(block.heading), style="bold"))
            for sentence in block.sentences:
                console.print(Text(literal(sentence)))
            if block.rows:
                console.print(_printed(block))
            console.print()

    def to_markdown(self) -> str:
        """Return the page as GitHub-flavored Markdown."""
        parts = []
        for level, block in enumerate(blocks(self)):
            parts.append(f"{'##' if level == 0 else '###'} {markdown_cell(block.heading)}")
            parts += [markdown_cell(sentence) for sentence in block.sentences]
            if block.rows:
                lines = [block.header, *block.rows]
                texts = [f"| {' | '.join(map(markdown_cell, line))} |" for line in lines]
                texts.insert(1, f"| --- |{' ---: |' * (len(block.header) - 1)}")
                parts.append("\n".join(texts))
        return "\n\n".join(parts) + "\n"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def __str__(self) -> str:
        out = io.StringIO()
        self.print(Console(file=out, width=_WIDTH, highlight=False, markup=False, emoji=False))
        return out.getvalue().rstrip()

    def __repr__(self) -> str:
        return f"<{' against '.join(self.names)}: {self.pair.answer if self.pair else 'not both scored'}>"


def _printed(block: Block) -> RichTable:
    table = RichTable(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for index, name in enumerate(block.header):
        table.add_column(Text(literal(name), style="bold"), justify="right" if index else "left", overflow="fold")
    for row in block.rows:
        table.add_row(*(Text(literal(cell)) for cell in row))
    return table
