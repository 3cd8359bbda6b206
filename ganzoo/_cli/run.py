"""`ganzoo run` and `ganzoo resume`: train, then score, then show where that stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ganzoo._cli.terminal import Terminal

Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key, such as training.total_kimg=10.")
]
Runs = Annotated[Path, typer.Option("--runs", help="Folder that runs are kept in.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out images that cannot be read, and say so.")]


def run(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of one that ships with ganzoo.")],
    set_: Overrides = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Replaces the recipe's seed.")] = None,
    runs: Runs = Path("runs"),
    device: Device = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the newest run of this recipe and seed, or begin one.")
    ] = False,
    init: Annotated[
        Path | None, typer.Option("--init", help="Begin from the weights of this run, trained here or imported.")
    ] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Train a recipe, score it, and print the leaderboard."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.run import Run
    from ganzoo._recipe.load import load
    from ganzoo._registry.registry import Registry
    from ganzoo._training.experiment import run_recipe
    from ganzoo._training.warm_start import find_initial

    registry = Registry.discover()
    name, loaded = load(recipe, registry, set_ or (), seed=seed)
    with Terminal() as terminal:
        initial = find_initial(loaded, Run(init, registry=registry)) if init else None
        for note in initial.notes if initial else ():
            terminal.info(f"note: {note}")
        run_recipe(
            name,
            loaded,
            runs,
            registry,
            device=device,
            reporter=terminal,
            initial=initial,
            resume=resume,
            skip_bad=skip_bad,
        )
        _show(terminal, runs)


def resume(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    set_: Overrides = None,
    device: Device = "auto",
    skip_bad: SkipBad = False,
) -> None:
    """Go on with a stopped run: bit for bit on the same machine."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.run import Run
    from ganzoo._training.experiment import resume_run

    opened = Run(run)
    with Terminal() as terminal:
        resume_run(opened, device=device, reporter=terminal, overrides=set_ or (), skip_bad=skip_bad)
        _show(terminal, opened.path.parent)


def _show(terminal: Terminal, runs: Path) -> None:
    from ganzoo._cli.compare import compare

    terminal.console.print()
    compare([runs])
