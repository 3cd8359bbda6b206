"""Stopping: Ctrl-C and what else asks a sweep to end are counted; its cells are told, and end at a checkpoint."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stops:
    """How often it was asked to stop, and by what."""

    def __init__(self) -> None:
        self.count = 0
        self.by = ""

    def __call__(self) -> int:
        return self.count

    def note(self, name: str) -> None:
        """Take note of one more."""
        self.count += 1
        self.by = name


@contextmanager
def counting_stops() -> Iterator[Stops]:
    """Count signals in place of ending by them while the block runs; outside the main thread they cannot be caught."""
    stops = Stops()
    if threading.current_thread() is not threading.main_thread():
        yield stops
        return

    def handle(number: int, frame: FrameType | None) -> None:
        stops.note(signal.Signals(number).name)

    # What `nohup` has switched off stays so.
    heard = [each for each in _SIGNALS if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heard}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
