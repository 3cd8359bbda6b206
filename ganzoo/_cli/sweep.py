"""`ganzoo sweep`: recipes × settings × seeds computed as cells, and where they stand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganzoo._cli.options import Callbacks, Device, Jobs, RetryFailed, Runs
from ganzoo.errors import GanzooError, RunError

if TYPE_CHECKING:
    from ganzoo._cli.terminal import Terminal
    from ganzoo._sweep.status import SweepStatus
    from ganzoo._sweep.sweep import SweepResult


class EngineName(StrEnum):
    """What computes the cells."""

    PROCESSES = "processes"
    RAY = "ray"
    SLURM = "slurm"


class StatusFormat(StrEnum):
    """How the state of a sweep is written."""

    RICH = "rich"
    JSON = "json"


def sweep(
    words: Annotated[
        list[str],
        typer.Argument(help="A sweep file; `status` before it shows where its cells stand.", metavar="[status] FILE"),
    ],
    runs: Runs = Path("runs"),
    jobs: Jobs = None,
    device: Device = "auto",
    worker: Annotated[
        bool, typer.Option("--worker", help="Work on it beside others that share the folder; start any number.")
    ] = False,
    engine: Annotated[EngineName, typer.Option(help="What computes the cells.")] = EngineName.PROCESSES,
    address: Annotated[str, typer.Option(metavar="HOST:PORT", help="Of the Ray cluster; auto: the one here.")] = "auto",
    slurm: Annotated[
        bool, typer.Option("--slurm", help="Compute nothing; print an array script for sbatch that does.")
    ] = False,
    slurm_option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Option of sbatch, such as time=04:00:00; may be repeated."),
    ] = None,
    retry_failed: RetryFailed = False,
    callback: Callbacks = None,
    amend: Annotated[
        str, typer.Option(metavar="REASON", help="Why the plan is another than was written down before the first run.")
    ] = "",
    format: Annotated[StatusFormat, typer.Option(help="How `status` is written.")] = StatusFormat.RICH,
) -> None:
    """Compute each cell of a sweep: recipes × settings × seeds.

    The same command goes on with what was stopped or killed, and computes nothing twice. Ctrl-C stops all cells at a
    checkpoint (exit code 75). A sweep file's plan is written down with its hash before the first run.
    """
    if words[0] == "status" and len(words) == 2:
        _print_status(Path(words[1]), runs, format)
        return
    if len(words) != 1:
        raise GanzooError(f"name one sweep file, or `status` and one: {' '.join(words)}")
    options = slurm_option or []
    if slurm:
        _print_script(Path(words[0]), runs, device, amend, options, callback or ())
        return
    run_sweep(
        Path(words[0]),
        runs=runs,
        jobs=jobs,
        device=device,
        engine=engine.value,
        address=address,
        slurm_options=options,
        worker=worker,
        retry_failed=retry_failed,
        amend=amend,
        callbacks=callback or (),
    )


def _print_script(
    path: Path, runs: Path, device: str, amend: str, options: Sequence[str], callbacks: Sequence[str]
) -> None:
    from ganzoo._sweep.engines import script_of

    def tell(text: str) -> None:
        typer.echo(text, err=True)  # what is printed is the script

    script = script_of(path, runs, device=device, amend=amend, options=options, tell=tell, callbacks=callbacks)
    sys.stdout.write(script)


def small_sweep(recipes: Sequence[str], seeds: str, overrides: Sequence[str], tags: Sequence[str]) -> dict[str, Any]:
    """Return the sweep that `ganzoo run RECIPE... --seeds` stands for; a list as a value is no axis here."""
    from ganzoo._recipe.toml_source import plain_value

    keys = [override.partition("=") for override in overrides]
    if wrong := next((key for key, equals, _ in keys if not equals or not key.strip()), None):
        raise GanzooError(f"--set {wrong}: write it as --set section.key=value, such as training.total_kimg=10")
    values = {key.strip(): [plain_value(text)] for key, _, text in keys}
    return {"recipes": list(recipes), "seeds": seeds, "set": values, "tags": list(tags)}


def run_sweep(source: Any, **settings: Any) -> None:
    """Compute a sweep and print what it came to.

    Raises:
        RunError: A cell failed.
    """
    from ganzoo import api
    from ganzoo._cli.sweep_table import live_table
    from ganzoo._cli.terminal import Terminal

    with Terminal() as terminal, live_table(terminal.console) as show:
        result = api.sweep(source, show=show, reporter=terminal, **settings)
    _show(terminal, result, _report_line(source, settings.get("runs", Path("runs"))))


def _report_line(source: Any, runs: Path) -> str:
    """Return the command that puts the sweep on one page."""
    import shlex

    where = f" --where sweep={shlex.quote(_name(source))}" if isinstance(source, Path) else ""
    return f"ganzoo report {shlex.quote(str(runs))}{where} --out report.html"


def _name(path: Path) -> str:
    from ganzoo._sweep.sweep_file import read_sweep, sweep_name

    return sweep_name(path, read_sweep(path)[1])


def _show(terminal: Terminal, result: SweepResult, report: str) -> None:
    from ganzoo._cli.compare import print_table

    if result.comparison is not None:
        terminal.console.print()
        print_table(result.comparison)
        terminal.info(f"To mail it, as one file: {report}")
    if result.failed:
        told = [f"  {name}: {reason}" for name, reason in result.failed.items()]
        raise RunError(
            "\n".join(
                [f"{len(told)} of {len(result.status.rows)} cells failed; to try them again: --retry-failed", *told]
            )
        )


def _print_status(path: Path, runs: Path, format: StatusFormat) -> None:
    from ganzoo._cli.terminal import Terminal
    from ganzoo._sweep.looks import cells_so_far
    from ganzoo._sweep.opened_sweep import open_sweep
    from ganzoo._sweep.status import status_of

    opened = open_sweep(path, runs)
    status = status_of(cells_so_far(opened), opened.place(1, "auto"))
    if format is StatusFormat.JSON:
        sys.stdout.write(_json(status))
        return
    from ganzoo._cli.sweep_table import status_table
    from ganzoo._runs.code_now import other_code
    from ganzoo._sweep.watch import summary

    terminal = Terminal()
    terminal.console.print(status_table(status.rows), soft_wrap=False)
    terminal.info(summary(status))
    for difference in other_code([row.state.folder for row in status.rows if row.state.folder]):
        terminal.warning(f"not as when runs were made: {difference}")


def _json(status: SweepStatus) -> str:
    import json

    rows = [
        {
            "run": row.cell.run_name,
            "recipe": row.cell.recipe,
            "seed": row.cell.seed,
            "status": row.state.status,
            "path": str(row.state.folder) if row.state.folder else None,
            "images_seen": row.state.images_seen,
            "total_images": row.state.total_images,
            "seconds": row.state.seconds,
            "seconds_left": row.seconds_left,
            "holder": row.state.holder,
            "reason": row.state.reason,
        }
        for row in status.rows
    ]
    return json.dumps({"cells": rows, "counts": status.counts, "seconds_left": status.seconds_left}, indent=1) + "\n"
