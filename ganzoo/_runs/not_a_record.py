"""What stands in the place of a record and is none, as an error for people."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from ganzoo._io.format_version import is_version, unknown_format
from ganzoo._io.os_errors import shown
from ganzoo.errors import GanzooError, RunError


def not_a_record(path: Path, body: bytes, error: ValidationError, known: int) -> GanzooError:
    """Return the error for a sealed file that is no record of the format `known`."""
    first = error.errors(include_url=False, include_context=False)[0]
    found = stated_format(body)
    if is_version(found) and found != known:
        return GanzooError(f"{shown(path)} {unknown_format(found, known, 'train or import the run again')}")
    where = ".".join(str(part) for part in first["loc"]) or "the file"
    return RunError(f"{shown(path)} is not a run record: {where}: {first['msg']}.")


def stated_format(body: bytes) -> object:
    """Return what a sealed file states as its format; None where it states nothing."""
    try:
        plain = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return plain.get("format") if isinstance(plain, dict) else None
