"""Scheduled options: whether a part reads them at each step, where a schedule has moved them since it was built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from pydantic.fields import FieldInfo

from ganzoo.contracts.scheduled import Scheduled
from ganzoo.testing.failure import require
from ganzoo.testing.option_effects import Look, judged_options, looks_alike, options_with, seen

_, _MARK = get_args(Scheduled[float])
FOLLOWS = "follows schedules of its options"


def ask_schedules(look: Look) -> Callable[[Any], None]:
    """Return what requires that each option that may be a schedule counts as it is at the moment.

    Args:
        look: Returns all that can be seen of what a case's part does: values, gradients, images, state.
    """

    def ask(case: Any) -> None:
        plain = case.options.model_dump(mode="json")
        known = seen(case, look)
        for name, values in judged_options(case, plain):
            if _may_be_scheduled(case.cls.Options.model_fields[name]):
                _check(
                    case, name, [other for value in values for other in options_with(case, name, value)], known, look
                )

    return ask


def _may_be_scheduled(field: FieldInfo) -> bool:
    """Whether a recipe may give a schedule for an option."""
    return any(isinstance(each, type(_MARK)) for each in field.metadata)


def has_schedules(case: Any) -> bool:
    """Whether any of a part's own options may be a schedule."""
    return any(_may_be_scheduled(field) for field in case.cls.Options.model_fields.values())


def _check(case: Any, name: str, others: list[Any], known: Any, look: Look) -> None:
    for other in others:
        built = seen(case.of(other), look)
        if isinstance(built, str) or looks_alike(known, built):
            continue  # refused, or without effect, which is told elsewhere
        later = case.of(other)
        later.first = case.options
        require(
            looks_alike(seen(later, look), built),
            f"option {name!r} may follow a schedule, which sets self.options at each step; but with {name} = "
            f"{getattr(other, name):g} put there after it was built with {getattr(case.options, name):g}, it is not "
            f"what one is that was built with {getattr(other, name):g}: read self.options.{name} each time it is used, "
            f"and keep nothing that is made of it",
        )
        return
