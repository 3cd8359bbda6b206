"""What every test may rely on: a cache of its own and one thread; and how many processes share the suite."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
from collections.abc import Iterator

import pytest

# Before torch is imported: tiny networks are slower on two threads, and the machine is shared.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What nohup lets a process ignore all that it starts ignores too, and tests ask what a closing terminal does.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Where bytecode may not be kept, every process of the suite would compile the whole package and all tests again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Each imports torch.
MOST_WORKERS = 8


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Share the whole suite among the cores; a few named tests start sooner in one process."""
    whole = config.args == config.getini("testpaths")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_WORKERS) if whole else 0


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what lives as long as the suite: torch and thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _own_cache() -> Iterator[None]:
    """Keep packs, features and weights of tests out of the user's cache."""
    with tempfile.TemporaryDirectory(prefix="ganzoo-test-cache-") as folder:
        before = os.environ.get("GANZOO_CACHE")
        os.environ["GANZOO_CACHE"] = folder
        yield
        if before is None:
            del os.environ["GANZOO_CACHE"]
        else:
            os.environ["GANZOO_CACHE"] = before


@pytest.fixture(autouse=True, scope="session")
def _phantoms_once() -> Iterator[None]:
    """Draw each phantom once; tests of the drawing itself ask for `drawn_anew`."""
    from drawn_once import phantoms_drawn_once

    with phantoms_drawn_once():
        yield


@pytest.fixture
def drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw phantoms as users do, each time anew."""
    from drawn_once import Phantom, draw

    monkeypatch.setattr(Phantom, "load", draw)
