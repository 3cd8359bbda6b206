"""`ganzoo runs` and `ganzoo rm`: what runs there are, and away with some."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ganzoo._cli.completion import run_folders
from ganzoo.errors import GanzooError, RefusedError

if TYPE_CHECKING:
    from rich.table import Table

    from ganzoo._runs.listing import ListedRun


class ListFormat(StrEnum):
    """How a list of runs is written."""

    TABLE = "table"
    JSON = "json"


def runs(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="Folders of runs, or runs; else `runs`.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TEXT", help="Only runs with this tag.")] = None,
    format: Annotated[ListFormat, typer.Option(help="How the list is written.")] = ListFormat.TABLE,
) -> None:
    """List runs, the newest first: status, length, best score, age and size.

    Scores of different protocols must not be compared; `ganzoo compare` makes tables of those that may be.
    """
    from ganzoo._runs.listing import list_runs

    found = [run for run in list_runs(folders or [Path("runs")]) if set(tag or ()) <= set(run.tags)]
    if format is ListFormat.JSON:
        import json

        sys.stdout.write(json.dumps([_plain(run) for run in found], indent=1) + "\n")
        return
    if not found:
        raise GanzooError(
            f"there are no runs {'with these tags ' if tag else ''}in {_named(folders or [Path('runs')])}."
        )
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_table(found, console.width))


def rm(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.", autocompletion=run_folders)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove runs for good, after asking. A run that another process is at is refused; links are never followed."""
    from ganzoo._io.os_errors import shown, size_text
    from ganzoo._runs.listing import listed
    from ganzoo._runs.removal import check_removable, remove_run

    paths = list({path.resolve(): path for path in runs}.values())
    for path in paths:  # all of them, before anything goes
        check_removable(path)
    found = [listed(path) for path in paths]
    for run in found:
        typer.echo(f"{shown(run.path)}: {run.status}, {_kimg(run)} kimg, {size_text(run.size_bytes)}", err=True)
    if not yes:
        if not sys.stdin.isatty():
            raise RefusedError("nothing was removed: there is nobody to ask; with --yes it is not asked.")
        total = size_text(sum(run.size_bytes for run in found))
        typer.confirm(f"Remove {len(found)} run{'s' * (len(found) > 1)} ({total}) for good?", abort=True, err=True)
    for path in paths:
        remove_run(path, lambda text: typer.echo(text, err=True))
        typer.echo(f"removed {shown(path)}")


def _named(folders: Sequence[Path]) -> str:
    from ganzoo._io.os_errors import shown

    return ", ".join(map(shown, folders))


_WIDE = 110  # columns
_NUMBERS = ("kimg", "at kimg", "age", "size")


def _table(found: Sequence[ListedRun], width: int) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from ganzoo._io.os_errors import shown

    parents = {run.path.parent for run in found}
    title = f"in {shown(parents.pop())}" if len(parents) == 1 else None
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left", title_style="")
    rows = [_cells(run, short=title is not None) for run in found]
    left_out = () if width >= _WIDE else ("at kimg", "protocol")
    names = [name for name in rows[0] if name not in left_out and any(row[name] for row in rows)]
    for name in names:
        side: Literal["right", "left"] = "right" if name in _NUMBERS else "left"
        # What a run is called is what one came for: it is folded where it must, and never cut.
        folded = name in ("run", "best score", "tags")
        table.add_column(name, justify=side, no_wrap=not folded, overflow="fold", min_width=13 if folded else None)
    for row in rows:
        table.add_row(*(Text(row[name]) for name in names))
    return table


def _cells(run: ListedRun, *, short: bool) -> dict[str, str]:
    from ganzoo._io.os_errors import shown, size_text
    from ganzoo.text import duration

    score = run.best
    return {
        "run": run.path.name if short else shown(run.path),
        "status": run.status,
        "kimg": _kimg(run),
        "best score": f"{score.name} {score.text}" if score else "",
        "at kimg": f"{score.images_seen / 1000:,.4g}" if score else "",
        "protocol": score.protocol_id[:6] if score else "",
        "age": duration(run.age_seconds),
        "size": size_text(run.size_bytes),
        "tags": ", ".join(run.tags),
    }


def _kimg(run: ListedRun) -> str:
    seen = f"{run.images_seen / 1000:,.4g}"
    return f"{seen} of {run.total_images / 1000:,.4g}" if run.images_seen < run.total_images else seen


def _plain(run: ListedRun) -> dict[str, Any]:
    score = run.best
    best = None
    if score is not None:
        best = {
            "label": score.label,
            "metric": score.metric,
            "unit": score.unit,
            "value": score.value,
            "standard_error": score.standard_error,
            "lower_is_better": score.lower_is_better,
            "images_seen": score.images_seen,
            "protocol_id": score.protocol_id,
        }
    return {
        "run": str(run.path),
        "status": run.status,
        "images_seen": run.images_seen,
        "total_images": run.total_images,
        "best": best,
        "age_seconds": round(run.age_seconds, 1),
        "size_bytes": run.size_bytes,
        "tags": list(run.tags),
        "holder": run.holder,
        "message": run.message,
    }
