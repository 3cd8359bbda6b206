"""Foreground: slices that show too little to be used, as those above and below a body."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.data import SourceOptions

_FLOOR = 1 / 20


def is_dark(values: NDArray[Any], low: float, high: float, options: SourceOptions) -> bool:
    """Whether less than the wanted share of a slice is brighter than a twentieth of the window from `low` to `high`."""
    return bool(np.mean(values > low + _FLOOR * (high - low)) < options.foreground)


def dark_text(dark: int, judged: int, options: SourceOptions) -> str:
    """Say how many slices were left out as dark, of how many."""
    return (
        f"{dark:,} of {judged:,} slices, in which less than {options.foreground:g} of the pixels are brighter than a "
        "twentieth of the window (dataset.foreground)"
    )
