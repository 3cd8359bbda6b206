"""Extras of a plugin: the properties of the recipes and commands that a distribution offers beside its parts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

from ganzoo._recipe.load import load
from ganzoo._registry.index import discovered
from ganzoo._registry.installed import canonical, entry_points_of
from ganzoo._registry.offers import COMMAND_GROUP
from ganzoo._registry.part import origin_of
from ganzoo._registry.plugin_recipes import PluginRecipe, plugin_recipes
from ganzoo._training.dry_run import try_small_step
from ganzoo._training.memory_estimate import estimate_memory
from ganzoo.errors import GanzooError
from ganzoo.testing.failure import ConformanceError, require
from ganzoo.testing.properties import Case, Property, Suite, gate

_SECONDS = 120  # that a command may take to say its help, on a machine that is busy


class RecipeCase(Case):
    """A recipe of a plugin under test."""

    kind: ClassVar[str] = "recipe"

    @cached_property
    def recipe(self) -> Any:
        """The recipe, checked as `ganzoo check` does."""
        found: PluginRecipe = self.cls
        try:
            return load(str(found.path), discovered())[1]
        except GanzooError as error:
            raise ConformanceError(str(error)) from error


def _check_loading(case: RecipeCase) -> None:
    require(case.recipe, "is empty")


def _check_networks(case: RecipeCase) -> None:
    try:
        if estimate_memory(case.recipe).untraced:
            try_small_step(case.recipe)
    except GanzooError as error:
        raise ConformanceError(str(error)) from error


RECIPE = Suite(
    RecipeCase,
    once=(
        gate("is valid, and its parts are installed", _check_loading),
        Property("its networks are built, and take a step", _check_networks),
    ),
)


class CommandCase(Case):
    """A command of a plugin under test."""

    kind: ClassVar[str] = "command"

    @cached_property
    def help(self) -> subprocess.CompletedProcess[str]:
        """What came of asking it for help, by its own name or, where that is another's too, with the distribution's."""
        point: EntryPoint = self.cls
        told = _asked_for_help(f"{origin_of(point).distribution}:{point.name}")
        return told if told.returncode == 0 else _asked_for_help(point.name)


def _asked_for_help(name: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "ganzoo", name, "--help"]
    try:
        return subprocess.run(  # noqa: S603 - the program is this Python, and no shell reads the words
            words, capture_output=True, text=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise ConformanceError(f"`ganzoo {name} --help` does not answer within {_SECONDS} s") from None


def _check_starts(case: CommandCase) -> None:
    told = case.help
    last = (told.stderr.strip().splitlines() or ["nothing on standard error"])[-1]
    require(told.returncode == 0, f"`ganzoo {case.cls.name} --help` exits with {told.returncode}: {last}")
    require(told.stdout.strip(), "says nothing when asked for its help")


def _check_quiet(case: CommandCase) -> None:
    found = case.help.stderr.strip()
    require(not found, f"writes to standard error when asked for its help: {found.splitlines()[0] if found else ''}")


COMMAND = Suite(
    CommandCase,
    once=(
        gate("starts, and explains itself", _check_starts),
        Property("explains itself without a warning", _check_quiet),
    ),
)


def extra_cases(distribution: str) -> Iterator[tuple[Suite, Case]]:
    """Yield the suites and cases of the recipes and commands that a distribution offers."""
    own = canonical(distribution)
    for recipe in plugin_recipes():
        if canonical(recipe.origin.distribution) == own:
            yield RECIPE, RecipeCase(recipe)
    for point in entry_points_of(COMMAND_GROUP):
        if canonical(origin_of(point).distribution) == own:
            yield COMMAND, CommandCase(point)
