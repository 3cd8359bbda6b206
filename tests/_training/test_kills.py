"""Whatever moment a run is killed at, it goes on, and ends as if nothing had happened."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from forked import forked
from kill_campaign import Campaign
from training_world import in_memory


def campaign(
    folder: Path, seed: int, *, at_writes: bool, kimg: float, full: bool, **wanted: int
) -> list[dict[str, float]]:
    """Run the campaign in a child: it forks and waits for children of its own."""

    def told() -> None:
        runs = Campaign(folder, kimg=kimg, full=full)
        numbers = {signal.Signals[name]: count for name, count in wanted.items()}
        print(json.dumps([runs.run(each, count, seed, at_writes=at_writes) for each, count in numbers.items()]))

    done = forked(told, folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    print(*found, sep="\n")
    assert all(counts["stopped"] >= count for counts, count in zip(found, wanted.values(), strict=True)), found
    return found


@pytest.mark.ci
def test_thirty_kills_and_stops_at_writes():
    with in_memory() as folder:
        kills, _ = campaign(folder, 0, at_writes=True, kimg=0.032, full=False, SIGKILL=20, SIGTERM=10)
    assert kills["in_a_write"] >= 3


@pytest.mark.slow
@pytest.mark.parametrize("at_writes", [False, True])
def test_many_kills(tmp_path, at_writes):
    (told,) = campaign(tmp_path / "runs", 1, at_writes=at_writes, kimg=0.096, full=True, SIGKILL=150)
    assert told["in_a_write"] >= 10


@pytest.mark.slow
@pytest.mark.parametrize("at_writes", [False, True])
def test_many_stops(tmp_path, at_writes):
    (told,) = campaign(tmp_path / "runs", 1, at_writes=at_writes, kimg=0.096, full=True, SIGTERM=50)
    assert told["clean_stops"] >= 10
