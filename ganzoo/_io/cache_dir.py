"""Cache folder: prepared data, reference features and weights, kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """Return `$GANZOO_CACHE`, else `$XDG_CACHE_HOME/ganzoo`, else `~/.cache/ganzoo`."""
    if own := os.environ.get("GANZOO_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ganzoo"
