"""What a GPU does with this project: parity, speed, memory, host synchronizations, in under ten minutes.

    python benchmarks/gpu.py [--device cuda] [--out FOLDER] [--seconds 450] [--only parity training ...]

Sections come in the order of their worth, each with its share of the time; what is found is written to FOLDER/gpu.json
after each step, so that a cut loses only the rest. GANZOO_REFERENCE names the folder of reference numbers for parity.
`--device cpu --tiny` does all of it in small on a CPU, where the numbers mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from on_gpu import parity, parity_training, training
from rich.console import Console
from rich.table import Table

# What was seen on a CPU is 1e-6 to 1e-5 in fp32; TF32 has 10 bits of fraction, fp16 too, bf16 has 7.
TOLERANCES = {"fp32": 1e-4, "tf32": 2e-2, "fp16": 2e-2, "bf16": 1e-1}
PRECISIONS = ("bf16", "bf16 + benchmark + kernels", "bf16 + benchmark", "tf32", "fp32")
AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass
class Benchmark:
    """A run of all sections: where, how large, until when, and what was found so far."""

    device: torch.device
    out: Path
    tiny: bool
    end: float
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.end - time.monotonic()

    def keep(self, section: str, name: str, value: Any) -> None:
        """Keep a number, on the disk too."""
        self.found.setdefault(section, {})[name] = value
        path = self.out / "gpu.json"
        path.with_suffix(".part").write_text(json.dumps(self.found, indent=1))
        path.with_suffix(".part").rename(path)

    def attempt(self, section: str, name: str, measure: Callable[[], Any]) -> None:
        """Keep what is measured, or why it is not: one failure loses no other number."""
        began = time.monotonic()
        try:
            value = measure()
        except Exception as error:
            traceback.print_exc()
            value = {"failed": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
        took = time.monotonic() - began
        self.keep(section, name, value | {"section_seconds": round(took, 1)})
        print(f"[{self.left:5.0f} s left] {section}: {name} in {took:.1f} s", flush=True)


def machine(device: torch.device) -> dict[str, Any]:
    """Return what the numbers were measured on."""
    about = {"python": sys.version.split()[0], "torch": torch.__version__, "device": str(device)}
    if device.type == "cuda":
        about |= {"gpu": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
        about |= {"cudnn": torch.backends.cudnn.version(), "processors": os.cpu_count()}
    return about


def run_parity(benchmark: Benchmark) -> None:
    """Every reference in every precision that its networks run in."""
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        benchmark.keep("parity", "left out", {"failed": "GANZOO_REFERENCE names no folder of reference numbers"})
        return
    reference = parity.Reference(Path(folder), benchmark.device)
    for precision in (
        ("fp32", "fp32 + kernels", "tf32", "bf16", "fp16") if benchmark.device.type == "cuda" else ("fp32",)
    ):
        cases = parity.CASES if precision in AUTOCAST else parity.CASES | parity_training.CASES
        for name, case in cases.items():
            benchmark.attempt(
                "parity", f"{name}, {precision}", lambda case=case, p=precision: errors(reference, case, p)
            )


def errors(reference: parity.Reference, case: Any, precision: str) -> dict[str, Any]:
    """Return the largest error of a case, and what it is of."""
    half = AUTOCAST.get(precision)
    with training.numerics(precision), torch.autocast(reference.device.type, half, enabled=half is not None):
        found = {name: parity.error(mine, theirs) for name, mine, theirs in case(reference)}
    worst = max(found, key=lambda name: (found[name] != found[name], found[name]))
    within = found[worst] <= TOLERANCES[precision.split(" + ")[0]]
    dear = dict(sorted(found.items(), key=lambda item: -item[1])[:5])
    return {"error": found[worst], "of": worst, "within": within, "values": len(found), "largest": dear}


def run_training(benchmark: Benchmark) -> None:
    """Each game in each precision; the profile of two of them."""
    games = training.TINY if benchmark.tiny else training.GAMES
    for precision in PRECISIONS if benchmark.device.type == "cuda" else ("fp32", "bf16"):
        for name, game in games.items():
            if benchmark.left > 0:
                seconds = 0 if benchmark.tiny else 1.0
                profile = precision in ("fp32", "bf16", "bf16 + benchmark + kernels")
                benchmark.attempt(
                    "training",
                    f"{name}, {precision}",
                    lambda game=game, s=seconds, p=precision, watch=profile: training.measure(
                        game, benchmark.device, p, s, profile=watch
                    ),
                )


SECTIONS: dict[str, Callable[[Benchmark], None]] = {"parity": run_parity, "training": run_training}


def tables(found: dict[str, Any]) -> Iterator[Table]:
    """Return what was found as tables, for people."""
    table = Table(title="parity: largest error as a share of the largest value")
    for column in ("what", "error", "of", "within tolerance"):
        table.add_column(column)
    for name, row in found.get("parity", {}).items():
        table.add_row(
            name,
            f"{row['error']:.1e}" if "error" in row else row["failed"],
            row.get("of", ""),
            str(row.get("within", "")),
        )
    yield table
    table = Table(title="training steps")
    for column in ("what", "batch", "s/kimg", "GiB", "host syncs a step", "kernels a step", "where the time goes"):
        table.add_column(column)
    for name, row in found.get("training", {}).items():
        shares = ", ".join(f"{label} {share:.0%}" for label, share in list(row.get("families", {}).items())[:4])
        numbers = (row.get(key, "") for key in ("peak_memory_gib", "host_syncs_per_step", "kernels_per_step"))
        speed = f"{row['s_per_kimg']:.3f}" if "s_per_kimg" in row else row["failed"]
        cells = (f"{each:.2f}" if isinstance(each, float) else str(each) for each in numbers)
        table.add_row(name, str(row.get("batch", "")), speed, *cells, shares)
    yield table


def main() -> None:
    """Measure section by section, write JSON, print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, default=Path("gpu-benchmark"))
    parser.add_argument("--seconds", type=float, default=450.0)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--only", nargs="*", choices=SECTIONS, default=list(SECTIONS))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    benchmark = Benchmark(torch.device(given.device), given.out, given.tiny, time.monotonic() + given.seconds)
    benchmark.keep("about", "machine", machine(benchmark.device))
    for name in given.only:
        SECTIONS[name](benchmark)
    console = Console(width=160)
    for table in tables(benchmark.found):
        console.print(table)


if __name__ == "__main__":
    main()
