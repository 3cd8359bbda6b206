"""What happens in one of several processes ends all of them, with one message and one record."""

from __future__ import annotations

import os
import signal
import time

import pytest
from forked_ranks import Launched, training
from kill_campaign import the_run
from training_world import installed, leftovers, recipe_of

from ganzoo._runs.record import read_record
from ganzoo._runs.verify import verify_run

pytestmark = pytest.mark.ci


@pytest.fixture(autouse=True)
def _tiny_parts(tmp_path):
    with installed(tmp_path / "parts"):
        yield


def _ended(root, launched: Launched):
    """Wait for all; what was said must be one error of the first process."""
    code = launched.end()
    first, *others = [log.read_text() for log in launched.logs]
    assert first.count("error:") == 1 and first.count("\n") == 1 and not any(others), (first, others)
    run = the_run(root)
    assert verify_run(run.path) == [] and leftovers(root) == []
    return code, first, read_record(run.record)


@pytest.mark.parametrize(
    ("how", "rank", "status", "said"),
    [
        ("nan", 1, "diverged", "discriminator/loss became nan at step 4 (32 images seen)"),
        ("weights", 1, "diverged", "generator/loss became nan at step 4"),
        ("crash", 1, "failed", "process 1 of 2 failed: "),
        ("crash", 0, "failed", "the moon is"),
    ],
)
def test_what_fails_in_one_process_ends_all_with_one_message(tmp_path, how, rank, status, said):
    recipe = recipe_of({"loss": {"name": "failing", "call": 4, "how": how, "rank": rank}})
    code, told, record = _ended(tmp_path / "runs", Launched(tmp_path / "runs", training(tmp_path / "runs", recipe), 2))
    assert code == 1 and record.status == status and said in told, told
    assert said in record.message and record.images_seen in (24, 32)


def test_a_signal_to_one_process_stops_all_at_one_checkpoint(tmp_path):
    root = tmp_path / "runs"
    launched = Launched(root, training(root, recipe_of({"training": {"total_kimg": 800}})), 2)
    while not ((run := the_run(root)) and list(run.checkpoints.glob("[0-9]*"))):
        time.sleep(0.02)
    os.kill(launched.ranks[1], signal.SIGTERM)
    code, told, record = _ended(root, launched)
    assert code == 75 and record.status == "stopped" and "stopped by SIGTERM at" in told
    newest = max(the_run(root).checkpoints.glob("[0-9]*"))
    assert int(newest.name) == record.images_seen
