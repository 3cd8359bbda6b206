"""Schedules: numbers of a recipe that change while it trains, counted in images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, SchemaValidator, core_schema

_IMAGES_PER_KIMG = 1000
_SHAPES = ("linear", "cosine", "exponential")
_KEYS = ("from", "to", "kimg", "shape", "after_kimg")
T = TypeVar("T")


class Schedule(float):
    """A number on its way: `{ from = 2e-4, to = 5e-5, kimg = 1000, shape = "cosine" }`. As a float, its start.

    Attributes:
        start: The value at the beginning (`from` in a recipe).
        end: The value from `after_kimg + kimg` thousand images on (`to` in a recipe).
        kimg: Thousands of images on the way.
        shape: `linear`; `cosine`, half a period, flat at both ends (arXiv:1608.03983, equation 5, without restarts);
            `exponential`, the same factor per image.
        after_kimg: Thousands of images for which it stays at its start.
    """

    start: float
    end: float
    kimg: float
    shape: str
    after_kimg: float

    def __new__(cls, start: float, end: float, kimg: float, shape: str = "linear", after_kimg: float = 0.0) -> Schedule:
        made = super().__new__(cls, start)
        made.start, made.end, made.kimg = float(start), float(end), float(kimg)
        made.shape, made.after_kimg = shape, float(after_kimg)
        return made

    def at(self, images_seen: int) -> float:
        """Return the value of the step that begins after so many images."""
        done = (images_seen / _IMAGES_PER_KIMG - self.after_kimg) / self.kimg
        if done <= 0:
            return self.start
        if done >= 1:
            return self.end
        if self.shape == "exponential":
            return float(self.start * (self.end / self.start) ** done)
        share = (1 - math.cos(math.pi * done)) / 2 if self.shape == "cosine" else done
        return self.start + share * (self.end - self.start)

    def plain(self) -> dict[str, Any]:
        """Return it as a recipe writes it."""
        table = {"from": self.start, "to": self.end, "kimg": self.kimg, "shape": self.shape}
        return table | ({"after_kimg": self.after_kimg} if self.after_kimg else {})

    def __reduce__(self) -> tuple[Any, ...]:
        return Schedule, (self.start, self.end, self.kimg, self.shape, self.after_kimg)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self.plain() == other.plain()

    def __ne__(self, other: object) -> bool:  # float has one of its own
        return not self == other

    def __hash__(self) -> int:
        return hash(self.__reduce__())

    def __bool__(self) -> bool:
        return bool(self.start or self.end)

    def __repr__(self) -> str:
        return f"Schedule({self.plain()})"


class _Schedulable:
    """Of a number's type: a recipe may give a schedule in its place, whose both ends are of that type."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        number = handler(source)
        kimg = core_schema.float_schema(ge=0.001, le=1e9)  # at least one image
        shape = core_schema.literal_schema(list(_SHAPES))
        field = core_schema.typed_dict_field
        table = SchemaValidator(
            core_schema.typed_dict_schema(
                {
                    "from": field(number),
                    "to": field(number),
                    "kimg": field(kimg),
                    "shape": field(shape, required=False),
                    "after_kimg": field(core_schema.float_schema(ge=0, le=1e9), required=False),
                },
                extra_behavior="forbid",
            ),
            core_schema.CoreConfig(allow_inf_nan=False),
        )

        def validate(value: Any, judge: Any) -> Any:
            if isinstance(value, Schedule):
                value = value.plain()
            return _schedule(table.validate_python(value)) if isinstance(value, Mapping) else judge(value)

        as_plain = core_schema.plain_serializer_function_ser_schema(lambda v: v.plain() if type(v) is Schedule else v)
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
        table = {"title": "schedule", "type": "object", "properties": keys, "required": ["from", "to", "kimg"]}
        return {"anyOf": [number, table | {"additionalProperties": False}]}


# `gamma: Scheduled[NonNegativeFloat]`: a float that a recipe may schedule, with both ends in the range in brackets.
Scheduled = Annotated[T, _Schedulable()]


def _schedule(table: Mapping[str, Any]) -> Schedule:
    rest = {key: table[key] for key in _KEYS[2:] if key in table}
    made = Schedule(table["from"], table["to"], **rest)
    if made.shape == "exponential" and min(made.start, made.end) <= 0:
        raise PydanticCustomError("schedule", "an exponential schedule needs 'from' and 'to' above 0; choose linear")
    return made
