"""What every test may rely on: a cache of its own, one thread, no network of the user's settings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest

# Before torch is imported: tiny networks are slower on two threads, and the machine is shared.
os.environ.setdefault("OMP_NUM_THREADS", "1")


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
