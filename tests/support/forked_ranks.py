"""Runs on several processes, forked off this one by a launcher that waits for them as `ganzoo run --processes` does."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
from training_world import Quiet

from ganzoo._cli.app import main
from ganzoo._cli.processes import wait_for
from ganzoo._registry.registry import Registry
from ganzoo._training.experiment import run_recipe
from ganzoo._training.follower import follow
from ganzoo._training.launcher import VARIABLE
from ganzoo._training.world import joined
from ganzoo.errors import GanzooError

SECONDS_TO_BE_GONE = 30.0


class Child:
    """A forked process, as `subprocess.Popen` shows one."""

    def __init__(self, pid: int) -> None:
        self.pid, self.code = pid, None

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def wait(self) -> int | None:
        return self._wait(0)

    def _wait(self, how: int) -> int | None:
        if self.code is None:
            pid, status = os.waitpid(self.pid, how)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


class Launched:
    """A launcher and its processes, by number.

    Args:
        root: What processes say goes into logs beside this folder.
        work: What each process does.
        size: How many processes; 1 starts an ordinary one.
    """

    def __init__(self, root: Path, work: Callable[[], None], size: int) -> None:
        import torch._dynamo  # noqa: F401 optimizers ask for it: here, so that not each child imports it

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        read, write = os.pipe()
        self.logs = [root.with_suffix(f".log{rank}") for rank in range(size)]
        for log in self.logs:
            log.touch()
        self.launcher = _fork(lambda: self._launch(work, size, port, write))
        os.close(write)
        with os.fdopen(read) as pipe:
            self.ranks: list[int] = json.loads(pipe.readline())

    def _launch(self, work: Callable[[], None], size: int, port: int, write: int) -> None:
        os.setsid()
        given = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(size)}
        os.environ |= given | {VARIABLE: str(os.getpid())}
        children = [Child(_fork(lambda rank=rank: _do(work, rank, self.logs[rank]))) for rank in range(size)]
        with os.fdopen(write, "w") as pipe:
            pipe.write(json.dumps([child.pid for child in children]) + "\n")
        try:
            wait_for(children)
        except GanzooError as error:
            with self.logs[0].open("a") as log:
                log.write(f"{error}\n")
            raise SystemExit(error.exit_code) from None

    def end(self) -> int:
        """Wait for the launcher; return its exit code. Its processes must be gone soon after."""
        _, status = os.waitpid(self.launcher, 0)
        end = time.monotonic() + SECONDS_TO_BE_GONE
        while stray := [pid for pid in self.ranks if _lives(pid)]:
            assert time.monotonic() < end, f"processes {stray} of {self.ranks} go on: {self.said()}"
            time.sleep(0.05)
        return os.waitstatus_to_exitcode(status)

    def said(self) -> str:
        """What all processes have said."""
        return "".join(log.read_text() for log in self.logs if log.exists())


def _fork(call) -> int:
    if pid := os.fork():
        return pid
    code = 1
    try:
        call()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _do(work: Callable[[], None], rank: int, log: Path) -> None:
    sys.stdout = sys.stderr = log.open("a", buffering=1)
    os.dup2(sys.stderr.fileno(), 2)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    torch.set_num_threads(1)
    try:
        work()
    except GanzooError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        raise SystemExit(error.exit_code) from None


def training(root: Path, recipe) -> Callable[[], None]:
    """Train a recipe together with the others, from the newest run of it in `root`."""

    def work() -> None:
        registry = Registry.discover()
        with joined("cpu") as world:
            if world.ranks.rank:
                follow(world, registry)
            more = {"device": world.device, "world": world, "resume": True, "reporter": Quiet()}
            run_recipe("tiny", recipe, root, registry, **more)

    return work


def command(*words: str) -> Callable[[], None]:
    """Run `ganzoo WORDS...` together with the others."""

    def work() -> None:
        sys.argv = ["ganzoo", *words]
        main()

    return work


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
