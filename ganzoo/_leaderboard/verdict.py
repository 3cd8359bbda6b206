"""Verdict of a table: what is known of its pairs of rows, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Answer = Literal["better", "worse", "equivalent", "not known yet"]


@dataclass(frozen=True)
class Pair:
    """What is known of two rows, by an interval that holds together with those of all other pairs.

    Attributes:
        first: Number of one row.
        second: Number of the other, behind it in the order of the means.
        answer: What the first is, against the second. Not known yet also where neighbors have fewer than three seeds.
        difference: First minus second: relative to the second, or in the metric's own units.
        low: Lower end of its interval; None where an error is not known.
        high: Its upper end.
        relative: Whether the difference is a share of the second's score.
        smaller_than_matters: Whether they surely differ, though by less than matters.
        seeds_needed: Where it is not known yet: seeds that each row should have to settle it with 80 %, if the two are
            as they look; None: more than 200.
        towards: What would be known then.
    """

    first: int
    second: int
    answer: Answer
    difference: float
    low: float | None
    high: float | None
    relative: bool
    smaller_than_matters: bool
    seeds_needed: int | None = None
    towards: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a table says of its rows, and under which rules.

    Attributes:
        level: Chance of a false claim about any pair at this look, at most.
        looks: Numbers of seeds at which looks were planned; empty if they were not.
        equivalence: Relative difference below which it does not matter which is better.
        assumed_spread: Relative spread over trainings assumed of rows of one seed.
        checkpoint: Which network of each run counts: `last`, or `best` by selection scores.
        transform: Scale on which differences are judged: `log`, `logit`, or `raw`.
        few: Numbers of rows with fewer than three seeds, whose ranks are never definite.
        better: Number of pairs of which one row is surely better.
        equivalent: Number of pairs that surely differ by less than matters.
        unknown: Number of pairs of which neither is known.
        correlation: Mean correlation of two rows over their seeds; None where they do not share three.
        paired: Whether what seeds have in common was taken out, because it surely helps.
        pairs: Each pair, where there are not too many.
    """

    level: float
    looks: tuple[int, ...]
    equivalence: float
    assumed_spread: float
    checkpoint: str
    transform: str
    few: tuple[int, ...]
    better: int
    equivalent: int
    unknown: int
    correlation: float | None
    paired: bool
    pairs: tuple[Pair, ...]
