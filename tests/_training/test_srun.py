"""One run on two nodes of a real Slurm on this machine, a process on each: srun alone, no launcher of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import loopback_slurm
import pytest

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(bool(loopback_slurm.missing()), reason="Slurm is not installed, or not root"),
]
RECIPE = """
[dataset]
name = "phantom"
resolution = 16
count = 80
[generator]
name = "dcgan"
width = 4
[discriminator]
name = "dcgan"
width = 4
[loss]
name = "logistic"
[training]
total_kimg = 64
batch_size = 16
checkpoint_kimg = 0.032
[scoring]
metrics = ["fid"]
generated = 130
extractor = { name = "random-features" }
"""
SRUN = ["srun", "--nodes", "2", "--ntasks", "2", "--ntasks-per-node", "1", "--kill-on-bad-exit=0"]


def _srun(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [*SRUN, sys.executable, "-m", "ganzoo", *words, "--device", "cpu"]
    # The names of these nodes are known to this Slurm alone.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=folder, env=environment, **pipes)


def _checkpoints(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("runs/small-s0/checkpoints/[0-9]*"))


def test_two_nodes_train_one_run_and_go_on_after_one_died(tmp_path):
    with loopback_slurm.loopback_slurm(tmp_path / "slurm") as slurm:
        (tmp_path / "small.toml").write_text(RECIPE)
        running = _srun(tmp_path, "run", "small.toml")
        deadline = time.monotonic() + 180
        while len(_checkpoints(tmp_path)) < 2:
            assert running.poll() is None, running.communicate()[0]
            assert time.monotonic() < deadline, slurm.ask("squeue")
            time.sleep(0.2)
        ranks = {node: [pid for pid in slurm.on_node(node) if "ganzoo" in _words(pid)] for node in ("n1", "n2")}
        assert all(ranks.values()), ranks
        loopback_slurm.kill(ranks["n2"])
        said, _ = running.communicate(timeout=120)
        assert running.returncode and said.count("\nerror:") == 1 and "ended without a word" in said, said
        at = _checkpoints(tmp_path)[-1]
        longer = f"training.total_kimg={int(at) / 1000 + 0.32}"
        running = _srun(tmp_path, "resume", "runs/small-s0", "--set", longer)
        said, _ = running.communicate(timeout=300)
        assert running.returncode == 0 and f"resuming at {int(at):,}" in said, said
    record = json.loads((tmp_path / "runs/small-s0/record.json").read_text())
    assert record["status"] == "finished" and record["hardware"]["processes"] == 2 and record["scores"]


def _words(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
