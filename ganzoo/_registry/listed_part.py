"""Listed part: what the index says of a part, and a stand-in for its class that can be looked up and asked for keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from ganzoo._registry.option_table import OptionRow, TolerantSchema, option_rows
from ganzoo._registry.part import Part, PluginOrigin

UNSURE = "unsure"  # type of the validation error of a value that only the part itself can judge
_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
}
_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


class Listing(BaseModel):
    """A part as plain data.

    Attributes:
        takes_any_key: Whether its options may take keys that are not listed.
        schema_: Its options as a JSON schema.
        rows: Its options as a table shows them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    name: str
    plugin: str
    distribution: str
    version: str
    docstring: str
    default_place: int | None
    takes_any_key: bool
    required: frozenset[str]
    schema_: dict[str, Any]
    rows: tuple[OptionRow, ...]


class StandIn:
    """A part's class, as far as the index knows it."""

    name: ClassVar[str]
    Options: ClassVar[type[BaseModel]]
    listing: ClassVar[Listing]
    default_place: ClassVar[int | None]
    # A stand-in for a metric reads nothing, so that no extractor lacks it.
    reads: ClassVar[tuple[str, ...]] = ()
    describes: ClassVar[tuple[str, ...]] = ()
    layers: ClassVar[tuple[str, ...]] = ()
    extractor_must_be: ClassVar[None] = None


def listing_of(part: Part) -> Listing:
    """Return what the index keeps of a part; of one that came from there, that."""
    if issubclass(part.cls, StandIn):
        return part.cls.listing
    options: Any = getattr(part.cls, "Options", part.cls)
    return Listing(
        kind=part.kind,
        name=part.name,
        plugin=part.origin.plugin,
        distribution=part.origin.distribution,
        version=part.origin.version,
        docstring=part.docstring,
        default_place=getattr(part.cls, "default_place", None),
        takes_any_key=_takes_any_key(options),
        required=frozenset(key for key, field in options.model_fields.items() if field.is_required()),
        schema_=options.model_json_schema(schema_generator=TolerantSchema),
        rows=tuple(option_rows(options)),
    )


def part_of(listing: Listing) -> Part:
    """Return the part that an entry of the index describes, with a stand-in for its class."""
    content = {
        "__doc__": listing.docstring,
        "name": listing.name,
        "listing": listing,
        "default_place": listing.default_place,
        "Options": _LazyOptions(listing),
    }
    origin = PluginOrigin(listing.plugin, listing.distribution, listing.version)
    return Part(listing.kind, listing.name, type(listing.name, (StandIn,), content), origin)


class _LazyOptions:
    """Makes a stand-in's options once they are asked for: a recipe chooses ten parts of a hundred."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._made: type[BaseModel] | None = None

    def __get__(self, instance: object, owner: type[StandIn]) -> type[BaseModel]:
        if self._made is None:
            self._made = _options(self._listing)
        return self._made


def _options(listing: Listing) -> type[BaseModel]:
    fields: Any = {
        key: (
            Annotated[Any, AfterValidator(_judge(schema))],
            Field(... if key in listing.required else None, description=schema.get("description")),
        )
        for key, schema in listing.schema_.get("properties", {}).items()
    }
    config = ConfigDict(extra="allow" if listing.takes_any_key else "forbid", protected_namespaces=())
    return create_model("Options", __config__=config, **fields)


def _takes_any_key(options: Any) -> bool:
    """Whether keys that are no fields may be right: they are allowed, or the part changes what it is given."""
    validators = options.__pydantic_decorators__.model_validators.values()
    changes_input = any(each.info.mode in ("before", "wrap") for each in validators)
    is_own = any("model_validate" in vars(base) for base in options.__mro__ if base is not BaseModel)
    has_alias = any(field.validation_alias or field.alias for field in options.model_fields.values())
    return options.model_config.get("extra") != "forbid" or changes_input or is_own or has_alias


def _judge(schema: Any) -> Any:
    def judge(value: Any) -> Any:
        if not _fits(value, schema):
            raise PydanticCustomError(UNSURE, "may be wrong")
        return value

    return judge


def _fits(value: Any, schema: Any) -> bool:
    """Whether a value is what a JSON schema plainly allows; what it only refers to is left to the part."""
    if "anyOf" in schema:
        return any(_fits(value, each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    wanted = _TYPES.get(schema.get("type", ""))
    if wanted is None:
        return True
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted) or isinstance(value, dict):
        return value == {}  # what a table holds is the part's to judge
    if isinstance(value, list):
        items = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
        return len(items) == len(value) and all(map(_fits, value, items))
    return all(holds(value, schema[key]) for key, holds in _BOUNDS.items() if key in schema)
