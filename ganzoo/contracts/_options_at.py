"""Options of a moment: those of a part whose schedules have become numbers."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

from ganzoo.contracts.schedules import Schedule

ModelT = TypeVar("ModelT", bound=BaseModel)


def value_at(value: Any, images_seen: int) -> Any:
    """Return what an option is at a point of training: of a schedule, or of those in a tuple, the number."""
    if isinstance(value, Schedule):
        return value.at(images_seen)
    if isinstance(value, tuple):
        return tuple(value_at(each, images_seen) for each in value)
    return value


def is_scheduled(options: BaseModel) -> bool:
    """Whether any option is a schedule, or holds one."""
    values = [each for value in vars(options).values() for each in (value if isinstance(value, tuple) else (value,))]
    return any(isinstance(each, Schedule) for each in values)


def options_at(options: ModelT, images_seen: int) -> ModelT:
    """Return options whose schedules are numbers."""
    changed = {
        name: value_at(value, images_seen) for name, value in vars(options).items() if isinstance(value, float | tuple)
    }
    return options.model_copy(update=changed)
