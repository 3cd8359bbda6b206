"""Option table of a part or section: name, type, default, range, description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from ganzoo.text import spans_text

_MOST_LISTED = 8  # a longer list of whole numbers is shown as ranges
_SIGNS = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}


@dataclass(frozen=True)
class OptionRow:
    """One option; `default` is `required` where there is none and `unset` where it is absent."""

    name: str
    type: str
    default: str
    range: str
    description: str


class TolerantSchema(GenerateJsonSchema):
    """Says nothing of what only Python code can judge; a part that a recipe chooses is a table."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 as the base class has it

    def function_plain_schema(self, schema: Any) -> JsonSchemaValue:
        return {"type": "table"}

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:
        return {}


def option_rows(model: type[BaseModel]) -> Iterator[OptionRow]:
    """Yield the options of a pydantic model, in the order of their definition."""
    whole = model.model_json_schema(schema_generator=TolerantSchema)
    for name, field in model.model_fields.items():
        schema = _resolved(whole["properties"][name], whole)
        default = "required" if field.is_required() else _plain(field.get_default(call_default_factory=True))
        yield OptionRow(name, _type(schema), default, _range(schema), field.description or "")


def _plain(value: Any) -> str:
    if value is None or value in ({}, ()):
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_plain(item)}" for key, item in value.items())
    if isinstance(value, tuple | list) and len(value) > _MOST_LISTED and all(type(item) is int for item in value):
        return spans_text(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(f'{{ {_plain(item)} }}' if _is_table(item) else _plain(item) for item in value)}]"
    return str(value)


def _is_table(value: Any) -> bool:
    return isinstance(value, BaseModel | Mapping)


def _resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        found: Mapping[str, Any] = whole["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        return found
    return schema


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema or "const" in schema:
        return "choice"
    if choices := schema.get("anyOf", schema.get("oneOf")):
        return " or ".join(dict.fromkeys(_type(each) for each in choices if each.get("type") != "null"))
    if schema.get("title") == "schedule":
        return "schedule"
    if "$ref" in schema or schema.get("type") == "object":
        return "table"
    return str(schema.get("format", schema.get("type", "any")))


def _range(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " or ".join(text for each in schema["anyOf"] if (text := _range(each)))
    inner = schema.get("items") or next(iter(schema.get("prefixItems", [])), None)
    if inner:
        return f"each {found}" if (found := _range(inner)) else ""
    return ", ".join(f"{sign} {schema[key]:g}" for key, sign in _SIGNS.items() if key in schema)
