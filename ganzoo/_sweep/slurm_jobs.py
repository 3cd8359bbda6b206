"""Slurm jobs: an engine that submits a job per attempt through submitit and watches the queue.

What a job came to is read from a small file that it leaves, not from the pickles in which submitit returns results.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganzoo._io.atomic import atomic_write, make_folder, remove_tree
from ganzoo._io.os_errors import absolute
from ganzoo._io.regular_file import read_regular
from ganzoo._sweep.engine import Attempt, Ended
from ganzoo._sweep.on_node import CellProcess
from ganzoo._sweep.slurm_time import limit_seconds, notice_seconds
from ganzoo.errors import GanzooError

_STOPPED, _LOST = 75, -9
_POLL_SECONDS = 1.0
_QUEUE_SECONDS = 10.0
_ABSENCES = 2
"""Looks at the queue without a job before it counts as lost: its last word may be on its way over the file system."""
_DAY_SECONDS = 24 * 60 * 60
_MOST_REQUEUES = 10_000


class CellJob:
    """What runs in a job: a cell's process. Before its time is over it stops at a checkpoint and is queued again."""

    def __init__(self, attempt: Attempt, answer: Path, stop: Path) -> None:
        """Take what to compute, where to leave the exit code, and the file whose existence says to stop for good."""
        self._command, self._environment = attempt.command, dict(attempt.environment)
        self._log = str(absolute(attempt.log)) if attempt.log else ""
        self._answer, self._stop, self._working = answer, stop, os.getcwd()
        self._process: CellProcess | None = None

    def __call__(self) -> None:
        """Compute the cell; leave its exit code."""
        self._process = CellProcess(self._command, self._environment, self._log, self._working)
        self._leave(self._process.wait())

    def checkpoint(self) -> Any:
        """Stop at a checkpoint; return what goes on, or None where the sweep is stopped. Called by submitit."""
        from submitit.helpers import DelayedSubmission

        code = _STOPPED
        if self._process is not None:
            self._process.stop()
            code = self._process.wait()
            self._process = None
        if code != _STOPPED or self._stop.exists():
            self._leave(code)
            return None
        return DelayedSubmission(self)

    def _leave(self, code: int) -> None:
        atomic_write(self._answer, f"{code}\n".encode())


@dataclass
class _Job:
    name: str
    id: str
    answer: Path
    absences: int = 0


class SlurmJobs:
    """Computes each cell in a Slurm job of its own, with so many processors as a cell has threads."""

    def __init__(self, folder: Path, threads: int, jobs: int, name: str, options: Mapping[str, str]) -> None:
        """Make ready.

        Args:
            folder: Where jobs keep what they need and leave; on a file system that all nodes share.
            threads: CPU threads of each cell.
            jobs: Cells in the queue at a time.
            name: Of the jobs.
            options: Options of sbatch by name, such as `time`, `partition`, `gres`.

        Raises:
            GanzooError: submitit or Slurm is not installed, or an option is none.
        """
        try:
            import submitit
        except ImportError as error:
            raise GanzooError("--engine slurm needs submitit: pip install 'ganzoo-toolkit[slurm]'") from error
        if shutil.which("sbatch") is None:
            raise GanzooError("--engine slurm: there is no sbatch here; start it on a machine that submits to Slurm")
        self._folder, self._jobs_at_a_time = absolute(folder), jobs
        make_folder(self._folder)
        self._stop = self._folder / f"{secrets.token_hex(8)}.stop"
        self._executor = submitit.AutoExecutor(self._folder, cluster="slurm", slurm_max_num_timeout=_MOST_REQUEUES)
        limit = (limit_seconds(options["time"]) if "time" in options else None) or _DAY_SECONDS
        rest = {key.replace("-", "_"): value or True for key, value in options.items() if key != "time"}
        self._executor.update_parameters(
            name=name,
            timeout_min=-(-limit // 60),
            cpus_per_task=threads,
            slurm_signal_delay_s=notice_seconds(limit),
            slurm_additional_parameters={"requeue": True, **rest},
        )
        self._jobs: list[_Job] = []
        self._stops, self._queue_at = 0, float("-inf")

    @property
    def slots(self) -> int:
        """See `Engine.slots`."""
        return self._jobs_at_a_time

    def start(self, attempt: Attempt) -> str:
        """See `Engine.start`. Raises GanzooError where Slurm takes no job."""
        answer = self._folder / f"{secrets.token_hex(8)}.exit"
        try:
            job = self._executor.submit(CellJob(attempt, answer, self._stop))
        except Exception as error:  # submitit hands on what sbatch said in errors of several kinds
            raise GanzooError(f"Slurm takes no job for {attempt.name}: {str(error).strip()[:500]}") from error
        self._jobs.append(_Job(attempt.name, str(job.job_id), answer))
        return f"Slurm job {job.job_id}"

    def wait(self, seconds: float) -> list[Ended]:
        """See `Engine.wait`."""
        end = time.monotonic() + seconds
        while not (ended := self._look()):
            left = end - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(left, _POLL_SECONDS))
        return ended

    def _look(self) -> list[Ended]:
        if self._jobs and time.monotonic() - self._queue_at >= _QUEUE_SECONDS:
            self._queue_at = time.monotonic()
            queued = _queued()
            for job in self._jobs:
                job.absences = job.absences + 1 if queued is not None and job.id not in queued else 0
        ended = []
        for job in list(self._jobs):
            if (code := self._code(job)) is not None:
                self._jobs.remove(job)
                reason = f"Slurm job {job.id} ended without a word" if code == _LOST else ""
                ended.append(Ended(job.name, code, f"Slurm job {job.id}", reason))
        return ended

    def _code(self, job: _Job) -> int | None:
        """Return what a job came to, None while it is in the queue or at work."""
        try:
            code = int(read_regular(job.answer, 16))
        except (OSError, ValueError):
            if job.absences < _ABSENCES:
                return None
            return _STOPPED if self._stops else _LOST
        remove_tree(job.answer)
        return code

    def stop(self) -> None:
        """See `Engine.stop`."""
        self._stops += 1
        atomic_write(self._stop, b"")
        ids = [job.id for job in self._jobs]
        if ids and self._stops == 1:
            _slurm("scancel", "--state=PENDING", *ids)
            _slurm("scancel", "--signal=USR2", *ids)  # what submitit takes for the end of its time
        elif ids:
            _slurm("scancel", *ids)

    def close(self) -> None:
        """See `Engine.close`. Jobs in the queue or at work go on: their runs are found when it is next run."""
        self._jobs.clear()


def _queued() -> set[str] | None:
    """Return the jobs of this user that Slurm has not done with; None where it does not answer."""
    told = _slurm("squeue", "--noheader", "--me", "--format=%i")
    return None if told is None else set(told.split())


def _slurm(program: str, *words: str) -> str | None:
    """Return what a program of Slurm says, None where it fails."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        told = subprocess.run(  # noqa: S603 - Slurm's own programs, with words of ours
            [path, *words], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout if told.returncode == 0 else None
