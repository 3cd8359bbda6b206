"""Option table of a part or section: name, type, default, range, description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

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
        told = _resolved(whole["properties"][name], whole)
        default = "required" if field.is_required() else _plain(field.get_default(call_default_factory=True))
        yield OptionRow(name, _type(told), default, _range(told), field.description or "")


def _plain(value: Any) -> str:
    if value is None or value in ({}, ()):
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_plain(item)}" for key, item in value.items())
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_plain, value))}]"
    return str(value)


def _resolved(told: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in told:
        found: Mapping[str, Any] = whole["$defs"][told["$ref"].rsplit("/", 1)[-1]]
        return found
    return told


def _type(told: Mapping[str, Any]) -> str:
    if "enum" in told or "const" in told:
        return "choice"
    if "anyOf" in told:
        return " or ".join(_type(each) for each in told["anyOf"] if each.get("type") != "null")
    if "$ref" in told or told.get("type") == "object":
        return "table"
    return str(told.get("format", told.get("type", "any")))


def _range(told: Mapping[str, Any]) -> str:
    if "enum" in told:
        return ", ".join(str(value) for value in told["enum"])
    if "const" in told:
        return str(told["const"])
    if "anyOf" in told:
        return " or ".join(text for each in told["anyOf"] if (text := _range(each)))
    inner = told.get("items") or next(iter(told.get("prefixItems", [])), None)
    if inner:
        return f"each {found}" if (found := _range(inner)) else ""
    return ", ".join(f"{sign} {told[key]:g}" for key, sign in _SIGNS.items() if key in told)
