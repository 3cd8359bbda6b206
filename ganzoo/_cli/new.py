"""`ganzoo new`: a package for a part of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _kinds(incomplete: str) -> list[str]:
    """Offer the kinds of parts."""
    from ganzoo._kit.kits import kinds

    return [kind for kind in kinds() if kind.startswith(incomplete)]


def new(
    context: typer.Context,
    kind: Annotated[
        str, typer.Argument(help="What it offers: generator, loss, metric, recipe, ...", autocompletion=_kinds)
    ],
    name: Annotated[str, typer.Argument(help="What part and package are called, such as acme.")],
    folder: Annotated[
        Path | None, typer.Argument(help="Where to write it. [default: a folder NAME, in this one]")
    ] = None,
) -> None:
    """Write a package with a part of your own, that installs, trains and passes its tests at once.

    It has the part, a recipe that trains it, tests, packaging, a README and checks for GitHub: change what you like.
    """
    from ganzoo._cli.terminal import Terminal
    from ganzoo._kit.new import new_package

    every = context.parent.command if context.parent else None
    taken = every.list_commands(context) if isinstance(every, typer.core.TyperGroup) else []
    made = new_package(kind, name, folder, taken_commands=taken)
    commands = (f"pip install -e '{made.folder}[test]'", *made.steps)
    steps = "\n".join(f"  {command}" for command in commands)
    Terminal().info(f"{made.folder}: {made.summary[0].lower()}{made.summary[1:]}, in {made.main_file}. Next:\n{steps}")
