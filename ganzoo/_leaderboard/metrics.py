"""How metrics are shown: in which direction they are better, and in which unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FEW_IMAGES = 4096
"""With fewer images than this on either side, FID is biased more than models differ: KID ranks instead."""


@dataclass(frozen=True)
class Display:
    """One metric in a table.

    Attributes:
        scale: What values are multiplied with.
        unit: What then stands in the header: `×10³`.
        higher_is_better: Its direction.
    """

    scale: float = 1.0
    unit: str = ""
    higher_is_better: bool = False


_DISPLAYS: Mapping[str, Display] = {
    "fid": Display(),
    "kid": Display(1000.0, " ×10³"),
    "isc": Display(higher_is_better=True),
    "precision": Display(higher_is_better=True),
    "recall": Display(higher_is_better=True),
    "f_score": Display(higher_is_better=True),
}
_ORDER = ("fid", "kid", "isc", "precision", "recall", "f_score")


def display(metric: str) -> Display:
    """Return how a metric is shown; an unknown one as it is, lower values better."""
    return _DISPLAYS.get(metric, Display())


def in_order(metrics: set[str]) -> tuple[str, ...]:
    """Return metrics in the order of the columns."""
    return tuple(sorted(metrics, key=lambda key: (_ORDER.index(key) if key in _ORDER else len(_ORDER), key)))


def primary(metrics: tuple[str, ...], images: int | None) -> str:
    """Return the metric that ranks, if nobody asks for another.

    Args:
        metrics: The metrics that the table has.
        images: The smaller of the two counts of images; None if it is not known.
    """
    preferred = ("kid", "fid") if images is None or images < FEW_IMAGES else ("fid", "kid")
    return next((metric for metric in preferred if metric in metrics), metrics[0])
