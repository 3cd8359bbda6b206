"""Text of a check: what the training of a recipe would be, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganzoo.text import memory_size

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe
    from ganzoo._training.memory_estimate import MemoryEstimate
    from ganzoo.contracts.phase import Phase
    from ganzoo.contracts.schedules import Schedule


def report(name: str, recipe: Recipe, expected: MemoryEstimate, images: str) -> str:
    """Return what a recipe's training would be, in lines."""
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
        at = f" at {place(heaviest_phase(recipe, expected))}" if several else ""
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
    lines += phase_table(recipe, expected, unit) if several else [_line(recipe, unit)]
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


def place(phase: Phase) -> str:
    """Return where in its growth a training stands."""
    fading = ", fading in" if phase.fades else ""
    return f"{phase.resolution} pixels{fading}"


def _line(recipe: Recipe, unit: str) -> str:
    (phase,) = recipe.phases
    return (
        f"  phase          {phase.resolution} pixels, {_from_to(recipe, phase)} {unit}, batches of {phase.batch_size}, "
        f"learning rate {_learning_rate(recipe, phase)}"
    )


def phase_table(recipe: Recipe, expected: MemoryEstimate, unit: str) -> list[str]:
    """Return the phases as lines of text: pixels, from where to where, batch, learning rate and memory."""
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
