"""Whether what a plugin offers can be a part: a concrete class of the promised kind, with a name and options."""

from __future__ import annotations

import inspect
import re
from typing import Any

RESERVED_OPTIONS = frozenset({"name", "override"})
_REQUIRED = {"regularizer": ("applies_to",), "extractor": ("label", "layers"), "metric": ("values", "reads")}
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def invalid_class(cls: Any, kind: str) -> str | None:
    """Say why what a hook for this kind returned cannot be a part of a recipe, or None."""
    from ganzoo.contracts.kinds import PART_KINDS

    expected: Any = PART_KINDS[kind]
    if not (inspect.isclass(cls) and issubclass(cls, expected)):
        return f"which is not a subclass of ganzoo.{expected.__name__}; hooks return classes, not instances"
    if inspect.isabstract(cls):
        return f"which lacks {', '.join(sorted(getattr(cls, '__abstractmethods__', ())))}"
    if lacking := [attribute for attribute in _REQUIRED.get(kind, ()) if not hasattr(cls, attribute)]:
        return f"which lacks the class attribute {' and '.join(lacking)}"
    return _invalid_name(cls) or _invalid_options(cls, expected)


def _invalid_name(cls: Any) -> str | None:
    name = getattr(cls, "name", None)
    if isinstance(name, str) and _NAME.fullmatch(name):
        return None
    return f"whose name is {name!r}; a name is at most 64 lower-case letters, digits, '-', '_' and '.'"


def _invalid_options(cls: Any, base: Any) -> str | None:
    options: Any = cls.Options
    is_fit = inspect.isclass(options) and issubclass(options, base.Options)
    if not is_fit:
        return f"whose Options are not a subclass of ganzoo.{base.__name__}.Options"
    if taken := RESERVED_OPTIONS & set(options.model_fields):
        return f"which has an option called {min(taken)!r}; that key has a meaning of its own in recipes, so rename it"
    return None


def show(cls: Any) -> str:
    """Return what a hook returned as a message can name it."""
    return cls.__qualname__ if inspect.isclass(cls) else repr(cls)[:80]
