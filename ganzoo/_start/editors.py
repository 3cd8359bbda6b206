"""Editors: the files by which they find the schemas, written where there are none."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganzoo._io.atomic import atomic_write, make_folder

FOLDER = ".ganzoo"
SCHEMA = f"{FOLDER}/recipe.schema.json"
_PATTERNS = {"recipe": "recipes/**/*.toml", "sweep": "sweeps/**/*.toml"}


def install(folder: Path, schemas: Mapping[str, Mapping[str, Any]]) -> tuple[list[Path], list[str]]:
    """Write schemas into `.ganzoo/`, anew each time, and what associates them with files, where that is not there yet.

    Args:
        folder: The project's folder.
        schemas: Schema by what it is of: `recipe`, `sweep`.

    Returns:
        The files written, and what people have to add to files of theirs, as text.
    """
    make_folder(folder / FOLDER)
    written, left = list[Path](), list[str]()
    for name, schema in schemas.items():
        path = folder / FOLDER / f"{name}.schema.json"
        atomic_write(path, (json.dumps(schema, indent=1) + "\n").encode())
        written.append(path)
    for path, text in _associations(folder, schemas).items():
        if not os.path.lexists(path):
            make_folder(path.parent)
            atomic_write(path, text.encode())
            written.append(path)
        elif FOLDER not in path.read_text("utf-8", "replace"):
            left.append(f"{path} is there already; add to it:\n{text.rstrip()}")
    return written, left


def _associations(folder: Path, schemas: Mapping[str, Any]) -> dict[Path, str]:
    """Return what Tombi (VS Code, Zed), Taplo (Zed, Vim) and Even Better TOML (VS Code) read."""
    tombi = [
        f'[[schemas]]\npath = "{FOLDER}/{name}.schema.json"\ninclude = ["{_PATTERNS[name]}"]\n' for name in schemas
    ]
    taplo = [
        f'[[rule]]\ninclude = ["{_PATTERNS[name]}"]\n[rule.schema]\npath = "{FOLDER}/{name}.schema.json"\n'
        for name in schemas
    ]
    code = {f"/{_PATTERNS[name].partition('/')[0]}/.*\\.toml$": f"./{FOLDER}/{name}.schema.json" for name in schemas}
    settings = {"evenBetterToml.schema.associations": code}
    return {
        folder / "tombi.toml": "\n".join(tombi),
        folder / ".taplo.toml": "\n".join(taplo),
        folder / ".vscode" / "settings.json": json.dumps(settings, indent=2) + "\n",
    }
