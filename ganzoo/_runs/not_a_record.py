"""What stands in the place of a record and is none, as an error for people."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from ganzoo._io.os_errors import shown
from ganzoo.errors import GanzooError, RunError


def not_a_record(path: Path, body: bytes, error: ValidationError, known: int) -> GanzooError:
    """Return the error for a sealed file that is no record of the format `known`."""
    first = error.errors(include_url=False, include_context=False)[0]
    if first["loc"] == ("format",) or _newer(body, known):
        remedy = "Install a newer ganzoo." if _newer(body, known) else "It is older: train or import the run again."
        return GanzooError(f"{shown(path)} has a format that this ganzoo (format {known}) does not know. {remedy}")
    where = ".".join(str(part) for part in first["loc"]) or "the file"
    return RunError(f"{shown(path)} is not a run record: {where}: {first['msg']}.")


def _newer(body: bytes, known: int) -> bool:
    try:
        found = json.loads(body).get("format")
    except (ValueError, RecursionError):
        return False
    return isinstance(found, int) and found > known
