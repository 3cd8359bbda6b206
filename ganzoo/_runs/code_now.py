"""Code now: what is installed of the parts that a run's recipe names, held against what its record says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ganzoo._registry.code import CORE, PartCode, core_source, installed_code
from ganzoo._runs.record import RunRecord, read_record
from ganzoo._version import __version__
from ganzoo.errors import GanzooError
from ganzoo.text import literal, short_code

_PINS = TypeAdapter(dict[str, dict[str, PartCode]])


def code_differences(path: Path) -> list[str]:
    """Say what of a run's code is not installed as it was, and where the run has changed code; nothing is imported.

    None of it is damage: what is there is what was written. A record that cannot be read says nothing.
    """
    try:
        record = read_record(path / "record.json")
        pins = _PINS.validate_python(record.recipe.get("parts", {}))
    except (GanzooError, ValidationError):
        return []
    return [*_core(record), *_parts(pins), *(f"went on with other code: {change}" for change in record.code_changes)]


def other_code(paths: Iterable[Path]) -> list[str]:
    """Say, each once, what runs were made with and is not installed so, which stops them from going on.

    Nothing is imported; damaged records say nothing. That the source of ganzoo itself was edited under one version is
    no other code.
    """
    pins: dict[tuple[str, str, PartCode], None] = {}
    cores: dict[str, None] = {}
    for path in paths:
        with suppress(GanzooError, ValidationError):
            record = read_record(path / "record.json")
            found = _PINS.validate_python(record.recipe.get("parts", {}))
            pins |= {(kind, name, code): None for kind, names in found.items() for name, code in names.items()}
            cores[record.versions.get(CORE, __version__)] = None
    told = [f"{CORE} itself was {before}, and is {__version__}" for before in cores if before != __version__]
    return [*told, *(line for kind, name, code in pins for line in _parts({kind: {name: code}}))]


def _core(record: RunRecord) -> Iterator[str]:
    there = short_code(record.versions.get(CORE, __version__), record.core_source)
    if record.core_source and there != (here := short_code(__version__, core_source())):
        yield f"{CORE} itself was {there}, and is {here}"


def _parts(pins: dict[str, dict[str, PartCode]]) -> Iterator[str]:
    for kind, names in pins.items():
        for name, code in names.items():
            here = installed_code(code)
            if here is None or (code.source and not here.source):
                yield literal(f"{kind} '{name}' was that of {code}, which is not installed")
            elif (here.version, here.source) != (code.version, code.source):
                yield literal(f"{kind} '{name}' was that of {code}, and {here} is installed")
