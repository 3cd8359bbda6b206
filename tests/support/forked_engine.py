"""An engine whose attempts are forked off this process: cells of their own processes, without importing torch again."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback

from command_line import ganzoo

from ganzoo._cli.app import main
from ganzoo._sweep.engine import Ended


def in_child(words, log, environment) -> int:
    """Run `ganzoo WORDS...` in a child with its output in a file; return the child's process id."""
    log.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    child = os.fork()
    if child:
        os.close(descriptor)
        return child
    code = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        os.environ.update(environment)
        sys.argv = ["ganzoo", *words]
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class ForkedEngine:
    """See `ganzoo._sweep.engine.Engine`. If asked, it kills the first attempt whose run has a checkpoint."""

    def __init__(self, slots: int = 2, kill_in=None):
        self.slots, self.kill_in, self.begun, self._children = slots, kill_in, [], {}

    def start(self, attempt) -> str:
        self.begun.append(attempt.name)
        self._children[attempt.name] = in_child(attempt.command[1:], attempt.log, attempt.environment)
        return "fork"

    def wait(self, seconds):
        end = time.monotonic() + seconds
        while True:
            self._kill()
            ended = []
            for name, child in list(self._children.items()):
                done, status = os.waitpid(child, os.WNOHANG)
                if done:
                    del self._children[name]
                    ended.append(Ended(name, os.waitstatus_to_exitcode(status)))
            if ended or time.monotonic() > end:
                return ended
            time.sleep(0.005)

    def _kill(self):
        if self.kill_in is None:
            return
        for name, child in self._children.items():
            if any((self.kill_in / name / "checkpoints").glob("[0-9]*")):
                os.kill(child, signal.SIGKILL)
                self.kill_in = None
                return

    def stop(self):
        for child in self._children.values():
            os.kill(child, signal.SIGTERM)

    def close(self):
        assert not self._children


class HereEngine:
    """One cell at a time, in this process: what torch makes ready in a first step is ready in each child then."""

    slots = 1

    def __init__(self):
        self.begun, self._ended = [], []

    def start(self, attempt) -> str:
        self.begun.append(attempt.name)
        outcome = ganzoo(*attempt.command[1:])
        attempt.log.parent.mkdir(parents=True, exist_ok=True)
        with attempt.log.open("a") as log:
            log.write(outcome.out + outcome.err)
        self._ended.append(Ended(attempt.name, outcome.code))
        return ""

    def wait(self, seconds):
        ended, self._ended = self._ended, []
        return ended

    def stop(self):
        """Nothing is under way when this can be called."""

    def close(self):
        assert not self._ended
