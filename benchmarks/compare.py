"""How long `ganzoo compare` takes over thousands of runs, as a person waits for it: a fresh process each time.

Usage: python benchmarks/compare.py [RUNS ...]      (default: 100 500 2000)
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ganzoo._runs.record import DatasetId, RunRecord, Score, recipe_hash, write_record

PROTOCOL = {"generated": 10_000, "reference_images": 9_000, "extractor": "inception-v3-compat", "split": "train"}
COMMAND = "import sys; from ganzoo._cli.compare import compare; from pathlib import Path; compare([Path(sys.argv[1])])"


def write_runs(root: Path, count: int) -> None:
    """Write `count` records: three seeds of each recipe, two metrics at ten ages each."""
    for index in range(count):
        recipe = {
            "dataset": {"name": "oasis", "resolution": 64},
            "generator": {"name": "dcgan", "width": 64, "kernel": 4},
            "discriminator": {"name": "dcgan", "width": 64, "kernel": 4},
            "loss": {"name": ("logistic", "hinge", "rahinge")[index % 3]},
            "regularizers": [{"name": "r1", "gamma": 1.0}],
            "training": {"total_kimg": 30, "batch_size": 64, "learning_rate": 1e-4 * (1 + index // 3)},
            "seed": index % 3,
        }
        scores = tuple(
            Score(
                metric=metric,
                label=metric.upper(),
                value=value + index * value * 1e-3,
                standard_error=value / 50,
                protocol=PROTOCOL,
                protocol_id="0123456789abcdef",
                images_seen=age * 3000,
            )
            for age in range(1, 11)
            for metric, value in (("fid", 40.0), ("kid", 0.02))
        )
        record = RunRecord(
            name=f"recipe-{index // 3}-s{index % 3}",
            recipe=recipe,
            recipe_hash=recipe_hash(recipe),
            seed=index % 3,
            dataset=DatasetId(name="oasis", resolution=64, channels=1, fingerprint="f" * 64, images={"train": 9000}),
            images_seen=30_000,
            seconds=600.0,
            parameters={"generator": 3_574_000, "discriminator": 2_765_000},
            status="finished",
            scores=scores,
        )
        write_record(root / record.name / "record.json", record)


def main() -> None:
    """Print a table: runs, seconds, the best of three."""
    counts = [int(argument) for argument in sys.argv[1:]] or [100, 500, 2000]
    table = Table("runs", "seconds, best of 3", title="ganzoo compare, whole process")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            write_runs(Path(folder), count)
            times = []
            for _ in range(3):
                start = time.perf_counter()
                subprocess.run([sys.executable, "-c", COMMAND, folder], check=True, stdout=subprocess.DEVNULL)
                times.append(time.perf_counter() - start)
        table.add_row(f"{count:,}", f"{min(times):.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
