"""Memorization: what a figure that tests it says (`Figure.tests_memorization`)."""

from typing import NamedTuple


class MemorizationVerdict(NamedTuple):
    """What a test of memorization says: whether it found any, None where nothing could be tested, and a sentence."""

    found: bool | None
    text: str
