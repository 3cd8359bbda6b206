"""Quality checks: images that are probably constant, saturated, inverted or masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.contracts.component import PixelArray

KINDS = {
    "constant": "one value fills 99.5 % of the image",
    "saturated": "more than a quarter of the image is white: a window too narrow, or 16 bits read as 8",
    "mask-like": "what is not background has a handful of values, as segmentations have",
    "inverted": "dark where the others are bright",
}
"""What each kind means, for people."""

_CONSTANT = 0.995
_SATURATED = 0.25
_MASK_VALUES, _MASK_SHARE = 5, 0.35
_MASK_MOST, _MASK_NEAR = 40, 15
_UNLIKE, _ALIKE = -0.3, 0.2
_FEWEST = 8

Counts = NDArray[np.int64]


def histograms(images: PixelArray) -> Counts:
    """Count the values of each image `[n, C, R, R]`, over all its channels: `[n, 256]`."""
    counts = np.zeros((len(images), 256), np.int64)
    for number, image in enumerate(images):
        # Pillow counts bytes ten times as fast as numpy, which makes each a 64-bit number first.
        counts[number] = Image.fromarray(np.ascontiguousarray(image).reshape(-1, image.shape[-1])).histogram()
    return counts


def quality_checks(counts: Counts, thumbs: PixelArray) -> dict[str, NDArray[np.int64]]:
    """Return the numbers of suspicious images by kind; see `KINDS`.

    Args:
        counts: Histogram of each image, `[n, 256]`.
        thumbs: Thumbnail of each, uint8 `[n, r, r]`.
    """
    total = np.maximum(counts.sum(axis=1), 1)
    constant = counts.max(axis=1) >= _CONSTANT * total
    saturated = counts[:, 255] > _SATURATED * total
    masks = _masks(counts) & ~constant
    inverted = _inverted(thumbs, constant)
    flags = {"constant": constant, "saturated": saturated & ~constant, "mask-like": masks, "inverted": inverted}
    return {kind: np.flatnonzero(flags[kind]) for kind in KINDS}


def _masks(counts: Counts) -> NDArray[np.bool_]:
    """Whether a handful of values make up what is not background.

    A photograph of something before a white wall has many values a little below white. They count as background too,
    unless the image has so few values in all that those are labels.
    """
    background = counts.argmax(axis=1)[:, None]
    many = (counts > 0).sum(axis=1)[:, None] > _MASK_MOST
    near = np.abs(np.arange(256)[None] - background) <= np.where(many, _MASK_NEAR, 0)
    rest = np.where(near, 0, counts)
    few = np.sort(rest, axis=1)[:, -_MASK_VALUES:].sum(axis=1)
    return few > _MASK_SHARE * rest.sum(axis=1)


def _inverted(thumbs: PixelArray, constant: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether an image is the opposite of the mean image, in a set whose images mostly resemble it."""
    if len(thumbs) < _FEWEST or constant.all():
        return np.zeros(len(thumbs), np.bool_)
    flat = thumbs.reshape(len(thumbs), -1).astype(np.float32)
    mean = flat[~constant].mean(axis=0, dtype=np.float64).astype(np.float32)
    mean -= mean.mean()
    flat -= flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1) * np.linalg.norm(mean)
    similarity = np.divide(flat @ mean, lengths, out=np.zeros(len(flat), np.float32), where=lengths > 0)
    usual = float(np.median(similarity[~constant])) > _ALIKE
    return (similarity < _UNLIKE) & ~constant & usual
