"""Pack format: which resolutions are stored, in files of which size, compressed or not."""

from __future__ import annotations

from dataclasses import dataclass

from ganzoo.contracts.component import ImageSpec
from ganzoo.data.pack.area_average import lower_resolutions
from ganzoo.data.pack.storage import Level, Storage


@dataclass(frozen=True)
class PackFormat:
    """How a pack is stored; content and fingerprint do not depend on it.

    Attributes:
        storage: `raw` or `deflate`.
        pyramid: Whether the lower resolutions are stored too, for growing networks: a third more bytes.
        shard_bytes: How large a file of images may be before it is compressed; 0: one file per resolution.
    """

    storage: Storage = "raw"
    pyramid: bool = True
    shard_bytes: int = 0

    def levels(self, spec: ImageSpec, count: int) -> tuple[Level, ...]:
        """Return the levels of a pack of `count` images, the full one first."""
        resolutions = (spec.resolution, *(lower_resolutions(spec.resolution) if self.pyramid else ()))
        return tuple(
            Level(resolution, spec.channels, count, self._per_shard(spec.channels * resolution**2, count), self.storage)
            for resolution in resolutions
        )

    def size(self, spec: ImageSpec, count: int) -> int:
        """Return how many bytes the images take before they are compressed."""
        return sum(level.image_bytes * count for level in self.levels(spec, count))

    def _per_shard(self, image_bytes: int, count: int) -> int:
        return max(1, self.shard_bytes // image_bytes) if self.shard_bytes else max(1, count)
