"""Sweeps on real clusters of two nodes on this machine, a node of which dies in the middle of its work."""

import importlib.util
import re
import time

import loopback_slurm
import pytest
from forked import ganzoo_in_child
from loopback_slurm import Slurm, descendants, kill
from sweep_world import ONE_THREAD, Disturbing, World, cell_on, work

from ganzoo._runs.record import read_record
from ganzoo._sweep.ray_tasks import RayTasks
from ganzoo._sweep.slurm_jobs import SlurmJobs
from ganzoo._sweep.slurm_script import slurm_script

pytestmark = pytest.mark.cluster
needs_slurm = pytest.mark.skipif(bool(loopback_slurm.missing()), reason="Slurm is not installed, or not root")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("sweep"))


@pytest.fixture
def slurm(tmp_path):
    with loopback_slurm.loopback_slurm(tmp_path / "slurm") as cluster:
        yield cluster


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
@pytest.mark.filterwarnings("default")
def test_on_ray_a_node_dies(world, monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    sizes = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **sizes})
    try:
        second = cluster.add_node(**sizes)
        raylet = second.all_processes["raylet"][0].process.pid
        place, dead = world.place("ray"), []

        def disturb():
            if name := cell_on(place, descendants(raylet)):
                pids = [raylet, *descendants(raylet)]
                kill(pids)
                dead.append(name)
            return bool(dead)

        engine = RayTasks(cluster.address, threads=1)
        assert engine.slots == 2
        outcomes = work(world, engine, place, Disturbing(disturb))
    finally:
        cluster.shutdown()
    world.check(place, outcomes)
    assert "resuming at" in place.folder.log(dead[0]).read_text()


def power_cut(slurm: Slurm, place, dead):
    def disturb():
        if name := cell_on(place, slurm.on_node("n2")):
            slurm.kill_node("n2")
            dead.append(name)
        return bool(dead)

    return disturb


@needs_slurm
@pytest.mark.skipif(importlib.util.find_spec("submitit") is None, reason="submitit is not installed")
@pytest.mark.filterwarnings("default")
def test_on_slurm_through_submitit_a_node_dies(world, slurm):
    place, dead = world.place("submitit"), []
    engine = SlurmJobs(place.folder.path / "jobs", 1, 9, "grid", {"time": "10"})
    outcomes = work(world, engine, place, Disturbing(power_cut(slurm, place, dead)))
    world.check(place, outcomes)
    assert "resuming at" in place.folder.log(dead[0]).read_text()


@needs_slurm
def test_the_array_script_survives_a_dead_node_and_the_end_of_its_time(world, slurm, tmp_path):
    place, dead, told = world.place("script"), [], []
    script = tmp_path / "grid.sbatch"
    script.write_text(slurm_script(world.cells, place, "grid", script=str(script), options={"time": "10"}))
    (place.folder.path / "logs").mkdir(parents=True)
    job = re.search(r"job (\d+)", slurm.ask(*re.search(r"# Submit with: (.*)", script.read_text())[1].split()))[1]
    disturb, deadline = power_cut(slurm, place, dead), time.monotonic() + 400
    while slurm.ask("squeue", "-h").strip():
        assert time.monotonic() < deadline, slurm.ask("squeue") + "".join(map(str, place.folder.path.rglob("*.txt")))
        # As Slurm does where the time of a job is nearly over: a signal to the batch shell alone.
        if not told and (name := cell_on(place, slurm.on_node("n1"))):
            index = next(number for number, cell in enumerate(world.cells) if cell.run_name == name)
            # It is delivered at once, but scancel tries again for a minute, and a second one is not what Slurm sends.
            slurm.ask("timeout", "3", "scancel", "--signal=TERM", "--batch", f"{job}_{index}")
            told.append(index)
        elif told and not dead:
            disturb()
        time.sleep(0.3)
    world.check(place)
    assert dead
    logs = [(place.folder.path / "logs" / f"slurm-{job}_{index}.txt").read_text() for index in range(9)]
    assert "SIGTERM" in logs[told[0]]
    assert "resuming at" in logs[told[0]]
    assert sum(log.count("resuming at") for log in logs) >= 2


@needs_slurm
def test_a_time_limit_of_a_minute_is_no_end(slurm, tmp_path):
    """Slurm itself says that the minute is nearly over: the cell stops at a checkpoint, is queued again, goes on."""
    short = World(tmp_path / "short", kimg=4, checkpoint=2)
    measured = short.place("measured")
    ganzoo_in_child(*short.cells[0].command(measured.runs)[1:], folder=short.folder, **ONE_THREAD)
    record = read_record(measured.runs / short.cells[0].run_name / "record.json")
    world = World(tmp_path / "sweep", kimg=round(60 * 4 / record.seconds), checkpoint=2)
    del world.cells[1:]
    place, script = world.place("runs"), tmp_path / "grid.sbatch"
    script.write_text(slurm_script(world.cells, place, "grid", script=str(script), options={"time": "1"}))
    (place.folder.path / "logs").mkdir(parents=True)
    job = re.search(r"job (\d+)", slurm.ask("sbatch", str(script)))[1]
    log, deadline = place.folder.path / "logs" / f"slurm-{job}_0.txt", time.monotonic() + 900
    world.undisturbed()  # meanwhile
    while slurm.ask("squeue", "-h").strip():
        assert time.monotonic() < deadline, slurm.ask("squeue") + log.read_text()
        time.sleep(1)
    world.check(place)
    told = log.read_text()
    assert told.count("resuming at") >= told.count("stopped by SIGTERM at") >= 1, told
