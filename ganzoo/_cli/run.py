"""`ganzoo run` and `ganzoo resume`: train, then score, then show where that stands."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ganzoo._cli.terminal import Terminal
    from ganzoo._runs.directory import RunDirectory
    from ganzoo._training.experiment import Progress
    from ganzoo._training.trainer import Callback, Trainer

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
    from ganzoo._recipe.load import load
    from ganzoo._registry.registry import Registry
    from ganzoo._training.experiment import Experiment
    from ganzoo._training.warm_start import find_initial

    name, loaded = load(recipe, Registry.discover(), set_ or (), seed=seed)
    terminal = Terminal()
    initial = find_initial(loaded, init) if init else None
    for note in initial.notes if initial else ():
        terminal.say(f"note: {note}")
    experiment = Experiment(name, loaded, runs, terminal, initial)
    with ExitStack() as stack:
        progress = _progress(terminal, stack)
        directory = experiment.run(device, resume=resume, skip_bad=skip_bad, progress=progress)
    _show(terminal, directory, runs)


def resume(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    set_: Overrides = None,
    device: Device = "auto",
    skip_bad: SkipBad = False,
) -> None:
    """Go on with a stopped run: bit for bit on the same machine."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo._training.experiment import resume as resume_run

    terminal = Terminal()
    with ExitStack() as stack:
        directory = resume_run(
            run, device, terminal, overrides=set_ or (), skip_bad=skip_bad, progress=_progress(terminal, stack)
        )
    _show(terminal, directory, directory.path.parent)


def _progress(terminal: Terminal, stack: ExitStack) -> Progress:
    from ganzoo._cli.progress import ProgressCallback

    def begin(directory: RunDirectory, trainer: Trainer) -> Callback:
        terminal.log_to(directory.log)
        terminal.say(f"training {directory.path}: {trainer.total_images:,} images on {trainer.game.device}")
        callback = ProgressCallback(terminal, trainer, directory.samples)
        stack.callback(callback.close)
        return callback

    return begin


def _show(terminal: Terminal, directory: RunDirectory, runs: Path) -> None:
    from ganzoo._cli.compare import compare

    newest = max(directory.samples.glob("[0-9]*.png"), default=None)
    terminal.say(f"run {directory.path} is finished; its newest samples: {newest}")
    terminal.console.print()
    compare([runs])
