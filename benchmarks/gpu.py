"""What a GPU does with this project, in under ten minutes: parity, speed, memory, waits of the host, exact resumes.

    python benchmarks/gpu.py [--device cuda] [--out FOLDER] [--seconds 450] [--only parity training ...] [--nvlabs DIR]

Sections come in the order of their worth; after each number FOLDER/gpu.json is written whole, so that a cut loses only
the rest. Environment: GANZOO_REFERENCE is the folder of reference numbers that parity needs, GANZOO_DATA one with a
folder `oasis` of slices, in whose place phantoms are trained on otherwise. `--nvlabs` times NVIDIA's own training step
beside ours where the source of stylegan2-ada-pytorch lies in DIR. `--device cpu --tiny` does all of it in small on a
CPU, where the times mean nothing.

What is printed: errors as shares of the largest value; seconds per 1,000 images, each kind of step counting as often
as its recipe does it; peak memory; waits of the host and kernels per step, and what kernels take the time.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from on_gpu import architectures, extractors, games, nvlabs, parity, parity_files, parity_training, resuming, training
from on_gpu.measurement import Measurement, tables
from rich.console import Console

# On a CPU errors are 1e-7 to 1e-5 in fp32, up to 3e-3 in fp16 and 3e-2 in bf16. TF32 has the 10 bits of fp16.
TOLERANCES = {"fp32": 1e-4, "tf32": 2e-2, "fp16": 2e-2, "bf16": 1e-1}
AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}
NETWORK_CASES = parity.CASES | {"R3GAN": parity_files.r3gan}
EXACT_CASES = NETWORK_CASES | {"imported files": parity_files.imported_files} | parity_training.CASES
# In this order: what is wanted most first, the slowest last. The second of each pair says whether it is profiled.
PRECISIONS = (
    ("bf16 + benchmark", True),
    ("fp16 + benchmark + half penalties", True),
    ("bf16 + benchmark + kernels", True),
    ("tf32 + benchmark", False),
    ("bf16", False),
    ("fp32", True),
)
COMPILED = "bf16 + benchmark + compiled"


def run_parity(measurement: Measurement) -> None:
    """Every reference, in every precision that networks run in; whole trainings in float32's."""
    folder = os.environ.get("GANZOO_REFERENCE")
    if not folder:
        measurement.keep("parity", "all", {"failed": "left out: GANZOO_REFERENCE names no folder of reference numbers"})
        return
    on_gpu = measurement.device.type == "cuda"
    for precision in ("fp32", "fp32 + kernels", "tf32", "bf16", "fp16") if on_gpu else ("fp32",):
        cases = NETWORK_CASES if precision in AUTOCAST else EXACT_CASES
        for name, case in list(cases.items())[: 2 if measurement.tiny else None]:
            measurement.attempt(
                "parity",
                f"{name}, {precision}",
                1,
                lambda case=case, p=precision: errors(Path(folder), measurement.device, case, p),
            )


def errors(folder: Path, device: torch.device, case: Any, precision: str) -> dict[str, Any]:
    """Return the largest error of a case, what it is of, and whether it is within the precision's tolerance."""
    half, tolerance = AUTOCAST.get(precision), TOLERANCES[precision.split(" + ")[0]]
    with games.arithmetic(precision) as settings, torch.autocast(device.type, half, enabled=half is not None):
        reference = parity.Reference(folder, device, settings)
        found = {name: parity.error(mine, theirs) for name, mine, theirs in case(reference)}
    largest = sorted(found, key=lambda name: (found[name] == found[name], -found[name]))  # NaN first
    worst = found[largest[0]]
    return {
        "error": worst,
        "tolerance": tolerance,
        "within": str(worst <= tolerance),
        "of": largest[0],
        "values": len(found),
        "largest": {name: f"{found[name]:.2e}" for name in largest[:5]},
    }


