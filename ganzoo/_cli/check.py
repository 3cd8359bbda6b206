"""`ganzoo check`: all validation errors of a recipe, without data, weights or a GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo._cli.completion import recipe_names
from ganzoo._cli.options import Device, Overrides
from ganzoo.text import memory_size

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe
    from ganzoo._training.dry_run import DryRunResult
    from ganzoo._training.memory_estimate import MemoryEstimate
    from ganzoo.contracts.phase import Phase
    from ganzoo.contracts.schedules import Schedule


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
    from ganzoo._recipe.judges import judge_warning
    from ganzoo._recipe.load import load
    from ganzoo._registry.index import discovered
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
    info(_report(stem, recipe, expected, images_line))
    if warning := judge_warning(recipe, registry):
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
            f"  one step       works at {_place(phase)}, batches of {phase.batch_size}, on {took.device}: "
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


def _report(name: str, recipe: Recipe, expected: MemoryEstimate, images: str) -> str:
    from ganzoo._training.memory_estimate import heaviest_phase

    lines = [
        f"{name}: valid. {recipe.title}".rstrip(),
        f"  generator      {recipe.generator.name}, {expected.generator_parameters:,} parameters",
        f"  discriminator  {recipe.discriminator.name}, {expected.discriminator_parameters:,} parameters",
    ]
    if images:
        lines.insert(1, f"  images         {images}")
    several = len(recipe.phases) > 1
    if expected.memory_bytes is None:
        lines.append(f"  memory         cannot be estimated ({expected.untraced}); --dry-run measures it")
    else:
        at = f" at {_place(heaviest_phase(recipe, expected))}" if several else ""
        at_most = ", less in bf16" if recipe.training.precision == "bf16" else ""
        lines.append(
            f"  memory         about {memory_size(expected.memory_bytes)} for training{at} (weights, moments, "
            f"activations{at_most})"
        )
    if recipe.counts_epochs:
        lines.append(
            "  length         in epochs: kimg depend on the data; give the number of training images with --images"
        )
    unit = "epochs" if recipe.counts_epochs else "kimg"
    lines += _table(recipe, expected, unit) if several else [_line(recipe, unit)]
    return "\n".join([*lines, *_schedules(recipe)])


def _schedules(recipe: Recipe) -> list[str]:
    """Return a line per number that changes while the recipe trains."""
    from ganzoo._recipe.schedules import schedules
    from ganzoo._recipe.schema import IMAGES_PER_KIMG

    lines: list[str] = []
    for path, found in schedules(recipe):
        until = found.after_kimg + found.kimg
        text = f"{path} {', then '.join(map(_piece, found.pieces))}"
        left_at = recipe.total_images / IMAGES_PER_KIMG
        if not recipe.counts_epochs and left_at < until:
            text += f"; the training ends before, at {found.at(recipe.total_images):g}"
        lines.append(f"  {'' if lines else 'schedules':13}  {text}")
    return lines


def _piece(schedule: Schedule) -> str:
    until = schedule.after_kimg + schedule.kimg
    return f"{_change(schedule)} at {_short(schedule.after_kimg)} to {_short(until)} kimg, {schedule.shape}"


def _place(phase: Phase) -> str:
    fading = ", fading in" if phase.fades else ""
    return f"{phase.resolution} pixels{fading}"


def _line(recipe: Recipe, unit: str) -> str:
    (phase,) = recipe.phases
    return (
        f"  phase          {phase.resolution} pixels, {_from_to(recipe, phase)} {unit}, batches of {phase.batch_size}, "
        f"learning rate {_learning_rate(recipe, phase)}"
    )


def _table(recipe: Recipe, expected: MemoryEstimate, unit: str) -> list[str]:
    sizes = [memory_size(size) for size in expected.phase_bytes] or ["?"] * len(recipe.phases)
    rows = [("pixels", "", unit, "batch", "learning rate", "memory")]
    rows += [
        (
            str(phase.resolution),
            "fade" if phase.fades else "stable",
            _from_to(recipe, phase),
            str(phase.batch_size),
            _learning_rate(recipe, phase),
            size,
        )
        for phase, size in zip(recipe.phases, sizes, strict=True)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"  {'' if index else 'phases':6}  {row[0]:>{widths[0]}}  {row[1]:{widths[1]}}  {row[2]:{widths[2]}}  "
        f"{row[3]:>{widths[3]}}  {row[4]:>{widths[4]}}  {row[5]:>{widths[5]}}"
        for index, row in enumerate(rows)
    ]


def _from_to(recipe: Recipe, phase: Phase) -> str:
    from ganzoo._recipe.growth_schedule import NOMINAL_IMAGES
    from ganzoo._recipe.schema import IMAGES_PER_KIMG

    per_unit = NOMINAL_IMAGES if recipe.counts_epochs else IMAGES_PER_KIMG
    return f"{_short(phase.start / per_unit)} to {_short(phase.end / per_unit)}"


def _short(number: float) -> str:
    text = f"{number:,.3f}" if number < 100 else f"{number:,.1f}"
    return text.rstrip("0").rstrip(".")


def _learning_rate(recipe: Recipe, phase: Phase) -> str:
    training = recipe.training
    if phase.learning_rate is not None:
        return f"{phase.learning_rate:g}"
    g, d = (each.options.learning_rate for each in (training.generator_optimizer, training.discriminator_optimizer))
    return _change(g) if g == d else f"G {_change(g)}, D {_change(d)}"


def _change(value: float) -> str:
    from ganzoo.contracts.schedules import Schedule

    return f"{value.start:g} to {value.end:g}" if isinstance(value, Schedule) else f"{value:g}"
