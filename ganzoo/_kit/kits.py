"""Kits: what `ganzoo new` writes of each kind, as whole packages in which the part is called `your-part`.

They lie in the folder `kit`: what all have in common, and a folder for each kind.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli_w

from ganzoo.errors import GanzooError
from ganzoo.text import did_you_mean

COMMON = "common"
_DESCRIPTION = "kit.toml"
_COMPILED = "__pycache__"
_MODULE, _RECIPE = "src/your_part/__init__.py", "src/your_part/recipes/your-part.toml"
_TEST_OF_RECIPE = "tests/test_recipe.py"


@dataclass(frozen=True)
class Kit:
    """A kind of package.

    Attributes:
        kind: The kind of its part: `generator`, `recipe`.
        folder: Where its files lie.
    """

    kind: str
    folder: Path

    @cached_property
    def _said(self) -> Mapping[str, Any]:
        return tomllib.loads((self.folder / _DESCRIPTION).read_text("utf-8"))

    @property
    def summary(self) -> str:
        """What the part is, in a phrase."""
        return str(self._said["summary"])

    @property
    def main_file(self) -> str:
        """The file that its author will change first: of a kit that offers no part, its recipe."""
        return _RECIPE if self.offers == ("ganzoo.recipes",) else _MODULE

    @property
    def steps(self) -> Sequence[str]:
        """Commands that show it at work once it is installed."""
        return tuple(self._said["steps"])

    @property
    def offers(self) -> Sequence[str]:
        """The groups of its entry points: `ganzoo`, `ganzoo.figures`, `ganzoo.commands`, `ganzoo.recipes`."""
        return tuple(self._said["entry-points"])

    def files(self) -> dict[str, str]:
        """Return all files of the package by path, as text."""
        found = _files(self.folder.with_name(COMMON)) | _files(self.folder)
        del found[_DESCRIPTION]
        if _RECIPE not in found:
            del found[_TEST_OF_RECIPE]
        points = tomli_w.dumps({"project": {"entry-points": dict(self._said["entry-points"])}})
        found["pyproject.toml"] += f"\n{points}"
        steps = "\n".join(self.steps)
        return {
            path: text.replace("YOUR SUMMARY", self.summary).replace("YOUR STEPS", steps)
            for path, text in found.items()
        }


def kit_folder() -> Path:
    """Return the folder of the kits."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "kit"
    return inside if inside.is_dir() else package.parent / "kit"


def kinds() -> list[str]:
    """Return the kinds of packages that there are."""
    return sorted(path.parent.name for path in kit_folder().glob(f"*/{_DESCRIPTION}"))


def kit_of(kind: str) -> Kit:
    """Return the kit of a kind. Raises GanzooError where there is none."""
    known = kinds()
    if kind not in known:
        raise GanzooError(f"there is no kind of part '{kind[:64]}'{did_you_mean(kind[:64], known)}")
    return Kit(kind, kit_folder() / kind)


def _files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and _COMPILED not in path.parts
    }
