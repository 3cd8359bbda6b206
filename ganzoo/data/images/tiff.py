"""TIFF reader: files that Pillow does not know, such as color of 16 bits and floats of 64."""

from __future__ import annotations

import logging
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.data.images.extras import require_extra
from ganzoo.errors import DataError

_CHANNELS = (1, 3, 4)


def read_deep_tiff(file: IO[bytes], name: str, max_pixels: int) -> NDArray[Any]:
    """Read a TIFF by tifffile as `[H, W]` or `[H, W, C]`; 16-bit color keeps the upper 8 bits, as in PNG.

    Raises:
        DataError: tifffile is missing, or the file is no single image, too large or damaged.
    """
    tifffile = require_extra("tifffile", "tiff", f"{name}, a TIFF of a rare kind,")
    logging.getLogger("tifffile").disabled = True  # it logs what it then raises
    file.seek(0)
    try:
        with tifffile.TiffFile(file) as tiff:
            if len(tiff.pages) != 1:
                raise DataError(f"{name}: holds {len(tiff.pages)} images; each must have a file of its own")
            page = tiff.pages[0]
            _refuse_odd(page, name, max_pixels)
            array: NDArray[Any] = page.asarray()
    except (DataError, MemoryError):
        raise
    except Exception as error:  # tifffile raises many kinds for damaged files
        raise DataError(f"{name}: is damaged, truncated or no TIFF that can be read: {error}") from error
    if array.ndim == 3 and array.shape[0] in _CHANNELS and array.shape[2] not in _CHANNELS:
        array = np.moveaxis(array, 0, 2)
    if array.ndim == 3 and array.dtype == np.uint16:
        return (array >> 8).astype(np.uint8)
    return array


def _refuse_odd(page: Any, name: str, max_pixels: int) -> None:
    if page.imagewidth * page.imagelength > max_pixels:
        raise DataError(
            f"{name}: is {page.imagewidth}x{page.imagelength}, more than {max_pixels // 10**6} million pixels"
        )
    if page.imagedepth != 1 or page.samplesperpixel not in _CHANNELS:
        raise DataError(f"{name}: has {page.samplesperpixel} channels; an image has 1, 3 or 4")
