"""Files of a pack: in a folder, or fetched from elsewhere when they are needed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

import numpy as np

from ganzoo.data.pack.manifest import Manifest, damaged
from ganzoo.data.pack.storage import Bytes
from ganzoo.errors import DataError

_OPEN_MAPS = 128  # each holds a file descriptor


class PackFiles(Protocol):
    """The files of one pack.

    Attributes:
        where: What messages call the pack.
        streamed: Whether files are fetched when they are needed: then reading near what was read last is cheap, and
            reading here and there is not.
    """

    where: str
    streamed: bool

    def path(self, name: str) -> Path:
        """Return where a file is on this machine, whole and of the right size."""

    def data(self, name: str) -> Bytes:
        """Return a file's bytes as a memory map."""


class LocalFiles:
    """The files of a pack in a folder. See `PackFiles`."""

    streamed = False

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.where = str(folder)
        self._folder, self._manifest = folder, manifest
        self._maps: OrderedDict[str, Bytes] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, name: str) -> Path:
        """See `PackFiles.path`."""
        path, size = self._folder / name, self._manifest.files[name].size
        try:
            found = path.stat().st_size
        except OSError as error:
            raise damaged(self.where, f"{name}: {error.strerror}") from error
        if found != size:
            raise damaged(self.where, f"{name} has {found} bytes instead of {size}")
        return path

    def data(self, name: str) -> Bytes:
        """See `PackFiles.data`."""
        with self._lock:  # the training's reader and its prefetcher may ask at once
            if name not in self._maps:
                self._maps[name] = mapped(self.path(name), self.where)
                while len(self._maps) > _OPEN_MAPS:
                    self._maps.popitem(last=False)
            self._maps.move_to_end(name)
            return self._maps[name]


def mapped(path: Path, where: str) -> Bytes:
    """Map a file's bytes. A plain view: fancy indexing of numpy's memmap subclass is several times slower."""
    try:
        return np.memmap(path, np.uint8, mode="r").view(np.ndarray)
    except (OSError, ValueError) as error:
        raise DataError(f"{where}: {path.name} cannot be read: {error}") from error
