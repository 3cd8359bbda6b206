"""Pictures: what trainings kept of their samples, the same latents side by side, real images at the same scale."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo._leaderboard.tables import Row, Table
from ganzoo._report.series import SeriesOf
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import RunRecord
from ganzoo._runs.sample_grids import SampleGrid, real_grid, sample_grid
from ganzoo.contracts.component import PixelArray
from ganzoo.errors import GanzooError

BUDGET_BYTES = 1_500_000
"""For all pictures of a page, before base64 adds a third: so that 50 runs stay below 3 MB."""
_MOST_PANELS = 200
_WIDEST = 560
"""Pixels: a panel is shown at most this wide."""
_GAP = 2
_QUALITIES = (None, 92, 82, 70)
"""Of WebP, tried in turn until all fits; None is lossless."""


@dataclass(frozen=True)
class Panel:
    """A picture of several images in a square.

    Attributes:
        name: Whose they are.
        below: Seed and kimg.
        uri: The picture, as WebP in a data URI.
        width: In pixels.
        height: In pixels.
        series: Of its recipe; None for real images.
    """

    name: str
    below: str
    uri: str
    width: int
    height: int
    series: int | None = None

    @property
    def alt(self) -> str:
        """What a reader who does not see it is told."""
        return f"{self.name}, {self.below}" if self.below else self.name


@dataclass(frozen=True)
class Strip:
    """Panels of one training seed beside each other, and whether all show the same latents; None: it is not known."""

    seed: int
    panels: tuple[Panel, ...]
    same_latents: bool | None


@dataclass(frozen=True)
class _Kept:
    """A grid that is to be shown."""

    name: str
    below: str
    pixels: PixelArray
    side: int
    series: int | None
    latents: str = ""


class Gallery:
    """All strips of a page: one choice of how many images a panel has, so that all are at one scale."""

    def __init__(
        self,
        tables: Sequence[Table],
        folders: Mapping[str, Path],
        records: Mapping[str, RunRecord],
        series: SeriesOf,
    ) -> None:
        self.left_out = 0
        """Runs whose samples were left out because there are too many."""
        self._strips = {index: self._kept(table, folders, records, series) for index, table in enumerate(tables)}
        self._encoded = _encoded(
            [kept for strips in self._strips.values() for each in strips.values() for kept in each]
        )

    def of(self, index: int) -> list[Strip]:
        """Return the strips of the table at this index, one per training seed."""
        return [
            Strip(seed, tuple(map(self._panel, kept)), _same(kept))
            for seed, kept in self._strips[index].items()
            if kept
        ]

    def _panel(self, kept: _Kept) -> Panel:
        data, width, height = self._encoded[id(kept)]
        uri = "data:image/webp;base64," + base64.b64encode(data).decode("ascii")
        return Panel(kept.name, kept.below, uri, width, height, kept.series)

    def _kept(
        self, table: Table, folders: Mapping[str, Path], records: Mapping[str, RunRecord], series: SeriesOf
    ) -> dict[int, list[_Kept]]:
        strips: dict[int, list[_Kept]] = {}
        panels = 0
        for seed in sorted({seed for row in table.rows for seed in row.seeds}):
            strip, reals = [], None
            for row in table.rows:
                run = row.runs[row.seeds.index(seed)] if seed in row.seeds else None
                if run is None or run not in folders:
                    continue
                if panels >= _MOST_PANELS:
                    self.left_out += 1
                    continue
                if (kept := _grid_of(row, run, seed, folders[run], records.get(run), series(row))) is None:
                    continue
                strip.append(kept)
                panels += 1
                reals = reals or _reals_of(folders[run], kept.side)
            if strip and reals is not None:
                strip.append(reals)
            strips[seed] = strip
        return strips


def _grid_of(
    row: Row, run: str, seed: int, folder: Path, record: RunRecord | None, series: int
) -> _Kept | None:  # fmt: skip
    try:
        grid: SampleGrid = sample_grid(RunDirectory(folder), round(1000 * row.kimg))
    except GanzooError:
        return None
    side = record.dataset.resolution if record and record.dataset else 0
    below = f"seed {seed}, {grid.images_seen / 1000:,.4g} kimg"
    return _Kept(row.recipe, below, grid.pixels, side, series, grid.latents)


def _reals_of(folder: Path, side: int) -> _Kept | None:
    try:
        pixels = real_grid(RunDirectory(folder))
    except GanzooError:
        return None
    return None if pixels is None else _Kept("real images", "", pixels, side, None)


def _same(kept: Sequence[_Kept]) -> bool | None:
    drawn = [each for each in kept if each.series is not None]
    if len(drawn) < 2 or not all(each.latents for each in drawn):
        return None
    return len({(each.latents, each.pixels.shape[1:]) for each in drawn}) == 1


def _encoded(kept: Sequence[_Kept]) -> dict[int, tuple[bytes, int, int]]:
    """Return WebP, width and height of each, with as many images and as little loss as the budget allows for all."""
    if not kept:
        return {}
    most = max(map(_images_across, kept))
    for across in sorted({min(most, each) for each in (8, 6, 4, 3, 2)}, reverse=True):
        sizes = [each.side for each in kept if each.side]
        if across > 2 and sizes and across * (max(sizes) + _GAP) > _WIDEST:
            continue
        for quality in _QUALITIES:
            if (found := _within_budget(kept, across, quality)) is not None:
                return found
    return _within_budget(kept, 2, 60, most=float("inf"), widest=_WIDEST // 4) or {}


def _within_budget(
    kept: Sequence[_Kept], across: int, quality: int | None, most: float = BUDGET_BYTES, widest: int = _WIDEST
) -> dict[int, tuple[bytes, int, int]] | None:
    """Return what `_encoded` does, or None as soon as it is clear that it will not fit."""
    found, total = {}, 0
    for count, each in enumerate(kept, 1):
        picture = _cut(each, across, widest)
        data = _webp(picture, quality)
        found[id(each)] = data, picture.width, picture.height
        total += len(data)
        if total > most or (count == min(4, len(kept)) and total / count * len(kept) > 1.5 * most):
            return None
    return found


def _images_across(kept: _Kept) -> int:
    """Return how many images a grid has side by side; 1 where it is none of squares of the images' size."""
    across, rest = divmod(kept.pixels.shape[2] - _GAP, kept.side + _GAP) if kept.side else (1, 0)
    return across if rest == 0 and across >= 1 else 1


def _cut(kept: _Kept, across: int, widest: int) -> Image.Image:
    """Return the first images of a grid, so many across and down, no wider than a page shows them."""
    pixels = kept.pixels
    if _images_across(kept) > across:
        size = across * (kept.side + _GAP) + _GAP
        pixels = pixels[:, :size, :size]
    image = Image.fromarray(np.ascontiguousarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)))
    if image.width > widest:
        image = image.resize((widest, max(1, round(image.height * widest / image.width))), Image.Resampling.BOX)
    return image


def _webp(image: Image.Image, quality: int | None) -> bytes:
    buffer = io.BytesIO()
    if quality is None:
        image.convert("RGB").save(buffer, format="WEBP", lossless=True, quality=60, method=4)
    else:
        image.convert("RGB").save(buffer, format="WEBP", quality=quality, method=4)
    return buffer.getvalue()
