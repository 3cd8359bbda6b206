"""Sweep file: a TOML file of recipes, seeds and settings, and what is agreed before the first run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ganzoo._leaderboard.rules import PLANNED_LOOKS
from ganzoo._random.seeds import seeds_in
from ganzoo._recipe.error_messages import describe
from ganzoo._recipe.toml_source import parse, read
from ganzoo._registry.registry import Registry
from ganzoo._runs.asked import TAG
from ganzoo.errors import GanzooError, RecipeError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Budget(_Section):
    """What all cells get the same amount of, so that the comparison is of recipes and not of their lengths."""

    equal: Literal["kimg", "hours", "generator_updates"] = Field(
        description="What is held equal: thousands of real images, hours of training, or updates of the generator."
    )
    amount: PositiveFloat | None = Field(
        default=None, description="How much of it each cell gets; absent: as the recipes say, which must agree."
    )

    @model_validator(mode="after")
    def _hours_need_an_amount(self) -> Self:
        if self.equal == "hours" and self.amount is None:
            raise PydanticCustomError("budget", "equal hours need an amount: add amount = 2.5, or as many hours")
        return self


class Stop(_Section):
    """When no more seeds are added."""

    settle: bool = Field(default=False, description="Add seeds at the looks until each pair of recipes is settled.")
    max_seeds: PositiveInt = Field(default=8, description="Seeds that a cell's recipe gets at most.")
    looks: tuple[Annotated[int, Field(ge=2)], ...] = Field(
        default=(), description="Numbers of seeds at which it is looked; absent: 3, 5, 8 up to max_seeds."
    )

    @model_validator(mode="after")
    def _looks_rise(self) -> Self:
        if list(self.looks) != sorted(set(self.looks)):
            raise PydanticCustomError("looks", "looks are rising numbers of seeds, such as [3, 5, 8]")
        if self.looks and self.looks[-1] > self.max_seeds:
            raise PydanticCustomError("looks", "the last look is beyond max_seeds; raise max_seeds, or leave it out")
        return self


def _seeds(value: Any) -> Any:
    """Take `"0-4"` as the seeds that it names."""
    if not isinstance(value, str):
        return value
    try:
        return seeds_in(value)
    except GanzooError:
        raise PydanticCustomError(
            "seeds", "should be a list of seeds such as [0, 1, 2], or a range such as '0-4'"
        ) from None


class SweepSettings(_Section):
    """All that a sweep file may say."""

    title: str = Field(default="", description="The question, in one line for people.")
    name: str = Field(
        default="",
        pattern=r"^$|^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=64,
        description="Name of the sweep's own folder beside the runs; absent: that of the file.",
    )
    recipes: tuple[str, ...] = Field(
        min_length=1, description="Recipe files, by their paths from this file, or names of recipes that ship."
    )
    seeds: Annotated[tuple[NonNegativeInt, ...], BeforeValidator(_seeds)] = Field(
        min_length=1, max_length=10_000, description="Seeds of every cell: a list, or a range such as '0-4'."
    )
    set: dict[str, Any] = Field(
        default_factory=dict, description="Keys of the recipes, dotted, for all cells; a list makes an axis."
    )
    tags: tuple[Annotated[str, Field(pattern=f"^{TAG.pattern}$")], ...] = Field(
        default=(), description="Words that are kept in each run's record."
    )
    threads: PositiveInt | None = Field(
        default=None, description="CPU threads of each cell; absent: the cores by the number of cells at a time."
    )
    budget: Budget | None = Field(default=None, description="What is held equal.")
    stop: Stop = Field(default=Stop(), description="When no more seeds are added.")

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of seeds at which it is looked at: those planned for settling, else once; none with one seed."""
        if not self.stop.settle:
            return (len(self.seeds),) if len(self.seeds) > 1 else ()
        first, last = len(self.seeds), self.stop.max_seeds
        between = [look for look in self.stop.looks or PLANNED_LOOKS if max(2, first) <= look <= last]
        return tuple(between) or ((last,) if last > 1 else ())

    @property
    def first_seeds(self) -> tuple[int, ...]:
        """The seeds of all rows: as the file says, and up to the first look."""
        return more_seeds(self.seeds, self.looks[0]) if self.looks else self.seeds

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for key, values in (("recipes", self.recipes), ("seeds", self.seeds)):
            if twice := sorted({str(value) for value in values if values.count(value) > 1}):
                raise PydanticCustomError("twice", "{key} lists {which} twice", {"key": key, "which": ", ".join(twice)})
        if self.stop.settle and len(self.seeds) > self.stop.max_seeds:
            raise PydanticCustomError("stop", "stop.max_seeds is below the number of seeds; raise it")
        return self


def more_seeds(seeds: Sequence[int], count: int) -> tuple[int, ...]:
    """Return the seeds, and as many further ones, counted up from 0, as make them `count`."""
    found = list(seeds)
    number = 0
    while len(found) < count:
        if number not in found:
            found.append(number)
        number += 1
    return tuple(found)


def read_sweep(path: Path) -> tuple[str, SweepSettings]:
    """Return a sweep file's text and what it says.

    Raises:
        RecipeError: It cannot be read, is no TOML, or says something else; all errors in one report, by TOML keys.
    """
    text = read(path)
    return text, sweep_settings(parse(text, str(path)), str(path))


def sweep_settings(data: Mapping[str, Any], where: str) -> SweepSettings:
    """Turn plain data into the settings of a sweep. Raises RecipeError as `read_sweep` does."""
    given = dict(data)
    if isinstance(given.get("set"), Mapping):
        given["set"] = dict(_dotted(given["set"]))
    try:
        return SweepSettings.model_validate(given)
    except ValidationError as error:
        sentences = describe(error, given, Registry(), SweepSettings)
        raise RecipeError(
            "\n".join([f"{where} is not a valid sweep file:", *(f"  {each}" for each in sentences)])
        ) from None


def _dotted(table: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, Any]]:
    """Yield keys of nested tables as dotted ones: `training.total_kimg` needs no quotes."""
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _dotted(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def sweep_name(path: Path, settings: SweepSettings) -> str:
    """Return the name of a sweep's own folder, less its ending: what the file says, else how it is called.

    Raises:
        RecipeError: The file's name cannot name a folder on every system.
    """
    name = settings.name or path.stem
    if not _NAME.fullmatch(name):
        raise RecipeError(f"{path}: '{name[:80]}' cannot name a folder; add a key such as name = \"gammas\"")
    return name
