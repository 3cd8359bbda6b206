"""`ganzoo schema`: what editors check and complete recipes and sweep files by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def schema(
    sweep: Annotated[
        bool, typer.Option("--sweep", help="The schema of sweep files, in place of that of recipes.")
    ] = False,
    install: Annotated[
        bool, typer.Option("--install", help="Write both into .ganzoo/ here, and what makes editors use them.")
    ] = False,
) -> None:
    """Print the JSON schema of recipes or sweep files, with the parts that are installed, for editors.

    A file's first line `#:schema .ganzoo/recipe.schema.json` (its path from the file) names it too.
    """
    import json

    from ganzoo._cli.terminal import Terminal
    from ganzoo._registry.index import discovered
    from ganzoo._start.editors import install as install_schemas
    from ganzoo._start.json_schema import file_schema, recipe_schema
    from ganzoo._sweep.sweep_file import SweepSettings

    of_sweeps = file_schema(SweepSettings, "ganzoo sweep file")
    # As they may be written: a range as text, and keys as tables in place of dotted ones.
    of_sweeps["properties"]["seeds"] = {"anyOf": [{"type": "string"}, of_sweeps["properties"]["seeds"]]}
    if not install:
        typer.echo(json.dumps(of_sweeps if sweep else recipe_schema(discovered()), indent=1))
        return
    terminal = Terminal()
    written, left = install_schemas(Path(), {"recipe": recipe_schema(discovered()), "sweep": of_sweeps})
    for path in written:
        terminal.info(f"written {path}")
    for text in left:
        terminal.info(text)
    terminal.info("JetBrains: Settings, Languages & Frameworks, JSON Schema Mappings: add .ganzoo/recipe.schema.json")
    terminal.info("files elsewhere: a first line such as  #:schema .ganzoo/recipe.schema.json")
    terminal.info("after installing a plugin: ganzoo schema --install once more")
