"""`ganzoo score`: score runs again, or under another protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo._cli.run import Device, SkipBad

if TYPE_CHECKING:
    from ganzoo._runs.record import Score


def score(
    runs: Annotated[list[Path], typer.Argument(help="Runs, or folders of runs.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another protocol, such as scoring.generated=5000."),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="Score against this dataset instead of the run's own; imported runs have none."),
    ] = None,
    at: Annotated[
        int | None, typer.Option("--at", min=0, help="Score the generator kept at this many images seen.")
    ] = None,
    snapshots: Annotated[bool, typer.Option("--snapshots", help="Score every snapshot of the run.")] = False,
    device: Device = "auto",
    skip_bad: SkipBad = False,
) -> None:
    """Score runs and save the scores in their records."""
    from ganzoo import api
    from ganzoo._cli.terminal import Terminal
    from ganzoo._registry.registry import Registry
    from ganzoo._runs.directory import find_runs

    found, registry = find_runs(runs), Registry.discover()
    with Terminal() as terminal:
        for path in found:
            scores = api.score(
                api.open(path, registry=registry),
                overrides=set_ or (),
                dataset=dataset,
                at=at,
                snapshots=snapshots,
                device=device,
                skip_bad=skip_bad,
                reporter=terminal,
            )
            for found_score in scores:
                terminal.info(f"{path.name} at {found_score.images_seen:,} images: {_line(found_score)}")


def _line(score: Score) -> str:
    notes = f" ({', '.join(score.notes)})" if score.notes else ""
    return f"{score.name} {score.text}{notes} [protocol {score.protocol_id}]"
