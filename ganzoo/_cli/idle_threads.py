"""Idle threads: how long those of OpenMP that wait for the others keep their processor busy."""

from __future__ import annotations

import os

_SPINS = "10000"  # about a fifth of a millisecond: longer than most of what stands between two operations
_SETTINGS = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


def bound_spinning() -> None:
    """Let them sleep soon, unless the environment says how they wait; GNU's OpenMP reads it when torch is imported.

    By default they spin 300,000 times, some milliseconds: as long as the kernel gives a processor to another program.
    So beside other work each wait for a thread that has no processor takes one from it.
    """
    if not any(name in os.environ for name in _SETTINGS):
        os.environ["GOMP_SPINCOUNT"] = _SPINS
