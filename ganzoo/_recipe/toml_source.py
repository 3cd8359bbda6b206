"""TOML as people and strangers write it: read within limits, changed by `--set`."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from ganzoo.errors import RecipeError

MAX_RECIPE_BYTES = 64 * 1024
MAX_DEPTH = 32
# Words and strings that a key can be made of, dots, blanks, anything else: possessive, so that matching is linear.
_KEY_TOKEN = re.compile(
    r"""(?P<word>[\w-]++|"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?)|(?P<dot>\.)|(?P<blank>[ \t]++)|[^.]""", re.DOTALL
)

_LINE = re.compile(r"\(at line (\d{1,6}),")
_BACKSLASH_IN_TEXT = re.compile(r'"[^"\n]*\\')
_BARE_VALUE = re.compile(r"""(\s*[\w.-]+\s*)=(?!\s*(?:true|false|inf|nan)\b)(\s*[A-Za-z~/][^"'#=\[\]{}\n]*)(?:#.*)?$""")


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
    if _has_deep_key(text):  # tomllib takes time that grows with the square of a dotted key's length
        raise RecipeError(f"{where}: a key has more than {MAX_DEPTH} dotted parts; a recipe needs three")
    try:
        data = tomllib.loads(text)
    except ValueError as error:
        raise RecipeError(f"{where} is not valid TOML: {_explained(text, str(error))}") from None
    except RecursionError:
        raise RecipeError(f"{where} is nested too deeply to be a recipe; three levels are enough") from None
    _check_values(data, where)
    return data


def _explained(text: str, complaint: str) -> str:
    """Return why it is no TOML, and what would do where a line holds what people write who know other formats."""
    found = _LINE.search(complaint)
    lines = text.splitlines()
    if found is None or int(found[1]) > len(lines):
        return complaint
    line = lines[int(found[1]) - 1]
    if _BACKSLASH_IN_TEXT.search(line):
        hint = r"in double quotes \ begins an escape: write / in its place, or put the text in 'single quotes'"
    elif match := _BARE_VALUE.match(line):
        key, value = match[1].strip(), match[2].strip()
        hint = f"text stands in quotes: {key} = '{value}'"
        if value.lower() in ("true", "false"):
            hint = f"write {key} = {value.lower()}"
        if value.lower() in ("none", "null"):
            hint = f"leave {key} out, which sets none"
    else:
        return complaint
    return f"line {found[1]}: {hint}"


def _has_deep_key(text: str) -> bool:
    parts, after_word = 0, False
    for token in _KEY_TOKEN.finditer(text):
        if token.lastgroup == "blank":
            continue
        if token.lastgroup == "dot" and after_word:
            parts += 1
        elif token.lastgroup != "word" or after_word:
            parts = 0
        after_word = token.lastgroup == "word"
        if parts > MAX_DEPTH:
            return True
    return False


def _check_values(data: dict[str, Any], where: str) -> None:
    """Refuse what no recipe needs and later code could fail on: deep nesting, integers beyond 64 bits."""
    rest: list[tuple[tuple[str, ...], Any]] = [((), data)]
    while rest:
        path, value = rest.pop()
        if len(path) > MAX_DEPTH:
            raise RecipeError(f"{where}: values are nested more than {MAX_DEPTH} levels; a recipe needs three levels")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise RecipeError(f"{where}: {'.'.join(path)} is an integer that does not fit 64 bits; write a smaller one")
        children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        rest.extend(((*path, str(key)), child) for key, child in children)


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
    target[last] = plain_value(text)


def inline(value: Any) -> str:
    """Return plain data as a TOML value on one line, as `--set key=` takes it."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{inline(key)} = {inline(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline, value))}]"
    return json.dumps(value, ensure_ascii=False)  # TOML has no pairs of surrogates


def take_as_text(data: dict[str, Any], overrides: Sequence[str], paths: Collection[str]) -> bool:
    """Put the text of overrides in place of the number that it reads as, where text is wanted: `dataset.root=2023`.

    Args:
        data: What the overrides were applied to.
        overrides: All of them.
        paths: Dotted keys where text is wanted.

    Returns:
        Whether there was such an override.
    """
    found = [each.partition("=") for each in overrides if each.partition("=")[0].strip() in paths]
    for path, _, text in found:
        apply_override(data, f"{path}={json.dumps(text.strip(), ensure_ascii=False)}")
    return bool(found)


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
    if re.fullmatch("[0-9]{1,6}", key) and int(key) < len(target):
        return int(key)
    count = f"{len(target)} {'entry' if len(target) == 1 else 'entries'}"
    raise RecipeError(f"--set {override}: '{path}' does not exist; the list has {count}, counted from 0")


def plain_value(text: str) -> Any:
    """Return what the text behind `--set key=` reads as: TOML, or else itself."""
    try:
        parsed = parse(f"value = {text}", "--set")
    except RecipeError:
        return text
    return parsed["value"] if list(parsed) == ["value"] else text
