"""`ganzoo score`: score runs again, or under another protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo._cli.completion import run_folders
from ganzoo._cli.options import Device, SharingGPUs, SharingProcesses, SkipBad
from ganzoo.errors import GanzooError, RefusedError

if TYPE_CHECKING:
    from ganzoo._runs.record import Score


def score(
    runs: Annotated[list[Path], typer.Argument(help="Runs, or folders of runs.", autocompletion=run_folders)],
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
    published: Annotated[
        bool,
        typer.Option("--published", help="Score as the recipe's published values were measured, as it states."),
    ] = False,
    forget: Annotated[
        str | None,
        typer.Option(
            metavar="PROTOCOL",
            help="Instead, remove the scores of this protocol, as tables print it, from the records; with --at, those "
            "of one generator.",
        ),
    ] = None,
    device: Device = "auto",
    skip_bad: SkipBad = False,
    processes: SharingProcesses = None,
    gpus: SharingGPUs = None,
) -> None:
    """Score runs and save the scores in their records."""
    if forget is not None:
        if set_ or dataset or snapshots or published:
            raise GanzooError(
                "--forget removes scores and makes none: leave --set, --dataset, --snapshots and --published out"
            )
        return _forget(runs, forget, at)
    from ganzoo import api
    from ganzoo._cli.processes import start_together
    from ganzoo._cli.terminal import Terminal
    from ganzoo._registry.index import discovered
    from ganzoo._runs.class_text import class_text
    from ganzoo._runs.directory import find_runs
    from ganzoo._training.place import is_follower
    from ganzoo.contracts.reporter import SILENT

    found = find_runs(runs)
    if (processes or gpus) and len(found) != 1:
        raise GanzooError(f"--processes and --gpus share the images of one run, and these are {len(found)}; name one")
    start_together(processes, gpus)
    device = "cuda" if gpus else device
    for path in found:
        api.open(path).look_at(set_ or ())  # before torch is imported
    registry = discovered()
    with Terminal() as terminal:
        for path in found:
            scores = api.score(
                api.open(path, registry=registry),
                overrides=set_ or (),
                dataset=dataset,
                at=at,
                snapshots=snapshots,
                published=published,
                device=device,
                skip_bad=skip_bad,
                reporter=SILENT if is_follower() else terminal,
            )
            for found_score in scores:
                terminal.info(f"{path.name} at {found_score.images_seen:,} images: {_line(found_score)}")
                if found_score.by_class:
                    terminal.info(f"  {class_text(found_score)}")


def _forget(runs: list[Path], protocol: str, at: int | None) -> None:
    """Remove the scores of a protocol; of several runs, those without them are passed over."""
    from ganzoo import api
    from ganzoo._cli.terminal import Terminal
    from ganzoo._runs.directory import find_runs

    missing: list[GanzooError] = []
    found = find_runs(runs)
    with Terminal() as terminal:
        for path in found:
            try:
                forgotten = api.open(path).forget_scores(protocol, at)
            except RefusedError:
                raise
            except GanzooError as error:
                missing.append(error)
                continue
            for score in forgotten:
                terminal.info(f"{path.name} at {score.images_seen:,} images: forgotten: {_line(score)}")
    if missing and len(missing) == len(found):
        raise missing[0]


def _line(score: Score) -> str:
    notes = f" ({', '.join(score.notes)})" if score.notes else ""
    return f"{score.name} {score.text}{notes} [protocol {score.protocol_id}]"
