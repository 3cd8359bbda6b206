"""Plan as a sweep: the file that settles the open pairs of a comparison, at looks that are agreed before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganzoo._leaderboard.plan import looks_of, plan_of
from ganzoo._leaderboard.rules import PLANNED_LOOKS, Rules
from ganzoo._leaderboard.tables import Comparison, Row
from ganzoo.errors import GanzooError


def plan_sweep(comparison: Comparison) -> str:
    """Return a sweep file, as TOML, that adds seeds to the rows of open pairs until they are settled.

    Its recipes are those that the runs saved, and its first seeds theirs, which are not trained again.

    Raises:
        GanzooError: No pair is open that seeds within the looks would settle.
    """
    import tomli_w

    rows, looks = _open_rows(comparison)
    recipes = [str(comparison.folders[row.recipe_of] / "recipe.toml") for row in rows]
    common = sorted(set.intersection(*(set(row.seeds) for row in rows)))
    plan: dict[str, Any] = {
        "title": f"Settling {', '.join(row.recipe for row in rows)}"[:200],
        "recipes": recipes,
        "seeds": (common or [0])[: looks[0]],
        "stop": {"settle": True, "looks": list(looks), "max_seeds": looks[-1]},
    }
    return tomli_w.dumps(plan)


def sweep_line(paths: Sequence[Path], runs: Path) -> str:
    """Return the line that writes the plan of a comparison of these paths as a sweep file, and computes it."""
    import shlex

    compared = " ".join(shlex.quote(str(path)) for path in paths)
    where = "" if runs == Path("runs") else f" --runs {shlex.quote(str(runs))}"
    return f"ganzoo compare {compared} --plan --format toml > settle.toml && ganzoo sweep settle.toml{where}"


def _open_rows(comparison: Comparison) -> tuple[list[Row], tuple[int, ...]]:
    """Return the rows of pairs that are open, and the looks that are planned."""
    found: dict[str, Row] = {}
    looks: tuple[int, ...] = PLANNED_LOOKS
    for number, table in enumerate(comparison.tables, 1):
        rows = {row.number: row for row in table.rows}
        looks = looks_of(Rules(looks=table.verdict.looks))
        for pair in plan_of(table, number, comparison.folders):
            if pair.seeds is not None and pair.seeds <= looks[-1]:
                found |= {rows[each].recipe_of: rows[each] for each in (pair.first, pair.second)}
    open_rows = [row for name, row in found.items() if name in comparison.folders]
    if not open_rows:
        raise GanzooError("there is nothing to sweep: no pair is open that seeds within the looks would settle")
    return open_rows, looks
