"""Distribution under test: all parts that one offers, and what is asked of its plugins besides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

from ganzoo import hookspecs
from ganzoo._registry.code import CORE, CORE_DISTRIBUTION
from ganzoo._registry.figures import FIGURE_GROUP, FigureCatalog
from ganzoo._registry.installed import canonical, entry_points_of
from ganzoo._registry.offers import COMMAND_GROUP
from ganzoo._registry.part import Failure, Part, PluginOrigin, origin_of
from ganzoo._registry.plugin_files import load_plugin_file
from ganzoo._registry.plugin_recipes import RECIPE_GROUP
from ganzoo._registry.registry import Registry
from ganzoo._registry.required_api import NAME, stated_api
from ganzoo.errors import PluginError
from ganzoo.testing.extras import extra_cases
from ganzoo.testing.failure import NotAsked, require
from ganzoo.testing.properties import Case, Property, Suite
from ganzoo.testing.suites import SUITES
from ganzoo.testing.trial import Trial
from ganzoo.text import nearest

_GROUPS = (hookspecs.ENTRY_POINT_GROUP, FIGURE_GROUP, RECIPE_GROUP, COMMAND_GROUP)


@dataclass(frozen=True)
class Offered:
    """What a distribution offers.

    Attributes:
        name: What the distribution is called, or the plugin file.
        points: The entry points of its plugins; none for a file.
        parts: Its parts, figures too.
        failures: What of it cannot be used.
        notes: What its author should know.
    """

    name: str
    points: Sequence[EntryPoint]
    parts: Sequence[Part]
    failures: Sequence[Failure]
    notes: Sequence[Failure]


class DistributionCase(Case):
    """A distribution under test: its plugins, apart from their parts."""

    kind: ClassVar[str] = "distribution"


def _check_loading(case: DistributionCase) -> None:
    offered: Offered = case.cls
    require(not offered.failures, "; ".join(failure.reason for failure in offered.failures))


def _check_notes(case: DistributionCase) -> None:
    offered: Offered = case.cls
    require(not offered.notes, "; ".join(note.reason for note in offered.notes))


def _check_api(case: DistributionCase) -> None:
    offered: Offered = case.cls
    silent = [point.name for point in offered.points if stated_api(point) is None]
    if silent and canonical(offered.name) != CORE_DISTRIBUTION:
        raise NotAsked(
            f"plugin {', '.join(silent)} states no {NAME} = {hookspecs.API}, so that any ganzoo takes it for its own"
        )


DISTRIBUTION = Suite(
    DistributionCase,
    once=(
        Property("its plugins load, and offer parts", _check_loading),
        Property("its plugins are quick to import, change nothing, and have known hooks", _check_notes),
        Property("its plugins state the API that they are written for", _check_api),
    ),
)


def offered_by(name: str) -> Offered:
    """Return what a distribution offers, named by itself, by one of its plugins or its module; or a plugin file.

    Raises:
        PluginError: There is none of that name, or it offers nothing.
    """
    if name.endswith(".py"):
        load_plugin_file(name)
        return _of(Path(name).name, [])
    points = [point for group in _GROUPS for point in entry_points_of(group)]
    names = {alias: origin_of(point).distribution for point in points for alias in _aliases(point)}
    names |= {canonical(origin_of(point).distribution): origin_of(point).distribution for point in points}
    names[CORE] = CORE_DISTRIBUTION
    found = names.get(canonical(name), names.get(name))
    if found is None:
        known = sorted({origin_of(point).distribution for point in points})
        raise PluginError(
            f"no installed distribution with plugins is called '{name[:64]}'{_near(name, names)} "
            f"(installed: {', '.join(known) or 'none'}); for a file by itself, give its path: my_idea.py"
        )
    own = [point for point in points if origin_of(point).distribution == found]
    return _of(found, [point for point in own if point.group == hookspecs.ENTRY_POINT_GROUP])


def _aliases(point: EntryPoint) -> set[str]:
    return {canonical(point.name), point.name, point.module.partition(".")[0]} - {CORE}


def _of(name: str, points: Sequence[EntryPoint]) -> Offered:
    registry = Registry.discover()
    figures, broken = FigureCatalog.discover().parts()

    def own(origin: PluginOrigin) -> bool:
        return canonical(origin.distribution) == canonical(name)

    parts = [part for part in (*registry.parts(), *figures) if own(part.origin)]
    order = list(SUITES)
    return Offered(
        name,
        points,
        sorted(parts, key=lambda part: (order.index(part.kind), part.name)),
        [each for each in (*registry.failures, *broken) if own(each.origin)],
        [each for each in registry.notes if own(each.origin)],
    )


def trials_of(offered: Offered, chosen: Iterable[str] = ()) -> list[Trial]:
    """Return the checks of a distribution, part by part, then of its recipes and commands.

    Args:
        offered: What it offers.
        chosen: Which: "generator/acme", "generator" or "acme"; all if empty.

    Raises:
        PluginError: One of them is not there.
    """
    suites: list[tuple[Suite, Case]] = [(DISTRIBUTION, DistributionCase(offered))]
    suites += [(SUITES[part.kind], SUITES[part.kind].case(part.cls)) for part in offered.parts]
    suites += extra_cases(offered.name)
    wanted = list(chosen)
    names = {name for _, case in suites for name in _names(case)}
    for each in wanted:
        if each not in names:
            known = ", ".join(f"{case.kind}/{case.name}" for _, case in suites)
            raise PluginError(f"{offered.name} has no '{each[:64]}'{_near(each, names)} (what it has: {known})")
    return [Trial(suite, case) for suite, case in suites if not wanted or _names(case) & set(wanted)]


def _near(word: str, known: Iterable[str]) -> str:
    near = nearest(word[:64], sorted(known))
    return f"; did you mean '{near}'?" if near else ""


def _names(case: Case) -> set[str]:
    return {case.kind, case.name, f"{case.kind}/{case.name}"}
