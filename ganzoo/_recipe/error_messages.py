"""Error messages: a recipe's validation errors as sentences of where, what was found, and what would do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ganzoo._recipe.selection import CHANGED_CODE, default_name
from ganzoo._registry.registry import Registry
from ganzoo.contracts.schedules import Schedule
from ganzoo.errors import PluginError
from ganzoo.text import clip, did_you_mean, nearest, requirement

MAX_ERRORS = 50
MAX_SHOWN = 80
_TEXT = ("string_type", "path_type")
_MOST_MEANT = 3
_DEEPEST = 2
_SCHEDULE = tuple(Schedule(1, 2, kimg=1, after_kimg=1).plain())  # its keys
# What the field, and the options of other tools, call the keys of a recipe; those of both players are meant together.
_ALSO_CALLED = {
    "lr": "learning_rate",
    "glr": "learning_rate",
    "dlr": "learning_rate",
    "beta1": "betas",
    "beta2": "betas",
    "eps": "epsilon",
    "batch": "batch_size",
    "bs": "batch_size",
    "kimg": "total_kimg",
    "nimg": "total_kimg",
    "iterations": "total_kimg",
    "steps": "total_kimg discriminator_steps",
    "n_critic": "discriminator_steps",
    "r1_gamma": "gamma",
    "lambda": "weight",
    "nz": "latent_dim",
    "z_dim": "latent_dim",
    "ngf": "width",
    "ndf": "width",
    "size": "resolution",
    "image_size": "resolution",
    "img_size": "resolution",
    "path": "root",
    "data": "root",
    "cond": "classes",
    "num_classes": "classes",
    "ema": "ema_half_life_kimg",
    "fp16": "precision",
    "amp": "precision",
    "kid_subset_size": "subset_size",
    "snap": "snapshot_kimg",
}
SECTION_KINDS = {
    "dataset": "dataset",
    "generator": "generator",
    "discriminator": "discriminator",
    "loss": "loss",
    "regularizers": "regularizer",
    "augmentation": "augmentation",
    "generator_optimizer": "optimizer",
    "discriminator_optimizer": "optimizer",
    "extractor": "extractor",
    "metrics": "metric",
    "source": "source",
}


def describe(error: ValidationError, data: dict[str, Any], registry: Registry, model: type[BaseModel]) -> list[str]:
    """Return one sentence per validation error, with its TOML path; of very many, the first ones."""
    details = error.errors(include_url=False)
    sentences = [_sentence(detail, data, registry, model) for detail in details[:MAX_ERRORS]]
    if len(details) > MAX_ERRORS:
        sentences.append(f"and {len(details) - MAX_ERRORS} more validation errors")
    return sentences


def wants_text(error: ValidationError) -> set[str]:
    """Return the dotted TOML paths where a number, true or false was found, and text is wanted."""
    wrong = [each for each in error.errors(include_url=False, include_context=False) if each["type"] in _TEXT]
    return {".".join(map(str, each["loc"])) for each in wrong if isinstance(each["input"], int | float)}


def _sentence(detail: ErrorDetails, data: dict[str, Any], registry: Registry, model: type[BaseModel]) -> str:
    path = _written(detail["loc"], data)
    where = _clipped(".".join(str(step) for step in path)) or "the file"
    kind = detail["type"]
    if kind == "extra_forbidden":
        word = _clipped(str(path[-1]))
        return f"{where}: unknown key '{word}'{_meant(word, path[:-1], data, registry, model)}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _of_union(where, detail)
    if kind == "missing":
        return f"{where}: is missing; {_remedy(path, data, registry, model)}"
    text, found = requirement(kind, detail["msg"]), detail.get("input")
    if text == "should be a number" and _schedule_keys(found):
        text += ": this option takes no schedule"
    if kind == "tuple_type" and isinstance(found, str | int | float):
        text += f", such as [{_toml(found)}]"
    if kind in _TEXT and isinstance(found, int | float):
        text += f' in quotes, such as "{str(found).lower()}"'
    if isinstance(found, str | int | float | bool) and kind not in ("part", "name", "section", CHANGED_CODE):
        text += f", but is {_clipped(found)!r}" if isinstance(found, str) else f", but is {str(found).lower()}"
    return f"{where}: {text}"


def _written(path: Sequence[int | str], data: Any) -> tuple[int | str, ...]:
    """Return a path as the file has it: pydantic puts the chosen kind of a table between, which is no key of it."""
    steps: list[int | str] = []
    for step in path:
        if isinstance(data, dict) and step not in data and step in data.values() and step != path[-1]:
            continue
        steps.append(step)
        data = _entry(data, step)
    return tuple(steps)


def _of_union(where: str, detail: ErrorDetails) -> str:
    """Say which kinds of a table there are, where it names another one or none."""
    context = detail.get("ctx", {})
    key, tags = str(context["discriminator"]).strip("'"), context.get("expected_tags")
    if tags is None:
        return f"{where}.{key}: is missing; add it"
    return f"{where}.{key}: should be {' or '.join(str(tags).rsplit(', ', 1))}, but is {_clipped(context['tag'])!r}"


def _meant(word: str, section: Sequence[int | str], data: Any, registry: Registry, model: Any) -> str:
    """Say which key was meant: of this section, or else of another one, by its whole path."""
    here = _keys(_model_at(section, data, registry, model)) or _schedule_keys(_found(data, section))
    for key in _ALSO_CALLED.get(word.lower(), "").split():
        if key in here:
            return f"; did you mean '{key}'?"
    own = nearest(word, here, cutoff=0.75)
    elsewhere = [] if own else _paths_of(word, data, registry, model)
    if not elsewhere:
        return did_you_mean(word, here)
    return f"; did you mean {' or '.join(elsewhere[:_MOST_MEANT])}?"


def _paths_of(word: str, data: Any, registry: Registry, model: Any) -> list[str]:
    """Return the paths of all keys of a recipe that a word names: just so, by what others call it, or nearly."""
    keys = list(_all_keys((), data, registry, model, 0))
    wanted = _ALSO_CALLED.get(word.lower(), word).split()
    exactly = [path for path, key in keys if key in wanted]
    return exactly or [path for path, key in keys if nearest(key, wanted, cutoff=0.85)]


def _all_keys(
    section: tuple[int | str, ...], data: Any, registry: Registry, model: Any, depth: int
) -> Iterator[tuple[str, str]]:
    """Yield the paths and names of all keys: those of sections that the recipe has, or that always hold."""
    here, given = _model_at(section, data, registry, model), _found(data, section)
    for key in _keys(here):
        yield ".".join(map(str, (*section, key))), key
        entries = given.get(key) if isinstance(given, dict) else None
        if isinstance(entries, list):
            for index in range(len(entries)):
                yield from _all_keys((*section, key, index), data, registry, model, depth + 1)
        elif depth < _DEEPEST and (entries is not None or here.model_fields[key].default is not None):
            yield from _all_keys((*section, key), data, registry, model, depth + 1)


def _schedule_keys(table: Any) -> list[str]:
    """Return the keys of a schedule where a table is meant to be one."""
    return list(_SCHEDULE) if isinstance(table, dict) and not table.keys().isdisjoint(_SCHEDULE) else []


def _found(data: Any, path: Sequence[int | str]) -> Any:
    for step in path:
        data = _entry(data, step)
    return data


def _toml(value: str | int | float) -> str:
    return json.dumps(_clipped(value) if isinstance(value, str) else value, ensure_ascii=False)


def _clipped(text: str) -> str:
    return clip(text, MAX_SHOWN)


def _remedy(path: Sequence[int | str], data: Any, registry: Registry, model: Any) -> str:
    kind = SECTION_KINDS.get(str(path[-1])) if len(path) == 1 else None
    if kind:
        return f"add a section [{path[-1]}] whose key 'name' is one of: {', '.join(registry.names[kind]) or 'none'}"
    parent = _model_at(path[:-1], data, registry, model)
    is_section = bool(_keys(_model_of(parent, str(path[-1]))))
    field = parent.model_fields.get(str(path[-1])) if _keys(parent) else None
    meaning = f" ({field.description.rstrip('.')})" if field is not None and field.description else ""
    return f"add {'the section' if is_section else 'it'}{meaning}"


def _keys(model: Any) -> list[str]:
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _model_at(path: Sequence[int | str], data: Any, registry: Registry, model: Any) -> Any:
    """Return the model that describes a TOML path, following chosen parts into their own options."""
    kind: str | None = None
    for step in path:
        if isinstance(step, str):
            kind = SECTION_KINDS.get(step)
            model = _model_of(model, step)
        data = _entry(data, step)
        if kind and isinstance(data, dict):
            model = _options_of(kind, data.get("name", default_name(registry, kind)), registry)
            kind = None
    return model


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
    if get_origin(model) is dict:  # a table of tables, such as [published.NAME]
        return get_args(model)[1]
    if field not in _keys(model):
        return None
    annotation = model.model_fields[field].annotation
    if get_origin(annotation) is dict:
        return annotation
    candidates = [annotation, *get_args(annotation)]
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), annotation)
