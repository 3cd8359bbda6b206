"""Processes of cells, each on a slot of its own; a shell stands for `ganzoo`, and made-up GPUs for real ones."""

import pytest

from ganzoo._sweep.engine import Attempt
from ganzoo._sweep.engines import cells_at_a_time
from ganzoo._sweep.processes import Processes, visible_gpus

SAYS = ("/bin/sh", "-c", 'echo "GPU $CUDA_VISIBLE_DEVICES, $OMP_NUM_THREADS thread"; exit $1', "sh")


def attempt(folder, name, code=0):
    return Attempt(name, ("ganzoo", str(code)), {"OMP_NUM_THREADS": "1"}, folder / f"{name}.txt")


def ended(engine, count):
    found = []
    while len(found) < count:
        found += engine.wait(10)
    return {each.name: each.exit_code for each in found}


def test_a_cell_sees_the_gpu_of_its_slot_alone_and_a_slot_that_is_free_is_taken_again(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-5f")
    engine = Processes(4, visible_gpus(), SAYS)
    assert engine.slots == 4
    names = "abcd"
    assert [engine.start(attempt(tmp_path, name, ord(name) - 97)) for name in names] == 2 * ["GPU 3", "GPU GPU-5f"]
    assert ended(engine, 4) == dict(zip(names, range(4), strict=True)), "each with the exit code of its own process"
    told = [(tmp_path / f"{name}.txt").read_text() for name in names]
    assert told == 2 * ["GPU 3, 1 thread\n", "GPU GPU-5f, 1 thread\n"]
    first = engine.start(attempt(tmp_path, "e"))
    assert ended(engine, 1) == {"e": 0} and engine.start(attempt(tmp_path, "f")) == first
    ended(engine, 1)
    engine.close()


@pytest.mark.parametrize(
    ("chosen", "settings", "jobs", "gpus"),
    [
        ("0,1,2", {}, 3, ["0", "1", "2"]),  # one cell per GPU
        ("0,1", {"jobs": 5}, 5, ["0", "1"]),
        ("0,1", {"device": "cpu"}, 1, ["0", "1"]),
        ("0,1", {"worker": True}, 2, ["0", "1"]),  # else workers on one machine would share its first GPU
        ("-1", {}, 1, []),
        ("", {}, 1, []),
    ],
)
def test_gpus_that_are_visible_decide_how_many_cells_are_computed_at_a_time(monkeypatch, chosen, settings, jobs, gpus):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert (cells_at_a_time(settings), visible_gpus()) == (jobs, gpus)


def test_gpus_are_counted_without_torch_where_nothing_is_said_of_them(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA H200 (UUID: GPU-1)'\necho 'GPU 1: NVIDIA H200 (UUID: GPU-2)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus() == ["0", "1"]
    program.write_text("#!/bin/sh\necho 'GPU access blocked'\nexit 9\n")
    assert visible_gpus() == []
    program.unlink()
    assert visible_gpus() == []
