"""`ganzoo test`: whether all that a distribution offers keeps its contracts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganzoo._cli.completion import distributions

if TYPE_CHECKING:
    from ganzoo.testing.failure import Result
    from ganzoo.testing.trial import Trial


class TestFormat(StrEnum):
    """How results are written."""

    __test__ = False  # no test of pytest's

    TEXT = "text"
    JSON = "json"


def test(
    distribution: Annotated[
        str | None,
        typer.Argument(
            metavar="DIST", help="An installed distribution, or a plugin file.", autocompletion=distributions
        ),
    ] = None,
    parts: Annotated[
        list[str] | None, typer.Argument(metavar="[KIND/NAME]...", help="Which of its parts. [default: all]")
    ] = None,
    format: Annotated[TestFormat, typer.Option(help="How the results are written.")] = TestFormat.TEXT,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List what passed, too.")] = False,
) -> None:
    """Test whether a plugin's parts keep their contracts, each property by itself.

    The exit code is 1 if any of them fails. Weights that are missing are skipped, with the reason.
    """
    from ganzoo.testing.distribution import offered_by, trials_of

    offered = offered_by(distribution or _only_file())
    trials = trials_of(offered, parts or ())
    results: list[Result] = []
    for trial in trials:
        found = _asked(trial)
        results += found
        if format is TestFormat.TEXT:
            _show(trial, found, verbose)
    if format is TestFormat.JSON:
        typer.echo(json.dumps({"distribution": offered.name, "results": [_plain(each) for each in results]}, indent=2))
    else:
        _sum_up(len(trials), results)
    if any(each.status == "failed" for each in results):
        raise typer.Exit(1)


def _only_file() -> str:
    """Return the plugin file that the command was given. Raises PluginError where there is none, or several."""
    from ganzoo._registry.plugin_files import plugin_file_names
    from ganzoo.errors import PluginError

    files = plugin_file_names()
    if len(files) == 1:
        return files[0]
    raise PluginError("say what to test: ganzoo test DIST, such as ganzoo test acme-gan, or ganzoo test my_idea.py")


def _asked(trial: Trial) -> list[Result]:
    """Ask all checks of a part; what is asked stands in the last line of a terminal meanwhile."""
    from rich.console import Console

    from ganzoo.text import literal

    errors = Console(stderr=True, highlight=False)
    found: list[Result] = []
    try:
        with errors.status("") as status:
            for check in trial.checks:
                status.update(literal(str(check)).replace("[", r"\["))
                found.append(trial.result(check))
    finally:
        trial.forget()
    return found


def _show(trial: Trial, found: list[Result], verbose: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    from ganzoo.text import literal

    console = Console(highlight=False, soft_wrap=True)
    title = literal(f"{trial.whole.kind} {trial.whole.name}")
    console.print(Text.assemble((f"{title:32}", "bold"), "  ", _counts(found)))
    for status, style in (("failed", "red"), ("skipped", "yellow"), ("not asked", "yellow"), ("passed", "green")):
        if status == "passed" and not verbose:
            continue
        for words, reason in _grouped(each for each in found if each.status == status):
            console.print(Text.assemble("  ", (f"{status}: ", style), literal(words)))
            for line in reason.splitlines():
                console.print(Text(f"    {literal(line)}"))


def _grouped(results: Iterable[Result]) -> list[tuple[str, str]]:
    """Return what has one reason together: its properties with their settings, and the reason."""
    by_reason: dict[str, dict[str, list[str]]] = {}
    for each in results:
        by_reason.setdefault(each.reason, {}).setdefault(each.promise, []).append(each.setting)
    rows = []
    for reason, promises in by_reason.items():
        words = [
            f"{promise} [{'; '.join(filter(None, settings))}]" if any(settings) else promise
            for promise, settings in promises.items()
        ]
        rows.append((", ".join(words), reason))
    return rows


def _counts(results: list[Result]) -> str:
    counts = {status: 0 for status in ("passed", "failed", "skipped", "not asked")}
    for each in results:
        counts[each.status] += 1
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def _sum_up(parts: int, results: list[Result]) -> None:
    from rich.console import Console
    from rich.text import Text

    failed = any(each.status == "failed" for each in results)
    what = f"{len(results)} checks of {parts} {'thing' if parts == 1 else 'things'}: {_counts(results)}"
    Console(highlight=False, soft_wrap=True).print(Text(what, "bold red" if failed else "bold green"))


def _plain(result: Result) -> dict[str, Any]:
    return {
        "kind": result.kind,
        "name": result.name,
        "property": result.promise,
        "images": result.setting or None,
        "status": result.status,
        "reason": result.reason or None,
    }
