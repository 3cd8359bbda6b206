"""TOML files that carry their own checksum, a comment in the last line, so that any flipped bit in them is found."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ganzoo._io.os_errors import shown
from ganzoo._recipe.toml_source import read
from ganzoo._runs.record import read_record
from ganzoo.errors import GanzooError, RunError

_MARK = "# checksum of all above: sha256:"
_REMEDIES = {
    "recipe.toml": "A run's length and scoring are changed with ganzoo resume --set, all else by a new run of a copy: "
    "ganzoo run COPY.toml.",
    "networks.toml": "Or import the checkpoint again.",
}


def seal_toml(text: str) -> str:
    """Return TOML with the line of its checksum at the end."""
    text = text if text.endswith("\n") else f"{text}\n"
    return f"{text}{_MARK}{hashlib.sha256(text.encode()).hexdigest()}\n"


def require_seal(text: str, path: Path) -> None:
    """Raise RunError, with what would do, unless the text of the file at `path` is as it was sealed.

    A file without that line is held against the hash in the record beside it.
    """
    body, mark, _ = text.rpartition(_MARK)
    if text != seal_toml(body) if mark else not _is_on_record(text, path):
        raise RunError(
            f"{shown(path)} is damaged: it was changed since ganzoo wrote it. Put back what it was. "
            f"{_REMEDIES.get(path.name, '')}".strip()
        )


def _is_on_record(text: str, path: Path) -> bool:
    try:
        files = read_record(path.with_name("record.json")).files
    except GanzooError:
        return False
    return files.get(path.name) == hashlib.sha256(text.encode()).hexdigest()


def read_sealed(path: Path) -> str:
    """Return the text of a sealed file; raises RunError where it was changed, RecipeError where it cannot be read."""
    text = read(path)
    require_seal(text, path)
    return text
