"""Other process: whether a list of images is the same in a process where texts hash otherwise, as in any other one."""

from __future__ import annotations

import dis
import importlib
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

from ganzoo._registry.registry import Registry
from ganzoo.data import SourceOptions, build_dataset
from ganzoo.testing.failure import NotAsked, require

_SEEDS = ("1", "2")  # of hashes: by chance a set may be in one order under two
_NAMES = frozenset(("hash", "set", "frozenset"))
_SETS = frozenset(("BUILD_SET", "SET_ADD", "SET_UPDATE"))
_PATIENCE_S = 120
_CHILD = """
import json, sys
given = json.load(sys.stdin)
sys.path[:] = given["path"]
from ganzoo.testing.other_process import answer
print(json.dumps(answer(given)))
"""
Listed = list[list[Any]]


def items_of(cls: Any, options: Any) -> Listed:
    """Return what a dataset lists, as plain values."""
    return _plain(build_dataset(cls, options, Registry.discover().source_formats).items())


def entries_of(cls: Any, options: Any, root: Path, reading: SourceOptions) -> Listed:
    """Return what a source lists, as plain values."""
    return _plain(cls(options, root, reading).entries())


def _plain(found: Sequence[Any]) -> Listed:
    return [[each.key, each.label, each.subject, each.split, each.fingerprint] for each in found]


def answer(given: Mapping[str, Any]) -> Listed:
    """Return what a part lists in this process, of which another one tells."""
    cls: Any = importlib.import_module(given["module"])
    for step in given["name"].split("."):
        cls = getattr(cls, step)
    options = cls.Options.model_validate(given["options"])
    if given["root"] is None:
        return items_of(cls, options)
    return entries_of(cls, options, Path(given["root"]), SourceOptions.model_validate(given["reading"]))


def check_hashes(case: Any, root: Path | None = None, reading: SourceOptions | None = None) -> None:
    """Require that a list does not follow from how texts hash, which is another way in each process.

    Args:
        case: The case of a dataset or a source; where its module has neither sets nor `hash`, no process is started.
        root: The root of a source.
        reading: How its images are read.
    """
    cls, options = case.cls, case.options
    if not _has_sets(cls):
        return
    here = items_of(cls, options) if reading is None or root is None else entries_of(cls, options, root, reading)
    given = {
        "path": sys.path,
        "module": cls.__module__,
        "name": cls.__qualname__,
        "options": options.model_dump(mode="json"),
        "root": None if root is None else str(root),
        "reading": None if reading is None else reading.model_dump(mode="json"),
    }
    for there in map(partial(_listed, json.dumps(given)), _SEEDS):
        unlike = next((pair for pair in zip(here, there, strict=False) if pair[0] != pair[1]), (len(here), len(there)))
        require(
            here == there,
            f"lists its images otherwise in another process, {unlike[0]} here and {unlike[1]} there: sets of texts "
            f"have no order, and hash(text) is another number in each process; use sorted(...), and hashlib",
        )


def _listed(given: str, seed: str) -> Listed:
    """Return what a part lists in a process of another seed of hashes."""
    done = subprocess.run(  # noqa: S603 - the program is this Python, and no shell reads the words
        (sys.executable, "-c", _CHILD),
        input=given.encode(),
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise NotAsked(f"another process could not list its images: {' '.join(last)[:200]}")
    found: Listed = json.loads(done.stdout.decode().splitlines()[-1])
    return found


def _has_sets(cls: type) -> bool:
    """Whether the module of a class makes sets, or asks for hashes."""
    try:
        module = sys.modules[cls.__module__]
        code = compile(inspect.getsource(module), "<module>", "exec")
    except (KeyError, OSError, TypeError, SyntaxError):
        return False
    return any(_makes_sets(each) for each in _codes(code))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _makes_sets(code: CodeType) -> bool:
    return any(each.opname in _SETS for each in dis.get_instructions(code)) or bool(_NAMES & set(code.co_names))
