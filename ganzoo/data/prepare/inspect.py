"""Inspection: what is in a pack, found by reading all of it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ganzoo.contracts.component import PixelArray
from ganzoo.data.pack.manifest import IndexArray
from ganzoo.data.pack.pack import Pack
from ganzoo.data.prepare.duplicates import Duplicates, exact_pairs, near_pairs, perceptual_hashes, thumbnails
from ganzoo.data.prepare.quality_checks import Counts, histograms, quality_checks


@dataclass(frozen=True)
class SplitCount:
    """How much a split has."""

    name: str
    images: int
    subjects: int


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        splits: Images and subjects of each split.
        histogram: How often each value occurs, `[256]`.
        quality_checks: Numbers of suspicious images in the order of the pack, by kind.
        duplicates: Images that two splits share, for each pair of splits.
        repeats: How many images are there more than once in the whole pack, beyond their first time.
    """

    splits: tuple[SplitCount, ...]
    histogram: Counts
    quality_checks: dict[str, IndexArray]
    duplicates: tuple[Duplicates, ...]
    repeats: int


def inspect(pack: Pack, progress: Callable[[int, int], None] | None = None) -> Inspection:
    """Read a pack once and look for what should not be in it.

    Memory: some kilobytes per image, whatever its size.

    Args:
        pack: The pack.
        progress: Called with the number of images done and of all.
    """
    counts, thumbs = [], []
    done = 0
    for name in pack.splits:
        for images in pack.split(name).in_order():
            counts.append(histograms(images))
            thumbs.append(thumbnails(images))
            done += len(images)
            if progress:
                progress(done, len(pack))
    every, small = np.concatenate(counts), np.concatenate(thumbs)
    flagged = quality_checks(every, small)
    return Inspection(
        splits=split_counts(pack),
        histogram=every.sum(axis=0),
        quality_checks=flagged,
        duplicates=_duplicates(pack, small, flagged["constant"]),
        repeats=len(pack) - len(np.unique(pack.digests, axis=0)),
    )


def intensities(pack: Pack) -> Counts:
    """Count the values of a pack's images, `[256]`."""
    parts = (histograms(images).sum(axis=0) for name in pack.splits for images in pack.split(name).in_order())
    return sum(parts, np.zeros(256, np.int64))


def split_counts(pack: Pack) -> tuple[SplitCount, ...]:
    """Return images and subjects of each split."""
    splits = [pack.split(name) for name in pack.splits]
    return tuple(SplitCount(split.name, len(split), len(np.unique(split.subjects))) for split in splits)


def _duplicates(pack: Pack, thumbs: PixelArray, constant: IndexArray) -> tuple[Duplicates, ...]:
    """Compare each two splits. Constant images are left out: two empty slices prove nothing."""
    hashes = perceptual_hashes(thumbs)
    starts = np.cumsum([0, *(len(pack.split(name)) for name in pack.splits)])
    parts = {name: slice(starts[number], starts[number + 1]) for number, name in enumerate(pack.splits)}
    found, empty = [], set(constant.tolist())
    for number, one in enumerate(pack.splits):
        for other in pack.splits[number + 1 :]:
            a, b = parts[one], parts[other]
            exact = exact_pairs(pack.digests[a], pack.digests[b])
            exact = exact[~np.isin(exact[:, 0] + a.start, constant)]
            near = near_pairs((hashes[a], hashes[b]), (thumbs[a], thumbs[b]))
            known = {(int(i), int(j)) for i, j in exact}
            kept = [
                pair for pair in near if (int(pair[0]), int(pair[1])) not in known and pair[0] + a.start not in empty
            ]
            found.append(Duplicates(one, other, exact, np.array(kept, np.int64).reshape(-1, 2)))
    return tuple(found)
