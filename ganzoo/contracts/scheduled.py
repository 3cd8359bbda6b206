"""Scheduled numbers: the type of an option in whose place a recipe may give a schedule, or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, SchemaValidator, core_schema

from ganzoo.contracts.schedules import Schedule

_SHAPES = ("linear", "cosine", "exponential")
_KEYS = ("from", "to", "kimg", "shape", "after_kimg")
T = TypeVar("T")


class _Schedulable:
    """Of a number's type: a recipe may give a schedule in its place, all of whose ends are of that type."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        number = handler(source)
        kimg = core_schema.float_schema(ge=0.001, le=1e9)  # at least one image
        shape = core_schema.literal_schema(list(_SHAPES))
        field = core_schema.typed_dict_field
        one = core_schema.typed_dict_schema(
            {
                "from": field(number),
                "to": field(number),
                "kimg": field(kimg),
                "shape": field(shape, required=False),
                "after_kimg": field(core_schema.float_schema(ge=0, le=1e9), required=False),
            },
            extra_behavior="forbid",
        )
        config = core_schema.CoreConfig(allow_inf_nan=False)
        table = SchemaValidator(one, config)
        tables = SchemaValidator(core_schema.list_schema(one, min_length=1), config)

        def validate(value: Any, judge: Any) -> Any:
            if isinstance(value, Schedule):
                value = value.plain()
            if isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
                return _piecewise(tables.validate_python(value))
            return _schedule(table.validate_python(value)) if isinstance(value, Mapping) else judge(value)

        as_plain = core_schema.plain_serializer_function_ser_schema(
            lambda v: v.plain() if isinstance(v, Schedule) else v
        )
        return core_schema.no_info_wrap_validator_function(validate, number, serialization=as_plain)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        number = handler(schema)
        keys = {
            "from": {**number, "description": "Value at the beginning."},
            "to": {**number, "description": "Value at the end, and from then on."},
            "kimg": {"type": "number", "minimum": 0.001, "description": "Thousands of images on the way."},
            "shape": {"enum": list(_SHAPES), "description": "How it gets there; linear where absent."},
            "after_kimg": {"type": "number", "minimum": 0, "description": "Thousands of images before it moves."},
        }
        required = {"required": ["from", "to", "kimg"], "additionalProperties": False}
        table = {"title": "schedule", "type": "object", "properties": keys, **required}
        return {"anyOf": [number, table, {"title": "schedule", "type": "array", "items": table, "minItems": 1}]}


# `gamma: Scheduled[NonNegativeFloat]`: a float that a recipe may schedule, with both ends in the range in brackets.
Scheduled = Annotated[T, _Schedulable()]


def _schedule(table: Mapping[str, Any]) -> Schedule:
    rest = {key: table[key] for key in _KEYS[2:] if key in table}
    made = Schedule(table["from"], table["to"], **rest)
    if made.shape == "exponential" and min(made.start, made.end) <= 0:
        raise PydanticCustomError("schedule", "an exponential schedule needs 'from' and 'to' above 0; choose linear")
    return made


def _piecewise(tables: Sequence[Mapping[str, Any]]) -> Schedule:
    """Return the schedules one behind the other; one that says no `after_kimg` begins where the one before it ends."""
    pieces = list[Schedule]()
    for table in tables:
        ended = pieces[-1].after_kimg + pieces[-1].kimg if pieces else 0.0
        piece = _schedule({"after_kimg": ended, **table})
        if piece.after_kimg < ended:
            raise PydanticCustomError(
                "schedule",
                "schedules follow one another: the one before ends at {ended} kimg, so after_kimg is at least that",
                {"ended": f"{ended:g}"},
            )
        pieces.append(piece)
    return Schedule.joined(pieces)
