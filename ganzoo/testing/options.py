"""Options of a part under test, and the conformance of every part of any kind: a name, a description, options."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

from ganzoo._registry.validation import PART_NAME, RESERVED_OPTIONS, mismatched_options
from ganzoo.contracts.component import Component, ComponentOptions
from ganzoo.testing.failure import doing, require
from ganzoo.testing.lookup import looked_up, read_options


def check_class(cls: type[Component], base: type[Component]) -> None:
    """Require that a part defines all that its base asks for, with a name and a description."""
    require(issubclass(cls, base), f"is not a subclass of ganzoo.{base.__name__}")
    missing = " and ".join(sorted(getattr(cls, "__abstractmethods__", ())))
    require(not inspect.isabstract(cls), f"does not define {missing}")


def check_name(cls: type[Component]) -> None:
    """Require a name that recipes can have, and a docstring that lists show."""
    name = getattr(cls, "name", None)
    require(
        isinstance(name, str) and PART_NAME.fullmatch(name),
        f"its name is {name!r}; a name is at most 64 lower-case letters, digits, '-', '_' and '.'",
    )


def check_docstring(cls: type[Component]) -> None:
    """Require a docstring of its own or of its base in the same package."""
    require((cls.__doc__ or "").strip(), "its class has no docstring; the first line describes it in lists")


def check_importable(cls: type[Component]) -> None:
    """Require that a class is found by its name in its module, as processes that prepare images look for it."""
    found: Any = sys.modules.get(cls.__module__)
    for step in cls.__qualname__.split("."):
        found = getattr(found, step, None)
    require(
        found is cls,
        f"cannot be found by its name, {cls.__qualname__}, in its module {cls.__module__}; processes that prepare "
        f"images need that: define it at the top of the module, not in a function",
    )


def check_options_class(cls: type[Component], base: type[Component]) -> None:
    """Require options that are checked, each with a type and a description."""
    # Kinds whose Options say something (every, resolution) need those; the others only what makes keys checked.
    expected = base.Options if base.Options.model_fields else ComponentOptions
    require(issubclass(cls.Options, expected), f"its Options must be a subclass of {base.__name__}.Options")
    mismatch = mismatched_options(cls)
    require(mismatch is None, f"its {mismatch}")
    require(
        cls.Options.model_config.get("extra") == "forbid" and cls.Options.model_config.get("frozen"),
        "its Options must keep extra='forbid' and frozen=True, so that a typing mistake in a recipe is an error",
    )
    for name, field in cls.Options.model_fields.items():
        require(name not in RESERVED_OPTIONS, f"an option may not be called {name!r}: recipes use that key themselves")
        require(field.description, f"option {name!r} has no description: Field(..., description='...')")
        require(field.annotation is not Any, f"option {name!r} has no type")


def options_to_test(cls: type[Component], given: Any, folder: Path) -> ComponentOptions:
    """Return the options to test a part with: those given, or its `example_options`, or the defaults.

    `folder` is where an example writes the files that it needs.

    Raises:
        ConformanceError: There are none: options without default, and no example of them.
    """
    if given is None:
        with doing("example_options(folder)"):
            given = cls.example_options(folder)
    if given is None:
        required = [name for name, field in cls.Options.model_fields.items() if field.is_required()]
        require(
            not required,
            f"options without default: {', '.join(required)}; let the classmethod example_options(folder) return "
            f"some to test it with, or give the check options",
        )
        with doing("making its options from their defaults"):
            given = read_options(cls.Options, {})
    require(isinstance(given, cls.Options), f"the options to test with must be its Options, not {given!r:.200}")
    with doing("looking up the parts that its options name"):
        options: ComponentOptions = looked_up(given)
    return options


def check_saved_options(options: ComponentOptions) -> None:
    """Require that options are the same after they were saved with a run."""
    with doing("writing its options as plain data and reading them again"):
        again = read_options(type(options), options.model_dump(mode="json"))
    require(again == options, "its options are not the same after being saved with a run and read again")
