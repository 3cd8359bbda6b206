"""Names: what a new part, its distribution, module and class are called, and which names would do harm."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from ganzoo.errors import GanzooError

_PATTERN = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
# Of Windows, where no file or folder can be called so, whatever it ends in.
_DEVICES = {"aux", "con", "nul", "prn"} | {f"{port}{digit}" for port in ("com", "lpt") for digit in range(10)}
_FOLDERS = {"build", "dist", "docs", "recipes", "runs", "src", "test", "tests", "venv"}  # of projects


@dataclass(frozen=True)
class Names:
    """The spellings of one name.

    Attributes:
        part: What recipes, `pip` and the folder say: `my-part`.
    """

    part: str

    @property
    def module(self) -> str:
        """What Python imports: `my_part`."""
        return self.part.replace("-", "_")

    @property
    def cls(self) -> str:
        """What the class is called: `MyPart`."""
        return "".join(word.capitalize() for word in self.part.split("-"))

    def put_into(self, text: str) -> str:
        """Return a path or a text of a kit with this name in the place of the one that it has there."""
        return text.replace("your-part", self.part).replace("your_part", self.module).replace("YourPart", self.cls)


def checked_names(name: str, files: Mapping[str, str]) -> Names:
    """Return the spellings of a name.

    Args:
        name: The name, as it was given.
        files: What will be written, by path, which must not mean something else by it.

    Raises:
        GanzooError: It is no name, or Python, ganzoo or an installed package has it.
    """
    if not _PATTERN.fullmatch(name) or len(name) > _LONGEST:
        raise GanzooError(
            f"'{name[:64]}' cannot be the name of a package: write small letters, digits and single hyphens, a letter "
            f"first, at most {_LONGEST} in all, such as acme or soft-hinge"
        )
    names = Names(name)
    if fault := next(_faults(names, files), None):
        raise GanzooError(f"a package cannot be called '{name}': {fault}; choose another name, such as my-{name}")
    return names


def _faults(names: Names, files: Mapping[str, str]) -> Iterator[str]:
    if keyword.iskeyword(names.module) or keyword.issoftkeyword(names.module) or keyword.iskeyword(names.cls):
        yield "it is a word of Python itself"
    if names.module in sys.stdlib_module_names:
        yield f"Python has a module '{names.module}' already"
    if names.module in _DEVICES:
        yield f"Windows has a device '{names.module}', so that nobody could unpack such a file there"
    if names.module in _FOLDERS:
        yield "folders of projects are called so"
    with suppress(PackageNotFoundError):
        yield f"{names.part} {version(names.part)} is installed"
    if _is_importable(names.module):
        yield f"an installed package has a module '{names.module}'"
    used = {word for text in files.values() for word in re.findall(r"\w+", text)}
    if {names.cls, f"{names.cls}Options"} & used:
        yield f"its class would be called {names.cls}, as another one in that file"


def _is_importable(module: str) -> bool:
    try:
        found = find_spec(module)
    except (ImportError, ValueError):  # a damaged one
        return True
    return found is not None and found.origin is not None  # a folder beside it is no package of anybody's
