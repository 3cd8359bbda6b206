"""Decoder: image files to pixels, in one place.

The rule, in this order:

1. PNG, JPEG, WEBP, TIFF, BMP and GIF, recognized by content and not by name, one image per file (of a GIF the
   first frame), up to 64 Mpx. PNG checksums are checked, PNG text is not read. Channels that are neither gray, color
   nor alpha are refused. Nothing truncated or damaged is repaired.
2. EXIF orientation is applied; an EXIF block that cannot be read counts as none.
3. What has more than 8 bits (16- and 32-bit integers, floats), gray or color, goes through the intensity window; see
   `Window`. What is white where it is zero is turned round after that. CMYK keeps the upper 8 bits.
4. Transparency is put over `background`. Palettes become colors.
5. RGB to grayscale is ITU-R 601 luma; grayscale to RGB repeats.
6. The largest centered square is cut out, or what else `Shape` says.
7. Shrinking by a whole factor takes the mean over each new pixel's area, rounded half up: it neither aliases nor
   rings, and equals what training at lower resolutions does. Other factors take Lanczos; `Resize` names the rest.
"""

from __future__ import annotations

import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import Image, UnidentifiedImageError

from ganzoo._io.file_kind import START_BYTES, kind_of
from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.reading import DeepPicture, Picture, ReadingRule
from ganzoo.data.images import png
from ganzoo.data.images.deep import deep_picture, upright
from ganzoo.data.images.pixels import MAX_PIXELS, pixels_of
from ganzoo.data.images.tiff import needs_tifffile, obeyed, read_rare_tiff, stated_by
from ganzoo.errors import DataError
from ganzoo.text import literal, reason_of

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_image(path: Path, rule: ReadingRule, *, called: str | None = None) -> PixelArray:
    """Read an image file as uint8 `[C, R, R]`.

    Args:
        path: The file.
        rule: What it is turned into.
        called: What messages call the file; its path unless given.

    Raises:
        DataError: The file is missing, empty, of another format, damaged, truncated or too large.
    """
    name = literal(called if called is not None else str(path))
    with reading(name):
        return pixels_of(decode_file(path, name), rule, name)


def decode_file(path: Path, name: str) -> Picture:
    """Decode the image file at `path`, which messages call `name`; see `decode_image`. Raises DataError."""
    with reading(name):
        mode = path.stat()
        if not stat.S_ISREG(mode.st_mode):
            raise DataError(f"{name}: is not a regular file")
        if mode.st_size == 0:
            raise DataError(f"{name}: is empty")
        with path.open("rb") as file:
            return decode_image(file, name)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what the system and numpy say about an image into a DataError that names it."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{name}: {error.strerror or reason_of(error)}") from error
    except ValueError as error:  # a NUL in a name, a mode that Pillow cannot convert
        raise DataError(f"{name}: {reason_of(error)}") from error
    except MemoryError as error:
        raise DataError(f"{name}: does not fit in memory") from error


def decode_image(file: IO[bytes], name: str) -> Picture:
    """Decode an image file, with its EXIF orientation applied.

    Args:
        file: The open file; it must be seekable.
        name: What messages call it.

    Raises:
        DataError: It is of another format, damaged, truncated or too large.
    """
    with warnings.catch_warnings():
        # Pillow warns of strange metadata, which do not matter here, and of bombs, which `_opened` refuses.
        warnings.simplefilter("ignore")
        return _decoded(file, name)


def _decoded(file: IO[bytes], name: str) -> Picture:
    if file.read(len(png.START)) == png.START:
        file = png.without_text(file, name)
    file.seek(0)
    try:
        image = _opened(file, name)
        if image is None:
            return read_rare_tiff(file, name, MAX_PIXELS)
        if image.format in ("PNG", "WEBP", "TIFF") and (frames := getattr(image, "n_frames", 1)) > 1:
            raise DataError(f"{name}: holds {frames} images; each must have a file of its own")
        return _read_tiff(image, file, name) if image.format == "TIFF" else _read(image, file, name)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # Pillow raises a dozen kinds for damaged files, struct.error and KeyError too
        raise DataError(f"{name}: is damaged or truncated: {reason_of(error)}") from error


def _read(image: Image.Image, file: IO[bytes], name: str) -> Image.Image | DeepPicture:
    def again() -> Image.Image:
        file.seek(0)
        return _opened(file, name) or image

    return deep_picture(image, again) or upright(image)


def _read_tiff(image: Image.Image, file: IO[bytes], name: str) -> Picture:
    stated = stated_by(image)
    stated.refuse_other_channels(name)
    if needs_tifffile(stated):
        return read_rare_tiff(file, name, MAX_PIXELS)
    return obeyed(_read(image, file, name), stated)


def _opened(file: IO[bytes], name: str) -> Image.Image | None:
    """Open an image; None for a TIFF of a kind that Pillow does not know."""
    try:
        image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        file.seek(0)
        start = file.read(START_BYTES)
        if start[:4] in _TIFF_STARTS:
            return None
        found = kind_of(start)
        but = f": it is {found}" if found else ""
        raise DataError(f"{name}: is not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image{but}") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"{name}: has more than {MAX_PIXELS // 10**6} million pixels") from error
    if image.width * image.height > MAX_PIXELS:
        raise DataError(
            f"{name}: is {image.width}x{image.height}, more than {MAX_PIXELS // 10**6} million pixels; "
            "make it smaller first"
        )
    return image
