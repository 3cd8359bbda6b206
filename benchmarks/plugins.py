"""Benchmark of installed plugins: what `ganzoo check quickstart` costs beside twenty plugins that it does not name.

    python benchmarks/plugins.py

Each plugin has three parts, twenty modules, and takes half a second to import. Printed are seconds of processor time,
the median of five, once the index of parts is there. On two cores shared with other work: 8.04 s alone, 8.17 s beside
twenty plugins, 1.6 % more.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PLUGINS, REPEATS = 20, 5
SOURCE = '''
import time
from ganzoo import hookimpl
from ganzoo.testing import TinyDataset, TinyGenerator, TinyLoss

time.sleep(0.5)

class Loss(TinyLoss):
    """A loss."""
    name = "loss-{number}"

class Data(TinyDataset):
    """A dataset."""
    name = "data-{number}"

class Network(TinyGenerator):
    """A generator."""
    name = "network-{number}"

@hookimpl
def ganzoo_losses():
    return [Loss]

@hookimpl
def ganzoo_datasets():
    return [Data]

@hookimpl
def ganzoo_generators():
    return [Network]
'''


def install(site: Path, number: int) -> None:
    """Write a plugin and its metadata as pip would leave them."""
    package, info = site / f"acme{number}", site / f"acme_{number}-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text(SOURCE.format(number=number))
    for module in range(20):
        (package / f"module{module}.py").write_text("x = 1\n" * 50)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{number}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[ganzoo]\nacme{number} = acme{number}\n")


def seconds(environment: dict[str, str]) -> float:
    """Return the processor time of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "ganzoo", "check", "quickstart"]
    subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"} | environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        site.mkdir()
        for number in range(PLUGINS):
            install(site, number)
        without = {"GANZOO_CACHE": f"{folder}/without"}
        beside = {"GANZOO_CACHE": f"{folder}/beside", "PYTHONPATH": str(site)}
        for each in (without, beside):
            seconds(each)  # makes the index
        pairs = [(seconds(without), seconds(beside)) for _ in range(REPEATS)]
    alone, among = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"alone {alone:.2f} s, beside {PLUGINS} plugins {among:.2f} s: {among / alone - 1:+.1%}")


if __name__ == "__main__":
    main()
