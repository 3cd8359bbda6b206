"""Cache folder: prepared data, reference features and weights, kept between runs."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ganzoo._io.temporaries import sweep_temporaries
from ganzoo.errors import GanzooError

_DEPTH = 2  # features/<pack>/<entry>, remote/<url>/<file>


def cache_root() -> Path:
    """Return `$GANZOO_CACHE`, else `$XDG_CACHE_HOME/ganzoo`, else `~/.cache/ganzoo`."""
    if own := os.environ.get("GANZOO_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ganzoo"


def sweep_cache(root: Path) -> None:
    """Remove what killed processes left half-written in the cache; a cache that may only be read is left alone."""
    with suppress(OSError, GanzooError):
        folders = [root]
        for _ in range(_DEPTH + 1):
            for folder in folders:
                sweep_temporaries(folder)
            folders = [
                path for folder in folders for path in folder.iterdir() if path.is_dir() and not path.is_symlink()
            ]
