"""Cells: the runs that a sweep consists of, each a recipe, overrides and a seed, with a name that tells it apart."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ganzoo._recipe.find_recipe import find_recipe
from ganzoo._recipe.given import asked_id, look_at
from ganzoo._recipe.toml_source import plain_value
from ganzoo._runs.directory import is_run
from ganzoo._runs.experiment import without_seed
from ganzoo._sweep.cell_state import CellState, state_of
from ganzoo._sweep.sweep_file import SweepSettings
from ganzoo.errors import RecipeError

_MOST_CHARACTERS = 56  # of a run's name, which has 64: the seed and the number of an attempt follow
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.]+")


@dataclass(frozen=True)
class Cell:
    """One run of a sweep.

    Attributes:
        recipe: A recipe file, or the name of one that ships with ganzoo.
        overrides: Its changed keys, as `--set` takes them.
        seed: The seed.
        name: Name of the run, without its seed: `stylegan_akoa-rahinge`.
        asked: Hash of the recipe's text with overrides and seed, which the run's record repeats.
        tags: Words that are kept in the run's record.
    """

    recipe: str
    overrides: tuple[str, ...]
    seed: int
    name: str
    asked: str
    tags: tuple[str, ...] = ()

    @property
    def run_name(self) -> str:
        """Name of the run's folder, of the first attempt: `stylegan_akoa-rahinge-s3`."""
        return f"{self.name}-s{self.seed}"

    def command(
        self,
        runs: Path,
        *,
        device: str = "auto",
        sweep: Path | None = None,
        allow_changed_code: bool = False,
        callbacks: Sequence[str] = (),
    ) -> list[str]:
        """Return the command that computes the cell, or goes on with it, as words: `ganzoo run ...`.

        Args:
            runs: Folder of the runs.
            device: Where to compute.
            sweep: The sweep's own folder, whose plan is noted in the run's record.
            allow_changed_code: Whether a run may go on with other code than it began with.
            callbacks: Callbacks that watch the run, as `ganzoo run --callback`.
        """
        words = ["ganzoo", "run", self.recipe, "--name", self.name, "--seed", str(self.seed), "--runs", str(runs)]
        words += [word for override in self.overrides for word in ("--set", override)]
        words += [word for tag in self.tags for word in ("--tag", tag)]
        words += [word for callback in callbacks for word in ("--callback", callback)]
        words += [] if device == "auto" else ["--device", device]
        words += ["--allow-changed-code"] if allow_changed_code else []
        return words + ([] if sweep is None else ["--sweep", str(sweep)]) + ["--resume"]

    def state(self, runs: Path) -> CellState:
        """Return how far the cell is, as its run's folder says."""
        return state_of(runs, self.name, self.seed, self.asked)


@dataclass(frozen=True)
class Variant:
    """Cells that differ in nothing but the seed: one row of the table."""

    recipe: str
    overrides: tuple[str, ...]
    name: str
    plain: Mapping[str, Any]
    tags: tuple[str, ...] = ()

    def cell(self, seed: int) -> Cell:
        """Return the cell of a seed."""
        return Cell(self.recipe, self.overrides, seed, self.name, asked_id(self.plain, seed), self.tags)


def variants_of(settings: SweepSettings, folder: Path = Path(), prefix: str = "") -> list[Variant]:
    """Return recipes × settings in the order of the file, with names that tell them apart.

    Args:
        settings: The sweep.
        folder: Where the sweep file lies: recipes are looked for from there first.
        prefix: Replaces the recipe's name if there is one recipe, else stands before it.

    Raises:
        RecipeError: A recipe is not found, is no TOML, or a key of `[set]` leads nowhere.
    """
    axes = {key: value if isinstance(value, list) else [value] for key, value in settings.set.items()}
    if empty := [key for key, values in axes.items() if not values]:
        raise RecipeError(f"set.{empty[0]}: has no value; list at least one, or remove it")
    several = {key for key, values in axes.items() if len(values) > 1}
    found = []
    for recipe in settings.recipes:
        found_as, stem = _found(recipe, folder)
        if prefix:
            stem = prefix if len(settings.recipes) == 1 else f"{prefix}-{stem}"
        for values in itertools.product(*axes.values()):
            chosen = dict(zip(axes, values, strict=True))
            overrides = tuple(f"{key}={_toml(value)}" for key, value in chosen.items())
            words = [_word(key, value) for key, value in chosen.items() if key in several]
            name, plain = "-".join([stem, *words]), look_at(found_as, overrides)[1]
            found.append(Variant(found_as, overrides, name, plain, settings.tags))
    return _told_apart(found)


def cells_of(variants: Sequence[Variant], seeds: Sequence[int]) -> list[Cell]:
    """Return a cell per variant and seed: all variants with the first seed, then with the next."""
    return [variant.cell(seed) for seed in seeds for variant in variants]


def _found(recipe: str, folder: Path) -> tuple[str, str]:
    """Return a recipe as `ganzoo run` finds it, and its name: a file by the sweep file's folder, or one that ships."""
    for name in (recipe, f"{recipe}.toml"):
        if (folder / name).is_file():
            return str(folder / name), _stem(folder / name)
    return recipe, _stem(find_recipe(recipe))


def _stem(path: Path) -> str:
    """Return what a recipe's runs are called: as its file, or as the run that saved it, so that its seeds are found."""
    return without_seed(path.resolve().parent.name) if is_run(path.parent) else path.stem


def _told_apart(variants: Sequence[Variant]) -> list[Variant]:
    """Return the variants with names that no two share, and that leave room for a seed."""
    variants = [replace(each, name=_fitting(each.name)) for each in variants]
    counts = Counter(each.name for each in variants)
    return [each if counts[each.name] == 1 else replace(each, name=_marked(each)) for each in variants]


def _fitting(name: str) -> str:
    name = name.strip("-.")
    return name if len(name) <= _MOST_CHARACTERS else name[:_MOST_CHARACTERS].rstrip("-.")


def _marked(variant: Variant) -> str:
    return f"{variant.name[: _MOST_CHARACTERS - 7].rstrip('-.')}-{asked_id(variant.plain, 0)[:6]}"


def _word(key: str, value: Any) -> str:
    """Return what a value of an axis is called in names: `rahinge`, but `gamma10`."""
    text = _NOT_IN_NAMES.sub("_", value if isinstance(value, str) else _toml(value)).strip("_.")
    parts = [part for part in key.split(".") if not part.isdigit()]
    return text if isinstance(value, str) and text else f"{_NOT_IN_NAMES.sub('_', parts[-1])}{text}"


def _toml(value: Any) -> str:
    """Return a value as `--set` takes it: text bare where it reads as text."""
    if isinstance(value, str):
        return (
            value if plain_value(value) == value and value == value.strip() else json.dumps(value, ensure_ascii=False)
        )
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_in_list, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(_entries(value))}}}"
    return str(value)  # a date, which no recipe has: validation says so


def _entries(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        yield f"{json.dumps(key, ensure_ascii=False)} = {_in_list(value)}"


def _in_list(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _toml(value)
