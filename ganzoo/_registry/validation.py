"""Validation of what a plugin offers: a concrete class of the promised kind, with a name and options."""

from __future__ import annotations

import inspect
import re
from typing import Any, get_args

RESERVED_OPTIONS = frozenset({"name", "override"})
_REQUIRED = {"regularizer": ("applies_to",), "extractor": ("label", "layers"), "metric": ("values", "reads")}
PART_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def invalid_class(cls: Any, kind: str) -> str | None:
    """Say why what a hook for this kind returned cannot be a part of a recipe, or None."""
    from ganzoo._registry.kinds import base_of

    expected: Any = base_of(kind)
    if not (inspect.isclass(cls) and issubclass(cls, expected)):
        return f"which is not a subclass of ganzoo.{expected.__name__}; hooks return classes, not instances"
    if inspect.isabstract(cls):
        return f"which lacks {', '.join(sorted(getattr(cls, '__abstractmethods__', ())))}"
    if lacking := [attribute for attribute in _REQUIRED.get(kind, ()) if not hasattr(cls, attribute)]:
        return f"which lacks the class attribute {' and '.join(lacking)}"
    return _invalid_name(cls) or _invalid_options(cls, expected) or (_invalid_reads(cls) if kind == "metric" else None)


def _invalid_reads(cls: Any) -> str | None:
    reads: Any = cls.reads
    if not set(cls.describes) <= set(reads):
        return f"whose `describes` is {cls.describes!r:.80}; it must be a tuple of roles that are in its `reads` too"
    something = reads or cls.generator_must_be is not None
    if isinstance(reads, tuple) and something and all(isinstance(role, str) for role in reads):
        return None
    example = f"({reads!r},)" if isinstance(reads, str) else '("pooled",)'
    return f"whose `reads` is {reads!r:.80}; it must be a tuple of the roles that it reads, such as {example}"


def _invalid_name(cls: Any) -> str | None:
    name = getattr(cls, "name", None)
    if isinstance(name, str) and PART_NAME.fullmatch(name):
        return None
    return f"whose name is {name!r}; a name is at most 64 lower-case letters, digits, '-', '_' and '.'"


def _invalid_options(cls: Any, base: Any) -> str | None:
    options: Any = cls.Options
    is_fit = inspect.isclass(options) and issubclass(options, base.Options)
    if not is_fit:
        return f"whose Options are not a subclass of ganzoo.{base.__name__}.Options"
    if mismatch := mismatched_options(cls):
        return f"whose {mismatch}"
    if taken := RESERVED_OPTIONS & set(options.model_fields):
        return f"which has an option called {min(taken)!r}; that key has a meaning of its own in recipes, so rename it"
    return None


def mismatched_options(cls: Any) -> str | None:
    """Say how a part's `Options` differ from what its brackets promise the type checker, or None.

    `class Acme(Generator[AcmeOptions])` is checked as if its options were AcmeOptions, and gets those of `Options`.
    """
    from ganzoo.contracts.component import ComponentOptions

    options: Any = cls.Options
    for declaring in cls.__mro__:
        bases = vars(declaring).get("__orig_bases__", ())
        promises = [each for base in bases for each in get_args(base) if inspect.isclass(each)]
        for promised in promises:
            if issubclass(promised, ComponentOptions) and not issubclass(options, promised):
                where = "" if declaring is cls else f" of its base {declaring.__name__}"
                return (
                    f"Options are {options.__name__}, where the brackets{where} say {promised.__name__}: "
                    f"write `Options = {promised.__name__}` in the class, or in the brackets what it has"
                )
    return None


def show(cls: Any) -> str:
    """Return what a hook returned as a message can name it."""
    return cls.__qualname__ if inspect.isclass(cls) else repr(cls)[:80]


def describe(error: BaseException) -> str:
    """Return the type and the text of an error, on one line."""
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
