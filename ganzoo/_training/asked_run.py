"""Asked run: a recipe given in any form, judged before torch is imported, then trained as a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo._inference.run import Run
from ganzoo._recipe.given import asked_id, given_recipe, look_at
from ganzoo._registry.index import discovered
from ganzoo._runs.asked import Asked, check_tags
from ganzoo._runs.sweep_mark import mark_of
from ganzoo._training.first_look import look_first

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe
    from ganzoo.contracts.reporter import Reporter


@dataclass(frozen=True)
class Request:
    """What is to be trained, as `ganzoo.run` explains it, and for what."""

    recipe: str | Path | Recipe | Mapping[str, Any]
    overrides: tuple[str, ...] = ()
    seed: int | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    sweep: Path | None = None
    callbacks: tuple[str, ...] = ()


def train_asked(
    request: Request,
    runs: Path,
    earlier: Run | None,
    reporter: Reporter,
    *,
    device: str,
    resume: bool,
    skip_bad: bool,
) -> Run:
    """Train what is asked for and score it, beginning from the weights of an earlier run if there is one.

    Raises:
        GanzooError: As `ganzoo.run` says.
    """
    recipe, overrides = request.recipe, request.overrides
    check_tags(request.tags)
    look_first(recipe, overrides, seed=request.seed, name=request.name, runs=runs, device=device)
    # With initial weights the same text would ask for another run.
    identity = "" if earlier else asked_id(look_at(recipe, overrides)[1], request.seed)
    # All this before torch is imported, which takes seconds.
    from ganzoo._training.experiment import run_recipe
    from ganzoo._training.follower import follow
    from ganzoo._training.warm_start import find_initial
    from ganzoo._training.world import joined

    registry = discovered()
    stem, loaded = given_recipe(recipe, registry, overrides, request.seed)
    weights = find_initial(loaded, Run(earlier.path, registry=registry)) if earlier else None
    for note in weights.notes if weights else ():
        reporter.info(f"note: {note}")
    with joined(device) as world:
        if world.ranks.rank:
            follow(world, registry)
        return run_recipe(
            request.name or stem,
            loaded,
            runs,
            registry,
            device=world.device,
            reporter=reporter,
            world=world,
            initial=weights,
            resume=resume or world.restarted,
            skip_bad=skip_bad,
            watching=request.callbacks,
            asked=Asked(identity, request.tags, mark_of(request.sweep) if request.sweep else None),
        )
