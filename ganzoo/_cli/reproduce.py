"""`ganzoo reproduce`: a run trained again from its record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo._cli.completion import run_folders
from ganzoo._cli.options import Device


def reproduce(
    run: Annotated[
        Path, typer.Argument(help="A run, a published folder, or a run in one.", autocompletion=run_folders)
    ],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Where its images are here: dataset.root=PATH."),
    ] = None,
    runs: Annotated[
        Path, typer.Option("--runs", help="Folder that the new run is kept in, apart from the others.")
    ] = Path("reproduced"),
    device: Device = "auto",
) -> None:
    """Train a run again from its record, and say whether weights and scores are equal.

    Recipe, seed, threads and images are those of the record. Exits with 1 where anything differs, and says since which
    image, and what of versions and machine is not as it was.
    """
    from ganzoo._cli.terminal import Terminal
    from ganzoo._io.os_errors import shown
    from ganzoo._publish import verbs
    from ganzoo.errors import RunError

    with Terminal() as terminal:
        found = verbs.reproduce(run, overrides=set_ or (), runs=runs, device=device, reporter=terminal)
        for line in found.lines:
            terminal.info(line)
        if found.equal:
            terminal.info(f"{found.name} is reproduced: {shown(found.run.path)} equals it, bit for bit")
    if not found.equal:
        raise RunError(f"{found.name} is not reproduced bit for bit by {shown(found.run.path)}; see above.")
