"""Lengths of a training and its phases: their types, and one way of writing each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator, PositiveInt, TypeAdapter, WithJsonSchema

Kimg = Annotated[float, Field(ge=0.001, le=1e9)]  # at least one image
Epochs = Annotated[float, Field(gt=0, le=1e6)]


def _number_or_table(number: Any) -> tuple[Any, ...]:
    """Take one number for all resolutions or a table by resolution; errors name the one that was meant."""
    one: TypeAdapter[float] = TypeAdapter(number)
    table: TypeAdapter[dict[int, float]] = TypeAdapter(dict[PositiveInt, number])

    def check(value: Any) -> float | dict[int, float]:
        return table.validate_python(value) if isinstance(value, dict) else one.validate_python(value)

    schema = {"anyOf": [one.json_schema(), {"type": "object"}]}
    return PlainValidator(check), PlainSerializer(lambda checked: checked), WithJsonSchema(schema)


StableKimg = Annotated[float | dict[int, float], *_number_or_table(Kimg)]
FadeKimg = Annotated[float | dict[int, float], *_number_or_table(Annotated[float, Field(ge=0, le=1e9)])]


def length_errors(training: Any) -> list[str]:
    """Return what is wrong with how a `[training]` table says its length, as the file has it.

    What takes the final resolution to judge is left to `ganzoo._recipe.compatibility`.
    """
    return list(_errors(training)) if isinstance(training, Mapping) else []


def _errors(training: Mapping[str, Any]) -> Iterator[str]:
    given = [key for key in ("total_kimg", "epochs") if training.get(key) is not None]
    growth = training.get("growth")
    if not isinstance(growth, Mapping):
        if len(given) > 1:
            yield "training.epochs: the length is given twice; remove epochs or total_kimg"
        if not given:
            yield "training.total_kimg: is missing; add it (Length of the training), or epochs in its place"
        return
    if "epochs" in given:
        yield (
            "training.epochs: with growth, epochs go by resolution; write them as [training.growth] "
            "epochs = { 4 = 2, 8 = 4, ... }, or give kimg"
        )
    if growth.get("epochs"):
        said = [key for key in ("stable_kimg", "fade_kimg") if key in growth]
        places = ["training.total_kimg"] * ("total_kimg" in given) + [f"training.growth.{key}" for key in said]
        for place in places:
            yield f"{place}: training.growth.epochs gives every length already; remove one of the two"
    elif "fade_share" in growth:
        yield "training.growth.fade_share: is a share of epochs, and there are none; give fade_kimg, or epochs"
