"""Runs that are killed, at random moments or at a random one of their writes, and gone on with until they end.

The process trains one run unbroken and forks a child per attempt: a kill costs neither a start nor a first step. Each
attempt has surroundings that were drawn: output that nobody reads, temporary files elsewhere, a cache on a full disk.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training_world import DCGAN, Quiet, hashes, leftovers, metrics_of, recipe_of, start, status_of

from ganzoo._cli.lasting_output import lasting_output
from ganzoo._cli.terminal import Terminal
from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.manifest import list_checkpoints
from ganzoo._runs.verify import verify_run
from ganzoo.errors import GanzooError

MOST_PER_RUN = 10
PLAIN, UNREAD, ELSEWHERE, FULL = "plain", "output that nobody reads", "temporaries elsewhere", "cache on a full disk"
WRITES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate"}


@contextmanager
def full_disk(folder: Path, content: Path) -> Iterator[Path | None]:
    """A disk with a copy of `content` and no byte left; None where none may be mounted."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        yield None
        return
    try:
        shutil.copytree(content, folder, dirs_exist_ok=True)
        shutil.rmtree(folder / "features", ignore_errors=True)
        with (folder / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(bytes(4096)):
                pass
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def surround(kind: str, root: Path, cache: Path):
    """Make the surroundings of an attempt in its process; returns its reporter."""
    os.environ["GANZOO_CACHE"] = str(cache)
    if kind == ELSEWHERE:
        os.environ["TMPDIR"] = tempfile.tempdir = str(root.with_suffix(".elsewhere"))
        Path(tempfile.tempdir).mkdir(exist_ok=True)
    if kind != UNREAD:
        return Quiet()
    reading, writing = os.pipe()
    os.close(reading)
    os.dup2(writing, 1)
    sys.stdout = os.fdopen(1, "w")
    return Terminal()


def kill_at_write(number: int, left: int) -> None:
    """Send this process a signal at its so-many-th write: file opened to be written, renamed or removed."""

    def hook(event: str, arguments: tuple) -> None:
        nonlocal left
        if event in WRITES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), number)

    sys.addaudithook(hook)


def attempt(
    root: Path, recipe, kind: str = PLAIN, cache: Path | None = None, kill: tuple[int, int] | None = None
) -> int:
    """Start the run or go on with it in a child; returns its process id."""
    root.with_suffix(".log").touch()  # here: a child may be killed before it does anything
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        with open(root.with_suffix(".log"), "a") as log:
            os.dup2(log.fileno(), 2)
            reporter = surround(kind, root, cache or root.with_suffix(".cache"))
            if kill:
                kill_at_write(*kill)
            with lasting_output():
                start(root, recipe, again=True, reporter=reporter)
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

    def __init__(self, folder: Path, *, kimg: float = 0.096, full: bool = False):
        self.folder, self.with_full_disk = folder, full
        training = {"total_kimg": kimg, "checkpoint_kimg": 0.008, "samples_kimg": 0.04}
        self.recipe = recipe_of(DCGAN, {"dataset": DCGAN["dataset"] | {"count": 12}, "training": training})
        folder.mkdir(exist_ok=True)
        self.cache = folder / "cache"
        os.environ["GANZOO_CACHE"] = str(self.cache)
        started = time.monotonic()
        # In this process: what torch makes ready in a first step is ready in each child then.
        start(folder / "unbroken", self.recipe)
        self.seconds = time.monotonic() - started
        self.whole = the_run(folder / "unbroken")

    def run(self, number: int, wanted: int, seed: int, *, at_writes: bool = False) -> dict[str, float]:
        """Send the signal until `wanted` attempts have ended by it; return counts of what was met.

        Args:
            number: The signal.
            wanted: How many attempts.
            seed: Decides when, and in which surroundings.
            at_writes: Send it at one of the attempt's writes; else after a while.
        """
        self.number, self.wanted, self.dice = number, wanted, random.Random(f"{number} {seed}")
        self.at_writes = at_writes
        counted = ["runs", "stopped", "in_a_write", "before_the_handler", "clean_stops", "refused_by_a_full_disk"]
        self.told = dict.fromkeys([*counted, PLAIN, UNREAD, ELSEWHERE, FULL], 0)
        disk = full_disk(self.folder / "full", self.cache) if self.with_full_disk else contextlib.nullcontext()
        with disk as self.full:
            while self.told["stopped"] < self.wanted:
                self.one_run(self.folder / f"{number}-{self.told['runs']}")
                self.told["runs"] += 1
        return self.told | {"seconds_of_an_unbroken_run": round(self.seconds, 2)}

    def one_run(self, root: Path) -> None:
        here = 0
        while True:
            stops = here < MOST_PER_RUN and self.told["stopped"] < self.wanted
            code = self.one_attempt(root, stops)
            if (
                code == 0 and self.kind != FULL
            ):  # after another cache, one more start in the run's own: it is swept then
                break
            here += 1
            self.told["stopped"] += code not in (0, 1)
        run, cache = the_run(root), root.with_suffix(".cache")
        assert [path.name for path in root.iterdir()] == [run.name], "a run that nothing can use"
        assert status_of(run) == "finished"
        assert hashes(run) == hashes(self.whole), f"{run.path} ends otherwise"
        assert metrics_of(run) == metrics_of(self.whole), f"{run.path} measured otherwise"
        assert verify_run(run.path) == []
        elsewhere = root.with_suffix(".elsewhere")
        assert leftovers(root) + leftovers(cache) + [*cache.rglob(".work-*"), *elsewhere.glob("*")] == []

    def one_attempt(self, root: Path, stops: bool) -> int:
        kinds = [PLAIN, UNREAD, ELSEWHERE, *([FULL] if self.full and stops else [])]
        kind = self.kind = self.dice.choice(kinds)
        self.told[kind] += 1
        kill = (self.number, int(2 ** self.dice.uniform(0, 7))) if stops and self.at_writes else None
        child = attempt(root, self.recipe, kind, self.full if kind == FULL else None, kill)
        if stops and not kill:
            time.sleep(self.dice.uniform(0, 0.7 * self.seconds))
        before = self.newest(root)
        if stops and not kill:
            os.kill(child, self.number)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        allowed = {0, -self.number} | ({75} if self.number != signal.SIGKILL else set())
        said = root.with_suffix(".log").read_text()
        if kind == FULL and code == 1 and said.rstrip().rpartition("\n")[2].startswith("disk full"):
            self.told["refused_by_a_full_disk"] += 1
        else:
            assert code in allowed, f"exit code {code}: {said}"
        assert "Traceback" not in said, said
        if code:
            self.look(root, before, code)
        return code

    def newest(self, root: Path) -> int:
        run = the_run(root)
        ages = list_checkpoints(run.checkpoints) if run else []
        return int(ages[0].name) if ages else -1

    def look(self, root: Path, before: int, code: int) -> None:
        run = the_run(root)
        self.told["in_a_write"] += bool(leftovers(root) + leftovers(root.with_suffix(".cache")))
        self.told["clean_stops"] += code == 75
        self.told["before_the_handler"] += code == -signal.SIGTERM
        if run and before >= 0:
            found, damaged = newest_good(run.checkpoints)
            assert found is not None and found.images_seen >= before, f"{before} was there and is lost: {damaged}"
            assert damaged == []
