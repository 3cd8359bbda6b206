"""Command: python tests/fuzz [FIRST-LAST] [--seed N] tries damaged inputs of all sources and importers."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from fuzz_importers import importer_targets
from fuzz_sources import source_targets
from fuzzing import campaign

STEP = 500


def main() -> None:
    """Try the inputs, and say how they ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="?", default="0-20000", help="first and last input, such as 0-20000")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    first, last = (int(part) for part in given.numbers.split("-"))
    warnings.simplefilter("error")
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        targets = [*source_targets(Path(folder, "good"), given.seed), *importer_targets(given.seed)]
        ended = campaign(Path(folder, "bad"), targets, range(first, first), given.seed)
        for start in range(first, last, STEP):
            ended += campaign(Path(folder, "bad"), targets, range(start, min(start + STEP, last)), given.seed)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{min(start + STEP, last) - first:,} inputs, at most {peak:,.0f} MiB", flush=True)
    for name, count in sorted(ended.items()):
        print(f"{name}: {count}")
    print(f"{sum(ended.values()):,} inputs, no failure")


if __name__ == "__main__":
    main()
