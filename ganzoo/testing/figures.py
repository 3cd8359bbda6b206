"""Figures: their properties."""

from __future__ import annotations

import inspect
import re
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from ganzoo._registry.figure_options import wrong_option
from ganzoo.contracts.figures import (
    FILMS,
    PICTURES,
    CheckpointsFigure,
    Figure,
    GeneratorFigure,
    RunsFigure,
    TargetsFigure,
)
from ganzoo.testing.failure import NotAsked, doing, require
from ganzoo.testing.figure_sharing import require_said, sharing
from ganzoo.testing.properties import Case, Property, Suite, gate
from ganzoo.testing.trial import Trial, require_all

_BASES = (GeneratorFigure, CheckpointsFigure, RunsFigure, TargetsFigure)
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(eq=False)
class FigureCase(Case):
    """A figure under test.

    Attributes:
        source: What it is drawn from, such as `ganzoo.open("runs/mine").generator()`; None: it is not drawn.
    """

    kind: ClassVar[str] = "figure"
    base: ClassVar[type] = Figure

    source: Any = None

    @cached_property
    def options(self) -> Any:
        """The figure as it is drawn: its fields are its options."""
        if self.given is not None:
            return self.given
        with doing("making it with the defaults of its options"):
            return self.cls()


def _check_class(case: FigureCase) -> None:
    cls = case.cls
    bases = ", ".join(f"ganzoo.{base.__name__}" for base in _BASES)
    require(inspect.isclass(cls) and issubclass(cls, _BASES), f"is a subclass of none of {bases}")
    require(not inspect.isabstract(cls), "does not define draw")
    name = getattr(cls, "name", None)
    require(
        isinstance(name, str) and _NAME.fullmatch(name),
        f"its name is {name!r}; a name is lower-case letters, digits, '-', '_' and '.'",
    )
    require(isinstance(cls.shares_images, bool), f"its shares_images is {cls.shares_images!r}; True or False")
    require((cls.__doc__ or "").strip(), "its class has no docstring; the first line describes it in lists")
    for capability in cls.needs:
        with doing(f"asking for the capability {capability!r}"):
            isinstance(object(), capability)
    unknown = set(cls.suffixes) - {*PICTURES, *FILMS}
    require(not unknown, f"its suffixes {sorted(unknown)} are none of {', '.join((*PICTURES, *FILMS))}")
    both = bool(set(cls.suffixes) & set(PICTURES)) and bool(set(cls.suffixes) & set(FILMS))
    require(
        not both or "still" in cls.model_fields, "it is a picture or a film, but has no option `still` that chooses"
    )


def _check_options(case: FigureCase) -> None:
    cls = case.cls
    require(
        cls.model_config.get("extra") == "forbid" and cls.model_config.get("frozen"),
        "it must keep extra='forbid' and frozen=True, so that a misspelled option is an error",
    )
    for name, field in cls.model_fields.items():
        require(not field.is_required(), f"option {name!r} has no default; its command needs one")
        require(field.description, f"option {name!r} has no description: Field(..., description='...')")
        require(field.annotation is not Any, f"option {name!r} has no type")
    wrong = wrong_option(cls)
    require(wrong is None, wrong or "")


def _check_drawing(case: FigureCase) -> None:
    if case.source is None:
        raise NotAsked("nothing to draw from was given: check_figure(..., source=...)")
    figure, source = case.options, case.source
    written = []
    for _ in range(2):
        with doing("draw"), sharing() as shared:
            drawn = figure.draw(source)
        require_said(figure, bool(shared))
        for attribute in ("name", "summary"):
            found = getattr(drawn, attribute, None)
            require(isinstance(found, str), f"what it draws has no {attribute}, found {found!r}")
        with tempfile.TemporaryDirectory() as folder, doing("writing what it draws"):
            path = Path(folder) / f"figure{(*figure.suffixes, '')[0]}"
            files = drawn.write(path)
            require(files and all(each.is_file() for each in files), f"write returned {files!r}, not its files")
            written.append({each.relative_to(folder): each.read_bytes() for each in files})
    require(written[0] == written[1], "drawn twice from the same, it wrote different files")


FIGURE = Suite(
    FigureCase,
    once=(
        gate("is a figure with a name and a description", _check_class),
        Property("its options are checked, described, and have defaults", _check_options),
        Property("drawn twice, it writes the same", _check_drawing),
    ),
)


def check_figure(cls: type[Figure], options: Figure | None = None, *, source: Any = None) -> None:
    """Check that a figure keeps its contract.

    Args:
        cls: The figure.
        options: The figure as it is drawn; with the defaults of its options if None.
        source: What it is drawn from, such as `ganzoo.open("runs/mine").generator()`; without, nothing is drawn.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(FIGURE, FigureCase(cls, options, source=source)))
