"""JSON schema of recipes, with the parts that are installed: what editors complete and check keys by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.selection import default_name
from ganzoo._registry.listed_part import listing_of
from ganzoo._registry.option_table import TolerantSchema
from ganzoo._registry.registry import Registry

_DRAFT = "http://json-schema.org/draft-07/schema#"  # the newest that all editors' TOML plugins know
_KINDS = {
    "dataset": "dataset",
    "generator": "generator",
    "discriminator": "discriminator",
    "loss": "loss",
    "regularizers": "regularizer",
    "augmentation": "augmentation",
}


def recipe_schema(registry: Registry) -> dict[str, Any]:
    """Return the schema of a whole recipe.

    A section is one of the installed parts, told apart by its `name`: `oneOf` tables whose name is a `const`, the
    form by which editors complete the keys of the part that was chosen.
    """
    definitions: dict[str, Any] = {}
    whole = _hoisted(Recipe.model_json_schema(schema_generator=TolerantSchema), "recipe", definitions)
    for key, kind in _KINDS.items():
        chosen = _choice(registry, kind, definitions)
        whole["properties"][key] = {"type": "array", "items": chosen} if key == "regularizers" else chosen
    scoring = definitions["recipe-ScoringSettings"]["properties"]
    metric_names = [{"const": name} for name in _names(registry, "metric")]
    scoring["metrics"] = {
        "type": "array",
        "items": {"anyOf": [*metric_names, _choice(registry, "metric", definitions)]},
        "description": scoring["metrics"].get("description", ""),
    }
    scoring["extractor"] = _choice(registry, "extractor", definitions)
    training = definitions["recipe-TrainingSettings"]["properties"]
    for key in ("generator_optimizer", "discriminator_optimizer"):
        training[key] = _choice(registry, "optimizer", definitions) | {"description": training[key]["description"]}
    whole["properties"]["scoring"] = {"$ref": "#/definitions/recipe-ScoringSettings"}
    return _finished({"title": "ganzoo recipe", **whole}, definitions)


def file_schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """Return the schema of another TOML file, whose content a model checks."""
    definitions: dict[str, Any] = {}
    whole = _hoisted(model.model_json_schema(schema_generator=TolerantSchema), "file", definitions)
    return _finished(whole | {"title": title}, definitions)


def _names(registry: Registry, kind: str) -> Iterator[str]:
    yield from (registry.name_of(part) for part in registry.parts(kind))


def _choice(registry: Registry, kind: str, definitions: dict[str, Any]) -> dict[str, Any]:
    chosen = []
    for part in registry.parts(kind):
        name, listing = registry.name_of(part), listing_of(part)
        schema = _hoisted(listing.schema_, f"{kind}-{name}", definitions)
        own = {"name": {"type": "string", "const": name, "description": part.description}}
        if kind == "regularizer":
            own["override"] = {"type": "boolean", "description": "Stand in for the one that the loss brings along."}
        schema["type"] = "object"
        schema["properties"] = own | schema.get("properties", {})
        may_lack_name = kind == "optimizer" and name == default_name(registry, kind)
        schema["required"] = [*([] if may_lack_name else ["name"]), *schema.get("required", [])]
        schema["title"] = f"{kind} {name}"
        schema["additionalProperties"] = listing.takes_any_key
        definitions[f"{kind}-{name}"] = schema
        chosen.append({"$ref": f"#/definitions/{kind}-{name}"})
    return {"oneOf": chosen}


def _hoisted(schema: dict[str, Any], prefix: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose own definitions moved to those of the whole, under names that begin with a prefix."""
    text = json.dumps(schema).replace('"#/$defs/', f'"#/definitions/{prefix}-')
    moved: dict[str, Any] = json.loads(text)
    definitions |= {f"{prefix}-{name}": each for name, each in moved.pop("$defs", {}).items()}
    return moved


def _finished(whole: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of the draft, without defaults: an editor would show those of Python."""
    text = json.dumps({"$schema": _DRAFT, **whole, "definitions": definitions})
    finished: dict[str, Any] = json.loads(text.replace('"type": "table"', '"type": "object"'))
    _open_tables(finished)
    return finished


def _open_tables(schema: Any) -> None:
    """Say of tables whose keys are not listed that they take any: strict checkers would refuse all."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" not in schema:
            schema.setdefault("additionalProperties", True)
            if "propertyNames" in schema or "patternProperties" in schema:
                schema["additionalProperties"] = True
        for each in schema.values():
            _open_tables(each)
    elif isinstance(schema, list):
        for each in schema:
            _open_tables(each)
