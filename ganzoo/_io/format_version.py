"""Format versions: what to say of a file whose layout this ganzoo does not know, older or newer."""

from __future__ import annotations


def is_version(found: object) -> bool:
    """Return whether a file's `format` can be the number of a layout."""
    return isinstance(found, int) and not isinstance(found, bool) and found > 0


def unknown_format(found: object, known: int, if_older: str) -> str:
    """Return what follows a file's name in an error.

    Args:
        found: The format that the file states.
        known: The format that this ganzoo reads.
        if_older: What to do with an older one, as `"prepare the images again"`.
    """
    if not is_version(found):
        return f"states no format (this ganzoo reads format {known}), so nothing can be read from it."
    assert isinstance(found, int)
    remedy = "It is newer: install a newer ganzoo." if found > known else f"It is older: {if_older}."
    return f"has format {found}, which this ganzoo (format {known}) does not read. {remedy}"
