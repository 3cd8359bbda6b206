"""Importer habits: whether judging a file's content executes, imports or changes what is in it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.component import ImageSpec
from ganzoo.interchange import Global, Record
from ganzoo.testing.calls import caller
from ganzoo.testing.failure import doing, require

_STRANGE = "acme_network_of_a_file"  # no module is called so; to look for it is to import what a file names
_DEPTH = 6
_executed: list[str] = []


def execute(how: str) -> None:
    """Note that content was executed: what a harmful file would do is called in place of this."""
    frame, names = sys._getframe(1), []
    while frame is not None:
        names.append(frame.f_code.co_filename)
        frame = frame.f_back  # type: ignore[assignment]  # None ends it
    by_torch = any("torch" in name and "serialization" in name for name in names)
    cause = "torch.load without weights_only=True" if by_torch else how
    where = caller()
    _executed.append(f"{cause} ({where})" if where else cause)


class _Harmful:
    """An object whose pickle calls `execute` when it is loaded."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        return execute, ("pickle",)


def traps() -> list[Any]:
    """Return content that tells when it is executed: a pickle, a file of torch, text, names of classes."""
    saved = io.BytesIO()
    torch.save({"acme": _Harmful()}, saved)  # noqa: TID251 - into memory
    text = f"__import__({__name__!r}, fromlist=['execute']).execute('eval')"
    plain = f"c{__name__}\nexecute\n(S'pickle'\ntR.".encode()  # what a pickle of the same is
    record = Record(_STRANGE, "Network", state={"weights": {"a": torch.zeros(2)}})
    found: list[Any] = [plain, saved.getvalue(), text, record, Global(_STRANGE, "Network")]
    return [*found, *({"acme": each, "G_ema": each} for each in found), {"state_dict": record, "code": text}]


class _Imports:
    """A finder of modules that finds none, and notes who looks for some that a file names."""

    def __init__(self, names: set[str]) -> None:
        self.found: list[str] = []
        self._names = names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """See `importlib.abc.MetaPathFinder`."""
        if name in self._names or name.partition(".")[0] == _STRANGE:
            self.found.append(f"{name} ({caller()})")


@contextmanager
def watched(what: str, content: Any = None) -> Iterator[None]:
    """Require that nothing of a content is executed inside, and no module imported that it names."""
    named = {each.module for each in _records(content, _DEPTH)} - set(sys.modules)
    finder: Any = _Imports(named)
    _executed.clear()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _complain(what, finder.found)


def _complain(what: str, imported: Sequence[str]) -> None:
    require(
        not _executed,
        f"{what} executes what a file holds, by {_executed[0] if _executed else ''}: whoever made the file runs "
        f"programs here; judge bytes and text as they are: ganzoo.interchange has read the file without executing it",
    )
    require(
        not imported,
        f"{what} imports what a file names, {imported[0] if imported else ''}: the file chooses what runs here; "
        f"compare names of modules and classes as text",
    )


def _records(content: Any, depth: int) -> Iterator[Record | Global]:
    if isinstance(content, Record | Global):
        yield content
    if depth:
        for each in _within(content):
            yield from _records(each, depth - 1)


def _within(content: Any) -> Sequence[Any]:
    if isinstance(content, Mapping):
        return [*content, *content.values()]
    if isinstance(content, list | tuple | set | frozenset):
        return list(content)
    if isinstance(content, Record):
        return [content.args, content.kwargs, content.state, content.items, content.mapping]
    return []


def _shape_of(content: Any, depth: int = _DEPTH) -> object:
    """Return something that is equal as long as a content is not changed."""
    if isinstance(content, Tensor):
        return id(content), content._version, tuple(content.shape)
    if depth and (inside := _within(content)):
        return type(content).__name__, [_shape_of(each, depth - 1) for each in inside]
    return type(content).__name__, repr(content)[:80] if isinstance(content, str | bytes | int | float) else 0


def check_inert(case: Any, contents: Sequence[Any]) -> None:
    """Require that judging content executes, imports and changes nothing of it.

    Args:
        case: The importer.
        contents: What it judges.
    """
    for content in contents:
        for name in ("recognizes", "refusal", "read_discriminator"):
            about = (content, ImageSpec(16, 3)) if name == "read_discriminator" else (content,)
            before = _shape_of(content)
            with watched(f"{name}(content)", content), suppress(Exception):  # its errors are told elsewhere
                getattr(case.cls, name)(*about)
            require(
                _shape_of(content) == before,
                f"{name}(content) changes the content that it judges; other importers judge it after this one: work "
                f"on a copy",
            )


def check_reading(case: Any) -> None:
    """Require that reading its own layout executes and imports nothing that the file names."""
    with watched("read(content)", case.content), doing("read"):
        case.cls.read(case.content)
