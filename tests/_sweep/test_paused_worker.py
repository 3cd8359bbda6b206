"""Two workers over one folder without locks: one is paused with its cell, taken over, and wakes up late."""

import os
import signal
import time

import pytest
from loopback_slurm import descendants
from sweep_world import ONE_THREAD, Disturbing, World, cell_on, work

from ganzoo._sweep.processes import Processes
from ganzoo._sweep.work import Place

LEASE = {"GANZOO_LOCK": "lease", "GANZOO_LEASE_BEAT_S": "1"}


def start_worker(world, place, out):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
            outcomes = work(world, Processes(1), place, Disturbing(lambda: True))
            code = int({outcome.value for outcome in outcomes.values()} != {"done"})
        finally:
            os._exit(code)
    return child


@pytest.mark.slow
def test_a_worker_that_is_paused_with_its_cell_ruins_nothing(tmp_path, monkeypatch):
    for name, value in LEASE.items():
        monkeypatch.setenv(name, value)
    world = World(tmp_path / "sweep")
    made = world.place("workers")
    place = Place(made.runs, made.folder, "cpu", ONE_THREAD | LEASE, planned=False)
    first = start_worker(world, place, tmp_path / "first.txt")
    deadline, paused = time.monotonic() + 300, None
    while paused is None:
        assert time.monotonic() < deadline
        paused = cell_on(place, descendants(first))
        time.sleep(0.05)
    asleep = [first, *descendants(first)]
    for pid in asleep:
        os.kill(pid, signal.SIGSTOP)
    second = start_worker(world, place, tmp_path / "second.txt")
    assert os.waitstatus_to_exitcode(os.waitpid(second, 0)[1]) == 0, (tmp_path / "second.txt").read_text()
    records = {cell.run_name: (place.runs / cell.run_name / "record.json").read_bytes() for cell in world.cells}
    for pid in asleep:
        os.kill(pid, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) == 0, (tmp_path / "first.txt").read_text()
    assert "taken over" in place.folder.log(paused).read_text()
    assert "resuming at" in place.folder.log(paused).read_text()
    for name, record in records.items():
        assert (place.runs / name / "record.json").read_bytes() == record
    world.check(place)
