"""Images to be projected, read from files and folders as the generator's own are made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.component import PixelArray
from ganzoo.data.images.decode import ReadingRule, read_image
from ganzoo.data.images.find import find_images
from ganzoo.errors import DataError

MOST = 10_000


def read_targets(subject: OpenedGenerator, paths: Sequence[Path]) -> tuple[PixelArray, list[str]]:
    """Return the images of files and folders, uint8 `[N, C, R, R]` at the generator's stage, and their names.

    Raises:
        DataError: A path does not exist, is no image, or there are none or too many.
    """
    files: list[tuple[str, Path]] = []
    for path in paths:
        if path.is_dir():
            files += [(f"{path.name}/{found.key}", found.path) for found in find_images(path).files]
        else:
            files.append((path.name, path))
    if not 0 < len(files) <= MOST:
        raise DataError(f"{len(files):,} images to project; name files, or folders that hold between 1 and {MOST:,}")
    rule = ReadingRule(subject.resolution, subject.spec.channels)
    return np.stack([read_image(path, rule) for _, path in files]), [name for name, _ in files]
