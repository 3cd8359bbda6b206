import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from made_up_records import record

from ganzoo._runs.directory import RunDirectory, check_name, find_runs
from ganzoo._runs.record import read_record, write_record
from ganzoo._runs.verify import verify_run
from ganzoo.errors import GanzooError, RefusedError, RunError

HOLD = """
import sys, time
from pathlib import Path
from ganzoo.errors import RefusedError
from ganzoo._runs.directory import RunDirectory
sys.stdin.readline()
try:
    with RunDirectory(Path(sys.argv[1])).lock():
        print("held", flush=True)
        time.sleep(60)
except RefusedError as error:
    print(f"refused {error.exit_code} {error}", flush=True)
"""


def start(path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process


def go(process):
    process.stdin.write("\n")
    process.stdin.flush()


def test_names_count_up(tmp_path):
    found = [RunDirectory.create(tmp_path / "runs", "quickstart", 3).name for _ in range(3)]
    assert found == ["quickstart-s3", "quickstart-s3-2", "quickstart-s3-3"]
    RunDirectory.create(tmp_path / "runs", "quickstart", 31)
    assert [run.name for run in RunDirectory.of(tmp_path / "runs", "quickstart", 3)] == found
    assert RunDirectory.of(tmp_path / "none", "quickstart", 3) == []


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/x", "a\0b", "a/b", "..%2f", "x" * 300, "", ".hidden", "-x", "a b", "é", "a\n", "con.x", "NUL", "x."],
)
def test_hostile_names_are_refused_and_make_nothing(tmp_path, name):
    root = tmp_path / "runs"
    root.mkdir()
    with pytest.raises(GanzooError, match="cannot name a run"):
        check_name(name)
    before = sorted(tmp_path.rglob("*"))
    if name not in ("NUL", "x.", ""):
        with pytest.raises(GanzooError, match="cannot name a run"):
            RunDirectory.create(root, name, 0)
        assert sorted(tmp_path.rglob("*")) == before


def test_open_says_what_is_missing(tmp_path):
    with pytest.raises(GanzooError, match="no such folder"):
        RunDirectory.open(tmp_path / "none")
    with pytest.raises(GanzooError, match="is not a run"):
        RunDirectory.open(tmp_path)
    run = RunDirectory.create(tmp_path, "a", 0)
    assert RunDirectory.open(run.path).checkpoints == run.path / "checkpoints"


def test_runs_are_found_below_folders_and_once(tmp_path):
    made = [RunDirectory.create(tmp_path / folder, "a", seed).path for folder in ("x", "x/deep") for seed in (0, 1)]
    (made[0] / "inner").mkdir()
    (made[0] / "inner" / "record.json").touch()
    (tmp_path / ".tmp-x").mkdir()
    (tmp_path / ".tmp-x" / "run.lock").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert sorted(find_runs([tmp_path, made[0]])) == sorted(made)
    assert find_runs([made[1], made[0]]) == [made[1], made[0]]
    with pytest.raises(GanzooError, match="nothing at"):
        find_runs([tmp_path / "none"])
    with pytest.raises(GanzooError, match="is a file"):
        find_runs([made[0] / "run.lock"])


def test_a_second_process_is_told_who_holds_the_run(tmp_path):
    run = RunDirectory.create(tmp_path, "a", 0)
    with run.lock():
        with start(run.path) as process:
            go(process)
            answer = process.stdout.readline()
        assert answer.startswith("refused 3")
        assert f"process {os.getpid()} on" in answer
        held = json.loads(run.lock_file.read_text())
        assert set(held) == {"pid", "host", "boot_id", "since"}
    with run.lock():
        pass
    assert run.lock_file.read_text() == ""


def test_the_kernel_frees_the_lock_of_a_killed_process(tmp_path):
    run = RunDirectory.create(tmp_path, "a", 0)
    with start(run.path) as process:
        go(process)
        assert process.stdout.readline() == "held\n"
        with pytest.raises(RefusedError, match=f"process {process.pid}"), run.lock():
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    with run.lock():
        pass


