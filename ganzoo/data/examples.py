"""Examples: a few made-up files, for the `example_options` of datasets that read folders."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo._io.atomic import atomic_write


def example_file(folder: Path, name: str, content: bytes) -> Path:
    """Write a file into a folder, for the `example_root` of source formats, and return its path.

    Args:
        folder: Where to.
        name: What it is called; it may have folders of its own in it.
        content: What is in it.
    """
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, content)
    return path


def example_images(folder: Path, names: Iterable[str], resolution: int = 64) -> Path:
    """Write gray noise as PNG files into a folder, one image for each name, and return the folder.

    Args:
        folder: Where to; names may have folders of their own in it.
        names: What the files are called, such as "case_001_slice_0.nii.png".
        resolution: Width and height in pixels.
    """
    rng = np.random.default_rng(0)
    for name in names:
        file = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (resolution, resolution), dtype=np.uint8)).save(file, "PNG")
        example_file(folder, name, file.getvalue())
    return folder
