"""Sweeps for real: cells in processes that are killed, and what is said of them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from forked_engine import ForkedEngine, HereEngine
from training_world import Quiet, hashes

import ganzoo
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import read_record
from ganzoo._sweep.looks import cells_so_far
from ganzoo._sweep.opened_sweep import open_sweep
from ganzoo._sweep.status import status_of
from ganzoo.errors import RefusedError, RunStopped

RECIPE = """
[dataset]
name = "phantom"
resolution = 16
count = 16
[generator]
name = "dcgan"
width = 2
kernel = 4
latents = "normal"
[discriminator]
name = "dcgan"
width = 2
kernel = 4
normalization = "none"
[loss]
name = "logistic"
[training]
total_kimg = 0.064
batch_size = 8
checkpoint_kimg = 0.016
samples_kimg = 1
[scoring]
metrics = ["fid"]
generated = 8
reference_images = 8
extractor = { name = "random-features" }
"""
SWEEP = """
title = "Does hinge beat logistic?"
recipes = ["tiny"]
seeds = [0, 1]
tags = ["try"]
threads = 1
[set]
loss.name = ["logistic", "hinge"]
[budget]
equal = "kimg"
"""


def weights(runs: Path) -> dict[str, dict[str, str]]:
    return {run.name: hashes(RunDirectory(run)) for run in runs.iterdir() if (run / "record.json").exists()}


def given(engine):
    return lambda opened: engine


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One sweep in peace, and one of which a cell was killed in mid-run."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "tiny.toml").write_text(RECIPE)
    (folder / "s.toml").write_text(SWEEP)
    before = os.environ.get("GANZOO_CACHE")
    os.environ["GANZOO_CACHE"] = str(folder / "cache")
    engines = {"peace": HereEngine(), "killed": ForkedEngine(kill_in=folder / "killed")}
    results = {
        name: ganzoo.sweep(
            folder / "s.toml", runs=folder / name, engine=lambda opened, made=engine: made, reporter=Quiet()
        )
        for name, engine in engines.items()
    }
    yield folder, engines, results
    os.environ.pop("GANZOO_CACHE")
    if before is not None:
        os.environ["GANZOO_CACHE"] = before


@pytest.mark.ci
def test_a_killed_cell_ends_with_the_weights_of_a_sweep_in_peace(world):
    folder, engines, results = world
    assert results["killed"].status.counts == {"done": 4}
    assert engines["killed"].kill_in is None and len(engines["killed"].begun) == 5
    assert sorted(weights(folder / "peace")) == [
        "tiny-hinge-s0",
        "tiny-hinge-s1",
        "tiny-logistic-s0",
        "tiny-logistic-s1",
    ]
    assert weights(folder / "killed") == weights(folder / "peace")


@pytest.mark.ci
def test_runs_and_tables_repeat_the_plan(world):
    folder, _, results = world
    record = read_record(folder / "peace" / "tiny-hinge-s1" / "record.json")
    plan = json.loads((folder / "peace" / "s.sweep" / "plan.json").read_text())
    assert record.tags == ("try",) and record.asked == record.answered != ""
    assert record.sweep["file_sha256"] == plan["versions"][0]["file_sha256"]
    assert record.sweep["planned"] == plan["versions"][0]["planned"] and record.sweep["runs_before"] == 0
    assert record.hardware["threads"] == 1
    told = str(results["peace"])
    assert "Held equal: kimg (0.064), generator updates (8)" in told
    assert "sweep 's' (Does hinge beat logistic?)" in told and record.sweep["file_sha256"][:16] in told
    assert "The one look that was planned, at 2 seeds." in str(ganzoo.compare(folder / "peace", where=["tags=try"]))


def test_what_is_done_is_not_done_again_and_another_plan_is_refused(world):
    folder, _, _ = world
    file, engine = folder / "s.toml", ForkedEngine()
    again = {"runs": folder / "peace", "engine": lambda opened: engine}
    said = Quiet()
    file.write_text("# a remark\n" + SWEEP)
    assert ganzoo.sweep(file, reporter=said, **again).status.counts == {"done": 4}
    assert engine.begun == [] and "in words that change no run" in said.said[0]
    file.write_text(SWEEP.replace("hinge", "rahinge").replace("[0, 1]", "[0]"))
    with pytest.raises(RefusedError, match=r"tiny-hinge is gone; tiny-rahinge is new.*--amend"):
        ganzoo.sweep(file, reporter=said, **again)
    file.write_text(SWEEP.replace("[0, 1]", "[0]"))
    with pytest.raises(RefusedError, match="seeds, "):
        ganzoo.sweep(file, reporter=said, **again)
    assert ganzoo.sweep(file, reporter=said, amend="one seed is enough", **again).status.counts == {"done": 2}
    plan = json.loads((folder / "peace" / "s.sweep" / "plan.json").read_text())
    assert [version["reason"] for version in plan["versions"]] == ["", "one seed is enough"]
    assert plan["versions"][1]["runs_before"] == 2
    file.write_text(SWEEP)


def test_a_stop_waits_for_checkpoints_and_the_same_sweep_goes_on(world, tmp_path):
    folder, _, _ = world

    class Stopped(ForkedEngine):
        def wait(self, seconds):
            if self.begun and not self.told and any((tmp_path / "s.sweep").rglob("*.txt")):
                self.told = True
                os.kill(os.getpid(), signal.SIGTERM)
            return super().wait(seconds)

        told = False

    with pytest.raises(RunStopped, match="stopped by SIGTERM"):
        ganzoo.sweep(folder / "s.toml", runs=tmp_path, engine=given(Stopped(1)))
    opened = open_sweep(folder / "s.toml", tmp_path)
    status = status_of(cells_so_far(opened), opened.place(1, "auto"))
    assert status.counts.get("done", 0) <= 1 and status.counts["left"] >= 2


@pytest.mark.slow
def test_nine_cells_by_processes_and_by_two_workers_of_which_one_is_killed(tmp_path, monkeypatch):
    """On the OASIS slices where they are: 3 recipes × 3 seeds, in peace, by processes and by workers."""
    data = Path(os.environ.get("GANZOO_DATA", "")) / "oasis"
    recipe = RECIPE.replace("total_kimg = 0.064", "total_kimg = 0.4").replace(
        "checkpoint_kimg = 0.016", "checkpoint_kimg = 0.04"
    )
    if data.is_dir():
        recipe = recipe.replace(
            'name = "phantom"\nresolution = 16\ncount = 16', f'name = "oasis"\nresolution = 16\nroot = "{data}"'
        )
    (tmp_path / "tiny.toml").write_text(recipe)
    nine = SWEEP.replace("[0, 1]", "[0, 1, 2]").replace('"hinge"]', '"hinge", "rahinge"]')
    (tmp_path / "s.toml").write_text(nine)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    results = ganzoo.sweep(
        tmp_path / "s.toml", runs=tmp_path / "peace", engine=lambda opened: HereEngine(), reporter=Quiet()
    )
    assert results.status.counts == {"done": 9}
    whole = weights(tmp_path / "peace")

    def ganzoo_sweep(runs, *more):
        words = [
            sys.executable,
            "-m",
            "ganzoo",
            "sweep",
            str(tmp_path / "s.toml"),
            "--runs",
            str(tmp_path / runs),
            *more,
        ]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def kill_a_cell(runs):
        """SIGKILL the process of a run that has a checkpoint and is under way."""
        end = time.monotonic() + 300
        while time.monotonic() < end:
            for run in (tmp_path / runs).glob("tiny-*"):
                held = (run / "run.lock").read_text() if (run / "run.lock").exists() else ""
                if (
                    held
                    and any((run / "checkpoints").glob("[0-9]*"))
                    and read_record(run / "record.json").status == "running"
                ):
                    os.kill(json.loads(held)["pid"], signal.SIGKILL)
                    return
            time.sleep(0.02)
        raise AssertionError("no cell was under way")

    one = ganzoo_sweep("processes", "--jobs", "2")
    kill_a_cell("processes")
    out, _ = one.communicate(timeout=900)
    assert one.returncode == 0, out
    assert "was killed by signal 9" in out
    assert weights(tmp_path / "processes") == whole

    workers = [ganzoo_sweep("workers", "--worker") for _ in range(2)]
    time.sleep(10)
    kill_a_cell("workers")
    workers[0].kill()  # the worker itself: what it had begun goes on by itself or is taken over
    workers[0].communicate()
    out, _ = workers[1].communicate(timeout=900)
    assert workers[1].returncode == 0, out
    assert weights(tmp_path / "workers") == whole
