"""`ganzoo run` and `ganzoo resume`: train, score, and show the run among its like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo._cli.completion import recipe_names, run_folders
from ganzoo._cli.options import Callbacks, Device, GPUs, Jobs, Overrides, Processes, RetryFailed, Runs, SkipBad, Tags
from ganzoo.errors import GanzooError

if TYPE_CHECKING:
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.run import Run


def run(
    recipes: Annotated[
        list[str],
        typer.Argument(
            metavar="RECIPE...",
            help="Recipe files, or names of recipes that ship with ganzoo.",
            autocompletion=recipe_names,
        ),
    ],
    set_: Overrides = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="0-4", help="Several seeds, as a range or 0,2,5: each recipe with each of them."),
    ] = None,
    jobs: Jobs = None,
    retry_failed: RetryFailed = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed to use in place of the recipe's.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the run, with the seed behind it; else that of the recipe's file.")
    ] = None,
    runs: Runs = Path("runs"),
    device: Device = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the newest run of this recipe and seed, or start one.")
    ] = False,
    init: Annotated[
        Path | None, typer.Option("--init", help="Start from the weights of this run, trained here or imported.")
    ] = None,
    skip_bad: SkipBad = False,
    tag: Tags = None,
    callback: Callbacks = None,
    processes: Processes = None,
    gpus: GPUs = None,
    sweep: Annotated[
        Path | None, typer.Option(hidden=True, help="Folder of the sweep whose plan the run's record repeats.")
    ] = None,
) -> None:
    """Train a recipe, score it, and print the table that it stands in.

    Several recipes or seeds are a small sweep: each runs by itself, what is done is not done again, all are compared.
    """
    from ganzoo import api
    from ganzoo._cli.processes import start_together
    from ganzoo._cli.sweep import run_sweep, small_sweep
    from ganzoo._cli.terminal import Terminal
    from ganzoo._training.place import is_follower
    from ganzoo.contracts.reporter import SILENT

    if seeds is not None or len(recipes) > 1 or jobs is not None:
        if init is not None or skip_bad or processes or gpus or (seed is not None and seeds is not None):
            raise GanzooError(
                "--init, --skip-bad, --processes, --gpus and --seed are for one run; leave them out with several "
                "recipes or --seeds"
            )
        small = small_sweep(recipes, seeds or str(seed or 0), set_ or (), tag or ())
        how = {"jobs": jobs, "device": device, "retry_failed": retry_failed, "callbacks": callback or ()}
        run_sweep(small, runs=runs, prefix=name or "", **how)
        return
    start_together(processes, gpus)
    device = "cuda" if gpus else device
    with Terminal() as terminal:
        trained = api.run(
            recipes[0],
            overrides=set_ or (),
            seed=seed,
            name=name,
            runs=runs,
            device=device,
            resume=resume,
            initial=init,
            skip_bad=skip_bad,
            tags=tag or (),
            sweep=sweep,
            callbacks=callback or (),
            reporter=SILENT if is_follower() else terminal,
        )
        if sweep is None:  # whoever hands out cells shows them all, at the end
            _show(terminal, trained)


def resume(
    run: Annotated[Path, typer.Argument(help="The run's folder.", autocompletion=run_folders)],
    set_: Overrides = None,
    device: Device = "auto",
    skip_bad: SkipBad = False,
    callback: Callbacks = None,
    processes: Processes = None,
    gpus: GPUs = None,
) -> None:
    """Continue a stopped run, bit for bit on the same machine."""
    from ganzoo import api
    from ganzoo._cli.processes import start_together
    from ganzoo._cli.terminal import Terminal
    from ganzoo._training.place import is_follower
    from ganzoo.contracts.reporter import SILENT

    start_together(processes, gpus)
    device = "cuda" if gpus else device
    with Terminal() as terminal:
        told: Sequence[str] = callback or ()
        resumed = api.resume(
            run,
            overrides=set_ or (),
            device=device,
            skip_bad=skip_bad,
            callbacks=told,
            reporter=SILENT if is_follower() else terminal,
        )
        _show(terminal, resumed)


def _show(terminal: Terminal, run: Run) -> None:
    """Print the table of the run's newest score, its row marked, and say how many others there are."""
    from ganzoo import api
    from ganzoo._cli.compare import print_table
    from ganzoo._leaderboard.own_table import own_table

    terminal.console.print()
    folder, reports = run.path.parent, [score for score in run.scores if score.purpose == "report"]
    own, others = own_table(api.compare(folder), run.path.name, reports[-1].protocol_id if reports else "")
    print_table(own)
    if others:
        terminal.info(f"Also in {folder}: {others}. To see all: ganzoo compare {folder}")
    terminal.info(f"To mail it, as one file: ganzoo report {folder} --out report.html")
