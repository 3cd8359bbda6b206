"""Provenance of a run: versions, hardware, commit of the repository it was started from."""

from __future__ import annotations

import os
import platform
import resource
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganzoo._recipe.pins import selections_of
from ganzoo._runs.git_commit import commit_around

if TYPE_CHECKING:
    import torch

    from ganzoo._recipe.recipe import Recipe

LIBRARIES = ("torch", "torch-fidelity", "numpy", "pillow", "pydantic", "pluggy", "safetensors")


def library_versions() -> dict[str, str]:
    """Return the versions of ganzoo, Python and what results depend on."""
    from ganzoo._version import __version__

    installed = {name: _installed_version(name) for name in LIBRARIES}
    return {"ganzoo": __version__, "python": platform.python_version()} | installed


@cache  # a process goes on with what it imported; importlib parses a file of metadata at each call
def _installed_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def plugin_versions(recipe: Recipe) -> dict[str, str]:
    """Return the version of every distribution that a recipe's parts come from."""
    return {chosen.part.origin.distribution: chosen.part.origin.version for chosen in selections_of(recipe)}


def hardware(device: torch.device) -> dict[str, str | int]:
    """Return what the run computes on."""
    import torch

    found: dict[str, str | int] = {
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "cpu": _cpu_name(),
        "cores": os.cpu_count() or 0,
        "threads": torch.get_num_threads(),
    }
    if device.type == "cuda":
        found["gpu"] = torch.cuda.get_device_name(device)
        found["cuda"] = str(torch.version.cuda)
    return found


def peak_memory_bytes(device: torch.device) -> int:
    """Return the most memory used so far: the GPU's where there is one, else the process's."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    with suppress(OSError):  # Linux; its ru_maxrss begins with what the process's parent had
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def git_state() -> dict[str, Any] | None:
    """Return the commit of the repository around the working folder, or None. No program runs: see `git_commit`."""
    try:
        commit = commit_around(Path.cwd())
    except OSError:  # the folder is gone
        return None
    return {"commit": commit} if commit else None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
