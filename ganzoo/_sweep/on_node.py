"""Attempt on a node: the command of a cell in a process of its own, wherever an engine lets this code run."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ganzoo._io.append_file import AppendFile

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_POLL_SECONDS = 0.2


class CellProcess:
    """The process of one attempt. It ends with whoever started it: its worker's death is a SIGTERM to it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: str, folder: str) -> None:
        """Start it.

        Args:
            command: Words of the command, the first of them `ganzoo`.
            environment: Variables on top of the node's.
            log: File that takes what it prints; empty: nowhere.
            folder: Working folder, which the command's relative paths start from; the same on all nodes.
        """
        file = AppendFile(Path(log)) if log else None
        try:
            self.process = subprocess.Popen(  # noqa: S603 - the program is this Python, and no shell reads the words
                [sys.executable, "-m", "ganzoo", *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=file.fileno() if file else subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                cwd=folder,
                preexec_fn=_tie_to_parent,  # it calls prctl and signal, neither of which takes a lock
            )
        finally:
            if file:
                file.close()

    def wait(self) -> int:
        """Return its exit code. An interruption of this process asks it to stop at a checkpoint, and is waited for."""
        while True:
            try:
                # In short pieces: an interruption by Ray is seen between two instructions, and wakes up nothing.
                return self.process.wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            except KeyboardInterrupt:
                self.stop()

    def stop(self) -> None:
        """Ask it to stop at a checkpoint; asked again, to end at once."""
        self.process.terminate()


_libc = ctypes.CDLL(None, use_errno=True)


def _tie_to_parent() -> None:
    # Where a worker dies without a word its cell would train on unseen, on a processor that is given to another.
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    # What Slurm sends to all processes of a job before its time is over; it is for the one that started this.
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
