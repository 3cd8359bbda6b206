"""Decoder: image files to pixels, in one place.

The rule, in this order:

1. PNG, JPEG, WEBP, TIFF, BMP and GIF, recognized by content and not by name, one image per file (of a GIF the
   first frame), up to 64 Mpx. PNG checksums are checked. Nothing truncated or damaged is repaired.
2. EXIF orientation is applied; an EXIF block that cannot be read counts as none.
3. What has more than 8 bits (16- and 32-bit integers, floats) goes through the intensity window; see `Window`.
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
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.reading import Picture, ReadingRule, Window
from ganzoo.data.images.intensity_window import windowed
from ganzoo.data.images.resize import to_square
from ganzoo.data.images.tiff import read_deep_tiff
from ganzoo.errors import DataError
from ganzoo.text import literal

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
MAX_PIXELS = 64_000_000

_WIDE_MODES = ("I", "F")
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_GRAY_MODES = ("1", "L", "LA", "La")


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
        raise DataError(f"{name}: {error.strerror or literal(str(error))}") from error
    except ValueError as error:  # a NUL in a name, a mode that Pillow cannot convert
        raise DataError(f"{name}: {literal(str(error))}") from error
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
    try:
        image = _opened(file, name)
        if image is None:
            return read_deep_tiff(file, name, MAX_PIXELS)
        if image.format == "PNG":  # loading alone does not check the checksums
            image.verify()
            file.seek(0)
            image = _opened(file, name) or image
        if image.format in ("PNG", "WEBP", "TIFF") and (frames := getattr(image, "n_frames", 1)) > 1:
            raise DataError(f"{name}: holds {frames} images; each must have a file of its own")
        image.load()
    except (DataError, MemoryError):
        raise
    except Exception as error:  # Pillow raises a dozen kinds for damaged files, struct.error and KeyError too
        raise DataError(f"{name}: is damaged or truncated: {literal(str(error)) or type(error).__name__}") from error
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:
        image.info.pop("exif", None)
    return image


def _opened(file: IO[bytes], name: str) -> Image.Image | None:
    """Open an image; None for a TIFF of a kind that Pillow does not know."""
    try:
        image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        file.seek(0)
        if file.read(4) in TIFF_STARTS:
            return None
        raise DataError(f"{name}: is not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"{name}: has more than {MAX_PIXELS // 10**6} million pixels") from error
    if image.width * image.height > MAX_PIXELS:
        raise DataError(
            f"{name}: is {image.width}x{image.height}, more than {MAX_PIXELS // 10**6} million pixels; "
            "make it smaller first"
        )
    return image


def pixels_of(picture: Picture, rule: ReadingRule, name: str) -> PixelArray:
    """Apply the reading rule to a decoded image.

    Args:
        picture: The image. Color arrays of more than 8 bits go through one window for all channels.
        rule: What it is turned into.
        name: What messages call it.

    Returns:
        uint8 `[C, R, R]`.

    Raises:
        DataError: It has values that the rule refuses, or a shape that is no image's.
    """
    if isinstance(picture, np.ndarray):
        picture = _flattened(picture, rule.window, name)
    width, height = picture.shape[::-1] if isinstance(picture, np.ndarray) else picture.size
    if width * height > MAX_PIXELS:
        raise DataError(f"{name}: is {width}x{height}, more than {MAX_PIXELS // 10**6} million pixels")
    if rule.shape == "square" and width != height:
        raise DataError(f"{name}: is {width}x{height}, not square; set dataset.shape to 'crop', 'pad' or 'stretch'")
    if isinstance(picture, np.ndarray):
        return np.repeat(_square(picture, rule)[None], rule.channels, axis=0)
    return _shaped(picture, rule, name)


def _flattened(array: NDArray[Any], window: Window, name: str) -> Image.Image | NDArray[np.float32]:
    """Return an 8-bit image, or a windowed plane `[H, W]` where grayscale has more bits."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or 0 in array.shape or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        shown = " x ".join(str(side) for side in array.shape)
        raise DataError(f"{name}: is an array of {shown}; an image is H x W, or H x W x C with C of 1, 3 or 4")
    if array.dtype.kind not in "buif":
        raise DataError(f"{name}: holds {array.dtype}, not intensities")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype != np.uint8:
        wide = windowed(array, window, name)
        if array.ndim == 2:
            return wide
        array = np.floor(wide + 0.5).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(array))


def _shaped(image: Image.Image, rule: ReadingRule, name: str) -> PixelArray:
    if image.mode.split(";")[0] in _WIDE_MODES:
        plane = _square(windowed(np.asarray(image), rule.window, name), rule)
        return np.repeat(plane[None], rule.channels, axis=0)
    flat = _without_alpha(image, rule.background)
    if flat.mode == "1" or (rule.channels == 1 and flat.mode != "L"):
        flat = flat.convert("L")
    elif flat.mode not in ("L", "RGB"):
        flat = flat.convert("RGB")
    # One channel at a time: a large picture's arrays would not fit all at once.
    planes = [_square(np.asarray(flat.getchannel(band)), rule) for band in flat.getbands()]
    return np.stack(planes * (rule.channels // len(planes)))


def _square(plane: NDArray[np.uint8] | NDArray[np.float32], rule: ReadingRule) -> NDArray[np.uint8]:
    """Bring one channel `[H, W]` in [0, 255] to uint8 `[R, R]`."""
    return to_square(plane, rule.resolution, rule.resize, rule.shape, rule.background)


def _without_alpha(image: Image.Image, background: int) -> Image.Image:
    if image.mode not in _WITH_ALPHA and "transparency" not in image.info:
        return image.convert("RGB") if image.mode == "P" else image
    gray = image.mode in _GRAY_MODES
    picture = image if image.mode == "RGBA" else image.convert("RGBA")
    ground = Image.new("RGB", picture.size, (background, background, background))
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground.getchannel(0) if gray else ground
