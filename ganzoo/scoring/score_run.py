"""Scoring of a run that was trained before, under its own protocol or another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from functools import partial

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.run import Run, Weights
from ganzoo._recipe.load import validate
from ganzoo._recipe.locations import with_absolute_paths
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.toml_source import apply_override
from ganzoo._runs.record import Score
from ganzoo.contracts.reporter import Reporter
from ganzoo.errors import RefusedError
from ganzoo.layers.ranks import Ranks
from ganzoo.scoring.real_data import check_same_data, find_inputs, score_each, score_opened


def score_run(
    run: Run,
    device: str,
    reporter: Reporter,
    *,
    overrides: Sequence[str] = (),
    at: int | None = None,
    snapshots: bool = False,
    skip_bad: bool = False,
    ranks: Ranks | None = None,
) -> list[Score]:
    """Score a run's newest generator, the one at a checkpoint, or every snapshot; the record keeps the scores.

    Raises:
        RunError: The run has no such generator.
        RefusedError: Another process holds the run, or the data have changed.
        MetricsFailed: Metrics fail; the scores of the others are in the record.
    """
    with owned(run, ranks):
        run.refresh()
        recipe = run.recipe_with(overrides)
        if _changes_training(run, recipe, overrides):
            raise RefusedError(
                f"--set {' '.join(overrides)} would change what {run.path} was trained with; a score may only change "
                f"[scoring], such as --set scoring.generated=5000"
            )
        record = run.record
        inputs = find_inputs(with_absolute_paths(recipe), device, reporter, skip_bad=skip_bad, record=record)
        check_same_data(run, record, inputs)
        protocol = inputs.protocol.model_copy(update={"changed_code": run.changed_networks()})
        chosen = generators(run, at, snapshots=snapshots, weights=protocol.weights, device=device)
        return score_each(
            chosen,
            partial(score_opened, inputs=inputs, protocol=protocol, reporter=reporter, ranks=ranks),
            run.add_scores,
        )


def owned(run: Run, ranks: Ranks | None) -> AbstractContextManager[None]:
    """Hold a run's lock, in the first of several processes for all of them."""
    return nullcontext() if ranks and ranks.rank else run.directory.lock()


def _changes_training(run: Run, recipe: Recipe, overrides: Sequence[str]) -> bool:
    """Whether overrides change what the run was trained with.

    The run's own [scoring] is left unread: what it names need not be installed where others are scored instead.
    """
    saved = run.recipe_data()
    asked = deepcopy(saved)
    for override in overrides:
        apply_override(asked, override)
    scoring = {"scoring": asked.get("scoring", {})}
    if asked == saved | scoring:
        return False
    trained = validate(saved | scoring, run.registry, str(run.directory.recipe))
    return recipe.training_hash != trained.training_hash


def generators(
    run: Run, at: int | None, *, snapshots: bool, weights: Weights, device: str
) -> Iterator[OpenedGenerator]:
    """Yield the generators to score: at a checkpoint, at each snapshot, or the newest.

    Raises:
        RunError: Nothing was kept.
        GanzooError: There is no such checkpoint, or it was removed meanwhile.
    """
    for images_seen in run.snapshots() if snapshots else [at]:
        yield run.generator(images_seen, weights, device=device)
