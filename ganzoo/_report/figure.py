"""Chart of the page: drawn twice, wide and narrow, so that its text is readable on any screen; numbers behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ganzoo._report.charts import ChartText
from ganzoo._report.page_table import PageTable

WIDE, SMALL = 760, 360


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        key: Its identifier in the page.
        title: What it shows.
        description: What is to be seen in it.
        wide: SVG for wide screens and paper; empty where small ones stand side by side.
        small: SVG for telephones.
        numbers: The table behind it; None where that stands beside it.
        axis: What its horizontal axis is, where there are several to choose from.
    """

    key: str
    title: str
    description: str
    wide: str
    small: str
    numbers: PageTable | None
    axis: str = ""


def both_widths(
    text: ChartText, draw: Callable[[ChartText, float], str], numbers: PageTable | None, axis: str = ""
) -> Chart:
    """Return a chart drawn for both widths, with identifiers of their own."""
    wide = draw(replace(text, key=f"{text.key}-wide"), WIDE)
    small = draw(replace(text, key=f"{text.key}-small"), SMALL)
    return Chart(text.key, text.title, text.description, wide, small, numbers, axis)
