"""What a sweep of many cells costs the scheduler, with cells that do nothing.

    python benchmarks/sweep.py            # 1,000 cells
    python benchmarks/sweep.py --cells 200 --at-most-ms 10

Each cell is stubbed: its "run" is a folder with a finished record, written by the engine's own process beside the
clock. What is measured is the processor time of everything else: cells made from a sweep file, their states read
before and after, the plan written down, attempts handed out and taken back, and, in the second row, a real process
started and waited for per cell (`true` in place of Python).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import RunRecord, write_record
from ganzoo._sweep.cells import Cell
from ganzoo._sweep.engine import Attempt, Ended, Outcome
from ganzoo._sweep.opened_sweep import OpenedSweep, open_sweep
from ganzoo._sweep.processes import Processes
from ganzoo._sweep.status import status_of
from ganzoo._sweep.watch import Watch
from ganzoo._sweep.work import Work
from ganzoo.contracts.reporter import SILENT


class Stubs:
    """An engine whose attempts are over as soon as they begin."""

    def __init__(self, cells: Sequence[Cell], runs: Path) -> None:
        self._cells, self._runs = {cell.run_name: cell for cell in cells}, runs
        self._over: list[str] = []
        self.apart_s = 0.0  # processor time of what a cell's own process would do

    slots = 4

    def start(self, attempt: Attempt) -> str:
        began = time.process_time()
        finish(self._cells[attempt.name], self._runs)
        self.apart_s += time.process_time() - began
        self._over.append(attempt.name)
        return ""

    def wait(self, seconds: float) -> list[Ended]:
        over, self._over = self._over, []
        return [Ended(name, 0) for name in over]

    def stop(self) -> None: ...

    def close(self) -> None: ...


class Programs(Processes):
    """Processes on this machine that do nothing, where a cell's record is written beside the clock."""

    def __init__(self, cells: Sequence[Cell], runs: Path) -> None:
        super().__init__(4, program=["/bin/true"])
        self._stubs = Stubs(cells, runs)

    @property
    def apart_s(self) -> float:
        return self._stubs.apart_s

    def start(self, attempt: Attempt) -> str:
        self._stubs.start(attempt)
        return super().start(attempt)


def finish(cell: Cell, runs: Path) -> None:
    def fill(run: RunDirectory, name: str) -> None:
        training = {"total_kimg": 1.0}
        made = RunRecord(name=name, recipe={"training": training}, seed=cell.seed, images_seen=1000, seconds=60.0)
        ended = {"status": "finished", "asked": cell.asked, "answered": cell.asked}
        write_record(run.record, made.model_copy(update=ended))

    RunDirectory.create(runs, cell.name, cell.seed, fill)


def grid(folder: Path, cells: int) -> OpenedSweep:
    """A sweep of two recipes, five settings and as many seeds as it takes."""
    seeds = max(1, cells // 10)
    text = f'recipes = ["quickstart", "dcgan_oasis_logistic"]\nseeds = "0-{seeds - 1}"\n[set]\n'
    text += '"training.batch_size" = [8, 16, 24, 32, 40]\n"training.total_kimg" = 1\n'
    (folder / "grid.toml").write_text(text)
    return open_sweep(folder / "grid.toml", folder / "runs")


def measure(cells: int, engine: type[Stubs] | type[Programs]) -> tuple[int, float, float]:
    """Returns how many cells there were, and processor and clock time in seconds."""
    folder = Path(tempfile.mkdtemp())
    try:
        began, clock = time.process_time(), time.perf_counter()
        opened = grid(folder, cells)
        opened.register(4)
        place = opened.place(4, "cpu")
        stubs = engine(opened.cells, opened.runs)
        watch = Watch(place, SILENT, None)
        watch.plan(opened.cells)
        outcomes = Work(opened.cells, stubs, place, watch).run(lambda: 0)
        stubs.close()
        status_of(opened.cells, place)
        seconds, passed = time.process_time() - began - stubs.apart_s, time.perf_counter() - clock
        assert set(outcomes.values()) == {Outcome.DONE}
        return len(outcomes), seconds, passed
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description="Processor time of a sweep's scheduler.")
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--at-most-ms", type=float, default=10.0, help="fail above so much processor time per cell")
    given = parser.parse_args()
    print("| engine | cells | processor time per cell, ms | in all, s | by the clock, s |\n|---|---|---|---|---|")
    worst = 0.0
    for name, engine in (("none: attempts end at once", Stubs), ("a process per cell", Programs)):
        cells, seconds, passed = measure(given.cells, engine)
        worst = max(worst, 1000 * seconds / cells)
        print(f"| {name} | {cells:,} | {1000 * seconds / cells:.2f} | {seconds:.2f} | {passed:.1f} |")
    if worst > given.at_most_ms:
        sys.exit(f"{worst:.1f} ms per cell, of {given.at_most_ms:g} allowed")


if __name__ == "__main__":
    main()
