"""First look: paths and names of a run that is to begin, judged before torch is imported, which takes seconds."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo._inference.device import check_device_name
from ganzoo._io.os_errors import absolute, shown
from ganzoo._recipe.given import look_at
from ganzoo._runs.directory import check_new_run
from ganzoo.errors import DataError

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe


def look_first(
    recipe: str | Path | Recipe | Mapping[str, Any],
    overrides: Sequence[str],
    *,
    seed: int | None,
    name: str | None,
    runs: Path,
    device: str,
) -> None:
    """Judge what a run is given, as `ganzoo.run` explains it, as far as text alone tells.

    Raises:
        RecipeError: There is no such recipe, or it is no TOML.
        GanzooError: No run can be called so or written there, or no device.
        DataError: The images are not where the recipe says.
    """
    check_device_name(device)
    stem, data = look_at(recipe, overrides)
    number = data.get("seed", 0) if seed is None else seed
    check_new_run(runs, name or stem, number if isinstance(number, int) else 0)
    if missing := missing_root(data):
        raise DataError(missing)


def missing_root(data: Mapping[str, Any]) -> str:
    """Say that what `dataset.root` names is not there, and what would do; nothing if it is, or need not be."""
    dataset = data.get("dataset")
    if not isinstance(dataset, Mapping) or dataset.get("pack") or not isinstance(dataset.get("root"), str):
        return ""
    given = str(dataset["root"])
    root = absolute(Path(given))
    try:
        if root.exists():
            return ""
    except OSError as error:  # a name too long, a folder that may not be entered
        return f"dataset.root = '{shown(given)[:200]}' cannot be read: {error.strerror}"
    if any(not char.isprintable() for char in given):
        return (
            f"dataset.root = '{shown(given)}' does not exist; in double quotes \\ begins an escape: write / in its "
            f"place, or put the path in 'single quotes'"
        )
    return (
        f"{shown(root)} (dataset.root = '{shown(given)}') does not exist{_near(root)}; set dataset.root to where the "
        f"images are. What should be there, and where to get it: ganzoo data show {dataset.get('name')}"
    )


def _near(root: Path) -> str:
    """Name what lies where a missing path would, if something is called like it."""
    try:
        names = [path.name for path in root.parent.iterdir()]
    except OSError:
        return ""
    near = difflib.get_close_matches(root.name, names[:10_000], n=1, cutoff=0.7)
    return f", but {shown(root.parent / near[0])} does" if near else ""
