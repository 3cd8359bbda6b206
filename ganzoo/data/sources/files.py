"""Files of a source: the root itself, or those below it that are of its format, and where each lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganzoo.contracts.sources import Source
from ganzoo.data.images.find import ImageTree, file_fingerprint, find_files
from ganzoo.errors import DataError
from ganzoo.text import literal


def tree_of(source: Source[Any]) -> ImageTree:
    """Return the files below a source's root that belong to its format, and what else there is. Raises DataError."""
    return find_files(source.root, source.belongs, follow_links=source.reading.follow_links)


def files_of(source: Source[Any]) -> list[tuple[str, str]]:
    """Return name and fingerprint of each file of a source: of its root, if that is a file. Raises DataError."""
    if source.root.is_file():
        return [(source.root.name, file_fingerprint(source.root))]
    return [(file.key, file.fingerprint) for file in tree_of(source).files]


def path_of(source: Source[Any], name: str) -> Path:
    """Return where a file of `files_of` lies. Raises DataError of a link that leads out of the root."""
    return source.root if source.root.is_file() else inside_root(source, source.root / name)


def inside_root(source: Source[Any], path: Path) -> Path:
    """Return a path, or raise DataError where it is a link that leads out of the source's root."""
    if path.is_symlink() and not source.reading.follow_links:
        folder = source.root if source.root.is_dir() else source.root.parent
        if not path.resolve().is_relative_to(folder.resolve()) and path != source.root:
            raise DataError(
                f"{literal(path.name)}: is a link that leads out of {literal(str(folder))}; copy the file, or set "
                "dataset.follow_links = true if you trust it"
            )
    return path
