"""Reading of sources: what the formats share, from the keys of their images to the pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.reading import DeepPicture, Picture, ReadingRule
from ganzoo.contracts.sources import Source
from ganzoo.data.images.decode import reading
from ganzoo.data.images.original import Original, original_of
from ganzoo.data.images.pixels import pixels_of
from ganzoo.data.images.slice_geometry import framed, squared_image, squared_pixels
from ganzoo.errors import DataError
from ganzoo.text import literal


def read_entry(
    source: Source[Any], key: str, rule: ReadingRule, note: Callable[[Original], None] | None = None
) -> PixelArray:
    """Return an image of a source as uint8 `[C, R, R]`.

    Args:
        source: The source.
        key: Key of the image.
        rule: What it is turned into.
        note: Called with what it was.

    Raises:
        DataError: It cannot be read; the message names it.
    """
    name = literal(key)
    with reading(name), np.errstate(all="ignore"):  # what overflows is seen to be not finite
        own = replace(rule, window=source.window_for(key, rule))
        picture = source.picture(key)
        shown = _shown(source, key, picture, own, name)
        pixels = pixels_of(shown, own, name)
    if note:
        note(original_of(shown, was_squared=source.reading.frame is None and _size(shown) != _size(picture)))
    return pixels


def _size(picture: Picture) -> tuple[int, int]:
    found = original_of(picture, was_squared=False)
    return found.height, found.width


def _shown(source: Source[Any], key: str, picture: Picture, rule: ReadingRule, name: str) -> Picture:
    """Return a slice with square pixels, in the frame that the options ask for."""
    spacing = source.spacing_for(key) if source.reading.spacing == "square" else None
    frame = source.reading.frame if source.holds_volumes else None
    if not isinstance(picture, np.ndarray):
        return picture if isinstance(picture, DeepPicture) else squared_image(picture, spacing, name, rule.resize)
    black = rule.window[0] if isinstance(rule.window, tuple) and picture.dtype != np.uint8 else 0
    finite = np.isfinite(picture) if picture.dtype.kind == "f" else np.ones(1, np.bool_)
    if finite.all():
        return framed(squared_pixels(picture, spacing, name, rule.resize), frame, black)
    # What is not finite would spread to its neighbors; it keeps its own place.
    known = squared_pixels(np.where(finite, picture, black), spacing, name, rule.resize)
    return framed(np.where(squared_pixels(finite, spacing, name), known, np.nan), frame, black)


def place_of(key: str) -> tuple[str, int]:
    """Split a key `file#number`. Raises DataError."""
    name, _, number = key.rpartition("#")
    if not (number.isascii() and number.isdigit()):
        raise DataError(f"{literal(key)}: is no image of this source")
    return name, int(number)


def subject_in_row(per_subject: int, number: int, where: str) -> str:
    """Return the subject of image `number` where each subject has `per_subject` images in a row."""
    return f"{where}#{number // per_subject}" if per_subject else ""
