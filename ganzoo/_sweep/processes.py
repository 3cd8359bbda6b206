"""Processes on this machine: an engine of a process per cell, so that no crash of one can end another."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ganzoo._io.append_file import AppendFile
from ganzoo._sweep.engine import Attempt, Ended
from ganzoo.errors import GanzooError

_LONGEST_POLL_SECONDS = 0.25  # where the system cannot wait for processes


@dataclass
class _Child:
    attempt: Attempt
    process: subprocess.Popen[bytes]
    slot: int
    watched: int | None


class Processes:
    """Computes so many cells at a time, each in a process of its own on a slot of its own.

    A slot has one GPU where there are any, which its process alone sees. A cell is no child of the terminal: Ctrl-C
    reaches it through `stop` alone.
    """

    def __init__(self, jobs: int, gpus: Sequence[str] = (), program: Sequence[str] = ()) -> None:
        """Take slots.

        Args:
            jobs: How many.
            gpus: GPUs as CUDA_VISIBLE_DEVICES names them; they go round over the slots.
            program: What runs `ganzoo`; empty: this Python.
        """
        self._free = list(range(jobs))[::-1]
        self._slots, self._gpus = jobs, tuple(gpus)
        self._program = tuple(program) or (sys.executable, "-m", "ganzoo")
        self._children: dict[str, _Child] = {}
        self._stops = 0

    @property
    def slots(self) -> int:
        """See `Engine.slots`."""
        return self._slots

    def start(self, attempt: Attempt) -> str:
        """See `Engine.start`. Raises GanzooError where no process can be started."""
        slot = self._free.pop()
        log = AppendFile(attempt.log) if attempt.log else None
        try:
            process = subprocess.Popen(  # noqa: S603 - the program is this Python, and no shell reads the words
                [*self._program, *attempt.command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log.fileno() if log else subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                env=self._environment(attempt.environment, slot),
                start_new_session=True,
            )
        except OSError as error:
            self._free.append(slot)
            raise GanzooError(f"no process can be started for {attempt.name}: {error.strerror}") from error
        finally:
            if log:
                log.close()
        self._children[attempt.name] = _Child(attempt, process, slot, _pidfd(process.pid))
        return self._place(slot)

    def _environment(self, more: Mapping[str, str], slot: int) -> dict[str, str]:
        gpu = {"CUDA_VISIBLE_DEVICES": self._gpus[slot % len(self._gpus)]} if self._gpus else {}
        return {**os.environ, **more, **gpu}

    def _place(self, slot: int) -> str:
        return f"GPU {self._gpus[slot % len(self._gpus)]}" if self._gpus else ""

    def wait(self, seconds: float) -> list[Ended]:
        """See `Engine.wait`."""
        end = time.monotonic() + seconds
        while not (ended := self._reap()):
            left = end - time.monotonic()
            if left <= 0:
                break
            self._sleep(left)
        return ended

    def _sleep(self, seconds: float) -> None:
        watched = [child.watched for child in self._children.values() if child.watched is not None]
        if len(watched) < len(self._children):
            seconds = min(seconds, _LONGEST_POLL_SECONDS)
        poll = select.poll()
        for descriptor in watched:
            poll.register(descriptor, select.POLLIN)
        poll.poll(1000 * seconds)

    def _reap(self) -> list[Ended]:
        ended = []
        for name, child in list(self._children.items()):
            code = child.process.poll()
            if code is not None:
                del self._children[name]
                if child.watched is not None:
                    os.close(child.watched)
                self._free.append(child.slot)
                ended.append(Ended(name, code, self._place(child.slot)))
        return ended

    def stop(self) -> None:
        """See `Engine.stop`."""
        self._stops += 1
        for child in self._children.values():
            with suppress(ProcessLookupError):
                child.process.send_signal(signal.SIGTERM if self._stops < 3 else signal.SIGKILL)

    def close(self) -> None:
        """See `Engine.close`."""
        for child in self._children.values():
            if child.watched is not None:
                os.close(child.watched)
            child.process.returncode = child.process.returncode or 0  # left to itself, and no warning of it
        self._children.clear()


def _pidfd(pid: int) -> int | None:
    """Return what `poll` waits for the end of a process by; None where the system has no such."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def visible_gpus() -> list[str]:
    """Return the NVIDIA GPUs that a process here may use, as CUDA_VISIBLE_DEVICES names them; torch is not asked."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name.strip() for name in chosen.split(",") if name.strip() not in ("", "-1")]
    try:
        listed = subprocess.run(
            ["nvidia-smi", "-L"],  # noqa: S607 - wherever the driver put it
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = listed.stdout.splitlines() if listed.returncode == 0 else []
    return [str(number) for number, line in enumerate(line for line in lines if line.startswith("GPU "))]
