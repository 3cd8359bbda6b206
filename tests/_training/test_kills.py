"""Whatever moment a run is killed at, it goes on, and ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from training_world import in_memory

CAMPAIGN = Path(__file__).parents[1] / "support" / "kill_campaign.py"


def campaign(name: str, kills: int, seed: int, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, str(CAMPAIGN), name, str(kills), str(seed), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    print(name, told)
    assert told["stopped"] >= kills
    return told


def test_a_few_kills():
    with in_memory() as folder:
        campaign("KILL", 3, 0, folder)


def test_a_few_stops():
    with in_memory() as folder:
        campaign("TERM", 2, 0, folder)


@pytest.mark.slow
def test_many_kills(tmp_path):
    told = campaign("KILL", 60, 1, tmp_path)
    assert told["in_a_write"] >= 10


@pytest.mark.slow
def test_many_stops(tmp_path):
    told = campaign("TERM", 30, 1, tmp_path)
    assert told["clean_stops"] >= 10