def run_training(measurement: Measurement) -> None:
    """Each game in each precision, the last one with compiled networks too."""
    if measurement.tiny:
        for name, game in games.TINY.items():
            _time(measurement, name, game, "fp32", profile=name.startswith("DCGAN"))
        return
    for precision, profile in PRECISIONS:
        for name, game in games.GAMES.items():
            _time(measurement, name, game, precision, profile=profile)
    _time(measurement, "DCGAN 64", games.GAMES["DCGAN 64"], COMPILED, profile=True)


def _time(measurement: Measurement, name: str, game: dict[str, Any], precision: str, *, profile: bool) -> None:
    seconds = 0.0 if measurement.tiny else 1.0
    measurement.attempt(
        "training",
        f"{name}, {precision}",
        5 * seconds,
        lambda: training.measure(game, measurement.device, precision, seconds, profile=profile),
    )


def run_extractors(measurement: Measurement) -> None:
    """Features per second of the two extractors that scores are mostly made with."""
    count, resolution = (8, 16) if measurement.tiny else (2000, 128)
    for name in list(extractors.LAYERS)[1 if measurement.tiny else 0 :]:
        measurement.attempt(
            "extractors",
            name,
            5,
            lambda name=name: extractors.images_per_second(name, measurement.device, count, resolution),
        )


def run_resuming(measurement: Measurement) -> None:
    """Whether resumed runs have the bits of unbroken ones."""
    for precision in ("fp32",) if measurement.tiny else ("fp32", "bf16", "fp16"):
        for name, game in list(resuming.GAMES.items())[: 1 if measurement.tiny else None]:
            measurement.attempt(
                "resuming",
                f"{name}, {precision}",
                5,
                lambda game=game, p=precision: resuming.resumed(game, measurement.device, p),
            )


def run_architectures(measurement: Measurement) -> None:
    """Four architectures on OASIS for a minute each, all at once."""
    data = Path(os.environ.get("GANZOO_DATA", "absent"), "oasis").resolve()
    seconds = 0.5 if measurement.tiny else 60.0
    measurement.attempt(
        "architectures",
        "at once",
        seconds,
        lambda: architectures.train_all(
            measurement.device, measurement.out, seconds, data if data.is_dir() else None, tiny=measurement.tiny
        ),
    )
    for name, row in measurement.found["architectures"]["at once"].pop("runs", {}).items():
        measurement.keep("architectures", name, row)


def run_nvlabs(measurement: Measurement, source: Path) -> None:
    """NVIDIA's training step and ours, in float32 and in the official mixture, with and without augmentation."""
    for precision in ("fp32", "fp16 + benchmark + half penalties"):
        for augmented in (True, False):
            measurement.attempt(
                "nvlabs",
                f"paper256, {precision}, {'ADA' if augmented else 'no augmentation'}",
                10,
                lambda p=precision, a=augmented: nvlabs.compared(
                    source, measurement.device, p, augmented=a, tiny=measurement.tiny
                ),
            )


SECTIONS: dict[str, Callable[[Measurement], None]] = {
    "parity": run_parity,
    "training": run_training,
    "extractors": run_extractors,
    "resuming": run_resuming,
    "architectures": run_architectures,
}


def main(given: list[str] | None = None) -> None:
    """Measure section by section, write JSON, print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, default=Path("gpu-benchmark"))
    parser.add_argument("--seconds", type=float, default=450.0)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--only", nargs="*", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--nvlabs", type=Path, metavar="DIR")
    asked = parser.parse_args(given)
    measurement = Measurement(torch.device(asked.device), asked.out, asked.tiny, time.monotonic() + asked.seconds)
    for name in asked.only:
        SECTIONS[name](measurement)
    if asked.nvlabs:
        run_nvlabs(measurement, asked.nvlabs)
    console = Console(width=200)
    for table in tables(measurement.found):
        console.print(table, markup=False)


if __name__ == "__main__":
    main()
