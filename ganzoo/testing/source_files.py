"""Source files: what becomes of a source whose files are damaged, or are others than before."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo._io.atomic import atomic_write
from ganzoo.contracts.entries import Entry
from ganzoo.data import ReadingRule, read_entry
from ganzoo.errors import DataError, GanzooError
from ganzoo.testing.failure import NotAsked, require
from ganzoo.testing.properties import Property

_RESOLUTION = 16
_READ = 4
_MOST = 24
Images = Mapping[str, tuple[str, np.ndarray]]
_LATER_S = 1_000  # by which the time of a changed file is another
_LARGEST_BYTES = 8 << 20  # of an example: larger ones are not copied


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """Copy a root, a file or a folder, and remove the copy. Raises NotAsked where it is too large, or none."""
    files = _files(root)
    if not files or sum(path.stat().st_size for path in files) > _LARGEST_BYTES:
        raise NotAsked("its root has no files of its own here, or large ones")
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder, root.name)
        for path in files:
            copy = there / path.relative_to(root) if root.is_dir() else there
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
        yield there


def _files(root: Path) -> list[Path]:
    return [path for path in ([root] if root.is_file() else root.rglob("*")) if path.is_file()]


def cut_short(root: Path) -> None:
    """Cut all files of a root to half of their size, as a download that broke off does."""
    for path in _files(root):
        os.truncate(path, path.stat().st_size // 2)


def flipped(root: Path) -> None:
    """Turn a bit in the middle of all files of a root, and let them be of another time."""
    for path in _files(root):
        content = bytearray(path.read_bytes())
        if content:
            content[len(content) // 2] ^= 1
        _replace(path, bytes(content))


def exchanged(root: Path) -> None:
    """Give each file of a root the content of the next one of its kind, and let it be of another time."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(_files(root)):
        kinds.setdefault(path.suffix, []).append(path)
    for paths in kinds.values():
        contents = [path.read_bytes() for path in paths]
        for path, content in zip(paths, contents[1:] + contents[:1], strict=True):
            _replace(path, content)


def _replace(path: Path, content: bytes) -> None:
    stat = path.stat()
    atomic_write(path, content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + _LATER_S * 10**9))


def check_noticed(root: Path, look: Callable[[Path], Images]) -> None:
    """Require that images which are others have other fingerprints.

    Args:
        root: A root.
        look: Returns fingerprint and pixels of its images by their keys; what fails there is noticed.
    """
    for change in (flipped, exchanged):
        with copied(root) as there:
            before = look(there)
            change(there)
            try:
                after = look(there)
            except Exception:  # whatever it says of a file that cannot be read is asked elsewhere
                continue
        for key, (fingerprint, pixels) in before.items():
            other = after.get(key, ("", pixels))
            require(
                np.array_equal(pixels, other[1]) or fingerprint != other[0],
                f"gives {key!r} the same fingerprint where its file is of another time and has another image, so that "
                f"stale images stay prepared: ganzoo.data.file_fingerprint(path)",
            )


def _require_told(error: Exception, what: str) -> None:
    """Require that an error of a damaged file is one for people."""
    require(
        isinstance(error, GanzooError),
        f"raises {type(error).__name__} {what} of which half is missing: {str(error)[:120]}; raise ganzoo.DataError, "
        f"which names the file and what is wrong with it",
    )


def _check_damaged(case: Any) -> None:
    with copied(case.root) as root:
        cut_short(root)
        try:
            source = case.cls(case.options, root, case.reading_at(root))
            for entry in list(source.entries())[:_READ]:
                read_entry(source, entry.key, ReadingRule(_RESOLUTION, 3, source.reading.window))
        except Exception as error:
            _require_told(error, "for files")


def _check_changed(case: Any) -> None:
    def look(root: Path) -> Images:
        source = case.cls(case.options, root, case.reading_at(root))
        rule = ReadingRule(_RESOLUTION, 3, source.reading.window)
        return {
            each.key: (each.fingerprint, read_entry(source, each.key, rule)) for each in list(source.entries())[:_MOST]
        }

    check_noticed(case.root, look)


def _check_unknown_key(case: Any) -> None:
    source = case.source()
    source.entries()
    for key in ("no such image", *_like(case.entries)):
        try:
            read_entry(source, key, ReadingRule(_RESOLUTION, 3, source.reading.window))
        except DataError:
            continue
        except Exception as error:
            require(False, f"raises {type(error).__name__} for a key that it has not, {key!r}; raise ganzoo.DataError")
        require(False, f"reads a key that it has not, {key!r}; raise ganzoo.DataError")


def _like(entries: list[Entry]) -> list[str]:
    """Return keys that look like those of a source and are none, their last number beyond the end."""
    known = {entry.key for entry in entries}
    last = re.compile(r"\d+(?!.*\d)")
    made = [last.sub(lambda found: "9" * max(4, len(found[0])), entry.key) for entry in entries[:1]]
    return [key for key in made if key not in known]


FILES = (
    Property("refuses a key that it has not", _check_unknown_key),
    Property("tells people of damaged files", _check_damaged),
    Property("its fingerprints follow its files", _check_changed),
)
