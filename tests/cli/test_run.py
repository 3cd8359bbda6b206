"""The command line from end to end, in processes of their own: run, stop, resume, score, sample, verify."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from PIL import Image
from training_world import DCGAN, TINY, hashes, in_memory, leftovers, merged, metrics_of, status_of

from ganzoo._cli.app import main
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import read_record
from ganzoo._runs.score_text import value_text
from ganzoo._runs.verify import verify_run
from ganzoo._training.trainer import Trainer

LONG = {"training": {"total_kimg": 100.0, "checkpoint_kimg": 50.0, "snapshot_kimg": 500.0, "samples_kimg": 500.0}}


@pytest.fixture
def folder():
    with in_memory() as folder:
        folder.mkdir()
        yield folder


def written(folder: Path, *layers: dict) -> Path:
    path = folder / "small.toml"
    path.write_text(tomli_w.dumps(merged(TINY, DCGAN, *layers)))
    return path


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


class Process:
    """The command in a process of its own: forked, since importing torch anew takes seconds."""

    def __init__(self, folder: Path, arguments, prelude=None, umask=None):
        self._files = [tempfile.TemporaryFile("w+") for _ in range(2)]  # noqa: SIM115  # closed by end()
        self.pid = os.fork()
        if self.pid == 0:
            self._become(folder, [str(argument) for argument in arguments], prelude, umask)

    def _become(self, folder, arguments, prelude, umask):
        code = 99
        try:
            for number, file in enumerate(self._files, start=1):
                os.dup2(file.fileno(), number)
            sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
            os.chdir(folder)
            if umask is not None:
                os.umask(umask)
            if prelude:
                prelude()
            sys.argv = ["ganzoo", *arguments]
            main()
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def running(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def end(self) -> Done:
        _, status = os.waitpid(self.pid, 0)
        texts = []
        for file in self._files:
            file.seek(0)
            texts.append(file.read())
            file.close()
        return Done(os.waitstatus_to_exitcode(status), *texts)


def ganzoo(folder: Path, *arguments, **options) -> Done:
    return Process(folder, arguments, **options).end()


@pytest.fixture(scope="module")
def trained():
    """One finished run, made by the command."""
    with in_memory() as folder:
        folder.mkdir()
        done = ganzoo(folder, "run", written(folder), umask=0o027)
        yield folder, done


def run_of(folder: Path) -> RunDirectory:
    return RunDirectory(folder / "runs" / "small-s3")


def test_run_trains_scores_and_shows_the_leaderboard(trained):
    folder, done = trained
    assert done.returncode == 0, done.stderr
    assert "run runs/small-s3 is finished; its newest samples: runs/small-s3/samples/0000000064.png" in done.stdout
    assert "FD-random" in done.stdout
    assert "▸ small" in done.stdout and "other" not in done.stdout
    assert done.stderr == ""
    record = read_record(run_of(folder).record)
    assert (record.status, record.images_seen, len(record.scores)) == ("finished", 64, 1)
    assert verify_run(run_of(folder).path) == []


def test_what_is_written_follows_the_umask(trained):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in run_of(trained[0]).path.rglob("*") if path.is_file()}
    assert modes == {0o640}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in run_of(trained[0]).path.rglob("*") if path.is_dir()}
    assert folders == {0o750}


def test_resume_of_a_finished_run_changes_nothing(trained):
    folder, _ = trained
    before = tree(run_of(folder).path)
    for arguments in (("resume", "runs/small-s3"), ("run", "small.toml", "--resume")):
        done = ganzoo(folder, *arguments, umask=0o027)
        assert done.returncode == 0, done.stderr
        assert "is finished" in done.stdout
    after = tree(run_of(folder).path)
    for volatile in ("record.json", "log.txt", "run.lock"):
        before.pop(volatile, None)
        after.pop(volatile, None)
    assert after == before
    assert [path.name for path in (folder / "runs").iterdir()] == ["small-s3"]


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_scores_are_bit_equal_and_another_protocol_is_another_score(trained):
    folder, _ = trained
    (first,) = read_record(run_of(folder).record).scores
    done = ganzoo(folder, "score", "runs")
    assert done.returncode == 0, done.stderr
    assert f"FD-random {value_text(first.value)}" in done.stdout
    assert read_record(run_of(folder).record).scores == (first,)
    done = ganzoo(folder, "score", "runs/small-s3", "--set", "scoring.generated=12")
    assert done.returncode == 0, done.stderr
    one, other = read_record(run_of(folder).record).scores
    assert one == first
    assert other.protocol_id != first.protocol_id and other.protocol["generated"] == 12
    done = ganzoo(folder, "score", "runs/small-s3", "--set", "generator.width=8")
    assert done.returncode == 3
    assert "a score may only change [scoring]" in done.stderr
    done = ganzoo(folder, "score", "runs/small-s3", "--at", "7")
    assert (done.returncode, done.stdout) == (2, "")
    assert "kept no ema generator of 7 images seen" in done.stderr


def test_sample_writes_a_grid_and_single_images(trained):
    folder, _ = trained
    done = ganzoo(folder, "sample", "runs/small-s3", "--count", 9, "--out", "grid.png", "--folder", "single")
    assert done.returncode == 0, done.stderr
    grid = np.asarray(Image.open(folder / "grid.png"))
    assert grid.shape == (3 * 18 + 2, 3 * 18 + 2)
    single = [np.asarray(Image.open(path)) for path in sorted((folder / "single").iterdir())]
    assert len(single) == 9
    assert np.array_equal(single[4], grid[20:36, 20:36])
    assert len(np.unique(grid)) > 2


def test_verify_finds_a_flipped_bit(trained):
    folder, _ = trained
    done = ganzoo(folder, "verify", "runs")
    assert (done.returncode, done.stdout.strip()) == (0, "runs/small-s3: intact")
    file = max(run_of(folder).checkpoints.iterdir()) / "ema.safetensors"
    data = file.read_bytes()
    file.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    done = ganzoo(folder, "verify", "runs")
    file.write_bytes(data)
    assert done.returncode == 1
    assert "ema.safetensors is damaged" in done.stderr
    assert "Traceback" not in done.stderr


def begun(folder: Path, *arguments) -> Process:
    """Start a long run and wait until it trains."""
    process = Process(folder, arguments)
    metrics = run_of(folder).metrics
    for _ in range(1200):
        if metrics.exists() and metrics.read_bytes().count(b"\n") >= 2:
            return process
        assert process.running(), process.end()
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.end()
    raise AssertionError("it does not begin to train")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_with_a_checkpoint_and_says_how_to_go_on(number, folder):
    written(folder, LONG)
    process = begun(folder, "run", "small.toml")
    second = ganzoo(folder, "resume", "runs/small-s3")
    assert second.returncode == 3
    assert f"is held by process {process.pid}" in second.stderr.replace("pid", "process")
    os.kill(process.pid, number)
    done = process.end()
    assert done.returncode == 75, done
    assert f"{signal.Signals(number).name}: finishing this step and writing a checkpoint" in done.stdout
    assert "stopped: stopped by" in done.stderr
    assert "resume with: ganzoo resume runs/small-s3" in done.stderr
    run = run_of(folder)
    record = read_record(run.record)
    assert record.status == "stopped"
    assert max(run.checkpoints.iterdir()).name == f"{record.images_seen:010d}"
    total = (record.images_seen + 16) / 1000
    done = ganzoo(folder, "resume", "runs/small-s3", "--set", f"training.total_kimg={total}")
    assert done.returncode == 0, done.stderr
    whole = ganzoo(folder, "run", "small.toml", "--set", f"training.total_kimg={total}", "--runs", "whole")
    assert whole.returncode == 0, whole.stderr
    other = RunDirectory(folder / "whole" / "small-s3")
    assert hashes(run) == hashes(other)
    assert metrics_of(run) == metrics_of(other)
    done = ganzoo(folder, "resume", "runs/small-s3", "--set", "generator.width=8")
    assert done.returncode == 3
    assert "would change what" in done.stderr


def test_read_only_folders_are_named_before_training(folder):
    recipe = written(folder)
    (folder / "runs").write_text("a file")
    done = ganzoo(folder, "run", recipe)
    assert done.returncode == 2
    assert "cannot write runs" in done.stderr
    assert "Traceback" not in done.stderr


# At each another file is the first to hit the limit.
@pytest.mark.parametrize(
    "limit", [30_000, *(pytest.param(at, marks=pytest.mark.slow) for at in (2_000, 60_000, 90_000))]
)
def test_a_full_disk_leaves_good_checkpoints(limit, folder):
    """A limit on the size of files stands in for the end of the disk: the metrics, then larger files, hit it."""
    recipe = written(folder, {"training": {"total_kimg": 0.8, "log_kimg": 0.008}})

    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    done = ganzoo(folder, "run", recipe, prelude=little_room)
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "larger than this process may write" in done.stderr
    assert "Traceback" not in done.stderr
    done = ganzoo(folder, "run", recipe, "--resume")
    assert done.returncode == 0, done.stderr
    run = max((folder / "runs").iterdir(), key=lambda path: len(path.name))
    assert status_of(RunDirectory(run)) == "finished"
    assert verify_run(run) == []
    assert leftovers(run) == []


def test_a_run_that_diverges_exits_with_one_message(folder, tmp_path):
    recipe = written(
        folder, {"generator": {**DCGAN["generator"]}, "training": {"generator_optimizer": {"learning_rate": 1e30}}}
    )
    done = ganzoo(folder, "run", recipe)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "diverged" in done.stderr and "at step" in done.stderr
    assert status_of(run_of(folder)) == "diverged"
    done = ganzoo(folder, "resume", "runs/small-s3")
    assert done.returncode == 3
    assert json.loads(json.dumps(done.stderr)).startswith("error: ")


def test_two_signals_end_at_once(folder):
    """The second one comes in the middle of a step that takes long."""

    def slow_step(trainer, phase):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)

    done = ganzoo(folder, "run", written(folder), prelude=lambda: setattr(Trainer, "step", slow_step))
    assert done.returncode == 128 + signal.SIGTERM, done


def test_bad_images_stop_the_run_by_name_and_are_left_out_only_if_asked(folder):
    (folder / "images").mkdir()
    for number in range(40):
        pixels = np.random.default_rng(number).integers(0, 256, (20, 20), np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{number}.png")
    (folder / "images" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 30)
    written(folder)
    dataset = 'dataset={name="folder",root="images",resolution=16,channels=1}'
    refused = ganzoo(folder, "run", "small.toml", "--set", dataset)
    assert refused.returncode == 2
    assert "1 of 41 images of 'folder' cannot be used" in refused.stderr
    assert "broken.png" in refused.stderr and "--skip-bad" in refused.stderr
    assert not (folder / "runs").exists()
    done = ganzoo(folder, "run", "small.toml", "--set", dataset, "--skip-bad")
    assert done.returncode == 0, done.stderr
    assert "left out of folder, since they cannot be used (1): broken.png" in done.stdout
    (run,) = (folder / "runs").iterdir()
    assert read_record(run / "record.json").dataset.images["train"] == 40
