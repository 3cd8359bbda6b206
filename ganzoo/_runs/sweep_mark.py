"""Sweep mark: what the record of a run repeats of its sweep's plan, and what the sweep's folder says beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ganzoo._io.format_version import unknown_format
from ganzoo._io.regular_file import read_regular
from ganzoo._runs.signed_json import unseal
from ganzoo.errors import GanzooError

PLAN = "plan.json"
ENDING = ".sweep"
FAILED = "failed"
_OF_A_CHANGE = ("planned", "reason", "file_sha256", "runs_before")
FORMAT = 2


def read_plan(folder: Path) -> dict[str, Any] | None:
    """Return the plan in a sweep's folder, or None where none was written down.

    Raises:
        GanzooError: It cannot be read, or is of another format.
        RunError: It is damaged.
    """
    path = folder / PLAN
    try:
        plan = dict(json.loads(unseal(read_regular(path), path)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise GanzooError(f"{path} cannot be read: {error}") from error
    if plan.get("format") != FORMAT:
        told = unknown_format(plan.get("format"), FORMAT, "give the sweep another name, and plan it again")
        raise GanzooError(f"{path} {told}")
    return plan


def mark_of(folder: Path) -> dict[str, Any]:
    """Return what the record of a run repeats: which plan, when it was written down, what was agreed.

    `file_sha256` is that of the file when it was planned first: the registration. Each change has its own.

    Raises:
        GanzooError: There is no plan in the folder.
    """
    plan = read_plan(folder)
    if plan is None:
        raise GanzooError(f"{folder} is no folder of a sweep: it has no {PLAN}")
    first, newest = plan["versions"][0], plan["versions"][-1]
    return {
        "name": folder.name.removesuffix(ENDING),
        "title": plan["title"],
        "file_sha256": first["file_sha256"],
        "planned": first["planned"],
        "runs_before": first["runs_before"],
        "amended": [{key: version[key] for key in _OF_A_CHANGE} for version in plan["versions"][1:]],
        "rows": list(newest["rows"]),
        "seeds": plan["seeds"],
        "budget": plan["budget"],
        "looks": plan["looks"],
    }


def looks_in(folder: Path) -> list[dict[str, Any]]:
    """Return what the looks of a sweep found, in their order; what cannot be read is none."""
    found = (_sealed(path) for path in folder.glob("look-*.json"))
    return sorted((each for each in found if isinstance(each.get("look"), int)), key=lambda each: each["look"])


def failures_in(folder: Path) -> dict[str, str]:
    """Return why cells of a sweep failed for good, by their runs; what cannot be read is none."""
    return {path.stem: str(_sealed(path).get("reason", "")) for path in sorted((folder / FAILED).glob("*.json"))}


def _sealed(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(unseal(read_regular(path), path)))
    except (OSError, ValueError, GanzooError, RecursionError):
        return {}
