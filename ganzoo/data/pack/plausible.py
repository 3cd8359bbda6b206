"""Plausible manifests: the files that a manifest lists are of the number and sizes that its counts call for.

It is asked before anything is fetched or made as large as the counts say: a manifest may come from anywhere.
"""

from __future__ import annotations

from ganzoo.data.pack.manifest import DIGESTS, LABELS, SUBJECTS, Manifest

_BYTES_PER_IMAGE = {LABELS: 8, SUBJECTS: 8, DIGESTS: 32}
_BORDER_BYTES = 8  # of an image that is compressed: where it begins
_LARGEST_SIDE = 2**16
# Deflate repeats at most 258 bytes by a length and a distance of a bit each (RFC 1951, section 3.2).
_LARGEST_RATIO = {"raw": 1, "deflate": 258 * 4}


def implausible(manifest: Manifest) -> str | None:
    """Return what cannot be in a manifest whose checksum is right, or None."""
    counts = (*manifest.splits.values(), manifest.label_dim, *(mark.size for mark in manifest.files.values()))
    count, side = manifest.count, manifest.resolution
    if min(counts) < 0 or count < 1:
        return f"it has {count:,} images, labels or files of a size below 0"
    if not (manifest.channels >= 1 and all(1 <= each <= side <= _LARGEST_SIDE for each in manifest.shards)):
        return f"its images have {manifest.channels} channels and {side} pixels"
    wanted = len(_BYTES_PER_IMAGE) + sum(-(-count // per_shard) for per_shard in manifest.shards.values())
    if len(manifest.files) != wanted:
        return f"it lists {len(manifest.files):,} files, {count:,} images are in {wanted:,}"
    for name, size in _BYTES_PER_IMAGE.items():
        if name not in manifest.files or manifest.files[name].size < count * size:
            return f"its {name} is too small for {count:,} images"
    pixels = sum(mark.size for name, mark in manifest.files.items() if name not in _BYTES_PER_IMAGE)
    borders = 0 if manifest.storage == "raw" else _BORDER_BYTES * len(manifest.shards)
    each = sum(manifest.channels * level**2 for level in manifest.shards)
    if pixels < count * (each // _LARGEST_RATIO[manifest.storage] + borders):
        return (
            f"its files of images are too small for {count:,} images of {manifest.channels} channels and {side} pixels"
        )
    return None
