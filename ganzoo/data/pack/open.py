"""Location of a pack: a folder or a URL, and how it is opened."""

from __future__ import annotations

from pathlib import Path

from ganzoo.data.pack.pack import Pack


def is_url(location: str) -> bool:
    """Whether a pack's location is a URL and no path."""
    return "://" in location


def open_pack(location: str, cache: Path) -> Pack:
    """Open a pack in a folder, or behind a URL that fsspec understands.

    Args:
        location: A path or a URL such as `https://host/pack`, `s3://bucket/pack`, `hf://datasets/owner/name/pack`.
        cache: Folder in which files that were fetched are kept.

    Raises:
        DataError: It is no pack, is damaged, or cannot be reached.
    """
    if is_url(location):
        from ganzoo.data.pack.remote import open_remote

        return open_remote(location, cache)
    return Pack.open(Path(location).expanduser())
