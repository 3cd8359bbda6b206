"""Figure sharing: whether a figure says that several processes share its images."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ganzoo.contracts.figures import Figure
from ganzoo.figures import shared_rows
from ganzoo.testing.failure import require


@contextmanager
def sharing() -> Iterator[list[str]]:
    """Note calls of `shared_rows` inside, by whatever name it was imported."""
    found: list[str] = []
    before = sys.getprofile()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is shared_rows.__code__:
            found.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)


def require_said(figure: Figure, shares: bool) -> None:
    """Require that `shares_images` is what drawing does: its command offers `--processes` and `--gpus` by it."""
    require(
        shares or not figure.shares_images,
        "says shares_images = True, but drawing it never calls ganzoo.figures.shared_rows: --processes and --gpus "
        "would start processes that all do the same; make its images by shared_rows, or leave shares_images out",
    )
    require(
        figure.shares_images or not shares,
        "makes its images by ganzoo.figures.shared_rows, but does not say shares_images = True, so that its command "
        "offers no --processes and no --gpus",
    )
