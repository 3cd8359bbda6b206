"""TIFF reader: what a TIFF states about its pixels, and files that Pillow does not know, such as floats of 64 bits."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.contracts.reading import DeepPicture
from ganzoo.data.images.extras import require_extra
from ganzoo.errors import DataError
from ganzoo.text import reason_of

# TIFF 6.0 (Adobe, 1992): tags, and how many channels a PhotometricInterpretation has.
_BITS, _PHOTOMETRIC, _SAMPLES, _PLANES, _EXTRA, _FORMAT = 258, 262, 277, 284, 338, 339
_COLORS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3}
_UNSIGNED, _SIGNED = 1, 2
_ASSOCIATED, _UNASSOCIATED = 1, 2
_TURNS = {3: (2, False), 6: (3, False), 8: (1, False), 2: (0, True), 4: (2, True), 5: (3, True), 7: (1, True)}


@dataclass(frozen=True)
class Stated:
    """What a TIFF's tags state about its pixels.

    Attributes:
        photometric: PhotometricInterpretation: 0 where white is zero.
        samples: How many channels there are, alpha and others too.
        extra: What each channel beyond gray or color is: 1 and 2 are alpha, premultiplied or not.
        bits: Of a channel.
        kind: SampleFormat: 1 unsigned, 2 signed, 3 floats.
        separate: Whether channels lie one after the other.
    """

    photometric: int
    samples: int
    extra: tuple[int, ...]
    bits: int
    kind: int
    separate: bool

    @property
    def white_is_zero(self) -> bool:
        """Whether high values are dark."""
        return self.photometric == 0

    @property
    def has_alpha(self) -> bool:
        """Whether the channel after gray or color is stated to be an alpha."""
        return self.extra[:1] in ((_ASSOCIATED,), (_UNASSOCIATED,))

    def refuse_other_channels(self, name: str) -> None:
        """Raise DataError where channels are neither gray, color nor alpha: which of them to show is not known."""
        beyond = self.samples - _COLORS.get(self.photometric, 1)
        if beyond > 1 or (beyond == 1 and _COLORS.get(self.photometric, 1) == 1 and not self.has_alpha):
            raise DataError(
                f"{name}: has {self.samples} channels; an image has 1, 3 or 4 (gray, color, color with alpha): save "
                "the channels that are meant as a file of their own"
            )


def stated_by(image: Image.Image) -> Stated:
    """Return what the tags of a TIFF that Pillow opened state."""
    tags: Any = getattr(image, "tag_v2", {})

    def first(tag: int, default: int) -> int:
        value = tags.get(tag, default)
        return int(value[0] if isinstance(value, tuple) else value)

    extra = tags.get(_EXTRA, ())
    return Stated(
        photometric=first(_PHOTOMETRIC, 1),
        samples=first(_SAMPLES, 1),
        extra=tuple(extra) if isinstance(extra, tuple) else (int(extra),),
        bits=first(_BITS, 1),
        kind=first(_FORMAT, _UNSIGNED),
        separate=first(_PLANES, 1) == 2,
    )


def needs_tifffile(stated: Stated) -> bool:
    """Whether Pillow opens such a file, but reads its pixels wrongly or not at all."""
    color = stated.bits == 16 and stated.samples > 1 and stated.separate
    return color or (stated.bits == 16 and stated.samples == 2)


def obeyed(picture: Image.Image | DeepPicture, stated: Stated) -> Image.Image | DeepPicture:
    """Return what Pillow read with what it left out: signs, the highest bit, and which end is white."""
    if isinstance(picture, DeepPicture):
        values = picture.values
        if values.dtype == np.int32 and (stated.bits, stated.kind) == (32, _UNSIGNED):
            values = values.view(np.uint32)
        return DeepPicture(values, picture.alpha, stated.white_is_zero)
    if (stated.bits, stated.kind) == (8, _SIGNED) and picture.mode == "L":
        return DeepPicture(np.asarray(picture).view(np.int8), None, stated.white_is_zero)
    return picture


def read_rare_tiff(file: IO[bytes], name: str, max_pixels: int) -> DeepPicture | NDArray[Any]:
    """Read a TIFF by tifffile.

    Raises:
        DataError: tifffile is missing, or the file is no single image, too large or damaged.
    """
    tifffile = require_extra("tifffile", "tiff", "a TIFF of this kind", name)
    logging.getLogger("tifffile").disabled = True  # it logs what it then raises
    file.seek(0)
    try:
        with tifffile.TiffFile(file) as tiff:
            if len(tiff.pages) != 1:
                raise DataError(f"{name}: holds {len(tiff.pages)} images; each must have a file of its own")
            return _page(tiff.pages[0], name, max_pixels)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # tifffile raises many kinds for damaged files
        raise DataError(f"{name}: is damaged, truncated or no TIFF that can be read: {reason_of(error)}") from error


def _page(page: Any, name: str, max_pixels: int) -> DeepPicture | NDArray[Any]:
    if page.imagewidth * page.imagelength > max_pixels:
        raise DataError(
            f"{name}: is {page.imagewidth}x{page.imagelength}, more than {max_pixels // 10**6} million pixels"
        )
    extra = tuple(int(kind) for kind in page.extrasamples)
    samples = int(page.samplesperpixel)
    stated = Stated(int(page.photometric), samples, extra, int(page.bitspersample), 0, False)
    stated.refuse_other_channels(name)
    if page.imagedepth != 1:
        raise DataError(f"{name}: is a volume of {page.imagedepth} slices; each must have a file of its own")
    array: NDArray[Any] = page.asarray()
    if array.ndim == 3 and page.axes.startswith("S"):
        array = np.moveaxis(array, 0, 2)
    array = _turned(array, page)
    if array.dtype.kind not in "uif" or array.ndim not in (2, 3) or (array.dtype == np.uint8 and samples != 2):
        return np.invert(array) if stated.white_is_zero and array.dtype in (np.uint8, np.bool_) else array
    return _deep(array, stated)


def _deep(array: NDArray[Any], stated: Stated) -> DeepPicture:
    if array.ndim == 2 or not stated.has_alpha:
        values = array[:, :, :3] if array.ndim == 3 and array.shape[2] > 1 else array.reshape(array.shape[:2])
        return DeepPicture(values, None, stated.white_is_zero)
    values, alpha = array[:, :, :-1], array[:, :, -1]
    most = np.iinfo(array.dtype).max if array.dtype.kind in "ui" else 1
    share = np.clip(alpha.astype(np.float32) / np.float32(most), 0, 1)
    if stated.extra[0] == _ASSOCIATED:
        values = values / np.maximum(share, np.finfo(np.float32).tiny)[:, :, None]
    return DeepPicture(values if values.shape[2] == 3 else values[:, :, 0], share, stated.white_is_zero)


def _turned(array: NDArray[Any], page: Any) -> NDArray[Any]:
    """Turn an image as the tag Orientation says."""
    tag = page.tags.get("Orientation")
    quarters, mirrored = _TURNS.get(int(tag.value) if tag is not None else 1, (0, False))
    turned = np.rot90(array, quarters)
    return turned[:, ::-1] if mirrored else turned
