"""`ganzoo check`: all validation errors of a recipe, without data, weights or a GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo._cli.check_text import place, report
from ganzoo._cli.completion import recipe_names
from ganzoo._cli.options import Device, Overrides
from ganzoo.text import memory_size

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe
    from ganzoo._training.dry_run import DryRunResult
    from ganzoo._training.memory_estimate import MemoryEstimate
    from ganzoo.contracts.phase import Phase


def check(
    recipes: Annotated[
        list[str],
        typer.Argument(help="Recipe files, or names of recipes that ship with ganzoo.", autocompletion=recipe_names),
    ],
    set_: Overrides = None,
    images: Annotated[
        int | None, typer.Option(min=1, help="Number of training images, to convert epochs to kimg.")
    ] = None,
    dry_run: Annotated[
        bool | None,
        typer.Option(
            "--dry-run/--no-dry-run",
            help="Run one training step at the phase that needs most memory, on random images; on a GPU that is the "
            "default.",
        ),
    ] = None,
    device: Device = "auto",
) -> None:
    """Check recipes and show what training would do.

    Both networks are built without allocating memory; parameters, memory and phases are listed.
    """
    from ganzoo._cli.terminal import Terminal
    from ganzoo._recipe.given import look_at
    from ganzoo._runs.directory import check_name
    from ganzoo.errors import GanzooError, RecipeError, RefusedError, RunError

    terminal = Terminal()
    errors: list[GanzooError] = []
    for recipe in recipes:
        try:
            stem, data = look_at(recipe, set_ or [])  # before torch is imported: a missing quote answers at once
            check_name(f"{stem}-s{data.get('seed', 0)!s:.20}")
            _check(terminal.info, recipe, set_ or [], images, dry_run, device)
        except GanzooError as error:
            errors.append(error)
    if errors:
        kinds = {RunError.exit_code: RunError, RefusedError.exit_code: RefusedError}
        codes = {each.exit_code for each in errors}
        kind = kinds.get(codes.pop(), RecipeError) if len(codes) == 1 else RecipeError
        raise kind("\n".join(map(str, errors)))


def _check(
    info: Callable[[str], None],
    name: str,
    overrides: list[str],
    images: int | None,
    dry_run: bool | None,
    device: str,
) -> None:
    from ganzoo._inference.device import choose_device
    from ganzoo._recipe.judges import judge_warning
    from ganzoo._recipe.load import load
    from ganzoo._registry.index import discovered
    from ganzoo._training.arithmetic import Arithmetic
    from ganzoo._training.memory_estimate import estimate_memory
    from ganzoo.errors import GanzooError

    registry = discovered()
    stem, recipe = load(name, registry, overrides)
    if images:
        recipe = recipe.with_image_count(images)
    try:
        count, images_line = _images(recipe)
    except GanzooError as error:
        raise type(error)(f"{name}: {error}") from error
    if count and not images:
        recipe = recipe.with_image_count(count)
    expected = estimate_memory(recipe)
    info(report(stem, recipe, expected, images_line))
    if warning := judge_warning(recipe, registry):
        info(f"  warning        {warning}")
    if warning := Arithmetic.of(recipe.training).slow_on(choose_device(device)):
        info(f"  warning        {warning}")
    _dry_run(info, recipe, expected, dry_run, device)


def _dry_run(
    info: Callable[[str], None], recipe: Recipe, expected: MemoryEstimate, dry_run: bool | None, device: str
) -> None:
    """Take a real step if asked for, or a small one where that of the estimate failed: a part may be why."""
    from ganzoo._inference.device import choose_device
    from ganzoo._training.dry_run import dry_run_step, try_small_step
    from ganzoo._training.memory_estimate import heaviest_phase

    if choose_device(device).type == "cuda" if dry_run is None else dry_run:
        phase = heaviest_phase(recipe, expected)
        took = dry_run_step(recipe, phase, device)
        of = "on the GPU" if took.device.type == "cuda" else "of this process"
        info(
            f"  one step       works at {place(phase)}, batches of {phase.batch_size}, on {took.device}: "
            f"{_pace(took, phase)}, peak memory {memory_size(took.peak_memory_bytes)} {of}, "
            f"{memory_size(took.added_bytes)} of it for the training"
        )
    elif expected.untraced:
        try_small_step(recipe)


def _pace(took: DryRunResult, phase: Phase) -> str:
    """Return what a step takes; of a first one alone, nothing follows for the others."""
    if took.is_first:
        return f"{took.seconds:.2f} s (a first step is the slowest)"
    return f"{took.seconds:.3g} s, {phase.batch_size / took.seconds:.3g} images/s"


def _images(recipe: Recipe) -> tuple[int | None, str]:
    """Return how many images are trained on, where they are listed already, and a line on them; both may be absent.

    Raises:
        DataError: They are there, and training could not use them as the recipe says.
    """
    from ganzoo._io.os_errors import shown
    from ganzoo._training.first_look import missing_root
    from ganzoo.scoring.early_checks import check_listed, possible_splits

    options = recipe.dataset.options
    if (root := getattr(options, "root", None)) is None or options.pack:
        return None, ""
    if missing := missing_root(recipe.plain()):
        return None, f"none yet: {missing.partition('; ')[0]}"
    items = recipe.dataset.build().items()
    check_listed(recipe, items)
    splits = possible_splits(recipe, items)
    is_exact = sum(splits.values()) == len(items)
    return splits[recipe.training.split] if is_exact else None, f"{len(items):,} in {shown(root)}"
