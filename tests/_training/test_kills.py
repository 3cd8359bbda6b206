"""Whatever moment a run is killed at, it goes on, and ends as if nothing had happened."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from forked import forked
from kill_campaign import Campaign
from training_world import in_memory


def campaign(folder: Path, seed: int, **wanted: int) -> list[dict[str, float]]:
    """Run the campaign in a child: it forks and waits for children of its own."""

    def told() -> None:
        runs = Campaign(folder)
        print(json.dumps([runs.run(signal.Signals[name], count, seed) for name, count in wanted.items()]))

    done = forked(told, folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert all(counts["stopped"] >= count for counts, count in zip(found, wanted.values(), strict=True)), found
    return found


def test_a_few_kills_and_stops():
    with in_memory() as folder:
        campaign(folder, 0, SIGKILL=3, SIGTERM=2)


@pytest.mark.slow
def test_many_kills(tmp_path):
    (told,) = campaign(tmp_path / "runs", 1, SIGKILL=60)
    assert told["in_a_write"] >= 10


@pytest.mark.slow
def test_many_stops(tmp_path):
    (told,) = campaign(tmp_path / "runs", 1, SIGTERM=30)
    assert told["clean_stops"] >= 10
