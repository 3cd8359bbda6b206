"""Several processes as users start them: which process this is, who stops whom, and with how many a run goes on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ranks_world import on_ranks

from ganzoo._training.place import Place, place_of_process
from ganzoo._training.stop_request import StopRequest
from ganzoo.errors import ProcessEnded

STEPS = ["--set", "training.batch_size=16"]


def test_the_place_is_that_of_torchrun_or_of_a_step_of_slurm(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("SLURM_", "MASTER_")) or name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
            monkeypatch.delenv(name)
    assert place_of_process() is None
    monkeypatch.setenv("SLURM_NTASKS", "8")  # a batch script is one process, whatever its job may start
    monkeypatch.setenv("SLURM_PROCID", "0")
    assert place_of_process() is None
    step = {"STEP_NUM_TASKS": "8", "PROCID": "5", "LOCALID": "1", "JOB_ID": "70123", "STEP_NODELIST": "n[03-05,9],m"}
    for name, value in step.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.setattr(os, "environ", dict(os.environ))  # what is set here goes no further
    assert place_of_process() == Place(5, 8, 1)
    assert (os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"]) == ("n03", "30123")
    os.environ |= {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "TORCHELASTIC_RESTART_COUNT": "2"}
    assert place_of_process() == Place(1, 2, 0, restarts=2)


def _agreeing(ranks):
    stop = StopRequest(heard="SIGTERM" if ranks.rank == 1 else None)
    assert stop.requested(ranks) is None  # not before all know
    assert stop.agree(ranks, 1.0 + ranks.rank) == 2.0
    assert stop.requested(ranks) == "SIGTERM"
    assert ranks.told("a run, ü" if ranks.rank == 0 else "") == "a run, ü"
    assert ranks.told("") == ""


def _left_alone(ranks):
    if ranks.rank == 1:
        return "gone"
    with pytest.raises(ProcessEnded, match="another process of this training has ended"):
        ranks.highest([1.0])
    return "told"


def test_processes_agree_on_stops_and_notice_who_is_gone():
    on_ranks(2, _agreeing)
    assert on_ranks(2, _left_alone) == ["told", "gone"]


LEAVING = """
import os, sys, time
from pathlib import Path
from ganzoo._training.world import joined
from ganzoo.errors import ProcessEnded

def carriers():
    found = []
    for path in Path("/proc/self/task").glob("*/comm"):
        try:
            found.append(path.read_text().strip())
        except OSError:  # it ends just now
            continue
    return sorted(name for name in found if "gloo" in name)

how, kept = sys.argv[1], []
try:
    with joined("cpu") as world:
        kept.append(world.ranks)
        world.ranks.highest([1.0])
        assert carriers()
        if how == "exit":
            raise SystemExit(3)
        if how == "gone" and world.ranks.rank == 1:
            os._exit(0)
        if how == "gone":
            world.ranks.highest([1.0])
except (SystemExit, ProcessEnded) as error:
    kept.append(error)
end = time.monotonic() + 5  # a thread that has ended is listed for a moment more
while carriers() and time.monotonic() < end:
    time.sleep(0.05)
print(carriers(), len(kept))
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="names of threads are read from /proc")
@pytest.mark.parametrize("how, kept", [("whole", 1), ("exit", 2), ("gone", 2)])
def test_who_leaves_leaves_no_thread_that_could_hold_a_tensor(how, kept):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    found = []
    for rank in ("0", "1"):
        place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        command = [sys.executable, "-c", LEAVING, how]
        found.append(subprocess.Popen(command, env={**os.environ, **place}, stdout=subprocess.PIPE, text=True))
    said = [each.communicate(timeout=100)[0] for each in found]
    assert said == [f"[] {kept}\n", "" if how == "gone" else f"[] {kept}\n"]


def _ganzoo(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ganzoo", *words, "--device", "cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=folder, env=environment, **pipes)


def _checkpoints(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("runs/quickstart-s0/checkpoints/[0-9]*"))


def _wait_for(folder: Path, count: int) -> None:
    while len(_checkpoints(folder)) < count:
        time.sleep(0.2)


def _child(process: subprocess.Popen[str], rank: int) -> int:
    """The process of a rank, as its environment says."""
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"\0RANK={rank}\0".encode() in b"\0" + each.read_bytes():
                parent = (each.parent / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == process.pid:
                    return int(each.parent.name)
        except OSError:
            continue
    raise AssertionError("no such process")


@pytest.mark.slow
def test_a_run_killed_on_two_processes_goes_on_with_one_and_with_two(tmp_path):
    often = ["--set", "training.checkpoint_kimg=0.016", "--set", "training.total_kimg=64"]
    running = _ganzoo(tmp_path, "run", "quickstart", "--processes", "2", *STEPS, *often)
    _wait_for(tmp_path, 2)
    os.kill(_child(running, 1), signal.SIGKILL)
    said, _ = running.communicate()
    assert running.returncode == 1
    assert said.count("error:") == 1 and "ended without a word" in said, said
    at = _checkpoints(tmp_path)[-1]
    running = _ganzoo(tmp_path, "resume", "runs/quickstart-s0")
    while _checkpoints(tmp_path)[-1] == at:
        time.sleep(0.2)
    running.send_signal(signal.SIGTERM)
    said, _ = running.communicate()
    assert running.returncode == 75 and f"resuming at {int(at):,}" in said, said
    at = _checkpoints(tmp_path)[-1]
    running = _ganzoo(tmp_path, "resume", "runs/quickstart-s0", "--processes", "2")
    while _checkpoints(tmp_path)[-1] == at:
        time.sleep(0.2)
    os.kill(_child(running, 1), signal.SIGTERM)  # to the one that owns nothing
    said, _ = running.communicate()
    assert running.returncode == 75 and said.count("stopped:") == 1, said
    record = json.loads((tmp_path / "runs/quickstart-s0/record.json").read_text())
    assert record["hardware"]["processes"] == 2 and record["status"] == "stopped"
