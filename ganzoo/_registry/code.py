"""Code of a part: whose it is, of which version, and a hash of the source files that it is made of.

A version alone does not tell: an editable installation changes under one version, and two builds may share one. The
hash is over the bytes of all source files of the packages that the part's class and its bases come from, and of the
modules beside them, of the same distribution, that they import. The core's own is `core_source`.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ganzoo._registry.installed import canonical, name_and_version
from ganzoo.text import short_code

CORE = "ganzoo"
CORE_DISTRIBUTION = "ganzoo-toolkit"
FILE_VERSION = "file"  # of a part in a file of its own, which no distribution offers
# What decides the weights; an edit of a table, a figure or a command is none of it.
_TRAINING_ROOMS = ("_inference", "_random", "_recipe", "_training", "contracts", "data", "layers")
_SOURCES = (".py", ".cu", ".cuh", ".cpp", ".cc", ".c", ".h", ".hpp")
_MOST_FILES = 20_000

Stamped = tuple[tuple[str, str, int, int], ...]  # name in the hash, path, time of change in nanoseconds, bytes


class PartCode(BaseModel):
    """What a part is made of. Written by ganzoo into resolved recipes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    distribution: str = Field(description="Distribution that offers the part.")
    version: str = Field(description="Its version.")
    packages: tuple[str, ...] = Field(description="Packages or modules whose source files are hashed.")
    source: str = Field(pattern="^([0-9a-f]{64})?$", description="SHA-256 over these files; empty: it has none.")

    @property
    def short(self) -> str:
        """Version and the first digits of the source, as tables name it: `1.1+3f2a91c0`."""
        return short_code(self.version, self.source)

    def __str__(self) -> str:
        return f"{self.distribution} {self.short}"


def code_of(cls: type[Any], distribution: str, version: str) -> PartCode:
    """Return the code of a part's class, from the files that were on disk when it was first asked for.

    Once in a process: what runs is what was imported, whatever becomes of the files afterwards.
    """
    made: Any = cls  # mypy takes no class for hashable
    return _code_of(made, distribution, version)


@lru_cache(maxsize=1024)
def _code_of(cls: Any, distribution: str, version: str) -> PartCode:
    packages = tuple(_packages_of(cls))
    return PartCode(
        distribution=distribution, version=version, packages=packages, source=source_of(packages, distribution)
    )


def installed_code(code: PartCode) -> PartCode | None:
    """Return what is installed of the same distribution and packages, nothing imported; None: there is none of it."""
    if code.version == FILE_VERSION:
        return code.model_copy(update={"source": source_of(code.packages, code.distribution)})
    try:
        found = name_and_version(distribution(code.distribution))
    except (PackageNotFoundError, ValueError):
        return None
    return code.model_copy(update={"version": found[1], "source": source_of(code.packages, code.distribution)})


@cache
def core_source() -> str:
    """Return the SHA-256 over the source files of the core that decide what is learned; once, as of parts."""
    folder = Path(__file__).resolve().parents[1]
    return _sha256(tuple(stamped for room in _TRAINING_ROOMS for stamped in _stamped(folder / room, folder.parent)))


def source_of(packages: Iterable[str], distribution_name: str) -> str:
    """Return the SHA-256 over the source files of packages and what they import beside them; empty: there are none."""
    rest, seen, files = list(packages), set[str](), dict[str, tuple[str, str, int, int]]()
    if CORE in rest:  # parts of the core itself, such as those of `ganzoo.testing`: its version stands for them
        return ""
    while rest:
        package = rest.pop()
        place = None if package in seen else _place(package)
        seen.add(package)
        if place is None:
            continue
        root = place.parents[package.count(".")]
        for stamped in _stamped(place, root):
            files[stamped[0]] = stamped
            rest += (name for name in _imported(stamped[1], *stamped[2:]) if _is_own(name, root, distribution_name))
    return _sha256(tuple(files[name] for name in sorted(files))) if files else ""


def _packages_of(cls: type[Any]) -> Iterator[str]:
    """Yield the packages of a class and of the parts that it inherits from; the core only where all is of it."""
    from ganzoo.contracts.component import Component, ComponentOptions

    options = getattr(cls, "Options", None)
    bases = (base for model in (cls, options) if isinstance(model, type) for base in model.__mro__)
    own = (base.__module__ for base in bases if base is cls or issubclass(base, Component | ComponentOptions))
    found = list(dict.fromkeys(map(_top, own)))
    yield from [name for name in found if name != CORE] or found[:1]


def _top(module: str) -> str:
    """Return the first package above a module that has files of its own: a namespace is shared by distributions."""
    parts = module.split(".")
    for depth in range(1, len(parts)):
        name = ".".join(parts[:depth])
        if getattr(sys.modules.get(name), "__file__", None):
            return name
    return module


def _place(package: str) -> Path | None:
    """Return the folder of a package, or the file of a module; None where it has none."""
    loaded = getattr(sys.modules.get(package), "__file__", None)
    try:
        spec = None if loaded else importlib.util.find_spec(package)
    except (ImportError, ValueError, AttributeError):
        return None
    origin = loaded or (spec.origin if spec else None)
    if not origin or not os.path.isfile(origin):
        return None
    path = Path(origin)
    return path.parent if path.name.startswith("__init__.") else path


def _stamped(place: Path, root: Path) -> list[tuple[str, str, int, int]]:
    """Return the source files at a place, which is a file or a folder, sorted by their names below `root`."""
    paths = [place] if place.is_file() else list(_walked(place))
    found = []
    for path in paths[:_MOST_FILES]:
        status = path.stat()
        found.append((path.relative_to(root).as_posix(), str(path), status.st_mtime_ns, status.st_size))
    return sorted(found)


def _walked(folder: Path) -> Iterator[Path]:
    for where, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if name != "__pycache__"]
        yield from (Path(where, name) for name in names if name.endswith(_SOURCES))


@lru_cache(maxsize=64)
def _sha256(files: Stamped) -> str:
    digest = hashlib.sha256()
    for name, path, _, _ in files:
        digest.update(f"{name}\n{hashlib.sha256(Path(path).read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=4096)
def _imported(path: str, changed: int, size: int) -> frozenset[str]:
    """Return the names at the top of what a file imports, wherever in it."""
    if not path.endswith(".py"):
        return frozenset()
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return frozenset()
    names = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return frozenset(names)


def _is_own(name: str, root: Path, distribution_name: str) -> bool:
    """Whether a name is that of a module beside a part's own, of the same distribution."""
    if name == CORE or not ((root / f"{name}.py").is_file() or (root / name / "__init__.py").is_file()):
        return False
    if not _is_shared(str(root), root.stat().st_mtime_ns):
        return True  # an editable installation, or a file by itself: all beside it is its author's
    return name in _recorded(canonical(distribution_name), str(root), root.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _is_shared(folder: str, changed: int) -> bool:
    return any(name.endswith((".dist-info", ".egg-info")) for name in os.listdir(folder))


@lru_cache(maxsize=64)
def _recorded(name: str, folder: str, changed: int) -> frozenset[str]:
    """Return the names at the top that an installed distribution put into its folder."""
    try:
        files = distribution(name).files or ()
    except (PackageNotFoundError, ValueError):
        return frozenset()
    return frozenset(re.sub(r"\.py$", "", each.parts[0]) for each in files if each.parts)
