import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from ganzoo._io.append_file import AppendFile
from ganzoo._io.atomic import publish_directory, remove_tree, temporary_directory_beside, write_inside, write_text
from ganzoo._io.lock import holder_of
from ganzoo._runs.directory import RunDirectory
from ganzoo.errors import GanzooError, RefusedError, TakenOverError

BEAT_S = 0.3  # an owner that waits for a processor for three of these would be taken for dead


@pytest.fixture(autouse=True)
def by_lease(monkeypatch):
    monkeypatch.setenv("GANZOO_LOCK", "lease")
    monkeypatch.setenv("GANZOO_LEASE_BEAT_S", str(BEAT_S))


@pytest.fixture
def run(tmp_path):
    return RunDirectory.create(tmp_path, "a", 0)


class Child:
    """A process that owns the run and does as it is asked; its answers come back through a pipe."""

    def __init__(self, run, does=lambda: "held"):
        self.reading, writing = os.pipe()
        self.listening, self.asking = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                with run.lock():
                    os.write(writing, b"held\n")
                    os.read(self.listening, 1)
                    os.write(writing, does().encode())
            except GanzooError as error:
                os.write(writing, f"{type(error).__name__} {error}".encode())
            os._exit(0)
        os.close(writing)
        assert self.hear() == "held\n"

    def hear(self):
        return os.read(self.reading, 100_000).decode()

    def ask(self):
        os.write(self.asking, b"x")
        answer = self.hear()
        os.waitpid(self.pid, 0)
        return answer

    def signal(self, number):
        os.kill(self.pid, number)
        if number == signal.SIGSTOP:
            os.waitpid(self.pid, os.WUNTRACED)


def leases(run):
    return sorted(path.name for path in run.leases.iterdir())


def test_numbers_go_up_and_nothing_else_is_left(run):
    for number in ("0000000001", "0000000002"):
        with run.lock():
            assert leases(run)[0] == number
            assert len(leases(run)) == 2
            held = json.loads((run.leases / number).read_text())
            assert held["pid"] == os.getpid()
            assert held["beat_s"] == BEAT_S
        assert leases(run) == [number]


def test_an_owner_that_beats_is_left_alone(run):
    child, said = Child(run), []
    began = time.monotonic()
    with pytest.raises(RefusedError, match=f"held by process {child.pid} on") as refused, run.lock(said.append):
        pass
    assert time.monotonic() - began < 60
    assert refused.value.exit_code == 3
    assert len(said) == 1
    assert "waiting up to" in said[0]
    assert child.ask() == "held"
    with run.lock():
        pass
    assert len(said) == 1  # a lease that was let go is taken at once


def test_who_holds_a_run_is_known_and_whether_it_died(run, monkeypatch):
    def holder():
        return holder_of(run.lock_file, run.leases)

    assert holder() is None
    child = Child(run)
    for _ in range(4):  # more than the three beats after which a silent owner is missed
        assert f"process {child.pid} on" in holder()
        time.sleep(BEAT_S)
    child.signal(signal.SIGSTOP)
    while holder():
        time.sleep(BEAT_S)
    child.signal(signal.SIGCONT)
    while not holder():
        time.sleep(BEAT_S)
    child.signal(signal.SIGKILL)
    os.waitpid(child.pid, 0)
    assert holder() is None, "it ran here and does no more"


def test_a_dead_owner_is_followed_after_three_beats(run):
    child = Child(run)
    child.signal(signal.SIGKILL)
    os.waitpid(child.pid, 0)
    began = time.monotonic()
    with run.lock():
        assert time.monotonic() - began >= 3 * BEAT_S
        assert leases(run)[0] == "0000000002"
        assert len(leases(run)) == 2, "what the dead owner left is swept"


