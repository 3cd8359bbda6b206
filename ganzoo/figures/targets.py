"""Targets: given images, read from files and folders as the generator's own are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.reading import ReadingRule
from ganzoo.data.images.decode import read_image
from ganzoo.data.images.find import find_images
from ganzoo.errors import DataError

MOST = 10_000


@dataclass(frozen=True)
class Targets:
    """Given images.

    Attributes:
        images: uint8 `[N, C, R, R]` at the generator's stage.
        names: What each is called.
    """

    images: PixelArray
    names: Sequence[str]


def read_targets(generator: OpenedGenerator, given: Sequence[Path | str] | PixelArray) -> Targets:
    """Return given images as the generator's own are made.

    Args:
        generator: The generator.
        given: Files and folders; or pixels, uint8 `[N, C, R, R]`, whose names are then their numbers.

    Raises:
        DataError: A path does not exist, is no image, or there are none or too many; or pixels are of another shape.
    """
    if isinstance(given, np.ndarray):
        return _checked(generator, given)
    files: list[tuple[str, Path]] = []
    for path in map(Path, given):
        if path.is_dir():
            files += [(f"{path.name}/{found.key}", found.path) for found in find_images(path).files]
        else:
            files.append((path.name, path))
    if not 0 < len(files) <= MOST:
        raise DataError(f"{len(files):,} images to project; name files, or folders that hold between 1 and {MOST:,}")
    if generator.spec.channels not in (1, 3):
        raise DataError(
            f"image files are gray or color, and this generator's images have {generator.spec.channels} channels; in "
            f"Python give an array of them, uint8 [N, C, R, R]"
        )
    rule = ReadingRule(generator.resolution, generator.spec.channels)
    return Targets(np.stack([read_image(path, rule) for _, path in files]), [name for name, _ in files])


def _checked(generator: OpenedGenerator, pixels: PixelArray) -> Targets:
    expected = (generator.spec.channels, generator.resolution, generator.resolution)
    if pixels.dtype != np.uint8 or pixels.shape[1:] != expected:
        raise DataError(
            f"images of {pixels.dtype} {list(pixels.shape)} were given; this generator makes uint8 "
            f"[N, {', '.join(map(str, expected))}]"
        )
    return Targets(pixels, [str(number) for number in range(len(pixels))])
