"""Ray tasks: an engine for several machines without a scheduler, a task per attempt on a Ray cluster.

The machines share the folder of the runs under one path, and have ganzoo installed. Nothing of a run passes through
Ray: a task starts `ganzoo run` and returns its exit code. A lost node loses attempts, which begin again elsewhere.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganzoo._sweep.engine import Attempt, Ended
from ganzoo._sweep.on_node import CellProcess
from ganzoo.errors import GanzooError

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # ganzoo opens no connection that nobody asked for
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # else `uv run` lets each worker build an environment (ray#50961)
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_LOST, _STOPPED = -9, 75
_SLOTS_SECONDS = 2.0
_ANSWER_SECONDS = 10.0


def compute(command: tuple[str, ...], environment: dict[str, str], log: str, folder: str) -> tuple[int, str]:
    """Compute an attempt on the node that this runs on; returns the exit code and the node's name."""
    return CellProcess(command, environment, log, folder).wait(), socket.gethostname()


def _require_answer(address: str) -> None:
    """Raise OSError unless something listens at an address: Ray itself tries for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=_ANSWER_SECONDS).close()


@dataclass
class _Task:
    name: str
    reference: Any


class RayTasks:
    """Computes each cell as a task of a Ray cluster, with so many processors as a cell has threads, or with a GPU."""

    def __init__(self, address: str, threads: int, *, gpus: bool | None = None) -> None:
        """Connect.

        Args:
            address: The cluster's, `10.0.0.1:6379`, or `auto`: that of the Ray that runs on this machine.
            threads: CPU threads of each cell.
            gpus: Whether each cell gets a GPU; None: where the cluster has any.

        Raises:
            GanzooError: Ray is not installed, or there is no cluster at the address.
        """
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        try:
            import ray
        except ImportError as error:
            raise GanzooError("--engine ray needs Ray: pip install 'ganzoo-toolkit[ray]'") from error
        self._ray: Any = ray
        try:
            _require_answer(address)
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", namespace="ganzoo")
        except (OSError, ValueError, RuntimeError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
            raise GanzooError(
                f"no Ray cluster at {address}: {reason}. Start one with: ray start --head; then on each other machine: "
                f"ray start --address HEAD:6379"
            ) from error
        self._needs = self._per_cell(threads, gpus)
        self._compute = ray.remote(max_retries=0, **self._needs)(compute)
        self._tasks: list[_Task] = []
        self._stops = 0
        self._slots, self._slots_at = 0, float("-inf")

    def _per_cell(self, threads: int, gpus: bool | None) -> dict[str, float]:
        has_gpus = self._ray.cluster_resources().get("GPU", 0) >= 1
        return {"num_cpus": threads, "num_gpus": 1} if has_gpus and gpus is not False else {"num_cpus": threads}

    @property
    def slots(self) -> int:
        """See `Engine.slots`. Nodes come and go; where none has room, tasks wait for one."""
        if time.monotonic() - self._slots_at > _SLOTS_SECONDS:
            self._slots = max(1, sum(self._room(node) for node in self._ray.nodes() if node["Alive"]))
            self._slots_at = time.monotonic()
        return self._slots

    def _room(self, node: Mapping[str, Any]) -> int:
        names = {"num_cpus": "CPU", "num_gpus": "GPU"}
        return int(min(node["Resources"].get(names[key], 0) // need for key, need in self._needs.items()))

    def start(self, attempt: Attempt) -> str:
        """See `Engine.start`."""
        log = os.path.abspath(attempt.log) if attempt.log else ""
        reference = self._compute.remote(attempt.command, dict(attempt.environment), log, os.getcwd())
        self._tasks.append(_Task(attempt.name, reference))
        return "Ray"

    def wait(self, seconds: float) -> list[Ended]:
        """See `Engine.wait`."""
        if not self._tasks:
            return []
        references = [task.reference for task in self._tasks]
        ready, _ = self._ray.wait(references, num_returns=1, timeout=seconds)
        over = [task for task in self._tasks if task.reference in ready]
        self._tasks = [task for task in self._tasks if task not in over]
        return [self._ended(task) for task in over]

    def _ended(self, task: _Task) -> Ended:
        errors = self._ray.exceptions
        try:
            code, node = self._ray.get(task.reference)
        except errors.TaskCancelledError:
            return Ended(task.name, _STOPPED, "Ray", "")
        except errors.RayTaskError as error:  # what the task itself raised
            return Ended(task.name, 1, "Ray", str(error).strip().splitlines()[-1][:300])
        except errors.RayError as error:
            return Ended(task.name, _LOST, "Ray", f"its node was lost ({type(error).__name__})")
        return Ended(task.name, code, node)

    def stop(self) -> None:
        """See `Engine.stop`."""
        self._stops += 1
        for task in self._tasks:
            self._ray.cancel(task.reference, force=self._stops > 2)

    def close(self) -> None:
        """See `Engine.close`. The cluster goes on; tasks that are still under way stop at a checkpoint."""
        self._tasks.clear()
        self._ray.shutdown()
