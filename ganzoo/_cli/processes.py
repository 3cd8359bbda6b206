"""Processes: `--processes N` and `--gpus N` start a command N times, as torchrun would, and end all when one fails."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn, Protocol

from ganzoo._training.launcher import VARIABLE
from ganzoo.errors import GanzooError, RunError

_SECONDS_TO_END = 10.0  # in which the first process says what happened to another, and the others end after it
_POLL_SECONDS = 0.1


class Child(Protocol):
    """A process that was started, as `subprocess.Popen` shows one."""

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""

    def kill(self) -> None:
        """End it at once."""

    def wait(self) -> int | None:
        """Return its exit code once it has ended."""


def start_together(processes: int | None, gpus: int | None) -> None:
    """Start this command as several processes and end with them; return where it is one of them, or none are asked for.

    Raises:
        GanzooError: Both are given.
        RunError: A process ended, and the first one could not say why.
    """
    count = gpus or processes or 1
    if gpus and processes:
        raise GanzooError("--gpus and --processes both say how many processes train; give one of them")
    if (count == 1 and not gpus) or "RANK" in os.environ:
        return
    children = [_started(rank, count) for rank in range(count)]
    stops = 0

    def stop(number: int, _: object) -> None:
        nonlocal stops
        stops += 1
        # All agree on what the first has heard; who asks twice does not want to wait.
        for child in children[: 1 if stops == 1 else None]:
            with suppress(OSError):
                child.send_signal(number if stops == 1 else signal.SIGKILL)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    wait_for(children)


def _started(rank: int, count: int) -> subprocess.Popen[bytes]:
    given = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", str(_free_port()))
    return subprocess.Popen(  # noqa: S603 - this Python, with the words of this command
        [sys.executable, "-m", "ganzoo", *sys.argv[1:]],
        env={**os.environ, VARIABLE: str(os.getpid()), **{name: str(number) for name, number in given.items()}},
        stdout=None if rank == 0 else subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches it through this process alone
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(children: Sequence[Child]) -> NoReturn:
    """End with the first process; where another fails, give the first a moment to say so, then end all."""
    first = children[0]
    failed: tuple[int, int] | None = None
    end = float("inf")
    while first.poll() is None and time.monotonic() < end:
        codes = {rank: child.poll() for rank, child in enumerate(children)}
        bad = next(((rank, code) for rank, code in codes.items() if code), None)
        if failed is None and bad is not None:
            failed, end = bad, time.monotonic() + _SECONDS_TO_END
        time.sleep(_POLL_SECONDS)
    told = first.poll()
    # Once the first has ended well all is written, and the others have nothing left but to leave.
    end = time.monotonic() + (_SECONDS_TO_END if told == 0 else 0.0)
    while time.monotonic() < end and any(child.poll() is None for child in children):
        time.sleep(_POLL_SECONDS)
    for child in children:
        if child.poll() is None:
            child.kill()
        child.wait()
    if told is not None and told >= 0:
        sys.exit(told)
    rank, code = failed or (0, told or 0)
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    raise RunError(
        f"process {rank} of {len(children)} {how}, so all were ended; nothing that a checkpoint holds is lost: "
        f"ganzoo resume with the run's folder goes on, also with another number of processes"
    )
