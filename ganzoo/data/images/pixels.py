"""Pixels: what the reading rule makes of a decoded image, the same for all sources."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.contracts.component import PixelArray
from ganzoo.contracts.reading import DeepPicture, NonFinite, Picture, ReadingRule, Window
from ganzoo.data.images.intensity_window import bounds_of, scaled
from ganzoo.data.images.resize import image_to_square, to_square
from ganzoo.errors import DataError, PluginError

MAX_PIXELS = 64_000_000

_WIDE_MODES = ("I", "F")
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_GRAY_MODES = ("1", "L", "LA", "La")
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow's conversion to grayscale


def pixels_of(picture: Picture, rule: ReadingRule, name: str) -> PixelArray:
    """Apply the reading rule to a decoded image.

    Args:
        picture: The image. Color of more than 8 bits goes through one window for all channels.
        rule: What it is turned into.
        name: What messages call it.

    Returns:
        uint8 `[C, R, R]`.

    Raises:
        DataError: It has values that the rule refuses, or a shape that is no image's.
        PluginError: The rule asks for another number of channels than 1 and 3.
    """
    if rule.channels not in (1, 3):
        raise PluginError(
            f"a picture is read as gray or color, not as {rule.channels} channels; a dataset of such images lays them "
            f"out in a `load` of its own"
        )
    window = rule.window
    if isinstance(picture, np.ndarray):
        picture, window = _of_array(picture, window, name)
    elif isinstance(picture, Image.Image) and picture.mode.split(";")[0] in _WIDE_MODES:
        picture = DeepPicture(np.asarray(picture))
    height, width = picture.values.shape[:2] if isinstance(picture, DeepPicture) else picture.size[::-1]
    if width * height > MAX_PIXELS:
        raise DataError(f"{name}: is {width}x{height}, more than {MAX_PIXELS // 10**6} million pixels")
    if rule.shape == "square" and width != height:
        raise DataError(f"{name}: is {width}x{height}, not square; set dataset.shape to 'crop', 'pad' or 'stretch'")
    if isinstance(picture, DeepPicture):
        return _shaped_deep(picture, window, rule, name)
    return _shaped(picture, rule)


def _of_array(array: NDArray[Any], window: Window, name: str) -> tuple[Image.Image | DeepPicture, Window]:
    """Return what an array is, and its window, which an alpha channel of more than 8 bits goes through as well."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or 0 in array.shape or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        shown = " x ".join(str(side) for side in array.shape)
        raise DataError(f"{name}: is an array of {shown}; an image is H x W, or H x W x C with C of 1, 3 or 4")
    if array.dtype.kind not in "buif":
        raise DataError(f"{name}: holds {array.dtype}, not intensities")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint8:
        return Image.fromarray(np.ascontiguousarray(array)), window
    if array.ndim == 2 or array.shape[2] == 3:
        return DeepPicture(array), window
    bounds = bounds_of(array, window, name)
    return DeepPicture(array[:, :, :3], scaled(array[:, :, 3], bounds) / np.float32(255)), bounds


def _shaped_deep(picture: DeepPicture, window: Window, rule: ReadingRule, name: str) -> PixelArray:
    values, alpha, finite = _finite(picture, rule.non_finite, name)
    seen = finite if alpha is None else finite & (alpha > 0)
    bounds = bounds_of(values if seen.all() else values[seen], window, name)
    planes = []
    mean = np.zeros(values.shape[:2], np.float32) if values.ndim == 3 and rule.channels == 1 else None
    # One channel at a time: a large picture's arrays would not fit all at once.
    for number, channel in enumerate(np.moveaxis(values, 2, 0) if values.ndim == 3 else [values]):
        plane = scaled(channel, bounds)
        if picture.white_is_zero and bounds[0] < bounds[1]:
            plane = 255 - plane
        if alpha is not None:
            plane = plane * alpha + rule.background * (1 - alpha)
        if mean is None:
            planes.append(_square(plane, rule))
        else:
            mean += np.float32(_LUMA[number]) * plane
    if mean is not None:
        planes = [_square(mean, rule)]
    return np.stack(planes * (rule.channels // len(planes)))


def _finite(
    picture: DeepPicture, non_finite: NonFinite, name: str
) -> tuple[NDArray[Any], NDArray[np.float32] | None, NDArray[np.bool_]]:
    """Return values that are all finite, the opacity of each pixel, and which pixels are finite by themselves."""
    values, alpha = picture.values, picture.alpha
    flat = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape[:2], np.bool_)
    finite: NDArray[np.bool_] = np.asarray(flat.all(axis=2) if flat.ndim == 3 else flat)
    if finite.all():
        return values, alpha, finite
    if non_finite == "refuse":
        raise DataError(
            # Without their number, so that a list of many such images says this once.
            f"{name}: has pixels that are not finite (NaN); show them as background by dataset.non_finite = "
            "'background' (--set non_finite=background), or state the intensity that they have (--set non_finite=0)"
        )
    opaque = finite.astype(np.float32)
    if non_finite == "background":
        return np.where(flat, values, 0), np.asarray(opaque if alpha is None else alpha * opaque), finite
    return np.where(flat, values, non_finite), alpha, finite


def _shaped(image: Image.Image, rule: ReadingRule) -> PixelArray:
    flat = _without_alpha(image, rule.background)
    if flat.mode == "1" or (rule.channels == 1 and flat.mode != "L"):
        flat = flat.convert("L")
    elif flat.mode not in ("L", "RGB"):
        flat = flat.convert("RGB")
    if (at_once := image_to_square(flat, rule.resolution, rule.resize, rule.shape)) is not None:
        return np.repeat(at_once, rule.channels // len(at_once), axis=0)
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
    picture = image.convert("LA") if image.mode == "La" else image  # premultiplied, which becomes nothing else
    picture = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    ground = Image.new("RGB", picture.size, (background, background, background))
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground.getchannel(0) if gray else ground
