"""Schedules: numbers of a recipe that change while it trains, counted in images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

_IMAGES_PER_KIMG = 1000


class Schedule(float):
    """A number on its way: `{ from = 2e-4, to = 5e-5, kimg = 1000, shape = "cosine" }`. As a float, its start.

    Attributes:
        start: The value at the beginning (`from` in a recipe).
        end: The value from `after_kimg + kimg` thousand images on (`to` in a recipe).
        kimg: Thousands of images on the way.
        shape: `linear`; `cosine`, half a period, flat at both ends (arXiv:1608.03983, equation 5, without restarts);
            `exponential`, the same factor per image.
        after_kimg: Thousands of images for which it stays at its start.
    """

    start: float
    end: float
    kimg: float
    shape: str
    after_kimg: float

    def __new__(cls, start: float, end: float, kimg: float, shape: str = "linear", after_kimg: float = 0.0) -> Schedule:
        made = super().__new__(cls, start)
        made.start, made.end, made.kimg = float(start), float(end), float(kimg)
        made.shape, made.after_kimg = shape, float(after_kimg)
        return made

    @staticmethod
    def joined(pieces: Sequence[Schedule]) -> Schedule:
        """Return schedules one behind the other; none may begin before the one before it has ended."""
        return _Piecewise(pieces) if len(pieces) > 1 else pieces[0]

    def at(self, images_seen: int) -> float:
        """Return the value of the step that begins after so many images."""
        done = (images_seen / _IMAGES_PER_KIMG - self.after_kimg) / self.kimg
        if done <= 0:
            return self.start
        if done >= 1:
            return self.end
        if self.shape == "exponential":
            return float(self.start * (self.end / self.start) ** done)
        share = (1 - math.cos(math.pi * done)) / 2 if self.shape == "cosine" else done
        return self.start + share * (self.end - self.start)

    @property
    def pieces(self) -> tuple[Schedule, ...]:
        """The pieces that it consists of, in their order: itself alone."""
        return (self,)

    def plain(self) -> Any:
        """Return it as a recipe writes it: a table, or a list of them."""
        table = {"from": self.start, "to": self.end, "kimg": self.kimg, "shape": self.shape}
        return table | ({"after_kimg": self.after_kimg} if self.after_kimg else {})

    def __reduce__(self) -> tuple[Any, ...]:
        return Schedule, (self.start, self.end, self.kimg, self.shape, self.after_kimg)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self.plain() == other.plain()

    def __ne__(self, other: object) -> bool:  # float has one of its own
        return not self == other

    def __hash__(self) -> int:
        return hash(self.__reduce__())

    def __bool__(self) -> bool:
        return bool(self.start or self.end)

    def __repr__(self) -> str:
        return f"Schedule({self.plain()})"


class _Piecewise(Schedule):
    """Schedules one behind the other, such as a warm-up, a plateau and a decay; between two of them it stays.

    Attributes:
        pieces: In their order, none of which begins before the one before it has ended.
    """

    _pieces: tuple[Schedule, ...]

    def __new__(cls, pieces: Sequence[Schedule]) -> _Piecewise:
        first, last = pieces[0], pieces[-1]
        length = last.after_kimg + last.kimg - first.after_kimg
        made: Any = super().__new__(cls, first.start, last.end, length, "piecewise", first.after_kimg)
        made._pieces = tuple(pieces)
        return cast("_Piecewise", made)

    @property
    def pieces(self) -> tuple[Schedule, ...]:
        return self._pieces

    def at(self, images_seen: int) -> float:
        kimg = images_seen / _IMAGES_PER_KIMG
        begun = [piece for piece in self._pieces if piece.after_kimg <= kimg]
        return (begun[-1] if begun else self._pieces[0]).at(images_seen)

    def plain(self) -> Any:
        return [piece.plain() for piece in self._pieces]

    def __reduce__(self) -> tuple[Any, ...]:
        return _Piecewise, (self._pieces,)
