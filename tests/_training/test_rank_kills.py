"""Whichever process of several is killed, or what started them: all end, nothing is lost, and the run goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time

import pytest
import torch
from forked import forked
from forked_ranks import Launched, training
from kill_campaign import the_run
from rank_campaign import RankCampaign
from training_world import DCGAN, in_memory, installed, recipe_of, status_of

from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.verify import verify_run

KILLS = int(os.environ.get("GANZOO_TEST_RANK_KILLS", "30"))


def _end(root):
    """The weights at the end of the run, by name."""
    run = the_run(root)
    assert status_of(run) == "finished" and verify_run(run.path) == []
    checkpoint, _ = newest_good(run.checkpoints)
    return {name: value for name, value in checkpoint.tensors["ema"].items() if value.is_floating_point()}


@pytest.mark.ci
def test_a_run_killed_on_two_goes_on_with_one_two_and_four(tmp_path):
    sizes = {"total_kimg": 0.128, "checkpoint_kimg": 0.008}
    with installed(tmp_path / "parts"):
        recipe = recipe_of(DCGAN, {"training": sizes})
        killed = Launched(tmp_path / "killed", training(tmp_path / "killed", recipe), 2)
        while not ((run := the_run(tmp_path / "killed")) and len(list(run.checkpoints.glob("[0-9]*"))) > 1):
            time.sleep(0.01)
        os.kill(killed.ranks[1], signal.SIGKILL)
        assert killed.end() == 1 and "ended without a word" in killed.said(), killed.said()
        ends = {}
        for size in (1, 2, 4):
            root = tmp_path / f"on-{size}"
            shutil.copytree(tmp_path / "killed", root)
            on = Launched(root, training(root, recipe), size)
            assert on.end() == 0, on.said()
            ends[size] = _end(root)
    for size in (1, 4):
        assert all(torch.allclose(ends[2][name], value, atol=1e-3) for name, value in ends[size].items())


@pytest.mark.slow
def test_a_process_or_the_launcher_killed_at_random():
    def told() -> None:
        print(json.dumps(RankCampaign(folder).run(KILLS, seed=14)))

    with in_memory() as folder:
        folder.mkdir()
        done = forked(told, folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    print(found)
    assert found["launcher"] + found["0"] + found["1"] == KILLS
    assert min(found["launcher"], found["0"], found["1"], found["resumed"]) >= KILLS // 10
