"""`ganzoo check`: all mistakes of a recipe, without data, weights or a GPU."""

from __future__ import annotations

from typing import Annotated

import typer

from ganzoo.cli.run import Overrides


def check(
    recipes: Annotated[list[str], typer.Argument(help="Recipe files, or names of recipes that ship with ganzoo.")],
    set_: Overrides = None,
) -> None:
    """Check recipes, build both networks without memory, and show what training would do."""
    from ganzoo.cli.terminal import Terminal
    from ganzoo.errors import GanzooError, RecipeError
    from ganzoo.toml_source import find_recipe, parse, read

    terminal = Terminal()
    mistakes: list[str] = []
    for recipe in recipes:
        try:
            parse(read(find_recipe(recipe)), recipe)  # before torch is imported: a missing quote answers at once
            terminal.say(_report(recipe, set_ or []))
        except GanzooError as error:
            mistakes.append(str(error))
    if mistakes:
        raise RecipeError("\n".join(mistakes))


def _report(recipe: str, overrides: list[str]) -> str:
    from ganzoo.recipe import load
    from ganzoo.registry import Registry
    from ganzoo.training.forecast import forecast

    name, loaded = load(recipe, Registry.discover(), overrides)
    expected = forecast(loaded)
    gib = 2**30
    lines = [
        f"{name}: valid. {loaded.title}".rstrip(),
        f"  generator      {loaded.generator.name}, {expected.generator_parameters:,} parameters",
        f"  discriminator  {loaded.discriminator.name}, {expected.discriminator_parameters:,} parameters",
        f"  memory         about {expected.memory_bytes / gib:.1f} GiB for training (weights, moments, activations)",
    ]
    for phase in loaded.phases:
        fade = ", fading in" if phase.fades else ""
        lines.append(
            f"  phase          {phase.resolution} pixels, {phase.start / 1000:g} to {phase.end / 1000:g} kimg, "
            f"batches of {phase.batch_size}{fade}"
        )
    return "\n".join(lines)
