"""Importer lacks: files in which something is missing are refused, not crashed on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.checkpoints import ForeignCheckpoint
from ganzoo.errors import CheckpointError
from ganzoo.interchange import Record
from ganzoo.testing.failure import NotAsked, doing, require

_DEPTH = 8  # of records in records; deeper ones are more of the same


def check_partial(case: Any) -> None:
    """Require a CheckpointError, or success, where any one thing is missing."""
    lacking = list(_lacking(case.content, "", _DEPTH))
    if not lacking:
        raise NotAsked("what it is tested with has no named entries that a file could lack")
    for missing, less, is_tensor in lacking:
        with doing(f"recognizing a file without {missing:.80}"):
            known = case.cls.recognizes(less)
        try:
            found = case.cls.read(less) if known else None
        except CheckpointError:
            continue
        except Exception as error:
            require(False, f"without {missing:.80}, read raises {type(error).__name__}, not a CheckpointError")
        if found is not None and is_tensor:
            _require_same(case.found, found, missing)


def _require_same(whole: ForeignCheckpoint, found: ForeignCheckpoint, missing: str) -> None:
    """Require that what is read of a file that lacks something has no trained weights that are not of the file.

    Buffers, such as means and constant noise, may be made anew.
    """
    for role in ("ema", "generator", "discriminator"):
        network, other = getattr(whole, role), getattr(found, role)
        if network is None or other is None:
            continue
        weights = [name for name, _ in network.cls(network.options, whole.images).named_parameters()]
        made = [each for each in weights if _differ(network.weights.get(each), other.weights.get(each))]
        require(
            len(made) != 1,  # more are those of another network of the file, which it may take instead
            f"without {missing:.80}, read gives a {role} with another {', '.join(made[:3])}: what a file lacks is not "
            f"made up; raise a CheckpointError that names it",
        )


def _differ(one: Tensor | None, other: Tensor | None) -> bool:
    """Whether two weights of one place and size have other numbers; one that is left out with its layer has none."""
    return one is not None and other is not None and one.shape == other.shape and not torch.equal(one, other)


def _lacking(content: Any, place: str, depth: int) -> Iterator[tuple[str, Any, bool]]:
    """Yield what is left out, the content without it, and whether it is a tensor, of each entry, name and variable."""
    names, made = _named(content)
    of = f" in {place}" if place else ""
    for name in _kinds(names):
        less = {each: value for each, value in names.items() if each != name}
        yield f"{name!r}{of}", made(less), hasattr(names[name], "shape")
    for name, inside in names.items():
        if depth and not hasattr(inside, "shape"):
            for missing, without, is_tensor in _lacking(inside, f"{name!r}{of}", depth - 1):
                yield missing, made({**names, name: without}), is_tensor


def _named(content: Any) -> tuple[dict[Any, Any], Callable[[dict[Any, Any]], Any]]:
    """Return what is in a content by name, and what makes such a content again of less."""
    if isinstance(content, dict):
        return content, dict
    if isinstance(content, Record) and isinstance(content.state, dict):
        return content.state, lambda less: replace(content, state=less)
    if isinstance(content, Record):
        return dict(enumerate(content.args)), lambda less: replace(content, args=tuple(less.values()))
    if isinstance(content, list | tuple) and content:
        kind: Any = type(content)
        if all(_is_pair(each) for each in content):
            return dict(content), lambda less: kind(less.items())
        if any(isinstance(each, Record | dict) for each in content):
            return dict(enumerate(content)), lambda less: kind(less.values())
    return {}, dict


def _is_pair(value: Any) -> bool:
    """Whether a value is a name with what it names, as records hold their variables."""
    return isinstance(value, Sequence) and len(value) == 2 and isinstance(value[0], str)


def _kinds(names: Iterable[Any]) -> list[Any]:
    """Return one of the names that differ by numbers alone: layers are much alike. Numbers are places, all of them."""
    return list({name if isinstance(name, int) else re.sub(r"\d+", "0", str(name)): name for name in names}.values())
