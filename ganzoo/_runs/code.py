"""Code of a run: what its record says of it, and what has changed since. Knows no registry and no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ganzoo._runs.code_change import CodeChange
from ganzoo._runs.record import RunRecord
from ganzoo.text import short_code

CORE = "ganzoo"
# Of these kinds, what only [scoring] names moves no weight; scores say what they were made with.
_SCORING = frozenset({"metric", "extractor"})
_NOT_TRAINING = frozenset({"scoring", "published", "parts"})


def code_fields(record: RunRecord) -> dict[str, str]:
    """Return the code that a run was trained with, by package, the core's first; of one that changed, all in turn.

    What of it differs is what rows of one recipe are told apart by.
    """
    fields = {CORE: short_code(record.versions.get(CORE, ""), record.core_source)}
    trained_with = set(_names({key: each for key, each in record.recipe.items() if key not in _NOT_TRAINING}))
    for kind, name, code in _parts(record.recipe):
        if kind not in _SCORING or name in trained_with:
            fields.setdefault(_named(code), _short(code))
    for change in reversed(record.code_changes):
        name = " ".join(change.packages)
        if name in fields and not fields[name].startswith(f"{change.before} then "):
            fields[name] = f"{change.before} then {fields[name]}"
    return {name: value for name, value in fields.items() if value}


def changes(earlier: RunRecord, recipe: Mapping[str, Any], version: str, core_source: str) -> Iterator[CodeChange]:
    """Yield what of a run's code is another one now: of each part that it goes on with, and of the core."""
    before = {(kind, name): code for kind, name, code in _parts(earlier.recipe)}
    here = short_code(version, core_source)
    if (there := short_code(earlier.versions.get(CORE, ""), earlier.core_source)) not in ("", here):
        yield CodeChange(images_seen=earlier.images_seen, what=CORE, packages=(CORE,), before=there, after=here)
    for kind, name, code in _parts(recipe):
        old = before.get((kind, name))
        if old is not None and _short(old) != _short(code):
            yield CodeChange(
                images_seen=earlier.images_seen,
                what=f"{kind} '{name}'",
                packages=tuple(code["packages"]),
                before=_short(old),
                after=_short(code),
            )


def _parts(recipe: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    pins = recipe.get("parts")
    for kind, names in pins.items() if isinstance(pins, Mapping) else ():
        for name, code in names.items() if isinstance(names, Mapping) else ():
            if isinstance(code, Mapping) and isinstance(code.get("packages"), list | tuple):
                yield kind, name, code


def _names(section: Any) -> Iterator[str]:
    """Yield the names of all parts that a section names, those too that options of parts do."""
    if isinstance(section, Mapping):
        if isinstance(section.get("name"), str):
            yield section["name"]
        for each in section.values():
            yield from _names(each)
    elif isinstance(section, list | tuple):
        for each in section:
            yield from _names(each)


def _named(code: Mapping[str, Any]) -> str:
    return " ".join(map(str, code["packages"])) or str(code.get("distribution", ""))


def _short(code: Mapping[str, Any]) -> str:
    return short_code(str(code.get("version", "")), str(code.get("source", "")))
