"""TOML as people and strangers write it: found, read within limits, changed by `--set`."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

from ganzoo.errors import RecipeError

MAX_RECIPE_BYTES = 64 * 1024
# tomllib takes time that grows with the square of a dotted key's length, and recursion with its depth.
_DEEP_KEY = re.compile(r"(?:[\w\"'-]+[ \t]*\.[ \t]*){32,}")
_DEEP_NESTING = re.compile(r"(?:[\[{]\s*){32,}")


def recipe_folder() -> Path:
    """Return the folder of the recipes that ship with ganzoo."""
    package = Path(__file__).resolve().parent
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parent / "recipes"


def shipped_recipes() -> list[str]:
    """Return the names of the recipes that ship with ganzoo."""
    return sorted(path.stem for path in recipe_folder().glob("*.toml"))


def find_recipe(name: str | Path) -> Path:
    """Return the file of a recipe given by path or by the name of a shipped one. Raises RecipeError."""
    path = Path(name)
    if path.is_file():
        return path
    if path.is_dir():
        raise RecipeError(f"{path} is a folder; name a recipe file, such as {path / 'recipe.toml'}")
    shipped = shipped_recipes()
    if path.parent in (Path(), Path("recipes")) and path.stem in shipped and path.suffix in ("", ".toml"):
        return recipe_folder() / f"{path.stem}.toml"
    near = difflib.get_close_matches(path.stem, shipped, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise RecipeError(f"there is no recipe file '{name}'{hint} (shipped with ganzoo: {', '.join(shipped)})")


def read(path: Path) -> str:
    """Return a recipe's text. Raises RecipeError where it cannot be read or is too large to be one."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_RECIPE_BYTES + 1)
        if len(content) > MAX_RECIPE_BYTES:
            raise RecipeError(f"{path} is larger than {MAX_RECIPE_BYTES // 1024} KiB; a recipe is a small TOML file")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}") from None


def parse(text: str, where: str) -> dict[str, Any]:
    """Parse TOML. Raises RecipeError for anything that is not, or that is built to be slow."""
    if _DEEP_KEY.search(text) or _DEEP_NESTING.search(text):
        raise RecipeError(f"{where}: keys or values are nested more than 32 deep; a recipe needs three levels")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise RecipeError(f"{where} is not valid TOML: {error}") from None
    except RecursionError:
        raise RecipeError(f"{where} is nested too deeply to be a recipe") from None


def apply_override(data: dict[str, Any], override: str) -> None:
    """Apply one `--set a.b=VALUE`; VALUE is TOML, or else a string. `regularizers.0.gamma` reaches into lists.

    Raises:
        RecipeError: The override is not of that form or leads nowhere. Unknown keys are found by validation.
    """
    path, equals, text = override.partition("=")
    keys = [key.strip() for key in path.split(".")]
    if not equals or not all(keys):
        raise RecipeError(f"--set {override}: write it as --set section.key=value, such as training.total_kimg=10")
    target: Any = data
    for depth, key in enumerate(keys[:-1]):
        target = _descend(target, key, ".".join(keys[: depth + 1]), override)
    last = _index(target, keys[-1], path, override)
    target[last] = _value(text)


def _descend(target: Any, key: str, path: str, override: str) -> Any:
    at = _index(target, key, path, override)
    if isinstance(target, dict):
        target.setdefault(at, {})
    if not isinstance(target[at], dict | list):
        raise RecipeError(f"--set {override}: '{path}' is a value, not a section")
    return target[at]


def _index(target: Any, key: str, path: str, override: str) -> Any:
    if isinstance(target, dict):
        return key
    if key.isdecimal() and int(key) < len(target):
        return int(key)
    raise RecipeError(f"--set {override}: '{path}' does not exist; the list has {len(target)} entries, counted from 0")


def _value(text: str) -> Any:
    try:
        return parse(f"value = {text}", "--set")["value"]
    except (RecipeError, KeyError):
        return text
