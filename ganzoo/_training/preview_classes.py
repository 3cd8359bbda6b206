"""Preview classes: which class each image of a run's sample grids is of, a row or several for each, with its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ganzoo.contracts.component import ImageSpec, PixelArray
from ganzoo.plotting import ClassRows

_MOST_COLUMNS, _FEWEST_COLUMNS = 8, 4


@dataclass(frozen=True)
class PreviewClasses:
    """The classes of a sample grid.

    Attributes:
        labels: One-hot label of each image, row by row, `[N, L]`.
        columns: Images in a row.
        names: What stands before each row, empty where it goes on with the class above it.
    """

    labels: Tensor
    columns: int
    names: tuple[str, ...]

    def picture(self, pixels: PixelArray) -> PixelArray:
        """Return images `[N, C, R, R]` in one, `[1 or 3, H, W]`, each row with the name of its class."""
        places = range(len(pixels))
        rows = tuple(tuple(places[start : start + self.columns]) for start in range(0, len(pixels), self.columns))
        return ClassRows(rows, self.names).picture(pixels)


def preview_count(spec: ImageSpec, stated: int | None) -> int:
    """Return how many images a sample grid has, unless it is stated: fewer at higher resolutions."""
    return stated or (64 if spec.resolution <= 64 else 36 if spec.resolution == 128 else 16)


def preview_classes(spec: ImageSpec, names: Sequence[str], count: int) -> PreviewClasses | None:
    """Return the classes of a grid of about `count` images, none for unlabeled ones; of too many, the first classes.

    Args:
        spec: What the images are.
        names: Name of each class; empty: their numbers.
        count: How many images there may be, at least one of each class that is shown.
    """
    if not spec.label_dim:
        return None
    columns = min(count, _MOST_COLUMNS, max(_FEWEST_COLUMNS, count // spec.label_dim))
    shown = min(spec.label_dim, count // columns)
    each = max(1, count // (shown * columns))
    classes = torch.arange(shown).repeat_interleave(each * columns)
    called = [names[number] if names else f"class {number}" for number in range(shown)]
    rows = tuple(text for name in called for text in (name, *[""] * (each - 1)))
    return PreviewClasses(torch.eye(spec.label_dim)[classes], columns, rows)
