"""Brought penalties: those that a loss brings along from another distribution, pinned as what a recipe names is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from typing import Any

from pydantic import BaseModel

from ganzoo._recipe.selection import Selection
from ganzoo._registry.blame import origin_of_class
from ganzoo._registry.code import CORE, CORE_DISTRIBUTION, PartCode, code_of
from ganzoo._registry.installed import canonical, name_and_version
from ganzoo._registry.pinned import Pins, allows_changed_code, other_code

KIND = "penalty of the loss"


def brought_codes(section: BaseModel) -> Iterator[tuple[str, PartCode]]:
    """Yield name and code of each penalty that the loss of a recipe brings, where it is of another distribution.

    Those of the loss's own distribution are in the loss's source already.
    """
    loss = getattr(section, "loss", None)
    brings = getattr(loss.cls, "regularizers", None) if isinstance(loss, Selection) else None
    if not isinstance(loss, Selection) or brings is None:
        return
    for choice in brings(loss.options):
        code = _code(choice.cls, loss)
        if code is not None:
            yield choice.cls.name, code


def refuse_other_penalties(section: BaseModel, pins: Pins) -> None:
    """Raise ChangedCodeError where a penalty that the loss brings is not the one that its pin says."""
    pinned = pins.get(KIND, {})
    if not pinned or allows_changed_code():
        return
    for name, code in brought_codes(section):
        pin = pinned.get(name)
        if pin is not None and (code.version, code.source) != (pin.version, pin.source):
            raise other_code(f"{KIND} '{name}'", pin, code)


def _code(cls: type[Any], loss: Selection) -> PartCode | None:
    top = cls.__module__.partition(".")[0]
    if top == CORE or top in {package.partition(".")[0] for package in loss.part.code.packages}:
        return None
    found = _distribution_of(cls, top)
    if found is None or canonical(found[0]) in (CORE_DISTRIBUTION, canonical(loss.part.origin.distribution)):
        return None
    return code_of(cls, *found)


def _distribution_of(cls: type[Any], package: str) -> tuple[str, str] | None:
    """Return name and version of the distribution that a class is of; None where it is of none."""
    if (origin := origin_of_class(cls)) is not None:
        return origin.distribution, origin.version
    for name in packages_distributions().get(package, []):  # one without plugins
        with suppress(PackageNotFoundError):
            return name_and_version(distribution(name))
    return None
