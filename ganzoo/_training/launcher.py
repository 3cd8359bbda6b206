"""Launcher: what started the processes of a training. Where it is gone, they stop at a checkpoint as after SIGTERM.

A launcher that is killed outright ends nobody: its processes would train on unseen, and hold the run against a resume.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "GANZOO_LAUNCHER"  # its process, so that one that ends while torch is imported is missed too
_SECONDS = 0.5
_PARENT = os.getppid()


@contextmanager
def ending_with_launcher() -> Iterator[None]:
    """A block in which this process gets SIGTERM once the one that started it has ended."""
    given = os.environ.get(VARIABLE, "")
    parent = int(given) if given.isdigit() else _PARENT
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_SECONDS):
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    watching = threading.Thread(target=watch, name="launcher", daemon=True)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
