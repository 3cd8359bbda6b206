"""Commands on several processes: what they write is what one process writes, and the first alone speaks."""

from __future__ import annotations

import json
import signal
import subprocess

import numpy as np
import pytest
from forked import ganzoo_in_child
from forked_ranks import Launched, command, training
from kill_campaign import the_run
from training_world import DCGAN, recipe_of

from ganzoo._cli import processes

pytestmark = pytest.mark.ci
SIZES = {"channel_base": 64, "channel_max": 8}
STYLED = {
    "dataset": DCGAN["dataset"] | {"count": 80},
    "generator": {"name": "stylegan2", "latent_dim": 8, "style_dim": 8, "mapping_layers": 2} | SIZES,
    "discriminator": {"name": "stylegan2"} | SIZES,
    "loss": {"name": "logistic"},
    "training": {"total_kimg": 0.032},
    "scoring": {"metrics": ["fid"], "generated": 130, "reference_images": 80, "extractor": {"name": "random-features"}},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A run that two processes trained."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANZOO_CACHE", str(folder / "cache"))
        trained = Launched(folder / "runs", training(folder / "runs", recipe_of(STYLED)), 2)
        assert trained.end() == 0, trained.said()
        yield folder


def _alone(folder, *words):
    done = ganzoo_in_child(*words, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _together(folder, size, *words):
    root = folder / f"on-{size}-{words[0]}"
    done = Launched(root, command(*words), size)
    assert done.end() == 0, done.said()
    first, *others = [log.read_text() for log in done.logs]
    assert not any(others), others
    return first


def test_what_does_not_leave_after_the_first_has_ended_is_ended(monkeypatch):
    monkeypatch.setattr(processes, "_SECONDS_TO_END", 0.2)
    first, staying = subprocess.Popen(["true"]), subprocess.Popen(["sleep", "600"])
    with pytest.raises(SystemExit) as end:
        processes.wait_for([first, staying])
    assert end.value.code == 0 and staying.returncode == -signal.SIGKILL


def test_scores_of_two_processes_are_those_of_one(world):
    run = the_run(world / "runs")
    (kept,) = json.loads(run.record.read_text())["scores"]
    other = ["--set", "scoring.batch_size=20", "--device", "cpu"]
    _together(world, 2, "score", str(run.path), *other)
    *_, together = json.loads(run.record.read_text())["scores"]
    _alone(world, "score", str(run.path), *other)
    scores = json.loads(run.record.read_text())["scores"]
    alone = scores[-1]
    assert together == alone and together["protocol_id"] != kept["protocol_id"]
    _alone(world, "score", str(run.path), "--device", "cpu")
    again = next(
        each for each in json.loads(run.record.read_text())["scores"] if each["protocol_id"] == kept["protocol_id"]
    )
    assert again == kept


def test_samples_and_projections_of_three_processes_are_those_of_one(world):
    run = str(the_run(world / "runs").path)
    sample = ["sample", run, "--count", "300", "--device", "cpu", "--raw"]
    assert "wrote" in _together(world, 3, *sample, str(world / "together.npy"))
    _alone(world, *sample, str(world / "alone.npy"))
    assert np.array_equal(np.load(world / "together.npy"), np.load(world / "alone.npy"))
    _alone(world, "sample", run, "--count", "5", "--device", "cpu", "--folder", str(world / "images"))
    project = [
        "explore",
        "project",
        run,
        str(world / "images"),
        "--steps",
        "4",
        "--samples",
        "64",
        "--device",
        "cpu",
        "--out",
    ]
    _together(world, 3, *project, str(world / "shared"))
    _alone(world, *project, str(world / "own"))
    for name in ("styles.npy", "distances.json"):
        assert (world / "shared" / name).exists()
    assert np.allclose(np.load(world / "shared/styles.npy"), np.load(world / "own/styles.npy"), atol=1e-4)
