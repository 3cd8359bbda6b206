"""`ganzoo verify`: the checksums of runs and published folders, the ranks of a saved comparison, scores made again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganzoo._cli.completion import run_folders
from ganzoo._cli.options import Device, SkipBad

if TYPE_CHECKING:
    from ganzoo._cli.terminal import Terminal


def verify(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Runs, published folders, folders of either, or saved comparisons.",
            metavar="RUNS...",
            autocompletion=run_folders,
        ),
    ],
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Score again, and compare with the scores on record, bit for bit.")
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="With --rescore: where the images are, dataset.root=PATH."),
    ] = None,
    device: Device = "auto",
    skip_bad: SkipBad = False,
) -> None:
    """Check all checksums of runs and published folders, and the ranks of saved comparisons.

    Of runs, records, recipes, checkpoints, snapshots, metrics and samples are checked; of a published folder every
    file; what `ganzoo compare --format json` wrote is ranked again from the records below its folder.

    Exits with 1 and a line for each damaged file, or says that all is intact; of a run also which of its parts are not
    installed as they were, which is no damage.
    """
    from ganzoo._io.os_errors import shown
    from ganzoo._publish import verbs
    from ganzoo._runs.code_now import code_differences
    from ganzoo.errors import GanzooError, RunError

    if set_ and not rescore:
        raise GanzooError("--set says where the images are that --rescore needs; without it nothing is scored")
    found = _found(runs)
    if not found:
        raise GanzooError(f"there are no runs in {', '.join(map(shown, runs))}.")
    problems = []
    for path in found:
        problems_here = verbs.verify(path)
        problems += problems_here
        if not problems_here:
            typer.echo(f"{shown(path)}: intact")
            for difference in code_differences(path):
                typer.echo(f"{shown(path)}: {difference}")
            if rescore and path.is_dir():
                problems += _rescored(path, set_ or [], device, skip_bad)
    if problems:
        raise RunError("\n".join(problems))


def _found(paths: list[Path]) -> list[Path]:
    """Return what is to be verified: published folders as a whole, files, and all other runs."""
    from ganzoo._publish.published_folder import find_published
    from ganzoo._runs.directory import find_runs

    found: list[Path] = []
    for path in paths:
        if path.is_file():
            found.append(path)
            continue
        folders = find_published(path)
        inside = [run for run in find_runs([path]) if not any(run.is_relative_to(folder) for folder in folders)]
        found += [*folders, *inside]
    return list({path.resolve(): path for path in found}.values())


def _rescored(path: Path, overrides: list[str], device: str, skip_bad: bool) -> list[str]:
    """Score again, say each score, and return a sentence where something is not as it was."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo._io.os_errors import shown
    from ganzoo._publish.rescore import rescore
    from ganzoo._registry.index import discovered

    with Terminal() as terminal:
        again = rescore(path, overrides, device, discovered(), terminal, skip_bad=skip_bad)
        for score in again.scores:
            terminal.info(score.text)
        _say_samples(terminal, again.samples)
        if again.equal:
            return []
        if not again.scores:
            return [f"{shown(path)}: no score of a network that it holds is on record, so nothing was scored again."]
        for what in again.elsewhere:
            terminal.info(f"not as it was: {what}")
    equal = sum(score.equal for score in again.scores)
    samples = " and all samples" if not again.samples else ", and not all samples"
    return [
        f"{shown(path)}: scored again, {equal} of {len(again.scores)} scores{samples} are equal bit for bit; see above."
    ]


def _say_samples(terminal: Terminal, problems: tuple[str, ...]) -> None:
    for problem in problems:
        terminal.info(problem)