def test_a_forked_worker_does_not_keep_the_lock(tmp_path):
    run = RunDirectory.create(tmp_path, "a", 0)
    reading, writing = os.pipe()
    with run.lock():
        child = os.fork()
        if child == 0:  # lives on after the owner let go
            os.read(reading, 1)
            os._exit(0)
    try:
        with run.lock():
            pass
    finally:
        os.write(writing, b"x")
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)


@pytest.mark.ci
def test_of_twenty_starts_at_once_one_runs(tmp_path):
    run = RunDirectory.create(tmp_path, "a", 0)
    processes = [start(run.path) for _ in range(20)]
    for process in processes:
        go(process)
    answers = [process.stdout.readline() for process in processes]
    for process in processes:
        process.kill()
        process.communicate()
    assert sum(answer == "held\n" for answer in answers) == 1
    assert sum(answer.startswith("refused 3") for answer in answers) == 19


def test_a_torn_lock_file_is_no_reason_to_crash(tmp_path):
    run = RunDirectory.create(tmp_path, "a", 0)
    with run.lock():
        run.lock_file.write_text('{"pid": 1, "ho')
        with pytest.raises(RefusedError, match="another process"), run.lock():
            pass


def test_a_lock_is_never_written_through_a_link(tmp_path):
    run = RunDirectory.create(tmp_path, "a", 0)
    run.lock_file.unlink()
    (tmp_path / "target").write_text("mine")
    run.lock_file.symlink_to(tmp_path / "target")
    with pytest.raises(GanzooError), run.lock():
        pass
    assert (tmp_path / "target").read_text() == "mine"


def test_readers_need_no_lock(tmp_path):
    run = RunDirectory.create(tmp_path, "a", 0)
    with run.lock():
        write_record(run.record, record())
        assert find_runs([tmp_path]) == [run.path]


def test_a_relative_path_has_a_name(tmp_path, monkeypatch):
    run = RunDirectory.create(tmp_path, "a", 0)
    monkeypatch.chdir(run.path)
    assert RunDirectory(Path(".")).name == "a-s0"


def test_a_run_named_in_two_ways_is_found_once(tmp_path, monkeypatch):
    run = RunDirectory.create(tmp_path, "tiny", 0)
    monkeypatch.chdir(tmp_path)
    assert find_runs([Path("tiny-s0"), run.path, tmp_path]) == [Path("tiny-s0")]


PLACES = ("run.lock", "recipe.toml", "metrics.jsonl", "log.txt", "samples", "checkpoints", "callbacks")


@pytest.mark.parametrize("what", ["pipe", "link", "device"])
def test_what_stands_in_a_place_of_a_run_is_neither_waited_for_nor_followed(tmp_path, what):
    run = RunDirectory.create(tmp_path / "runs", "a", 0, lambda made, name: write_record(made.record, record()))
    (elsewhere := tmp_path / "elsewhere").mkdir()
    target = "/dev/zero" if what == "device" else elsewhere
    for place in PLACES:
        path = run.path / place
        path.unlink(missing_ok=True)
        os.mkfifo(path) if what == "pipe" else path.symlink_to(target)
        with pytest.raises(RunError, match=rf"{place} is a (named pipe|link), where a run has"):
            RunDirectory.open(run.path)
        with pytest.raises(RunError, match=place), run.lock():
            pass
        assert any(place in problem for problem in verify_run(run.path))
        path.unlink()
        (run.path / "run.lock").touch()
    os.remove(run.record)
    os.mkfifo(run.record) if what == "pipe" else run.record.symlink_to(target)
    with pytest.raises(RunError, match=r"it is a (named pipe|link)"):
        read_record(run.record)
    assert list(elsewhere.iterdir()) == []


def test_a_run_is_there_whole_or_not_at_all(tmp_path):
    def fails(run, name):
        (run.path / "recipe.toml").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RunDirectory.create(tmp_path, "a", 0, fails)
    assert list(tmp_path.iterdir()) == []
    left = tmp_path / ".tmp-0123456789abcdef"
    left.mkdir()
    made = RunDirectory.create(tmp_path, "a", 0, lambda run, name: (run.path / name).touch())
    assert sorted(made.path.iterdir()) == [made.path / "a-s0", made.lock_file]
    assert not left.exists()
