"""Fields of a run by name: short ones (`loss`), and dotted ones of its recipe (`training.batch_size`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from ganzoo._runs.code import code_fields
from ganzoo._runs.experiment import without_seed
from ganzoo._runs.record import RunRecord
from ganzoo.errors import GanzooError
from ganzoo.text import literal

MISSING = object()
NONE = "—"


def part(record: RunRecord, kind: str) -> str:
    """Return the name of the part that a run's recipe chose for a section, or a dash."""
    section = record.recipe.get(kind)
    name = section.get("name") if isinstance(section, dict) else None
    return name if isinstance(name, str) else NONE


def penalties(record: RunRecord) -> tuple[str, ...]:
    """Return the names of a run's penalties."""
    if record.penalties is not None:
        return record.penalties
    chosen = record.recipe.get("regularizers")
    named = chosen if isinstance(chosen, list) else []
    return tuple(str(each.get("name", NONE)) for each in named if isinstance(each, dict))


def machine(record: RunRecord) -> str:
    """Return what a run was trained on, such as `Tesla T4` or `Intel Xeon, 2 threads`; empty if that is not known."""
    hardware = record.hardware
    if "gpu" in hardware:
        return str(hardware["gpu"])
    threads = hardware.get("threads")
    counted = f", {threads} thread{'s' * (threads != 1)}" if threads else ""
    return f"{hardware['cpu']}{counted}" if hardware.get("cpu") else ""


def recipe_name(record: RunRecord) -> str:
    """Return the run's name without its seed: that of the recipe's file."""
    return without_seed(record.name)


def _dataset(record: RunRecord) -> str | list[str]:
    if record.dataset:
        return record.dataset.name
    return sorted({score.dataset.name for score in record.scores if score.dataset}) or part(record, "dataset")


_SHORT: Mapping[str, Callable[[RunRecord], Any]] = {
    "dataset": _dataset,
    "generator": lambda record: part(record, "generator"),
    "discriminator": lambda record: part(record, "discriminator"),
    "loss": lambda record: part(record, "loss"),
    "penalties": lambda record: list(penalties(record)),
    "augmentation": lambda record: part(record, "augmentation"),
    "recipe": recipe_name,
    "name": lambda record: record.name,
    "title": lambda record: record.title,
    "status": lambda record: record.status,
    "seed": lambda record: record.seed,
    "tags": lambda record: list(record.tags),
    "sweep": lambda record: str(record.sweep["name"]) if record.sweep else MISSING,
    "device": lambda record: record.device,
    "resolution": lambda record: record.dataset.resolution if record.dataset else MISSING,
}


def lookup(record: RunRecord, field: str) -> Any:
    """Return a field's value, or MISSING where this run has none."""
    if field in _SHORT:
        return _SHORT[field](record)
    if field.startswith("code."):
        return code_fields(record).get(field.removeprefix("code."), MISSING)
    found = walk(record.recipe, field)
    if found is MISSING and field.startswith("dataset.") and record.dataset:
        found = walk(record.dataset.model_dump(), field.removeprefix("dataset."))
    return found


def walk(data: Any, dotted: str) -> Any:
    """Follow `a.b.0.c` through tables and lists; MISSING where it ends early."""
    for key in dotted.split("."):
        if isinstance(data, Mapping) and key in data:
            data = data[key]
        elif isinstance(data, list) and key.isdecimal() and int(key) < len(data):
            data = data[int(key)]
        else:
            return MISSING
    return data


def flatten(data: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one, with dotted keys; lists of plain values stay whole."""
    if isinstance(data, list) and any(isinstance(item, Mapping) for item in data):
        data = {str(index): item for index, item in enumerate(data)}
    if not isinstance(data, Mapping):
        return {prefix: data}
    flat: dict[str, Any] = {}
    for key, value in data.items():
        flat |= flatten(value, f"{prefix}.{key}" if prefix else key)
    return flat


def require_known(field: str, records: Sequence[RunRecord]) -> None:
    """Raise GanzooError if no run has this field, with near names."""
    if not records or any(lookup(record, field) is not MISSING for record in records):
        return
    known = {*_SHORT, *(key for record in records[:200] for key in flatten(record.recipe))}
    known |= {f"code.{key}" for record in records[:200] for key in code_fields(record)}
    near = get_close_matches(field, sorted(known), n=3)
    advice = (
        f"did you mean {' or '.join(repr(literal(each)) for each in near)}?" if near else "see a run's recipe.toml."
    )
    raise GanzooError(f"no run has a field '{literal(field)}'; {advice}")


Condition = tuple[str, str]


def parse_condition(text: str) -> Condition:
    """Split `field=value`.

    Raises:
        GanzooError: There is no `=`, or no field before it.
    """
    field, equals, value = text.partition("=")
    if not equals or not field.strip():
        raise GanzooError(f"--where '{literal(text)}' should be field=value, such as dataset=oasis.")
    return field.strip(), value.strip()


def meets(value: Any, wanted: str) -> bool:
    """Whether a field's value is the one written as `wanted`; a list, whether it holds it."""
    if isinstance(value, list):
        return any(meets(item, wanted) for item in value) or (not value and wanted in ("", "none", NONE))
    if isinstance(value, bool):
        return wanted.lower() == str(value).lower()
    if isinstance(value, int | float):
        try:
            return float(wanted) == value
        except ValueError:
            return False
    return value is not MISSING and str(value) == wanted


def value_text(value: Any) -> str:
    """Return a field's value for people: `10,000`, `a, b`, a long hash by its first digits."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(value_text(item) for item in value) or "none"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{literal(str(key))} = {value_text(item)}' for key, item in value.items())} }}"
    if value is None or value is MISSING:
        return "none"
    text = literal(str(value))
    return text[:8] if re.fullmatch(r"[0-9a-f]{16,}", text) else text
