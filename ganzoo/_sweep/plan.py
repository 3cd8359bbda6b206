"""Plan: what a sweep is to compare, written down with the hash of its file before the first run, and held to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganzoo._recipe.given import asked_id
from ganzoo._runs.sweep_mark import FORMAT, read_plan
from ganzoo._sweep.cells import Variant, cells_of
from ganzoo._sweep.sweep_file import SweepSettings
from ganzoo._sweep.sweep_folder import SweepFolder, now
from ganzoo.errors import RefusedError

_WORDS = {"title", "name", "tags", "threads"}  # what may change without another plan


def plan_id(settings: SweepSettings, variants: Sequence[Variant]) -> str:
    """Return a hash of all that decides what is trained and when it is looked at, 64 hex digits."""
    said = settings.model_dump(mode="json", exclude=_WORDS | {"recipes"})
    recipes = [[variant.name, asked_id(variant.plain, 0)] for variant in variants]
    return hashlib.sha256(json.dumps([said, recipes], sort_keys=True, default=str).encode()).hexdigest()


def register(
    folder: SweepFolder,
    text: str,
    settings: SweepSettings,
    variants: Sequence[Variant],
    *,
    where: str,
    threads: int,
    amend: str = "",
) -> tuple[dict[str, Any], list[str]]:
    """Write the plan down before the first run, or hold what is planned now against what was written down.

    Args:
        folder: The sweep's.
        text: Of the sweep file.
        settings: What it says.
        variants: Its rows.
        where: The file, for messages.
        threads: CPU threads of each cell, where the plan does not say yet.
        amend: Reason for another plan than before; empty: it must be the same.

    Returns:
        The plan, and what people should know of it.

    Raises:
        RefusedError: It is another plan than before, and no reason is given.
        GanzooError: What was written down cannot be read.
    """
    this: dict[str, Any] = {
        "planned": now(),
        "file_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "plan_sha256": plan_id(settings, variants),
        "reason": amend,
        "text": text,
        "rows": {variant.name: asked_id(variant.plain, 0) for variant in variants},
        "runs_before": _begun(folder.path.parent, settings, variants),
    }
    plan = read_plan(folder.path)
    if plan is None:
        plan = {"format": FORMAT, "versions": [this], "threads": settings.threads or threads}
    elif plan["versions"][-1]["plan_sha256"] == this["plan_sha256"]:
        told = []
        if plan["versions"][-1]["file_sha256"] != this["file_sha256"]:
            told = [f"{where} reads otherwise than when it was planned, in words that change no run"]
        if settings.threads and settings.threads != plan["threads"]:
            told.append(f"threads stays {plan['threads']}, as planned: with others no run would repeat bit for bit")
        return plan, told
    elif not amend.strip():
        raise RefusedError(_changed(where, folder, plan["versions"][-1], this))
    else:
        plan["versions"].append(this)
    plan |= _agreed(settings)
    folder.write(folder.plan.name, plan)
    return plan, [f"planned {this['planned']}: {where}, SHA-256 {this['file_sha256'][:12]}, in {folder.plan}"]


def _agreed(settings: SweepSettings) -> dict[str, Any]:
    return {
        "title": settings.title,
        "budget": settings.budget.model_dump(exclude_none=True) if settings.budget else None,
        "looks": list(settings.looks),
        "seeds": list(settings.first_seeds),
    }


def _begun(runs: Path, settings: SweepSettings, variants: Sequence[Variant]) -> int:
    return sum(cell.state(runs).status != "left" for cell in cells_of(variants, settings.seeds))


def _changed(where: str, folder: SweepFolder, before: Mapping[str, Any], this: Mapping[str, Any]) -> str:
    rows = [
        f"{name} is {'gone' if name not in this['rows'] else 'new' if name not in before['rows'] else 'another recipe'}"
        for name in sorted({*before["rows"], *this["rows"]})
        if before["rows"].get(name) != this["rows"].get(name)
    ]
    what = "; ".join(rows[:5]) if rows else "seeds, [budget] or [stop] differ"
    return (
        f"{where} is another plan than the one written down on {before['planned']} ({folder.plan}): {what}. A plan "
        f"that changes after runs were seen is none. Put the file back, give the new one another name, or say why with "
        f"--amend 'REASON', which the runs and their tables then repeat"
    )
