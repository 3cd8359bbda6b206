"""Experiment: a recipe trained and scored as a new run, or an earlier run resumed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ganzoo._inference.run import Run
from ganzoo._io.atomic import sha256_of
from ganzoo._recipe.compatibility import all_regularizers
from ganzoo._recipe.judges import judge_warning
from ganzoo._recipe.locations import with_absolute_paths
from ganzoo._recipe.rank_compatibility import check_ranks
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.schema import IMAGES_PER_KIMG
from ganzoo._registry.code import core_source
from ganzoo._registry.deprecations import naming_deprecations
from ganzoo._registry.pinned import allow_changed_code
from ganzoo._registry.registry import Registry
from ganzoo._runs.asked import Asked
from ganzoo._runs.code import changes
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.provenance import git_state, hardware, library_versions, plugin_versions
from ganzoo._runs.record import RunRecord, recipe_hash
from ganzoo._training.build import check_networks_build
from ganzoo._training.features_read import features_read, refuse_other_weights
from ganzoo._training.run_code import require_core, tell_changes
from ganzoo._training.run_log import RunLog
from ganzoo._training.session import Session
from ganzoo._training.train_and_score import train_and_score
from ganzoo._training.trainer import Callback
from ganzoo._training.warm_start import InitialWeights, initial_of, require_initial
from ganzoo._training.watchers import Chosen, Watchers, choose_callbacks
from ganzoo._training.world import World
from ganzoo._version import __version__
from ganzoo.contracts.reporter import Reporter
from ganzoo.errors import RefusedError, RunStopped
from ganzoo.scoring.real_data import Inputs, check_same_data, find_inputs


def run_recipe(
    name: str,
    recipe: Recipe,
    root: Path,
    registry: Registry,
    *,
    device: str,
    reporter: Reporter,
    world: World | None = None,
    initial: InitialWeights | None = None,
    resume: bool = False,
    skip_bad: bool = False,
    asked: Asked | None = None,
    callbacks: Sequence[Callback] = (),
    watching: Sequence[str] = (),
) -> Run:
    """Train a recipe and score it.

    Args:
        name: What the run is called, with the seed behind it.
        recipe: What is trained.
        root: Folder that runs are kept in.
        registry: The installed parts.
        device: Where to compute.
        reporter: Takes messages and progress.
        world: The processes that train together, of which this is the first.
        initial: Weights to begin from.
        resume: Go on with the newest run of this recipe and seed, if there is one.
        skip_bad: Leave out images that cannot be read.
        asked: For what the run is made.
        callbacks: Called after each step, before what the run itself does then.
        watching: Callbacks of plugins, by name.
    """
    watchers = choose_callbacks(watching, registry)
    asked = asked or Asked()
    with closing(RunLog(reporter)) as log, naming_deprecations(log.warning):
        recipe = with_absolute_paths(require_initial(recipe, initial))
        if warning := judge_warning(recipe, registry):
            log.warning(warning)
        check_networks_build(recipe)
        check_ranks(recipe, world.ranks.size if world else 1)
        run = _earlier_run(name, recipe, root, registry) if resume else None
        record = _earlier_record(run) if run else None
        inputs = find_inputs(recipe, device, log, skip_bad=skip_bad, record=record)
        recipe = inputs.recipe  # its epochs are kimg now that the data are known
        if run is None:

            def fill(folder: RunDirectory, run_name: str) -> None:
                if initial:
                    initial.write(folder)
                begun = Run(folder, registry=registry)
                begun.write_recipe(recipe)
                new = _record(begun, inputs, None, skip_bad=skip_bad, asked=asked)
                begun.write_record(new.model_copy(update={"name": run_name}))

            run = Run(RunDirectory.create(root, name, recipe.seed, fill), registry=registry)
        with run.directory.lock(log.info):
            _complete(run, inputs, log, callbacks, watchers, world, skip_bad=skip_bad, asked=asked)
    return run


def resume_run(
    run: Run,
    *,
    device: str,
    reporter: Reporter,
    world: World | None = None,
    overrides: Sequence[str] = (),
    skip_bad: bool = False,
    callbacks: Sequence[Callback] = (),
    watching: Sequence[str] = (),
) -> None:
    """Go on with a run from its newest good checkpoint; score it if that is all that is left.

    Raises:
        RefusedError: The overrides change what is trained, the data have changed, or another process holds the run.
        RunError: The training fails.
        RunStopped: A signal stopped it after a checkpoint.
    """
    watchers = choose_callbacks(watching, run.registry)
    with closing(RunLog(reporter)) as log, naming_deprecations(log.warning), run.directory.lock(log.info):
        run.refresh()
        recipe = with_absolute_paths(run.recipe_with(overrides))
        if overrides and recipe.dynamics_hash != run.recipe.dynamics_hash:
            raise RefusedError(
                f"--set {' '.join(overrides)} would change what {run.path} trains; on a resume only total_kimg, the "
                f"*_kimg intervals, tf32, cudnn and [scoring] may change. Start a new run instead"
            )
        _refuse_shorter(run, recipe)
        check_ranks(recipe, world.ranks.size if world else 1)
        inputs = find_inputs(recipe, device, log, skip_bad=skip_bad, record=_earlier_record(run))
        _complete(run, inputs, log, callbacks, watchers, world, skip_bad=skip_bad, asked=Asked() if overrides else None)


def _earlier_run(name: str, recipe: Recipe, root: Path, registry: Registry) -> Run | None:
    for directory in reversed(RunDirectory.of(root, name, recipe.seed)):
        with allow_changed_code():  # whichever it is: it is judged once it is found
            run = Run(directory, registry=registry)
            is_it = directory.recipe.exists() and run.recipe.training_hash == _in_kimg_of(run, recipe).training_hash
        if is_it:
            found = Run(directory, registry=registry)
            found.recipe  # noqa: B018 as it is judged when it is read
            return found
    return None


def _in_kimg_of(run: Run, recipe: Recipe) -> Recipe:
    """Return the recipe with its epochs in kimg, by the count of images that a run learned from."""
    dataset = run.record.dataset if recipe.counts_epochs and run.directory.record.exists() else None
    count = dataset.images.get(recipe.training.split) if dataset else None
    return recipe.with_image_count(count) if count else recipe


def _refuse_shorter(run: Run, recipe: Recipe) -> None:
    seen = run.record.images_seen if run.directory.record.exists() else 0
    if recipe.phases[-1].end < seen:
        raise RefusedError(
            f"{run.path} has seen {seen:,} images already, so training.total_kimg = "
            f"{recipe.total_images / IMAGES_PER_KIMG:g} cannot shorten it; start a new run instead"
        )


def _complete(
    run: Run,
    inputs: Inputs,
    log: RunLog,
    callbacks: Sequence[Callback],
    chosen: Sequence[Chosen],
    world: World | None,
    *,
    skip_bad: bool,
    asked: Asked | None,
) -> None:
    """Do whatever is left of a run: train, then score. The caller holds its lock. `asked` None: as it was before."""
    run.refresh()  # what another process wrote before it let go of the lock
    earlier = _earlier_record(run)
    if earlier:
        check_same_data(run, earlier, inputs)
    log.open(run.directory.log)
    run.write_recipe(inputs.recipe)  # longer, or scored otherwise: it is this recipe from now on
    record = _record(run, inputs, earlier, skip_bad=skip_bad, asked=asked)
    # The record vouches for the recipe and says for what it is made, done or not, and by which code.
    said = ("files", "asked", "code_changes")
    if earlier:
        tell_changes(earlier, record, log)
    if earlier is None or any(getattr(record, each) != getattr(earlier, each) for each in said):
        run.write_record(record)
    watchers = Watchers(chosen, log.warning)
    try:
        train_and_score(run, inputs, Session(run, inputs, record, log, watchers, world), callbacks, log)
    except RunStopped:
        watchers.end("stopped")
        raise
    except BaseException:
        watchers.end(run.record.status if run.record.status == "diverged" else "failed")
        raise
    watchers.end("finished")
    if run.record.answered != run.record.asked:
        run.write_record(run.record.model_copy(update={"answered": run.record.asked}))
    newest = max(run.directory.samples.glob("[0-9]*.png"), default=None)
    log.info(f"run {run.path} is finished; its newest samples: {newest}")


def _earlier_record(run: Run) -> RunRecord | None:
    if not run.directory.record.exists():
        return None
    if run.record.status == "diverged":
        raise RefusedError(
            f"{run.path} diverged: {run.record.message}. A resume would repeat it bit for bit; change the recipe and "
            f"start a new run"
        )
    require_core(run.record)
    return run.record


def _record(run: Run, inputs: Inputs, earlier: RunRecord | None, *, skip_bad: bool, asked: Asked | None) -> RunRecord:
    recipe, directory = inputs.recipe, run.directory
    plain = recipe.plain()
    now: dict[str, Any] = {
        "title": recipe.title,
        "recipe": plain,
        "recipe_hash": recipe_hash(plain),
        "plugins": plugin_versions(recipe),
        "features_read": features_read(recipe, run.registry, directory),
        "core_source": core_source(),
        "device": str(inputs.device),
        "versions": library_versions(),
        "hardware": hardware(inputs.device),
        "git": git_state(),
        "penalties": tuple(choice.cls.name for choice in all_regularizers(recipe)),
        "files": {"recipe.toml": sha256_of(directory.recipe)},
        "skip_bad": skip_bad or bool(earlier and earlier.skip_bad),
        **(asked.fields(earlier) if asked else {}),
    }
    if earlier:
        refuse_other_weights(earlier.features_read, now["features_read"], str(directory.path))
        now["code_changes"] = (*earlier.code_changes, *changes(earlier, plain, __version__, core_source()))
        return RunRecord.model_validate(earlier.model_dump() | now)
    new = {"name": run.name, "seed": recipe.seed, "dataset": inputs.dataset_id, "initial": initial_of(directory)}
    return RunRecord.model_validate(new | now)
