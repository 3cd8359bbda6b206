"""`ganzoo score`: score runs again, or under another protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ganzoo._cli.run import Device, SkipBad


def score(
    runs: Annotated[list[Path], typer.Argument(help="Runs, or folders of runs.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another protocol, such as scoring.generated=5000."),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="Compare with this dataset instead of the run's own; an imported run has none."),
    ] = None,
    at: Annotated[
        int | None, typer.Option("--at", min=0, help="Score the generator kept at this many images seen.")
    ] = None,
    snapshots: Annotated[bool, typer.Option("--snapshots", help="Score every snapshot that was kept.")] = False,
    device: Device = "auto",
    skip_bad: SkipBad = False,
) -> None:
    """Score finished or stopped runs, and keep the scores with them."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo._inference.run import Run
    from ganzoo._registry.registry import Registry
    from ganzoo._runs.directory import find_runs
    from ganzoo.scoring.score_against import score_against
    from ganzoo.scoring.score_run import score_run

    terminal = Terminal()
    asked: dict[str, Any] = {"overrides": set_ or (), "at": at, "snapshots": snapshots, "skip_bad": skip_bad}
    found_runs, registry = find_runs(runs), Registry.discover()
    for path in found_runs:
        run = Run(path, registry=registry)
        for found in (
            score_against(run, dataset, device, terminal, **asked)
            if dataset
            else score_run(run, device, terminal, **asked)
        ):
            error = "" if found.standard_error is None else f" +- {found.standard_error:.4g}"
            notes = f" ({', '.join(found.notes)})" if found.notes else ""
            terminal.info(
                f"{path.name} at {found.images_seen:,} images: {found.label} {found.value:.6g}{error}{notes} "
                f"[protocol {found.protocol_id}]"
            )
