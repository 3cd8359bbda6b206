"""Commented recipe: TOML for people who have never seen one, each key with what it means."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w
from pydantic import BaseModel

from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.schema import ScoringSettings, TrainingSettings

_WIDTH = 100
_SECTIONS = {
    "dataset": "Your images. All that is said of them here was found by looking.",
    "generator": "Makes images out of random numbers.",
    "discriminator": "Tells real images from made ones; the generator learns from it.",
    "loss": "What the two play for.",
    "regularizers": "A penalty that keeps the discriminator smooth.",
    "augmentation": "Keeps the discriminator from learning few images by heart.",
    "training": "Length and speed of the training, in kimg: thousands of real images shown.",
    "scoring": "How good the result is: the same for each recipe that is to be compared.",
}


def commented(data: Mapping[str, Any], recipe: Recipe, opening: Sequence[str]) -> str:
    """Return a recipe as TOML with comments.

    Args:
        data: The recipe as plain data: what is not in it is the default.
        recipe: The same, checked: its parts say what their options mean.
        opening: Lines for the top, without `#`; a line that begins with `:` is one for editors.
    """
    lines = [f"#{line}" if line.startswith(":") else f"# {line}".rstrip() for line in opening]
    lines += ["", *_keys({key: value for key, value in data.items() if not _is_section(value)}, Recipe)]
    models = _models(recipe)
    for name, value in data.items():
        for number, table in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(table, dict):
                header = f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
                model = models.get(name, [])
                lines += ["", *_comment(_SECTIONS.get(name, "")), header]
                lines += _table(name, table, model[min(number, len(model) - 1)] if model else None, models)
    return "\n".join(lines) + "\n"


def _is_section(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _models(recipe: Recipe) -> dict[str, list[type[BaseModel]]]:
    """Return the models of each section's options."""
    chosen: dict[str, list[Any]] = {
        "dataset": [recipe.dataset],
        "generator": [recipe.generator],
        "discriminator": [recipe.discriminator],
        "loss": [recipe.loss],
        "regularizers": list(recipe.regularizers),
        "augmentation": [recipe.augmentation] if recipe.augmentation else [],
        "training.generator_optimizer": [recipe.training.generator_optimizer],
        "training.discriminator_optimizer": [recipe.training.discriminator_optimizer],
    }
    own: dict[str, list[type[BaseModel]]] = {"training": [TrainingSettings], "scoring": [ScoringSettings]}
    return {name: [each.cls.Options for each in parts] for name, parts in chosen.items()} | own


def _table(
    name: str, table: Mapping[str, Any], model: type[BaseModel] | None, models: Mapping[str, list[type[BaseModel]]]
) -> list[str]:
    """Return the lines of a section, its own tables behind its keys."""
    inner = {key: value for key, value in table.items() if isinstance(value, dict) and not _is_inline(value)}
    lines = _keys({key: value for key, value in table.items() if key not in inner}, model)
    for key, value in inner.items():
        lines += ["", f"[{name}.{key}]", *_keys(value, next(iter(models.get(f"{name}.{key}", [])), None))]
    return lines


def _is_inline(table: Mapping[str, Any]) -> bool:
    return len(table) <= 3 and not any(isinstance(value, dict) for value in table.values())


def _keys(table: Mapping[str, Any], model: type[BaseModel] | None) -> list[str]:
    lines: list[str] = []
    for key, value in table.items():
        field = model.model_fields.get(key) if model else None
        lines += [*_comment((field.description or "") if field else ""), f"{key} = {_value(value)}"]
    return lines


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join(text.split()), _WIDTH)]


def _value(value: Any) -> str:
    """Return a value as TOML in one line."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_value(each)}' for key, each in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(each) for each in value)}]"
    return tomli_w.dumps({"value": value}).partition("=")[2].strip()
