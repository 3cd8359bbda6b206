"""Nearest neighbors: generated images with the real ones nearest to them, and the memorization report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo import MemorizationVerdict, PixelArray
from ganzoo.data import PackSplit
from ganzoo.figures import FigureResult
from ganzoo.plotting import Panel, Sheet
from ganzoo_figures.memorization_report import ASSUMPTIONS, Report

ALARM = 0.01
_NO_HELD_OUT = (
    "this dataset has no held-out images, so only the nearest training images are shown and nothing is tested"
)


@dataclass(frozen=True)
class NearestNeighbors:
    """Generated images with the real ones nearest to them.

    Attributes:
        samples: The generated images, uint8 `[N, C, R, R]`.
        seeds: Their seeds.
        reports: What each space of distances says: that of the extractor, if any, and pixels.
        training: The training images.
        held_out: The held-out images; None without such a split.
        facts: What was compared, as plain data.
        rows: Samples that are drawn at most.
        scale: Side of each pixel in the figure; None: enough to see it.
    """

    samples: PixelArray
    seeds: Sequence[int]
    reports: Sequence[Report]
    training: PackSplit
    held_out: PackSplit | None
    facts: dict[str, Any]
    rows: int
    scale: int | None = None

    name = "neighbors"

    @property
    def order(self) -> list[int]:
        """The samples, the most suspicious first: by p-values of copying, or by ratios of nearest distances."""
        scores = [report.training.ratio if report.copies is None else report.copies for report in self.reports]
        return [int(row) for row in np.argsort(np.min(scores, axis=0), kind="stable")]

    @property
    def summary(self) -> str:
        """The memorization report in a sentence; each p-value is multiplied by the number of spaces."""
        return self.memorization.text

    @property
    def memorization(self) -> MemorizationVerdict:
        """Whether a test found memorization at the level of `ALARM`, and the report in a sentence."""
        if self.held_out is None:
            return MemorizationVerdict(None, _NO_HELD_OUT)
        spaces = len(self.reports)
        copied = [report.copy_found * spaces for report in self.reports if report.copy_found is not None]
        nearer = [report.p_nearer * spaces for report in self.reports if report.p_nearer is not None]
        found = []
        if copied and min(copied) < ALARM:
            found.append(
                f"at least one sample is nearer to a training image than chance allows (p = {min(copied):.2g})"
            )
        if nearer and min(nearer) < ALARM:
            found.append(f"samples are nearer to training images than to held-out ones (p = {min(nearer):.2g})")
        if found:
            return MemorizationVerdict(True, "; ".join(found))
        smallest = min(1.0, *copied, *nearer)
        samples = len(self.samples)
        return MemorizationVerdict(
            False, f"no sign of memorization in {samples:,} samples (smallest p = {smallest:.2g})"
        )

    def figure(self) -> FigureResult:
        """Draw the most suspicious samples, each beside the real images nearest to it."""
        drawn = [self._row(sample) for sample in self.order[: self.rows]]
        kinds = ("training", "held-out") if self.held_out is not None else ("training",)
        top = ["sample", *(f"{kind} ({report.space})" for report in self.reports for kind in kinds)]
        sheet = Sheet(drawn, top=top, title=self.summary, scale=self.scale)
        facts = {**self.plain(), "shown": len(drawn), "scale": sheet.enlargement}
        return FigureResult(self.name, sheet.canvas(), facts, self.summary)

    def write(self, path: str | Path) -> list[Path]:
        """Write the picture, and beside it the report as JSON."""
        return self.figure().write(path)

    def _repr_png_(self) -> bytes:
        return self.figure()._repr_png_()

    def plain(self) -> dict[str, Any]:
        """Return the memorization report as plain data: its sentence, the tests, and each sample's neighbors."""
        return {
            **self.facts,
            "memorization_report": self.summary,
            "memorization_found": self.memorization.found,
            "assumptions": list(ASSUMPTIONS) if self.held_out is not None else [],
            "tests": [report.plain() for report in self.reports],
            "samples": [self._sample(number) for number in self.order],
        }

    def _sample(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = {"seed": self.seeds[number]}
        for report in self.reports:
            found[report.space] = {
                "training_image": int(report.training.index[number]),
                "distance": float(report.training.distance[number]),
                "ratio_to_next_subject": float(report.training.ratio[number]),
                "p_copy_uncorrected": None if report.copies is None else float(report.copies[number]),
                "held_out_distance": None if report.held_out is None else float(report.held_out.distance[number]),
            }
        return found

    def _row(self, number: int) -> list[Panel | None]:
        row: list[Panel | None] = [Panel(self.samples[number], f"seed {self.seeds[number]}")]
        resolution = self.samples.shape[-1]
        for report in self.reports:
            for near, split in ((report.training, self.training), (report.held_out, self.held_out)):
                if near is not None and split is not None:
                    index = near.index[number : number + 1]
                    row.append(Panel(split.at(index, resolution)[0], f"{near.distance[number]:.4g}"))
        return row
