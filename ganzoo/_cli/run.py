"""`ganzoo run` and `ganzoo resume`: train, score, and show the run among its like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.run import Run

Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key, such as training.total_kimg=10.")
]
Runs = Annotated[Path, typer.Option("--runs", help="Folder of the runs.")]


def _checked_device(name: str) -> str:
    from ganzoo._inference.device import check_device_name

    return check_device_name(name)


Device = Annotated[str, typer.Option(callback=_checked_device, help="Device: auto, cpu, cuda, cuda:1, mps.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Skip images that cannot be read, and report them.")]

Tags = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TEXT", help="A word that is kept in the record; may be repeated.")
]


def run(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of one that ships with ganzoo.")],
    set_: Overrides = None,
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
    sweep: Annotated[
        Path | None, typer.Option(hidden=True, help="Folder of the sweep whose plan the run's record repeats.")
    ] = None,
) -> None:
    """Train a recipe, score it, and print the table that it stands in."""
    from ganzoo import api
    from ganzoo._cli.terminal import Terminal

    with Terminal() as terminal:
        trained = api.run(
            recipe,
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
            reporter=terminal,
        )
        _show(terminal, trained)


def resume(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    set_: Overrides = None,
    device: Device = "auto",
    skip_bad: SkipBad = False,
) -> None:
    """Continue a stopped run, bit for bit on the same machine."""
    from ganzoo import api
    from ganzoo._cli.terminal import Terminal

    with Terminal() as terminal:
        resumed = api.resume(run, overrides=set_ or (), device=device, skip_bad=skip_bad, reporter=terminal)
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
