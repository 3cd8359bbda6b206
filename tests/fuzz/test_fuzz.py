"""Damaged inputs of every kind end in a message or in what they hold: never in a traceback, a hang or a leak."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from fuzz_importers import importer_targets
from fuzz_sources import source_targets
from fuzzing import campaign
from training_world import in_memory

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="needs SIGPROF")


def ended_of(folder: Path, numbers: range, seed: int) -> dict[str, int]:
    targets = [*source_targets(folder / "good", seed), *importer_targets(seed)]
    ended = campaign(folder / "bad", targets, numbers, seed)
    assert {name.partition(":")[0] for name in ended} == {target.name for target in targets}
    return ended


def test_damaged_inputs_end_in_a_message_or_in_what_they_hold():
    with in_memory() as folder:
        assert sum(ended_of(folder, range(200), seed=0).values()) == 200


@pytest.mark.slow
def test_twenty_thousand_damaged_inputs_end_in_a_message_or_in_what_they_hold():
    first, last = (int(part) for part in os.environ.get("GANZOO_FUZZ", "0-20000").split("-"))
    with in_memory() as folder:
        for name, count in sorted(ended_of(folder, range(first, last), seed=1).items()):
            print(f"{name}: {count}")
