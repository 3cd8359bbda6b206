"""Translation: a foreign network's names into the official PyTorch ones, by rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from torch import Tensor

from ganzoo import CheckpointError

Change = Callable[[Tensor], Tensor]
Name = str | Callable[[re.Match[str]], str]
Rule = tuple[str, Name, Change]
"""A pattern for a whole name, what it becomes, and what becomes of the tensor."""


def same(value: Tensor) -> Tensor:
    """Return it as it is."""
    return value


def first(value: Tensor) -> Tensor:
    """Return the one element along an axis that was put in front."""
    (only,) = value
    return only


def translated(state: Mapping[str, Tensor], rules: Iterable[Rule], left_out: str, known: str) -> dict[str, Tensor]:
    """Return a state by its new names.

    Args:
        state: Tensors by foreign names.
        rules: The first that fits counts.
        left_out: Pattern of names that are no weights.
        known: What messages call the networks that are known.

    Raises:
        CheckpointError: No rule fits a name, or a tensor has an unexpected shape.
    """
    found = {}
    for name, value in state.items():
        for theirs, ours, change in rules:
            if match := re.fullmatch(theirs, name):
                found[match.expand(ours) if isinstance(ours, str) else ours(match)] = changed(value, change, name)
                break
        else:
            if not re.fullmatch(left_out, name):
                raise CheckpointError(f"'{name}' is in no {known} that is known here")
    return found


def changed(value: Tensor, change: Change, name: str) -> Tensor:
    """Return a tensor as it lies here. Raises CheckpointError where its shape is another than foreseen."""
    try:
        return change(value).contiguous()
    except (RuntimeError, IndexError, ValueError, TypeError):
        raise CheckpointError(f"'{name}' has an unexpected shape {tuple(value.shape)}") from None
