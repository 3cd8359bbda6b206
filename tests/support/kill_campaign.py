"""Runs that are killed at random moments and gone on with, until they end.

The process trains one run unbroken and forks a child per attempt: a kill costs neither a start nor a first step.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

from training_world import DCGAN, hashes, leftovers, metrics_of, recipe_of, start, status_of

from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.manifest import list_checkpoints
from ganzoo._runs.verify import verify_run
from ganzoo.errors import GanzooError

MOST_PER_RUN = 10


def attempt(root: Path, recipe) -> int:
    """Start the run or go on with it in a child; returns its process id."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        with open(root.with_suffix(".log"), "a") as log:
            os.dup2(log.fileno(), 2)
            start(root, recipe, again=True)
            code = 0
    except GanzooError as error:
        code = error.exit_code
        print(error, file=sys.stderr, flush=True)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(code)


def the_run(root: Path) -> RunDirectory | None:
    """The newest run that has begun; one killed before its recipe was written has not."""
    begun = [path for path in root.glob("*") if (path / "recipe.toml").exists()]
    return RunDirectory(max(begun, key=lambda path: (len(path.name), path.name))) if begun else None


class Campaign:
    """One unbroken run, and any number of runs that are stopped by signals and must end as it did."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.recipe = recipe_of(
            DCGAN, {"training": {"total_kimg": 0.096, "checkpoint_kimg": 0.008, "samples_kimg": 0.04}}
        )
        folder.mkdir(exist_ok=True)
        started = time.monotonic()
        # In this process: what torch makes ready in a first step is ready in each child then.
        start(folder / "unbroken", self.recipe)
        self.seconds = time.monotonic() - started
        self.whole = the_run(folder / "unbroken")

    def run(self, number: int, wanted: int, seed: int) -> dict[str, float]:
        """Send the signal until `wanted` attempts have ended by it; return counts of what was met."""
        self.number, self.wanted, self.dice = number, wanted, random.Random(f"{number} {seed}")
        self.told = dict.fromkeys(["runs", "stopped", "in_a_write", "before_the_handler", "clean_stops"], 0)
        while self.told["stopped"] < self.wanted:
            self.one_run(self.folder / f"{number}-{self.told['runs']}")
            self.told["runs"] += 1
        return self.told | {"seconds_of_an_unbroken_run": round(self.seconds, 2)}

    def one_run(self, root: Path) -> None:
        here = 0
        while True:
            stops = here < MOST_PER_RUN and self.told["stopped"] < self.wanted
            code = self.one_attempt(root, stops)
            if code == 0:
                break
            here += 1
            self.told["stopped"] += 1
        run = the_run(root)
        assert status_of(run) == "finished"
        assert hashes(run) == hashes(self.whole), f"{run.path} ends otherwise"
        assert metrics_of(run) == metrics_of(self.whole), f"{run.path} measured otherwise"
        assert verify_run(run.path) == []
        assert leftovers(run.path) == []

    def one_attempt(self, root: Path, stops: bool) -> int:
        child = attempt(root, self.recipe)
        if stops:
            time.sleep(self.dice.uniform(0, 0.7 * self.seconds))
        before = self.newest(root)
        if stops:
            os.kill(child, self.number)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        allowed = {0, -self.number} | ({75} if self.number != signal.SIGKILL else set())
        assert code in allowed, f"exit code {code}: {root.with_suffix('.log').read_text()}"
        if code:
            self.look(root, before, code)
        return code

    def newest(self, root: Path) -> int:
        run = the_run(root)
        ages = list_checkpoints(run.checkpoints) if run else []
        return int(ages[0].name) if ages else -1

    def look(self, root: Path, before: int, code: int) -> None:
        run = the_run(root)
        self.told["in_a_write"] += bool(run and leftovers(run.path))
        self.told["clean_stops"] += code == 75
        self.told["before_the_handler"] += code == -signal.SIGTERM
        if run and before >= 0:
            found, damaged = newest_good(run.checkpoints)
            assert found is not None and found.images_seen >= before, f"{before} was there and is lost: {damaged}"
            assert damaged == []
