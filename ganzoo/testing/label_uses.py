"""Label uses: whether one-hot labels `[N, L]` are taken for numbers of classes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from ganzoo.testing.calls import Call, line_of, written
from ganzoo.testing.failure import require

# What keeps labels what they are: one number for each class, 0 or 1.
_KEPT = """
    long int short byte to type clone detach contiguous round view reshape flatten squeeze unsqueeze select __getitem__
    expand repeat
"""
_KEEPS = frozenset(_KEPT.split())
# What takes numbers of classes, and at which place; `cross_entropy` takes one-hot ones too, as numbers with a fraction.
_INDEXED = {
    "embedding": 0,
    "one_hot": 0,
    "nll_loss": 1,
    "cross_entropy": 1,
    "gather": 2,
    "take_along_dim": 1,
    "index_select": 2,
    "index_add": 2,
    "scatter": 2,
    "__getitem__": 1,
}


class LabelUses(TorchFunctionMode):
    """Inside, notes calls that take given one-hot labels for numbers of classes.

    Attributes:
        found: The calls.
    """

    def __init__(self, labels: Tensor) -> None:
        super().__init__()
        self.found: dict[Call, None] = {}
        self._labels = [labels]  # kept, so that no other tensor gets the identity of one

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        name = getattr(func, "__name__", "")
        numbers = [each for each in _numbers(name, args, kwargs or {}) if self._is_label(each)]
        if numbers and not (name == "cross_entropy" and numbers[0].is_floating_point()):
            self.found.setdefault(Call(written(func), line_of(sys._getframe(1))))
        result = func(*args, **(kwargs or {}))
        if name in _KEEPS and isinstance(result, Tensor) and args and self._is_label(args[0]):
            self._labels.append(result)
        return result

    def _is_label(self, value: Any) -> bool:
        return isinstance(value, Tensor) and any(value is each for each in self._labels)


def _numbers(name: str, args: Sequence[Any], keywords: Mapping[str, Any]) -> Sequence[Any]:
    """Return what a function takes for numbers of classes."""
    if name not in _INDEXED:
        return ()
    given = args[_INDEXED[name]] if len(args) > _INDEXED[name] else [keywords.get(each) for each in ("index", "target")]
    return given if isinstance(given, tuple | list) else (given,)


def label_cause(run: Callable[[], object], labels: Tensor) -> str:
    """Return by which call a part takes one-hot labels for numbers of classes, with the remedy; empty for none."""
    uses = LabelUses(labels)
    with suppress(Exception), uses:  # its own error is told elsewhere
        run()
    if not uses.found:
        return ""
    calls = " and ".join(map(str, list(uses.found)[:2]))
    return (
        f"takes labels for numbers of classes, at {calls}: they are one-hot, [N, L], with L = 0 where there are no "
        f"classes; multiply by them (labels @ weight, nn.Linear), or number classes by labels.argmax(dim=1)"
    )


def require_one_hot(run: Callable[[], object], labels: Tensor) -> None:
    """Require that labels are taken for what they are."""
    cause = label_cause(run, labels)
    require(not cause, cause)
