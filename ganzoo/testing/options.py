"""Conformance of every part of any kind: a name, a description, and options with descriptions."""

from __future__ import annotations

import inspect
from typing import Any

from ganzoo._registry.validation import PART_NAME, RESERVED_OPTIONS, mismatched_options
from ganzoo.contracts.component import Component, ComponentOptions
from ganzoo.testing.failure import Judge


def check_component(cls: type[Component], base: type[Component], options: Any, judge: Judge) -> Any:
    """Check name, description and options of a part, and return options to test it with.

    Raises:
        ConformanceError: If the part breaks a rule, or has options without default and none were given.
    """
    judge.require(issubclass(cls, base), f"is not a subclass of ganzoo.{base.__name__}")
    judge.require(not inspect.isabstract(cls), f"does not define {_missing(cls)}")
    name = getattr(cls, "name", None)
    judge.require(
        isinstance(name, str) and PART_NAME.fullmatch(name),
        f"its name is {name!r}; a name is at most 64 lower-case letters, digits, '-', '_' and '.'",
    )
    judge.require((cls.__doc__ or "").strip(), "its class has no docstring; the first line describes it in lists")
    _check_options_class(cls, base, judge)
    return _options_for(cls, options, judge)


def _missing(cls: type) -> str:
    return " and ".join(sorted(getattr(cls, "__abstractmethods__", ())))


def _check_options_class(cls: type[Component], base: type[Component], judge: Judge) -> None:
    # Kinds whose Options say something (every, resolution) need those; the others only what makes keys checked.
    expected = base.Options if base.Options.model_fields else ComponentOptions
    judge.require(issubclass(cls.Options, expected), f"its Options must be a subclass of {base.__name__}.Options")
    mismatch = mismatched_options(cls)
    judge.require(mismatch is None, f"its {mismatch}")
    judge.require(
        cls.Options.model_config.get("extra") == "forbid" and cls.Options.model_config.get("frozen"),
        "its Options must keep extra='forbid' and frozen=True, so that a typing mistake in a recipe is an error",
    )
    for name, field in cls.Options.model_fields.items():
        judge.require(
            name not in RESERVED_OPTIONS, f"an option may not be called {name!r}: recipes use that key themselves"
        )
        judge.require(field.description, f"option {name!r} has no description: Field(..., description='...')")
        judge.require(field.annotation is not Any, f"option {name!r} has no type")


def _options_for(cls: type[Component], options: Any, judge: Judge) -> ComponentOptions:
    if options is None:
        required = [name for name, field in cls.Options.model_fields.items() if field.is_required()]
        judge.require(
            not required, f"options without default: {', '.join(required)}; give the check options to test it with"
        )
        with judge.doing("making its options from their defaults"):
            options = cls.Options.model_validate({})
    judge.require(isinstance(options, cls.Options), f"the options to test with must be its Options, not {options!r}")
    with judge.doing("writing its options as plain data and reading them again"):
        again = cls.Options.model_validate(options.model_dump(mode="json"))
    judge.require(again == options, "its options are not the same after being saved with a run and read again")
    with judge.doing("depends_on_batch(options)"):
        judge.require(isinstance(cls.depends_on_batch(options), bool), "depends_on_batch must return True or False")
    return options
