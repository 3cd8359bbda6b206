"""Plain data of records: what strict JSON can hold, a score of one class, and the floor of a score. Knows no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationInfo, model_validator

Finite = Annotated[float, Field(allow_inf_nan=False)]


def plain(value: Any) -> Any:
    """Return data as strict JSON can hold it: tuples as lists, `inf` and `nan` and undecodable text as text."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | BaseModel) else plain(str(value))


class Frozen(BaseModel):
    """A table of a record."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _writable(cls, data: Any, info: ValidationInfo) -> Any:
        """Make sure that whatever is accepted can be written and read back."""
        return plain(data) if info.mode == "python" and isinstance(data, Mapping) else data


class ClassScore(Frozen):
    """The value of one class, of a score that is known by class too. Its label, unit and protocol are the score's.

    Attributes:
        number: The class, from 0.
        name: Its name; empty where it has none.
        value: As the metric defines it, not scaled.
        standard_error: Of sampling alone, in the units of `value`; None where it is not known.
        degrees_of_freedom: Of Student's interval from that error; None: those of the protocol's blocks.
        error_unit: What the error is of: other generated images, or other subjects in the reference too.
        subjects: Number of the reference's subjects in this class, if so.
        generated: Images of the class that were generated (of a floor, real ones in their place).
        reference_images: Real images of the class that were compared with; None: there is no reference.
        notes: What a reader must know, such as that there are few images.
    """

    number: NonNegativeInt
    name: str = ""
    value: Finite
    standard_error: Finite | None = None
    degrees_of_freedom: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    error_unit: Literal["image", "subject"] = "image"
    subjects: Annotated[int, Field(ge=2)] | None = None
    generated: NonNegativeInt
    reference_images: NonNegativeInt | None = None
    notes: tuple[str, ...] = ()


class Floor(BaseModel):
    """What real images get in place of generated ones: what a perfect generator would get.

    Attributes:
        value: As the metric defines it, not scaled.
        error: Its standard error; None where it is not known.
        images: Real images in place of generated ones. Fewer than are generated where there are no more.
        reference_images: Real images compared with.
        choice: Which images those are, in words.
        by_class: What they get class by class, where the metric says.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Finite
    error: Finite | None = None
    images: NonNegativeInt
    reference_images: NonNegativeInt
    choice: str
    by_class: tuple[ClassScore, ...] = ()
