"""Conformance of figures."""

from __future__ import annotations

import inspect
import re
import tempfile
from pathlib import Path
from typing import Any

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
from ganzoo.testing.failure import Judge

_BASES = (GeneratorFigure, CheckpointsFigure, RunsFigure, TargetsFigure)
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def check_figure(cls: type[Figure], options: Figure | None = None, *, source: Any = None) -> None:
    """Check that a figure keeps its contract.

    Args:
        cls: The figure.
        options: The figure as it is drawn; with the defaults of its options if None.
        source: What it is drawn from, such as `ganzoo.open("runs/mine").generator()`; without, nothing is drawn.

    Raises:
        ConformanceError: Naming the figure, what was expected, and what was found.
    """
    judge = Judge(cls, "figure")
    _check_class(cls, judge)
    _check_options(cls, judge)
    if source is None:
        return
    if options is None:
        with judge.doing("making it with the defaults of its options"):
            options = cls()
    _check_drawing(options, source, judge)


def _check_class(cls: type[Figure], judge: Judge) -> None:
    bases = ", ".join(f"ganzoo.{base.__name__}" for base in _BASES)
    judge.require(inspect.isclass(cls) and issubclass(cls, _BASES), f"is a subclass of none of {bases}")
    judge.require(not inspect.isabstract(cls), "does not define draw")
    name = getattr(cls, "name", None)
    judge.require(
        isinstance(name, str) and _NAME.fullmatch(name),
        f"its name is {name!r}; a name is lower-case letters, digits, '-', '_' and '.'",
    )
    judge.require((cls.__doc__ or "").strip(), "its class has no docstring; the first line describes it in lists")
    for capability in cls.needs:
        with judge.doing(f"asking for the capability {capability!r}"):
            isinstance(object(), capability)
    unknown = set(cls.suffixes) - {*PICTURES, *FILMS}
    judge.require(not unknown, f"its suffixes {sorted(unknown)} are none of {', '.join((*PICTURES, *FILMS))}")
    both = bool(set(cls.suffixes) & set(PICTURES)) and bool(set(cls.suffixes) & set(FILMS))
    judge.require(
        not both or "still" in cls.model_fields, "it is a picture or a film, but has no option `still` that chooses"
    )


def _check_options(cls: type[Figure], judge: Judge) -> None:
    judge.require(
        cls.model_config.get("extra") == "forbid" and cls.model_config.get("frozen"),
        "it must keep extra='forbid' and frozen=True, so that a misspelled option is an error",
    )
    for name, field in cls.model_fields.items():
        judge.require(not field.is_required(), f"option {name!r} has no default; its command needs one")
        judge.require(field.description, f"option {name!r} has no description: Field(..., description='...')")
        judge.require(field.annotation is not Any, f"option {name!r} has no type")
    wrong = wrong_option(cls)
    judge.require(wrong is None, wrong or "")


def _check_drawing(figure: Figure, source: Any, judge: Judge) -> None:
    written = []
    for _ in range(2):
        with judge.doing("draw"):
            drawn = figure.draw(source)
        for attribute in ("name", "summary"):
            found = getattr(drawn, attribute, None)
            judge.require(isinstance(found, str), f"what it draws has no {attribute}, found {found!r}")
        with tempfile.TemporaryDirectory() as folder, judge.doing("writing what it draws"):
            path = Path(folder) / f"figure{(*figure.suffixes, '')[0]}"
            files = drawn.write(path)
            judge.require(files and all(each.is_file() for each in files), f"write returned {files!r}, not its files")
            written.append({each.relative_to(folder): each.read_bytes() for each in files})
    judge.require(written[0] == written[1], "drawn twice from the same, it wrote different files")
