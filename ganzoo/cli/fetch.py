"""`ganzoo fetch-weights`: the command that downloads pretrained weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def fetch_weights(
    extractors: Annotated[
        list[str] | None, typer.Argument(help="Extractors whose weights to fetch; absent: the default one of recipes.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help="Folder to fetch into; absent: ganzoo's cache.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="A mirror; its file must have the same SHA-256.")] = None,
) -> None:
    """Download weights of feature extractors, and check them by size and SHA-256."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from ganzoo.cli.terminal import Terminal
    from ganzoo.download import fetch
    from ganzoo.weights import published_by, weights_folder

    terminal = Terminal()
    for name, published in published_by(extractors or []):
        terminal.say(f"{name}: {published.file_name}, {published.size / 1e6:.0f} MB, from {url or published.url}")
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=terminal.console, disable=not terminal.console.is_terminal) as bar:
            task = bar.add_task("", total=published.size)
            path = fetch(
                published,
                to or weights_folder(),
                url=url,
                progress=lambda done, total, task=task, bar=bar: bar.update(task, completed=done),  # type: ignore[misc]
            )
        terminal.say(f"{name}: {path} is complete and has the right SHA-256")
