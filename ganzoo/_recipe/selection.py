"""Selection: a part as a recipe chose it, found in the registry and its options validated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry
from ganzoo.contracts.datasets import ImageDataset
from ganzoo.data import build_dataset
from ganzoo.errors import ChangedCodeError, PluginError

CHANGED_CODE = "changed_code"  # type of the validation error of a part that is not installed as it was


@dataclass(frozen=True)
class Selection:
    """A part that a recipe chose.

    Attributes:
        part: The part and where it comes from.
        name: The name as the recipe writes it: `dcgan` or `ganzoo-toolkit:dcgan`.
        options: Its options, as its own `Options` validated them.
        override: Whether this penalty stands in for the one that the loss brings along.
    """

    part: Part
    name: str
    options: Any
    override: bool = False

    @property
    def cls(self) -> type[Any]:
        """The chosen class."""
        return self.part.cls

    def plain(self) -> dict[str, Any]:
        """Return the section as it stands in a resolved recipe."""
        chosen: dict[str, Any] = {"name": self.name}
        if self.override:
            chosen["override"] = True
        return chosen | self.options.model_dump(mode="json", exclude_none=True)


@dataclass(frozen=True)
class DatasetChoice(Selection):
    """A dataset that a recipe chose.

    Attributes:
        registry: Where the source formats are found once the dataset is built: most need not be imported for a recipe.
    """

    registry: Registry = field(default_factory=Registry, compare=False, repr=False)

    def build(self) -> ImageDataset:
        """Return the dataset; nothing is read yet."""
        return build_dataset(self.cls, self.options, self.registry.source_formats)


def _part(registry: Registry, kind: str, name: str) -> Part:
    try:
        return registry.part(kind, name)
    except ChangedCodeError as error:
        context = {"found": error.found, "remedy": error.remedy}
        raise PydanticCustomError(CHANGED_CODE, "{found}; {remedy}", context) from None
    except PluginError as error:
        raise PydanticCustomError("part", "{text}", {"text": str(error)}) from None


def _chooser(kind: str, *, named: bool = True) -> Callable[[Any, ValidationInfo], Selection]:
    """Return what chooses a part of a kind; where it need not be `named`, the one marked as default is meant."""

    def choose(value: Any, info: ValidationInfo) -> Selection:
        if isinstance(value, Selection):
            return value
        if kind == "metric" and isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, dict):
            raise PydanticCustomError("section", 'should be a table with a key "name" and the options of that part')
        return _chosen(registry_of(info), kind, value, named=named)

    return choose


def _chosen(registry: Registry, kind: str, value: dict[str, Any], *, named: bool = True) -> Selection:
    """Return the part that a table of `name` and options chooses."""
    options = dict(value)
    name = options.pop("name", None if named else default_name(registry, kind))
    if not isinstance(name, str):
        known = ", ".join(registry.names[kind])
        raise PydanticCustomError(
            "name", "needs a key 'name', the {kind} to use ({known})", {"kind": kind, "known": known}
        )
    override = options.pop("override", False) if kind == "regularizer" else False
    if not isinstance(override, bool):
        raise PydanticCustomError("override", "'override' should be true or false")
    part = _part(registry, kind, name)
    chosen = Selection(part, name, _options(part, options, registry), override)
    return _with_formats(chosen, registry) if kind == "dataset" else chosen


def default_name(registry: Registry, kind: str) -> str | None:
    """Return the name of the part of a kind that is meant where a recipe names none, or None."""
    return next((registry.name_of(part) for part in registry.defaults(kind)), None)


def _with_formats(chosen: Selection, registry: Registry) -> DatasetChoice:
    return DatasetChoice(chosen.part, chosen.name, chosen.options, registry=registry)


def registry_of(info: ValidationInfo) -> Registry:
    """Return the registry that a recipe is validated with."""
    registry: Registry = (info.context or {})["registry"]
    return registry


def _options(part: Part, options: dict[str, Any], registry: Registry) -> Any:
    try:
        # `part` only looks up; `choose` is for options that name a part and what it is to be.
        context = {"part": registry.part, "choose": partial(_chosen, registry)}
        return part.cls.Options.model_validate(options, context=context)
    except (ValidationError, PydanticCustomError):
        raise
    except Exception as error:  # a validator of a plugin that itself fails
        text = f"{part.origin} fails to check its options: {type(error).__name__}: {error}"
        raise PydanticCustomError("part", "{text}", {"text": text}) from None


GeneratorSelection = Annotated[Selection, PlainValidator(_chooser("generator"))]
DiscriminatorSelection = Annotated[Selection, PlainValidator(_chooser("discriminator"))]
LossSelection = Annotated[Selection, PlainValidator(_chooser("loss"))]
RegularizerSelection = Annotated[Selection, PlainValidator(_chooser("regularizer"))]
AugmentationSelection = Annotated[Selection, PlainValidator(_chooser("augmentation"))]
OptimizerSelection = Annotated[Selection, PlainValidator(_chooser("optimizer", named=False))]
DatasetSelection = Annotated[DatasetChoice, PlainValidator(_chooser("dataset"))]
ExtractorSelection = Annotated[Selection, PlainValidator(_chooser("extractor"))]
MetricSelection = Annotated[Selection, PlainValidator(_chooser("metric"))]
