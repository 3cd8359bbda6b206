"""Signals: the first Ctrl-C, SIGTERM or hang-up asks for a clean stop, the second ends the process at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ganzoo._training.place import place_of_process

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def on_stop_signal(request: Callable[[str], None]) -> Iterator[None]:
    """Call `request` with the first signal's name while the block runs; a second signal exits with 128 + its number.

    A terminal that closes sends SIGHUP, often twice: the next ones count for nothing. `nohup` is obeyed. torchrun
    sends SIGTERM to those whom Ctrl-C has reached already: it counts for nothing either.
    Outside the main thread signals cannot be caught; there the block simply runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    together = place_of_process() is not None

    # The first is only noted: a step that is cut in half could not be resumed bit for bit. Whoever sends a second
    # does not want to wait, and what is on disk is whole at any moment.
    def handle(number: int, frame: FrameType | None) -> None:
        if received and (
            number == signal.SIGHUP or (together and number == signal.SIGTERM and received == [signal.SIGINT])
        ):
            return
        if received:
            os._exit(128 + number)
        received.append(number)
        request(signal.Signals(number).name)

    heard = [each for each in SIGNALS if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
