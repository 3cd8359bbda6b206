"""Reading of sources: what the formats share, from the keys of their images to the pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.reading import ReadingRule
from ganzoo.contracts.sources import Source
from ganzoo.data.images.decode import reading
from ganzoo.data.images.pixels import pixels_of
from ganzoo.errors import DataError
from ganzoo.text import literal


def read_entry(source: Source[Any], key: str, rule: ReadingRule) -> PixelArray:
    """Return an image of a source as uint8 `[C, R, R]`. Raises DataError naming it."""
    name = literal(key)
    with reading(name), np.errstate(all="ignore"):  # what overflows is seen to be not finite
        window = source.window_for(key, rule)
        picture = source.picture(key)
        return pixels_of(picture, replace(rule, window=window), name)


def inside_root(source: Source[Any], path: Path) -> Path:
    """Return a path, or raise DataError where it is a link that leads out of the source's root."""
    if path.is_symlink() and not source.reading.follow_links:
        folder = source.root if source.root.is_dir() else source.root.parent
        if not path.resolve().is_relative_to(folder.resolve()) and path != source.root:
            raise DataError(
                f"{literal(path.name)}: is a link that leads out of {literal(str(folder))}; copy the file, or set "
                "dataset.follow_links = true if you trust it"
            )
    return path


def place_of(key: str) -> tuple[str, int]:
    """Split a key `file#number`. Raises DataError."""
    name, _, number = key.rpartition("#")
    if not (number.isascii() and number.isdigit()):
        raise DataError(f"{literal(key)}: is no image of this source")
    return name, int(number)


def subject_in_row(per_subject: int, number: int, where: str) -> str:
    """Return the subject of image `number` where each subject has `per_subject` images in a row."""
    return f"{where}#{number // per_subject}" if per_subject else ""
