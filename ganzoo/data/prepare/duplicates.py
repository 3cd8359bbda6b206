"""Duplicates: images that two splits share, exactly or nearly, so that a score on one is not independent of the other.

Nearly: 64-bit perceptual hashes (signs of the lowest frequencies of a cosine transform, Zauner 2010) that differ in at
most six bits, confirmed by the correlation of 32x32 thumbnails. Every pair is compared, so none is missed; 60,000
against 10,000 images take seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganzoo.contracts.component import PixelArray
from ganzoo.data.pack.area_average import shrunk
from ganzoo.data.pack.manifest import IndexArray

THUMB = 32
NEAR_BITS = 6
NEAR_CORRELATION = 0.985
_FREQUENCIES = 8
_ROWS_AT_ONCE = 128

Hashes = NDArray[np.uint64]
Pairs = NDArray[np.int64]


@dataclass(frozen=True)
class Duplicates:
    """Pairs of images, one of each of two splits.

    Attributes:
        one: The first split.
        other: The second.
        exact: Numbers of images whose pixels are equal, `[n, 2]`.
        near: Numbers of images that are nearly equal and not exactly, `[n, 2]`.
    """

    one: str
    other: str
    exact: Pairs
    near: Pairs


def thumbnails(images: PixelArray) -> PixelArray:
    """Return gray images of at most 32x32, uint8 `[n, r, r]`: the mean over channels and areas."""
    side = images.shape[-1]
    small = shrunk(images, THUMB) if side > THUMB and side % THUMB == 0 else images
    if len(small) and small.shape[1] == 1:
        return small[:, 0]
    return np.floor(small.mean(axis=1) + 0.5).astype(np.uint8)


def perceptual_hashes(thumbs: PixelArray) -> Hashes:
    """Return 64 bits per thumbnail `[n, r, r]`: which of the lowest 8x8 frequencies lie above their median."""
    side = thumbs.shape[-1]
    places = (np.arange(side) + 0.5) * np.pi / side
    waves = np.cos(np.arange(_FREQUENCIES)[:, None] * places[None])
    coefficients = waves @ thumbs.astype(np.float64) @ waves.T
    flat = np.round(coefficients.reshape(len(thumbs), -1), 6)
    bits = flat > np.median(flat[:, 1:], axis=1, keepdims=True)
    weights = np.uint64(1) << np.arange(_FREQUENCIES**2, dtype=np.uint64)
    return (bits * weights).sum(axis=1, dtype=np.uint64)


def exact_pairs(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Pairs:
    """Return the pairs of equal digests, uint8 `[n, 32]` each."""
    places: dict[bytes, list[int]] = {}
    for number, digest in enumerate(other):
        places.setdefault(digest.tobytes(), []).append(number)
    found = [(i, j) for i, digest in enumerate(one) for j in places.get(digest.tobytes(), ())]
    return np.array(found, np.int64).reshape(-1, 2)


def near_pairs(hashes: tuple[Hashes, Hashes], thumbs: tuple[PixelArray, PixelArray]) -> Pairs:
    """Return the pairs of one image of each side that look the same; equal ones are among them.

    Args:
        hashes: Perceptual hashes of both sides.
        thumbs: Thumbnails of both sides.
    """
    found: list[Pairs] = []
    for start in range(0, len(hashes[0]), _ROWS_AT_ONCE):
        rows = hashes[0][start : start + _ROWS_AT_ONCE]
        distance = np.bitwise_count(rows[:, None] ^ hashes[1][None])
        candidates = np.argwhere(distance <= NEAR_BITS)
        if len(candidates):
            candidates[:, 0] += start
            found.append(candidates[_alike(thumbs, candidates)])
    return np.concatenate(found) if found else np.empty((0, 2), np.int64)


def _alike(thumbs: tuple[PixelArray, PixelArray], pairs: IndexArray) -> NDArray[np.bool_]:
    """Whether the thumbnails of each pair correlate; constant ones never do."""
    result = np.zeros(len(pairs), np.bool_)
    for start in range(0, len(pairs), 4096):
        part = pairs[start : start + 4096]
        one, other = (_standard(side[part[:, column]]) for column, side in enumerate(thumbs))
        result[start : start + 4096] = (one * other).mean(axis=1) >= NEAR_CORRELATION
    return result


def _standard(thumbs: PixelArray) -> NDArray[np.float64]:
    flat = thumbs.reshape(len(thumbs), -1).astype(np.float64)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(flat.std(axis=1, keepdims=True), 1e-9)
