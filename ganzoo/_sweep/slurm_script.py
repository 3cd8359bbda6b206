"""Slurm script: a sweep as an array job that people can read, change and submit themselves."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ganzoo._sweep.cells import Cell
from ganzoo._sweep.slurm_time import limit_seconds, notice_seconds
from ganzoo._sweep.work import Place
from ganzoo.errors import GanzooError
from ganzoo.text import literal

_DEFAULT_ARRAY_SIZE = 1001  # MaxArraySize of slurm.conf, where it says nothing: an index is below it
_OPTION = re.compile(r"([a-z][a-z-]*)(=(\S+))?")
_OURS = frozenset({"array", "job-name", "output", "error", "signal", "requeue", "no-requeue", "open-mode"})

_TAIL = """\
# Slurm's signal, before the time is over or when the job has to make way, reaches this shell alone, and a
# shell looks after traps only while it waits.
"$@" &
cell=$!
trap 'told=yes; kill -TERM "$cell" 2>/dev/null' TERM
while told=no; wait "$cell"; code=$?; [ "$told" = yes ]; do :; done

# 75: stopped at a checkpoint; 143: by a second signal, at the one before. The job goes back into the queue and goes on
# from there, unless somebody cancelled it.
if [ "$code" = 75 ] || [ "$code" = 143 ]; then
    if [ "$(squeue --noheader --jobs "$SLURM_JOB_ID" --format %T)" = RUNNING ]; then
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
    fi
fi
exit "$code"
"""


def slurm_options(given: Sequence[str]) -> dict[str, str]:
    """Return options of sbatch by name, from `time=04:00:00` or `exclusive`.

    Raises:
        GanzooError: It is none, or one that the script needs itself.
    """
    found = {}
    for text in given:
        match = _OPTION.fullmatch(text.removeprefix("--"))
        if match is None or match[1] in _OURS:
            own = f"; {match[1]} is what ganzoo sets itself" if match else ""
            raise GanzooError(
                f"--slurm-option {literal(text)}: give an option of sbatch by its long name, such as "
                f"time=04:00:00, partition=gpu or gres=gpu:1{own}"
            )
        found[match[1]] = match[3] or ""
    return found


def slurm_script(
    cells: Sequence[Cell],
    place: Place,
    name: str,
    *,
    script: str = "grid.sbatch",
    options: Mapping[str, str] | None = None,
    array_size: int | None = None,
) -> str:
    """Return the script: an array task per cell, `ganzoo run ... --resume` each.

    Args:
        cells: The cells.
        place: Where they are computed; its number of threads is that of processors per task.
        name: Of the sweep.
        script: What the file will be called, for the lines that submit it.
        options: Options of sbatch by name, as `slurm_options` returns them.
        array_size: MaxArraySize of the cluster; None: what `scontrol` says, where there is one.
    """
    if not cells:
        raise GanzooError("no cell is left to compute: nothing to submit")
    limit = limit_seconds(options["time"]) if options and "time" in options else None
    most = (array_size or _array_size()) - 1
    directives = {
        "job-name": name,
        "array": f"0-{min(len(cells), most) - 1}",
        "cpus-per-task": str(place.threads),
        "requeue": "",  # a node that fails gives its cells to others
        "signal": f"B:TERM@{notice_seconds(limit)}",
        "open-mode": "append",
        "output": str((place.folder.path / "logs" / "slurm-%A_%a.txt").absolute()),
        **(options or {}),
    }
    lines = [
        "#!/bin/bash",
        f"# The sweep '{literal(name)}': {len(cells)} cells, one per array task. What is done is not done again.",
        *(f"# Submit with: {line}" for line in _submissions(len(cells), most, script)),
        *(f"#SBATCH --{key}{f'={_directive(value)}' if value else ''}" for key, value in directives.items()),
        "",
        f"cd {shlex.quote(str(Path.cwd()))} || exit 1",
        f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH",
        *(f"export {key}={shlex.quote(value)}" for key, value in place.environment.items()),
        "",
        "case $((${1:-0} + SLURM_ARRAY_TASK_ID)) in",
        *(f"{number}) set -- {_command(cell, place)} ;;" for number, cell in enumerate(cells)),
        "*) exit 0 ;;",
        "esac",
        "",
        _TAIL,
    ]
    return "\n".join(lines)


def _directive(value: str) -> str:
    """Return a value as sbatch reads it from a script; a path may hold blanks."""
    return f'"{value}"' if re.search(r"[\s'#;$`]", value) else value


def _command(cell: Cell, place: Place) -> str:
    return shlex.join(place.attempt(cell).command)


def _submissions(count: int, most: int, script: str) -> list[str]:
    """Return the lines that submit all cells, in pieces that the cluster takes."""
    if count <= most:
        return [f"sbatch {shlex.quote(script)}"]
    starts = range(0, count, most)
    return [f"sbatch --array=0-{min(most, count - start) - 1} {shlex.quote(script)} {start}" for start in starts]


def _array_size() -> int:
    """Return MaxArraySize of the cluster that this machine submits to; Slurm's own default where there is none."""
    program = shutil.which("scontrol")
    if program is None:
        return _DEFAULT_ARRAY_SIZE
    try:
        told = subprocess.run(  # noqa: S603 - Slurm's own program, with words of ours
            [program, "show", "config"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return _DEFAULT_ARRAY_SIZE
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", told.stdout, re.MULTILINE)
    return max(2, int(found[1])) if found else _DEFAULT_ARRAY_SIZE
