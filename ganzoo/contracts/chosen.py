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

from ganzoo.contracts.component import Component, ConfiguredPart
from ganzoo.errors import PluginError

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
class _NamedOnly:
    """A name that was given outside of a recipe, where nothing is looked up."""

    kind: str
    name: str
    options: Any

    @property
    def cls(self) -> type[Any]:
        """Refuse: it is only a name."""
        raise PluginError(
            f"{self.kind} '{self.name}' is a name that was not looked up: recipes look it up; in Python give "
            f"ganzoo.ConfiguredPart(cls, options) in its place"
        )


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
        return _NamedOnly(self.kind, name, options)


def plain_choice(chosen: Any) -> dict[str, Any]:
    """Return what an option chose as a recipe writes it: `name` and the part's options."""
    options = chosen.options
    plain = options if isinstance(options, dict) else options.model_dump(mode="json", exclude_none=True)
    return {"name": chosen.name if hasattr(chosen, "name") else chosen.cls.name, **plain}


def holds_names(options: Any) -> bool:
    """Whether an option is a name that was not looked up."""
    return any(isinstance(value, _NamedOnly) for value in vars(options).values())


def chosen_in(options: Any) -> list[ConfiguredPart[Any]]:
    """Return the parts that the options of a part name, in their order."""
    named = [name for name, field in type(options).model_fields.items() if _chooses(field)]
    found = [getattr(options, name) for name in named]
    return [ConfiguredPart(each.cls, each.options) for each in found if each is not None]


def _chooses(field: Any) -> bool:
    return any(isinstance(each, Chooses) for each in field.metadata)


def build_chosen(chosen: ChosenPart[BuiltT]) -> BuiltT:
    """Build a part that an option named and that takes its options alone, as extractors do. Raises PluginError."""
    build: Any = chosen.cls
    built: BuiltT = build(chosen.options)
    return built
