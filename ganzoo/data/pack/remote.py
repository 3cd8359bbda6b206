"""Remote packs: files are fetched when they are needed, into a local cache of bounded size."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganzoo._io.atomic import (
    atomic_stream,
    atomic_write,
    make_folder,
    remove_tree,
    require_space,
    sha256_of,
    sweep_temporaries,
)
from ganzoo.data.pack.manifest import DIGESTS, LABELS, MANIFEST, SUBJECTS, Manifest, read_manifest
from ganzoo.data.pack.pack import Pack
from ganzoo.data.pack.pack_files import mapped
from ganzoo.data.pack.plausible import implausible
from ganzoo.data.pack.storage import Bytes
from ganzoo.errors import DataError

LIMIT_VARIABLE = "GANZOO_REMOTE_CACHE_GB"
_DEFAULT_LIMIT_GB = 20.0
_BLOCK = 4 * 2**20
_LARGEST_MANIFEST = 64 * 2**20
# What reaches a server by its own network protocol. Others read this machine's files, chain to such, or start programs.
_PROTOCOLS = ("https", "http", "s3", "gs", "az", "abfs", "hf")
_LOCAL = ("file", "local")
_ALWAYS_KEPT = frozenset({MANIFEST, LABELS, SUBJECTS, DIGESTS})


def open_remote(url: str, cache: Path, limit_bytes: int | None = None) -> Pack:
    """Open a pack behind a URL.

    Args:
        url: The pack's folder there: `https://...`, `s3://bucket/...`, `hf://datasets/...`; no file of this machine.
        cache: Fetched files are kept below `remote/` in it.
        limit_bytes: How much of the images may be kept; `$GANZOO_REMOTE_CACHE_GB`, 20 GB unless set, if not given.

    Raises:
        DataError: It is no pack, cannot be reached, or a library is missing.
    """
    if not url.partition("://")[2].strip("/"):
        raise DataError(f"{url}: names no place after ://; give the pack's folder, as in https://example.org/my-pack")
    url = url.rstrip("/")
    system, root = _connect(url)
    folder = cache / "remote" / hashlib.sha256(url.encode()).hexdigest()[:24]
    make_folder(folder)
    sweep_temporaries(folder)
    atomic_write(folder / MANIFEST, _small(system, f"{root}/{MANIFEST}", url))
    manifest = read_manifest(folder, url)
    if complaint := implausible(manifest):
        raise DataError(f"{url} is no usable prepared dataset: {MANIFEST}: {complaint}. Ask who made it")
    limit = limit_bytes if limit_bytes is not None else _limit()
    return Pack(folder, manifest, RemoteFiles(url, system, root, folder, manifest, limit))


class RemoteFiles:
    """The files of a pack behind a URL, those used last kept here. See `PackFiles`.

    What comes is compared with its checksum before it gets its name, so a cut connection leaves nothing.
    """

    streamed = True

    def __init__(self, url: str, system: Any, root: str, folder: Path, manifest: Manifest, limit: int) -> None:
        self.where = url
        self._system, self._root, self._folder, self._manifest, self._limit = system, root, folder, manifest, limit
        self._maps: OrderedDict[str, Bytes] = OrderedDict()
        self._lock = threading.Lock()
        largest = max(mark.size for mark in manifest.files.values())
        if largest > limit:
            raise DataError(
                f"{url}: a file of {largest / 1e9:.3g} GB does not fit into the {limit / 1e9:.3g} GB that may be kept "
                f"here; raise {LIMIT_VARIABLE}, or prepare the pack in shards (ganzoo data prepare --shard-mb 64)"
            )
        self._forget_strangers()

    def path(self, name: str) -> Path:
        """See `PackFiles.path`."""
        path, mark = self._folder / name, self._manifest.files[name]
        with suppress(OSError):
            if path.stat().st_size == mark.size and (name in self._maps or sha256_of(path) == mark.sha256):
                return path
        self._fetch(name, path)
        return path

    def data(self, name: str) -> Bytes:
        """See `PackFiles.data`."""
        with self._lock:
            if name not in self._maps:
                self._make_room(self._manifest.files[name].size)
                self._maps[name] = mapped(self.path(name), self.where)
            self._maps.move_to_end(name)
            return self._maps[name]

    def kept_bytes(self) -> int:
        """Return how many bytes of images are kept here now."""
        return sum(path.stat().st_size for path in self._kept())

    def _kept(self) -> list[Path]:
        """Return the image files that are here, those used longest ago first."""
        paths = [path for path in self._folder.iterdir() if path.name not in _ALWAYS_KEPT and path.is_file()]
        used = {name: number for number, name in enumerate(self._maps, start=1)}
        return sorted(paths, key=lambda path: (used.get(path.name, 0), path.name))

    def _make_room(self, need: int) -> None:
        kept = self._kept()
        size = sum(path.stat().st_size for path in kept)
        for path in kept:
            if size + need <= self._limit:
                return
            size -= path.stat().st_size
            self._maps.pop(path.name, None)  # the disk gets its room back when the map is no longer read
            remove_tree(path)

    def _forget_strangers(self) -> None:
        """Remove files that are not of this version of the pack."""
        for path in self._kept():
            mark = self._manifest.files.get(path.name)
            if mark is None or path.stat().st_size != mark.size:
                remove_tree(path)

    def _fetch(self, name: str, path: Path) -> None:
        mark = self._manifest.files[name]
        digest = hashlib.sha256()
        require_space(self._folder, mark.size)
        with atomic_stream(path, mark.size) as write:
            for block in _blocks(self._system, f"{self._root}/{name}", self.where, mark.size):
                digest.update(block)
                write(block)
            if digest.hexdigest() != mark.sha256:
                raise DataError(
                    f"{self.where}: {name} is not what the pack's manifest says; it was changed, or was cut off on "
                    "the way"
                )


def _connect(url: str) -> tuple[Any, str]:
    protocol = url.partition("://")[0].lower()
    if protocol not in _PROTOCOLS:
        place = "A folder on this machine is named by its path, without that. " if protocol in _LOCAL else ""
        raise DataError(f"{url}: packs are not fetched by {protocol}://. {place}Use one of: {', '.join(_PROTOCOLS)}")
    try:
        import fsspec.core
    except ImportError as error:
        raise DataError(f'{url}: URLs need fsspec: pip install "ganzoo-toolkit[remote]"') from error
    try:
        system, root = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise DataError(f'{url}: {error}. Try: pip install "ganzoo-toolkit[remote]"') from error
    except Exception as error:  # whatever the protocol's library raises for a URL it does not like
        raise DataError(f"{url}: cannot be opened: {error}") from error
    return system, root


def _small(system: Any, path: str, url: str) -> bytes:
    try:
        with system.open(path, "rb") as file:
            data: bytes = file.read(_LARGEST_MANIFEST + 1)
    except FileNotFoundError as error:  # also where a server cannot be reached, with some protocols
        raise DataError(f"{url} is not a prepared dataset, or cannot be reached: no {MANIFEST} there") from error
    except Exception as error:  # every protocol has errors of its own
        raise _unreachable(url, error) from error
    if len(data) > _LARGEST_MANIFEST:
        raise DataError(f"{url}: its {MANIFEST} is too large to be one")
    return data


def _blocks(system: Any, source: str, url: str, size: int) -> Iterator[bytes]:
    """Yield a file's bytes, no more than it should have and one."""
    left = size + 1
    try:
        with system.open(source, "rb", block_size=_BLOCK, cache_type="readahead") as file:
            while left and (block := file.read(min(_BLOCK, left))):
                left -= len(block)
                yield block
    except GeneratorExit:
        raise
    except Exception as error:  # every protocol has errors of its own
        raise _unreachable(url, error) from error


def _unreachable(url: str, error: Exception) -> DataError:
    text = " ".join(str(error).split())[:300] or type(error).__name__
    return DataError(f"{url} cannot be read: {text}. What was fetched before is kept; try again")


def _limit() -> int:
    text = os.environ.get(LIMIT_VARIABLE, str(_DEFAULT_LIMIT_GB))
    try:
        limit = float(text)
    except ValueError:
        limit = 0.0
    if not 0 < limit < 1e9:
        raise DataError(f"{LIMIT_VARIABLE} = {text!r} should be a number of gigabytes above 0")
    return int(limit * 1e9)
