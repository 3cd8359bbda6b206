"""A made-up source format as a separate distribution would bring it: one file and one line of its plugin."""

SLABS = '''
"""Slabs: files of one gray image each, behind eight bytes, with a brightness of its own."""

from pathlib import Path

import numpy as np
from pydantic import Field

from ganzoo import ComponentOptions, DataError, Entry, Source, hookimpl
from ganzoo.data import file_fingerprint, find_files

SIDE = 16


class SlabOptions(ComponentOptions):
    """How slabs are shown."""

    gain: int = Field(default=1, ge=1, le=9, description="Factor of all intensities.")


class Slabs(Source[SlabOptions]):
    """Slabs: gray images of 16x16 behind a mark."""

    name = "slabs"
    Options = SlabOptions
    suffixes = (".slab",)
    reads_trees = True

    @classmethod
    def recognizes(cls, file):
        return file.start.startswith(b"SLAB\\0\\0\\0\\1")

    def entries(self):
        if self.root.is_file():
            return [Entry(self.root.name, file_fingerprint(self.root))]
        found = find_files(self.root, self.belongs, follow_links=self.reading.follow_links)
        return [Entry(file.key, file.fingerprint, subject=file.key.partition("-")[0]) for file in found.files]

    def picture(self, key):
        path = self.root if self.root.is_file() else self.root / key
        data = path.read_bytes()[8:]
        if len(data) != SIDE * SIDE:
            raise DataError(f"{key}: is cut off")
        return np.frombuffer(data, np.uint8).reshape(SIDE, SIDE) * np.uint8(self.options.gain)


@hookimpl
def ganzoo_sources():
    return [Slabs]
'''


def write_slabs(root, count: int = 60, suffix: str = ".slab"):
    """Write files with images of intensities below 64; return those images, uint8 `[count, 16, 16]`."""
    import numpy as np

    images = np.random.default_rng(0).integers(0, 64, (count, 16, 16), dtype=np.uint8)
    root.mkdir(parents=True)
    for number, image in enumerate(images):
        (root / f"{number // 3:02}-{number % 3}{suffix}").write_bytes(b"SLAB\0\0\0\1" + image.tobytes())
    return images
