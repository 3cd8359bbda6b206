"""Figures of `ganzoo compare`: charts of the comparison, or samples of two recipes side by side."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from ganzoo._leaderboard.comparison import Comparison
    from ganzoo._report.paper_figures import Kind


class Drawn(StrEnum):
    """What a figure shows."""

    RANKS = "ranks"
    LEARNING_CURVES = "learning-curves"
    PARETO = "pareto"
    SAMPLES = "samples"


class Over(StrEnum):
    """Horizontal axis of learning curves."""

    KIMG = "kimg"
    HOURS = "hours"
    UPDATES = "updates"


_CHARTS: Mapping[Drawn, Kind] = {Drawn.RANKS: "ranks", Drawn.LEARNING_CURVES: "learning-curves", Drawn.PARETO: "pareto"}


@dataclass(frozen=True)
class ComparisonFigure:
    """A figure that was asked for.

    Attributes:
        file: Where to.
        drawn: What it shows; None: samples of two recipes, ranks of more.
        over: Horizontal axis of learning curves.
        column: Whether it is as wide as one column of a paper.
        runs: What was named.
    """

    file: Path
    drawn: Drawn | None
    over: Over
    column: bool
    runs: list[Path]

    @classmethod
    def asked(
        cls, file: Path | None, drawn: Drawn | None, over: Over, column: bool, runs: list[Path]
    ) -> ComparisonFigure | None:
        """Return what the options of the command ask for, or None.

        Raises:
            GanzooError: It could not be written, or there is no file for it.
        """
        if file is None:
            if drawn or column or over is not Over.KIMG:
                raise GanzooError("--draw, --over and --column say what --figure FILE is; name a file")
            return None
        figure = cls(file, drawn, over, column, runs)
        figure.check()
        return figure

    @property
    def kind(self) -> Drawn:
        """What it shows."""
        return self.drawn or (Drawn.SAMPLES if self._two() else Drawn.RANKS)

    def check(self) -> None:
        """Raise GanzooError, before any work, where it could not be written."""
        from ganzoo._report.paper_figures import check_out
        from ganzoo.contracts.figures import PICTURES

        if self.kind is not Drawn.SAMPLES:
            check_out(self.file)
            return
        if self.file.suffix.lower() not in PICTURES:
            raise GanzooError(f"--figure '{self.file}': should end in {' or '.join(PICTURES)}")
        if self._two() is None:
            raise GanzooError("--draw samples shows two recipes or runs: name two, such as ganzoo compare A B")

    def write(self, comparison: Comparison) -> None:
        """Write it; of several tables, a numbered file for each."""
        for path in self._samples(comparison) if self.kind is Drawn.SAMPLES else self._charts(comparison):
            sys.stderr.write(f"wrote {path}\n")

    def _two(self) -> tuple[str, str] | None:
        from ganzoo._leaderboard.named import two_named

        return two_named(self.runs)

    def _samples(self, comparison: Comparison) -> list[Path]:
        from ganzoo.figures import side_by_side

        names = self._two()
        assert names is not None, "it was checked"
        page = comparison.between(*names)
        seen = [round(1000 * row.kimg) for row in (page.one, page.other)]
        return side_by_side([page.folders[run] for run in page.pictured], seen).write(self.file)

    def _charts(self, comparison: Comparison) -> list[Path]:
        from ganzoo._report.paper_figures import paper_figures

        found = paper_figures(comparison, _CHARTS[self.kind], over=self.over.value, column=self.column)
        if len(found) == 1:
            return found[0].write(self.file)
        named = [self.file.with_stem(f"{self.file.stem}-{number}") for number in range(1, len(found) + 1)]
        return [path for figure, file in zip(found, named, strict=True) for path in figure.write(file)]
