"""Preflight: the recipes of a sweep judged before any is trained, in a process of its own, since torch takes seconds.

`python -m ganzoo._sweep.preflight` reads recipes, overrides and a device as JSON, and so prints errors and warnings.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ganzoo._sweep.cells import Variant
from ganzoo.errors import GanzooError, RecipeError, RunError

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe
    from ganzoo._registry.registry import Registry

_MOST_TOLD = 10
_TIMEOUT_SECONDS = 600


def check_recipes(variants: Sequence[Variant], device: str = "") -> list[str]:
    """Judge every recipe with its overrides, and return what is to be known of them, each warning once.

    Args:
        variants: What is trained.
        device: Where, as `ganzoo run --device`; empty: on other machines.

    Raises:
        RecipeError: Some are not valid, or their images are not where they say; all errors in one report.
        RunError: They cannot be judged: no process starts, or a plugin ends it.
    """
    asked = [[variant.recipe, list(variant.overrides)] for variant in variants]
    errors, warnings = judged(asked, device) if "torch" in sys.modules else _judged_elsewhere(asked, device)
    if errors:
        more = [f"and {len(errors) - _MOST_TOLD} more recipes"] if len(errors) > _MOST_TOLD else []
        raise RecipeError("\n".join([*errors[:_MOST_TOLD], *more]))
    return warnings


def check_callbacks(callbacks: Sequence[str]) -> None:
    """Judge the callbacks that each run is to have. Raises PluginError or RecipeError, as `choose_callbacks` says."""
    if callbacks:
        from ganzoo._registry.index import discovered
        from ganzoo._training.watchers import choose_callbacks

        choose_callbacks(callbacks, discovered())


def _judged_elsewhere(asked: Sequence[object], device: str) -> tuple[list[str], list[str]]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ganzoo._sweep.preflight"],
            input=json.dumps([asked, device]),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        errors, warnings = json.loads(done.stdout.splitlines()[-1])
        return [str(each) for each in errors], [str(each) for each in warnings]
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunError(f"the recipes cannot be checked: {error}") from error
    except (ValueError, IndexError):
        told = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise RunError(f"the recipes cannot be checked: {told[0][:300]}") from None


def judged(asked: Sequence[Sequence[object]], device: str) -> tuple[list[str], list[str]]:
    """Return what is wrong with recipes and overrides, each error once, and of what to warn, each warning once."""
    from ganzoo._recipe.load import load
    from ganzoo._registry.index import discovered
    from ganzoo._training.first_look import missing_root

    registry, errors, warnings = discovered(), dict[str, None](), dict[str, str]()
    for recipe, overrides in asked:
        try:
            given = [str(each) for each in overrides] if isinstance(overrides, list) else []
            _, loaded = load(str(recipe), registry, given)
            if missing := missing_root(loaded.plain()):
                errors[f"{recipe}: {missing}"] = None
            for warning in _warnings(loaded, registry, device):
                warnings.setdefault(warning, f"{recipe}: {warning}")
        except GanzooError as error:
            errors[str(error)] = None
    return list(errors), list(warnings.values())


def _warnings(recipe: Recipe, registry: Registry, device: str) -> Iterator[str]:
    from ganzoo._inference.device import choose_device
    from ganzoo._recipe.judges import judge_warning
    from ganzoo._training.arithmetic import Arithmetic

    slow = Arithmetic.of(recipe.training).slow_on(choose_device(device)) if device else None
    yield from filter(None, (judge_warning(recipe, registry), slow))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(judged(*json.load(sys.stdin))) + "\n")
