"""File search: the files below a folder, and which of them are images."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganzoo.contracts.sources import FoundFile
from ganzoo.errors import DataError
from ganzoo.text import literal

IMAGE_SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".dib", ".gif"}
)
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF87a", b"GIF89a")
_LEFT_OUT = frozenset({"__MACOSX"})
_LISTED_LINKS = 5


@dataclass(frozen=True)
class ImageFile:
    """An image file below a root.

    Attributes:
        path: Where it is.
        key: Its path below the root, with forward slashes.
        fingerprint: Changes when the file does: size and times.
    """

    path: Path
    key: str
    fingerprint: str


@dataclass(frozen=True)
class ImageTree:
    """What was found below a root.

    Attributes:
        files: The images, by key.
        others: How many other files there are, by suffix: for messages.
        beside: Other files, by their path below the root, with forward slashes.
    """

    files: tuple[ImageFile, ...]
    others: Counter[str] = field(default_factory=Counter)
    beside: tuple[str, ...] = ()

    def named(self, name: str) -> list[str]:
        """Return the paths of the other files of that name, those nearest to the root first."""
        found = [path for path in self.beside if path.rpartition("/")[2] == name]
        return sorted(found, key=lambda path: (path.count("/"), path))

    def found(self) -> str:
        """Say what was found, by counts only."""
        return counts_text(len(self.files), self.others)


def counts_text(images: int, others: Counter[str]) -> str:
    """Say how many image files there are, and how many others, by suffix: for messages."""
    counts = [f"{images} image files"] if images else []
    counts += [f"{count} {literal(suffix)}" for suffix, count in others.most_common(5)]
    return ", ".join(counts) or "nothing"


def find_images(root: Path, *, follow_links: bool = False) -> ImageTree:
    """List the image files below `root`.

    A file counts as an image if its name says so (it is an error later if it is none) or if its content does.
    Hidden files and folders and `__MACOSX` are left out. A link to a folder inside the root is left out too: what
    it leads to is found in its own place.

    Args:
        root: The folder.
        follow_links: Follow links that lead out of the root.

    Raises:
        DataError: The root is missing or no folder, a folder cannot be read, or links lead out of the root.
    """
    return find_files(root, is_image_file, follow_links=follow_links)


def find_files(root: Path, wanted: Callable[[FoundFile], bool], *, follow_links: bool = False) -> ImageTree:
    """List the files below `root` that are wanted, by the rules of `find_images`. Raises DataError."""
    root = root.expanduser()
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise DataError(f"{literal(str(root))} {what}; set dataset.root to the folder that holds the images")
    outside: list[str] = []
    files: list[ImageFile] = []
    others: Counter[str] = Counter()
    beside: list[str] = []
    for path in walk(root, follow_links, outside):
        if wanted(FoundFile(path)):
            files.append(ImageFile(path, path.relative_to(root).as_posix(), file_fingerprint(path)))
        else:
            others[path.suffix.lower() or "files without suffix"] += 1
            beside.append(path.relative_to(root).as_posix())
    if outside:
        _refuse(root, outside)
    return ImageTree(tuple(sorted(files, key=lambda file: file.key)), others, tuple(beside))


def is_image_file(file: FoundFile) -> bool:
    """Whether a file is an image by its name, or by how it begins."""
    return file.path.suffix.lower() in IMAGE_SUFFIXES or starts_like_image(file.start)


def starts_like_image(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a PNG, JPEG, TIFF, GIF or WEBP image."""
    return start.startswith(_STARTS) or (start[:4] == b"RIFF" and start[8:12] == b"WEBP")


def walk(root: Path, follow_links: bool, outside: list[str]) -> Iterator[Path]:
    """Give all files below a folder but hidden ones; links that lead out go to `outside` unless they are followed."""
    real_root = Path(os.path.realpath(root))
    waiting = [root]
    seen = {real_root}
    while waiting:
        for entry in _entries(waiting.pop()):
            real = Path(os.path.realpath(entry.path)) if entry.is_symlink() else None
            if real and not real.is_relative_to(real_root) and not follow_links:
                outside.append(os.path.relpath(entry.path, root))
            elif not os.path.isdir(entry.path):
                yield Path(entry.path)
            elif not (real and real.is_relative_to(real_root)):
                folder = Path(os.path.realpath(entry.path))
                if folder not in seen:  # links can lead round in a circle
                    seen.add(folder)
                    waiting.append(Path(entry.path))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            shown = [e for e in entries if not e.name.startswith(".") and e.name not in _LEFT_OUT]
            return sorted(shown, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{literal(str(folder))} cannot be listed: {error.strerror}") from error


def file_fingerprint(path: Path) -> str:
    """Return what changes when a file does: size and times."""
    try:
        state = path.stat()
    except OSError as error:
        return f"missing: {error.errno}"
    # The change time too: it notices a file that was edited and had its old modification time put back.
    return f"{state.st_size}-{state.st_mtime_ns}-{state.st_ctime_ns}"


def _refuse(root: Path, links: Sequence[str]) -> None:
    shown = ", ".join(literal(link) for link in links[:_LISTED_LINKS])
    more = f" and {len(links) - _LISTED_LINKS} more" if len(links) > _LISTED_LINKS else ""
    raise DataError(
        f"{literal(str(root))} has links that lead out of it: {shown}{more}; copy the files, or set "
        "dataset.follow_links = true if you trust them"
    )
