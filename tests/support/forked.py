"""Commands in a child that is forked off this process: a process of their own, without importing torch again."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryFile
from typing import IO

from ganzoo._cli.app import main

KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "GANZOO_CACHE")


def _child(call: Callable[[], None], folder: Path, environment: dict[str, str], out: IO[str], err: IO[str]) -> int:
    """Become what a new process would be, as far as commands can tell; return the exit code."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(os.open(os.devnull, os.O_RDONLY)),
        os.fdopen(1, "w"),
        os.fdopen(2, "w"),
    )
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    os.environ.clear()
    os.environ.update(kept | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"} | environment)
    sys.path[:0] = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    code: int | str | None = 0
    try:
        os.chdir(folder)
        call()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def forked(call: Callable[[], None], folder: Path, **environment: str) -> CompletedProcess[str]:
    """Call it in `folder` with this environment; what it prints, its exit code, and nothing else comes back."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            code = 1
            try:
                code = _child(call, folder, environment, out, err)
            finally:  # whatever happens, the child never goes on with this process's tests
                os._exit(code)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return CompletedProcess([], os.waitstatus_to_exitcode(status), out.read(), err.read())


def ganzoo_in_child(*arguments: str, folder: Path, **environment: str) -> CompletedProcess[str]:
    """Run `ganzoo ARGUMENTS...` so."""

    def command() -> None:
        sys.argv = ["ganzoo", *arguments]
        main()

    return forked(command, folder, **environment)


def forget_modules(*names: str) -> None:
    """Forget modules and packages whose top-level name begins so: they are imported anew where they are needed."""
    for module in [module for module in sys.modules if module.startswith(tuple(names))]:
        del sys.modules[module]
