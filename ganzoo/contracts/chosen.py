"""Chosen parts: options of a part that name another part, such as the extractor whose features a critic reads.

    features: Annotated[ChosenPart[Extractor], Chooses("extractor")] = Field(
        default="efficientnet-lite0", validate_default=True, description="Whose features are read."
    )

In a recipe it is a name, or a table of `name` and the part's own options, found as any part of the recipe is, and
pinned as they are. In Python it is a `ConfiguredPart`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ganzoo.contracts._named_only import NamedOnly, plain_choice
from ganzoo.contracts.component import Component, ImageSpec

PartT_co = TypeVar("PartT_co", bound=Component, covariant=True)
BuiltT = TypeVar("BuiltT", bound=Component)


class ChosenPart(Protocol[PartT_co]):
    """A part that an option names: its class and its validated options."""

    @property
    def cls(self) -> type[PartT_co]:
        """The class. Raises PluginError where the option was never looked up."""

    @property
    def options(self) -> Any:
        """Its options."""


@dataclass(frozen=True)
class Chooses:
    """Marks an option that names a part of a kind.

    A validation context may hold `choose`, a function from kind and table to the installed part and its options.
    """

    kind: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self._choose, serialization=core_schema.plain_serializer_function_ser_schema(plain_choice)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        table = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
        return {"anyOf": [{"type": "string"}, table]}

    def _choose(self, value: Any, info: ValidationInfo) -> Any:
        given = {"name": value} if isinstance(value, str) else value
        if not isinstance(given, Mapping):
            return value  # chosen already
        if choose := (info.context or {}).get("choose"):
            return choose(self.kind, dict(given))
        options = dict(given)
        name = options.pop("name", None)
        if not isinstance(name, str):
            raise PydanticCustomError("name", "needs a key 'name', the {kind} to use", {"kind": self.kind})
        return NamedOnly(self.kind, name, options)


def build_chosen(chosen: ChosenPart[BuiltT], images: ImageSpec | None = None) -> BuiltT:
    """Build a part that an option named; for `images`, where it takes them, as networks and augmentations do.

    Raises:
        PluginError: The option was never looked up.
    """
    build: Any = chosen.cls
    built: BuiltT = build(chosen.options) if images is None else build(chosen.options, images)
    return built
