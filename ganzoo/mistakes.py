"""A recipe's mistakes as sentences: where in the file, what was found, what would do."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ganzoo.errors import PluginError
from ganzoo.registry import Registry

SECTION_KINDS = {
    "dataset": "dataset",
    "generator": "generator",
    "discriminator": "discriminator",
    "loss": "loss",
    "regularizers": "regularizer",
    "extractor": "extractor",
}


def describe(error: ValidationError, data: dict[str, Any], registry: Registry, model: type[BaseModel]) -> list[str]:
    """Return one sentence per mistake, with its TOML path."""
    return [_sentence(mistake, data, registry, model) for mistake in error.errors(include_url=False)]


def _sentence(mistake: ErrorDetails, data: dict[str, Any], registry: Registry, model: type[BaseModel]) -> str:
    path = tuple(mistake["loc"])
    where = ".".join(str(step) for step in path) or "the file"
    if mistake["type"] == "extra_forbidden":
        known = _keys_at(path[:-1], data, registry, model)
        return f"{where}: unknown key '{path[-1]}'{did_you_mean(str(path[-1]), known)}"
    if mistake["type"] == "missing":
        return f"{where}: is missing"
    text = mistake["msg"].removeprefix("Value error, ").replace("Input should", "should", 1)
    found = mistake.get("input")
    if isinstance(found, str | int | float | bool) and mistake["type"] not in ("part", "name", "section"):
        text += f", but is {str(found)[:80]!r}" if isinstance(found, str) else f", but is {str(found).lower()}"
    return f"{where}: {text}"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return `; did you mean 'x'?`, or the known words where none is near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f" (known: {', '.join(known)})" if known else " (it has no options)"


def _keys_at(path: Sequence[int | str], data: Any, registry: Registry, model: Any) -> list[str]:
    """Return the keys that are known at a TOML path, following chosen parts into their own options."""
    kind: str | None = None
    for step in path:
        if isinstance(step, str):
            kind = SECTION_KINDS.get(step)
            model = _model_of(model, step)
        data = _entry(data, step)
        if kind and isinstance(data, dict):
            model = _options_of(kind, data.get("name"), registry)
            kind = None
    keys = list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
    return keys


def _entry(data: Any, step: int | str) -> Any:
    if isinstance(data, dict):
        return data.get(str(step), {})
    return data[step] if isinstance(data, list) and isinstance(step, int) and step < len(data) else {}


def _options_of(kind: str, name: Any, registry: Registry) -> Any:
    try:
        return registry.part(kind, str(name)).cls.Options
    except PluginError:
        return None


def _model_of(model: Any, field: str) -> Any:
    if not (isinstance(model, type) and issubclass(model, BaseModel)) or field not in model.model_fields:
        return None
    annotation = model.model_fields[field].annotation
    candidates = [annotation, *get_args(annotation)]
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), annotation)