def test_an_owner_that_wakes_up_late_changes_nothing(run):
    write_text(run.record, "of the first")
    write_text(run.samples / "1.png", "1")
    (run.checkpoints / "1").mkdir(parents=True)

    def write_late():
        """Whatever an owner does to its run; what it had begun before it was paused, too."""

        def publish():
            write_inside(half, "weights", b"late")
            publish_directory(half, run.checkpoints / "2")

        late = [
            lambda: write_text(run.record, "late"),
            publish,
            lambda: temporary_directory_beside(run.checkpoints / "3").__enter__(),
            lambda: AppendFile(run.log),
            lambda: log.append(b"late"),
            log.sync,
            lambda: log.truncate(0),
            lambda: remove_tree(run.checkpoints / "1"),
            lambda: remove_tree(run.samples / "1.png"),
        ]
        said = []
        for act in late:
            with contextlib.suppress(TakenOverError):
                act()
                said.append(str(late.index(act)))
        return f"through came {' '.join(said)}"

    def begin():
        nonlocal half, log
        log = AppendFile(run.metrics)
        log.append(b"first\n")
        half = temporary_directory_beside(run.checkpoints / "2").__enter__()

    half = log = None

    def does():
        begin()
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(2 * BEAT_S)  # let the heart notice
        return write_late()

    child = Child(run, does)
    os.write(child.asking, b"x")
    os.waitpid(child.pid, os.WUNTRACED)
    with run.lock():
        AppendFile(run.metrics).append(b"second\n")
        child.signal(signal.SIGCONT)
        # Syncing and cutting what it had open is done to a file without a name; removing is done silently not at all.
        assert child.hear() == "through came 5 6 7 8"
        os.waitpid(child.pid, 0)
        assert run.record.read_text() == "of the first"
        assert run.metrics.read_text() == "first\nsecond\n"
        assert (run.samples / "1.png").exists()
        assert [path.name for path in run.checkpoints.iterdir()] == ["1"]
        assert not run.log.exists()


def test_of_many_that_take_over_one_does(run):
    dead = Child(run)
    dead.signal(signal.SIGKILL)
    os.waitpid(dead.pid, 0)
    (reading, writing), (waiting, ending) = os.pipe(), os.pipe()
    children = []
    for _ in range(8):
        children.append(os.fork())
        if children[-1] == 0:
            try:
                with run.lock():
                    os.write(writing, b"held ")
                    os.read(waiting, 1)
            except RefusedError:
                os.write(writing, b"refused ")
            os._exit(0)
    answers = b""
    while answers.count(b" ") < 8:
        answers += os.read(reading, 1000)
    os.write(ending, 8 * b"x")
    for child in children:
        os.waitpid(child, 0)
    assert sorted(answers.split()) == [b"held"] + 7 * [b"refused"]
    assert leases(run) == ["0000000002"]


def test_a_run_that_was_leased_is_leased_from_then_on(run, monkeypatch):
    child = Child(run)
    monkeypatch.delenv("GANZOO_LOCK")
    with pytest.raises(RefusedError, match="is held by process"), run.lock():
        pass
    child.ask()
    with run.lock():
        assert leases(run)[0] == "0000000002"


@pytest.mark.parametrize(("name", "value"), [("GANZOO_LOCK", "none"), ("GANZOO_LEASE_BEAT_S", "soon")])
def test_what_cannot_be_meant_is_said(run, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(GanzooError, match=f"{name}={value}"), run.lock():
        pass


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"staging": "../../x"}', b"[" * 4000])
def test_a_lease_that_says_nothing_is_followed(run, content):
    run.leases.mkdir()
    (run.leases / "0000000007").write_bytes(content)
    with run.lock():
        assert leases(run)[0] == "0000000008"


def test_what_a_killed_candidate_left_is_cleared_away(run):
    with run.lock():
        pass
    for token, files in (("0" * 32, {}), ("f" * 32, {"beat": b"0"})):
        (run.leases / token).mkdir()
        for name, content in files.items():
            (run.leases / token / name).write_bytes(content)
    with run.lock():
        assert len(leases(run)) == 2
    assert leases(run) == ["0000000002"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_where_flock_is_refused_a_lease_is_taken(run):
    """The kernel itself refuses it: strace lets each flock of the child fail as a file system without locks does."""
    program = (
        "import sys; from pathlib import Path; from ganzoo._runs.directory import RunDirectory\n"
        "with RunDirectory(Path(sys.argv[1])).lock(): print(sorted(p.name for p in Path(sys.argv[1]).iterdir()))"
    )
    kept = {name: value for name, value in os.environ.items() if name != "GANZOO_LOCK"}
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"]
    command += [sys.executable, "-c", program, str(run.path)]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, check=False)
    if "PTRACE" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.stdout == "['leases', 'run.lock']\n", done.stderr
    done = subprocess.run(command, env=kept | {"GANZOO_LOCK": "flock"}, capture_output=True, text=True, check=False)
    assert "['leases" in done.stdout, "once leased, it is leased whatever is asked for"
    remove_tree(run.leases)
    done = subprocess.run(command, env=kept | {"GANZOO_LOCK": "flock"}, capture_output=True, text=True, check=False)
    assert "file system without locks" in done.stderr
