"""Preflight: the recipes of a sweep judged before any is trained, in a process of its own, since torch takes seconds.

`python -m ganzoo._sweep.preflight` reads recipes and overrides as JSON and prints the errors as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from ganzoo._sweep.cells import Variant
from ganzoo.errors import GanzooError, RecipeError, RunError

_MOST_TOLD = 10
_TIMEOUT_SECONDS = 600


def check_recipes(variants: Sequence[Variant]) -> None:
    """Judge every recipe with its overrides.

    Raises:
        RecipeError: Some are not valid, or their images are not where they say; all errors in one report.
        RunError: They cannot be judged: no process starts, or a plugin ends it.
    """
    asked = [[variant.recipe, list(variant.overrides)] for variant in variants]
    errors = errors_of(asked) if "torch" in sys.modules else _errors_elsewhere(asked)
    if errors:
        more = [f"and {len(errors) - _MOST_TOLD} more recipes"] if len(errors) > _MOST_TOLD else []
        raise RecipeError("\n".join([*errors[:_MOST_TOLD], *more]))


def check_callbacks(callbacks: Sequence[str]) -> None:
    """Judge the callbacks that each run is to have. Raises PluginError or RecipeError, as `choose_callbacks` says."""
    if callbacks:
        from ganzoo._registry.index import discovered
        from ganzoo._training.watchers import choose_callbacks

        choose_callbacks(callbacks, discovered())


def _errors_elsewhere(asked: Sequence[object]) -> list[str]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ganzoo._sweep.preflight"],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        return [str(each) for each in json.loads(done.stdout.splitlines()[-1])]
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunError(f"the recipes cannot be checked: {error}") from error
    except (ValueError, IndexError):
        told = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise RunError(f"the recipes cannot be checked: {told[0][:300]}") from None


def errors_of(asked: Sequence[Sequence[object]]) -> list[str]:
    """Return what is wrong with recipes and overrides, each error once."""
    from ganzoo._recipe.load import load
    from ganzoo._registry.index import discovered
    from ganzoo._training.first_look import missing_root

    registry, errors = discovered(), dict[str, None]()
    for recipe, overrides in asked:
        try:
            given = [str(each) for each in overrides] if isinstance(overrides, list) else []
            _, loaded = load(str(recipe), registry, given)
            if missing := missing_root(loaded.plain()):
                errors[f"{recipe}: {missing}"] = None
        except GanzooError as error:
            errors[str(error)] = None
    return list(errors)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(errors_of(json.load(sys.stdin))) + "\n")
