"""Score text: the one form in which a value is shown, in tables, on the terminal, in figures and logs.

A name is that under which a value may be shown, with the unit: `KD-lite0 ×10³`. A value has as many digits as its
error, which stands in brackets: `1.05 (0.35)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ganzoo.text import clip

_MOST_DECIMALS = 5
_LONGEST_CLASS_NAME = 20  # characters; a column of a table


def shown_name(label: str, unit: str) -> str:
    """Return a score's name with its unit."""
    return f"{label} {unit}" if unit else label


def class_name(number: int, name: str) -> str:
    """Return what a class is called where its values stand: by its name, cut where it is long, or by its number."""
    return clip(name, _LONGEST_CLASS_NAME) if name.strip() else f"class {number}"


def decimals_for(values: Sequence[float], errors: Sequence[float | None]) -> int:
    """Return as many decimals as show every error with at least one digit that is not zero, at most 5.

    Args:
        values: Values that stand together, scaled as they are shown.
        errors: Their errors, scaled too; None where one is not known.
    """
    largest = max(map(abs, values), default=0.0)
    smallest = min((error for error in errors if error), default=None)
    plain = 1 if largest >= 100 else 2 if largest >= 1 else 3
    return min(_MOST_DECIMALS, plain if smallest is None else max(plain, -math.floor(math.log10(smallest))))


def number_text(value: float, decimals: int) -> str:
    """Return a number with so many decimals, thousands apart, and never minus zero."""
    return f"{round(value, decimals) + 0.0:,.{decimals}f}"


def value_text(value: float, error: float | None = None) -> str:
    """Return one value, scaled as it is shown, with the error of sampling in brackets where it is known."""
    decimals = decimals_for([value], [error])
    brackets = "" if error is None else f" ({number_text(error, decimals)})"
    return number_text(value, decimals) + brackets
