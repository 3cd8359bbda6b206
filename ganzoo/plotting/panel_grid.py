"""Panel grid: images in rows and columns with labels around them, which most figures share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganzoo.plotting.canvas import Canvas, Picture, Words
from ganzoo.plotting.font import width_of

if TYPE_CHECKING:
    from ganzoo.contracts.component import PixelArray

TEXT_SIZE = 14
_LINE = 20
_MARGIN = 8
_GAP = 4
_READABLE_SIDE = 96


@dataclass(frozen=True)
class Panel:
    """One image `[C, H, W]` of uint8, and the lines of words below it."""

    pixels: PixelArray
    caption: str = ""


@dataclass(frozen=True)
class Sheet:
    """Rows of panels, None where a place stays empty.

    Attributes:
        rows: The panels; rows may differ in length, and panels in size.
        top: A heading for each column, or nothing.
        left: A heading for each row, or nothing.
        title: A line above all.
        titles: All that the title may become in other frames of a film: each has room, so that all are of one size.
        scale: Each pixel of an image becomes `scale` times `scale` pixels; None: enough to see small images.
        break_after: Columns after which a wider gap stands.
        break_below: Rows below which a wider gap stands.
    """

    rows: Sequence[Sequence[Panel | None]]
    top: Sequence[str] = ()
    left: Sequence[str] = ()
    title: str = ""
    titles: Sequence[str] = ()
    scale: int | None = None
    break_after: Sequence[int] = ()
    break_below: Sequence[int] = ()

    @property
    def enlargement(self) -> int:
        """The scale that is used."""
        if self.scale is not None:
            return self.scale
        largest = max((max(panel.pixels.shape[1:]) for row in self.rows for panel in row if panel), default=1)
        return max(1, _READABLE_SIDE // largest)

    def canvas(self) -> Canvas:
        """Lay the sheet out; its size follows from the panels and the words."""
        scale, columns = self.enlargement, max(map(len, self.rows))
        shown = [[_place(row, column) for column in range(columns)] for row in self.rows]
        words = max((width_of(each, TEXT_SIZE) for each in self.left), default=-_GAP)
        widths = [max(_width(row[column], scale) for row in shown) for column in range(columns)]
        widths = [max(width, self._heading_width(column)) for column, width in enumerate(widths)]
        heights = [max((_height(panel, scale) for panel in row), default=0) for row in shown]
        lefts = _starts(_MARGIN + words + _GAP, widths, self.break_after)
        head = _MARGIN + _LINE * (bool(self.title) + bool(self.top))
        tops = _starts(head, heights, self.break_below)
        right = lefts[-1] + widths[-1] + _MARGIN
        title = max(width_of(each, TEXT_SIZE) for each in (self.title, *self.titles))
        canvas = Canvas(max(right, 2 * _MARGIN + title), tops[-1] + heights[-1] + _MARGIN)
        if self.title:
            canvas.add(Words(self.title, _MARGIN, _MARGIN + TEXT_SIZE, TEXT_SIZE))
        for column, heading in enumerate(self.top):
            canvas.add(Words(heading, lefts[column] + widths[column] / 2, head - 6, TEXT_SIZE, "middle"))
        for row, panels in enumerate(shown):
            if row < len(self.left):
                middle = tops[row] + heights[row] / 2 + TEXT_SIZE / 3
                canvas.add(Words(self.left[row], _MARGIN + words, middle, TEXT_SIZE, "end"))
            for column, panel in enumerate(panels):
                if panel:
                    _put(canvas, panel, lefts[column], tops[row], widths[column], scale)
        return canvas

    def _heading_width(self, column: int) -> int:
        return width_of(self.top[column], TEXT_SIZE) + _GAP if column < len(self.top) else 0


def _place(row: Sequence[Panel | None], column: int) -> Panel | None:
    return row[column] if column < len(row) else None


def _width(panel: Panel | None, scale: int) -> int:
    if panel is None:
        return 0
    return max(panel.pixels.shape[2] * scale, *(width_of(line, TEXT_SIZE) for line in panel.caption.split("\n")))


def _height(panel: Panel | None, scale: int) -> int:
    if panel is None:
        return 0
    return panel.pixels.shape[1] * scale + (_LINE * len(panel.caption.split("\n")) if panel.caption else 0)


def _starts(first: int, sizes: Sequence[int], breaks: Sequence[int]) -> list[int]:
    starts = [first]
    for index, size in enumerate(sizes[:-1]):
        starts.append(starts[-1] + size + _GAP * (4 if index in breaks else 1))
    return starts


def _put(canvas: Canvas, panel: Panel, left: int, top: int, width: int, scale: int) -> None:
    height, side = (size * scale for size in panel.pixels.shape[1:])
    canvas.add(Picture(panel.pixels, left + (width - side) // 2, top, scale))
    for number, line in enumerate(panel.caption.split("\n") if panel.caption else ()):
        canvas.add(Words(line, left + width / 2, top + height + _LINE * number + 15, TEXT_SIZE, "middle"))
