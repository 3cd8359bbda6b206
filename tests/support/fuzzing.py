"""Fuzzing: thousands of damaged inputs in one process; each must end in a message or in what it holds.

A target makes its good inputs once, and tries a damaged one by a number, its seed: any failure can be tried again.
"""

from __future__ import annotations

import random
import resource
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ganzoo.errors import GanzooError

LIMIT_SECONDS = 20  # of processor time
LIMIT_MEMORY = 2**30  # bytes that one input may add to the most that was ever used


class Target(Protocol):
    """Something that reads other people's files."""

    name: str

    def attempt(self, root: Path, number: int, rng: random.Random) -> str:
        """Try a damaged input in an empty folder; say how it ended. Raises whatever is no refusal."""


def campaign(folder: Path, targets: Sequence[Target], numbers: range, seed: int) -> Counter[str]:
    """Try the inputs of these numbers, one target after the other, and return how they ended."""
    ended: Counter[str] = Counter()
    for number in numbers:
        target = targets[number % len(targets)]
        root = folder / str(number)
        root.mkdir(parents=True)
        before, start = _peak(), time.process_time()
        try:
            with limited(LIMIT_SECONDS):
                ended[f"{target.name}: {target.attempt(root, number, random.Random(f'{seed}/{number}'))}"] += 1
            _check_left(root)
            grown = _peak() - before
            assert grown < LIMIT_MEMORY, f"it took {grown / 2**20:,.0f} MiB more than anything before"
        except BaseException as error:
            seconds = time.process_time() - start
            error.add_note(f"seed {seed}, input {number}, {target.name}, after {seconds:.1f} s; its files: {root}")
            raise
        shutil.rmtree(root)
    return ended


def refused(error: GanzooError) -> str:
    """Check that a refusal is a message that can be shown."""
    text = str(error)
    assert text and all(line.isprintable() for line in text.split("\n")), ascii(text)
    assert len(text) < 4000, text
    return "refused"


def _check_left(root: Path) -> None:
    left = [path for path in root.rglob("*") if path.name.startswith(".tmp-")]
    assert not left, f"temporaries were left: {left}"


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError where the block takes too much processor time; beside other work, the clock says nothing."""

    def stop(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
