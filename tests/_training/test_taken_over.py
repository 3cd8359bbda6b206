"""Runs whose owner by lease is paused, taken over by another process, and wakes up late."""

import os
import random
import signal
import sys
import traceback

import pytest
from training_world import DCGAN, hashes, leftovers, metrics_of, only_run, recipe_of, start, status_of

from ganzoo._runs.manifest import read_manifest
from ganzoo._runs.verify import verify_run
from ganzoo.errors import GanzooError

WRITES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir"}


@pytest.fixture(autouse=True)
def by_lease(monkeypatch):
    monkeypatch.setenv("GANZOO_LOCK", "lease")
    monkeypatch.setenv("GANZOO_LEASE_BEAT_S", "0.05")


def pause_in_write(left):
    """Pause this process just before one of its writes: the check before a write is then behind it."""

    def hook(event, arguments):
        nonlocal left
        if event in WRITES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGSTOP)

    sys.addaudithook(hook)


def first_owner(root, recipe, write):
    """Train in a child that is paused at its so-many-th write; return its process id, and whether it was paused."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            pause_in_write(write)
            start(root, recipe, again=True)
            code = 0
        except GanzooError as error:
            code = error.exit_code
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        os._exit(code)
    return child, os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])


def wakes_up_late(folder, recipe, whole, write):
    """Returns the exit code of the paused owner, None where it was never paused."""
    root = folder / f"late-{write}"
    child, paused = first_owner(root, recipe, write)
    if paused and not list(root.glob("tiny-s3/leases/0*")):  # it did not own the run yet
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None
    if not paused:
        return None
    run = start(root, recipe, again=True)
    status_before = run.record.read_bytes()
    os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
    assert run.record.read_bytes() == status_before
    assert only_run(root).path == run.path
    assert status_of(run) == "finished"
    assert hashes(run) == hashes(whole), "it ends otherwise"
    assert metrics_of(run) == metrics_of(whole), "it measured otherwise"
    assert verify_run(run.path) == []
    assert leftovers(root) == []
    # Of an owner that was paused at the end nothing was left to do but to find that out.
    owners = {read_manifest(path).fencing_number for path in run.checkpoints.iterdir()}
    assert owners <= {1, 2}
    return os.waitstatus_to_exitcode(status)


RECIPE = {
    "dataset": DCGAN["dataset"] | {"count": 12},
    "training": {"total_kimg": 0.064, "checkpoint_kimg": 0.008, "samples_kimg": 0.024},
}


@pytest.fixture
def whole(tmp_path, monkeypatch):
    with monkeypatch.context() as plain:
        plain.delenv("GANZOO_LOCK")
        return start(tmp_path / "whole", recipe_of(DCGAN, RECIPE))


@pytest.mark.ci
def test_an_owner_that_wakes_up_late_ruins_nothing(tmp_path, whole):
    assert wakes_up_late(tmp_path, recipe_of(DCGAN, RECIPE), whole, 60) == 3


@pytest.mark.slow
def test_wherever_an_owner_is_paused_it_ruins_nothing(tmp_path, whole):
    recipe = recipe_of(DCGAN, RECIPE)
    dice, codes = random.Random(7), []
    while len(codes) < 100:
        codes.append(wakes_up_late(tmp_path, recipe, whole, dice.randrange(20, 400)))
    assert codes.count(3) > 40, codes
    assert set(codes) <= {None, 0, 3}, codes
