"""Measurement: where it is made, until when, and what was found so far, on the disk after each number."""

from __future__ import annotations

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
from rich.table import Table


@dataclass
class Measurement:
    """A run of the benchmark.

    Attributes:
        device: Where.
        out: Folder of `gpu.json`.
        tiny: Whether everything is only tried out.
        end: When it must be over, as `time.monotonic` counts.
        found: What was found, by section and name.
    """

    device: torch.device
    out: Path
    tiny: bool
    end: float
    found: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        self.keep("about", "machine", machine(self.device))

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.end - time.monotonic()

    def keep(self, section: str, name: str, value: Any) -> None:
        """Keep what was found, on the disk too."""
        self.found.setdefault(section, {})[name] = value
        path = self.out / "gpu.json"
        path.with_suffix(".part").write_text(json.dumps(self.found, indent=1) + "\n")
        path.with_suffix(".part").rename(path)

    def attempt(self, section: str, name: str, seconds: float, measure: Callable[[], dict[str, Any]]) -> None:
        """Keep what is measured, or why it is not: one failure loses no other number.

        Where less than `seconds` is left, which it takes by a rough guess, it is left out.
        """
        if self.left < seconds:
            self.keep(section, name, {"failed": f"left out: {self.left:.0f} seconds were left, it takes {seconds:g}"})
            return
        began = time.monotonic()
        try:
            value = measure()
        except Exception as error:
            traceback.print_exc()
            value = {"failed": f"{type(error).__name__}: {error}"[:500]}
        took = time.monotonic() - began
        self.keep(section, name, value | {"section_seconds": round(took, 1)})
        print(f"[{self.left:5.0f} s left] {section}: {name} in {took:.1f} s", flush=True)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def machine(device: torch.device) -> dict[str, Any]:
    """Return what the numbers are measured on."""
    about = {"python": sys.version.split()[0], "torch": torch.__version__, "processors": os.cpu_count()}
    if device.type == "cuda":
        about |= {"device": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
        return about | {"cudnn": torch.backends.cudnn.version()}
    return about | {"device": str(device)}


def tables(found: dict[str, Any]) -> Iterator[Table | str]:
    """Return what was found as a table per section, a row per name and a column per short value; then long texts."""
    for section, rows in found.items():
        columns = list(dict.fromkeys(key for row in rows.values() for key, value in row.items() if _short(value)))
        table = Table("", *columns, title=section)
        for name, row in rows.items():
            table.add_row(name, *(_short(row.get(key)) for key in columns))
        yield table
        yield from (
            value for row in rows.values() for value in row.values() if isinstance(value, str) and "\n" in value
        )


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, dict) and value and all(isinstance(share, float) for share in value.values()):
        return ", ".join(f"{name} {share:.0%}" for name, share in list(value.items())[:4])
    return str(value) if isinstance(value, int) or (isinstance(value, str) and "\n" not in value) else ""
