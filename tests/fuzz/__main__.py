"""Command: python tests/fuzz [FIRST-LAST] [--seed N] tries damaged inputs of all sources and importers."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from fuzz_importers import importer_targets
from fuzz_sources import source_targets
from fuzzing import campaign

STEP = 500


def main() -> int:
    """Try the inputs, and say how they ended; failures are shown as they come, and counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="?", default="0-20000", help="first and last input, such as 0-20000")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    first, last = (int(part) for part in given.numbers.split("-"))
    warnings.simplefilter("error")
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    ended: Counter[str] = Counter()
    failures = 0
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        targets = [*source_targets(Path(folder, "good"), given.seed), *importer_targets(given.seed)]
        for number in range(first, last):
            try:
                ended += campaign(Path(folder, "bad"), targets, range(number, number + 1), given.seed)
            except Exception:
                traceback.print_exc()
                failures += 1
            if (number + 1 - first) % STEP == 0:
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(f"{number + 1 - first:,} inputs, {failures} failures, at most {peak:,.0f} MiB", flush=True)
    for name, count in sorted(ended.items()):
        print(f"{name}: {count}")
    print(f"{last - first:,} inputs, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
