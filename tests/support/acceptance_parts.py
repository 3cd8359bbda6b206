"""What the acceptance tests share: the made-up plugin's package, its figure, and a root in its source format."""

from __future__ import annotations

import random
from pathlib import Path

ACME = Path(__file__).parents[1] / "acceptance" / "acme_zoo"
FIGURES = {"acme-mirrored": "acme_zoo.figure:Mirrored"}


def write_bars(path: Path, count: int = 48) -> None:
    """Write a list of bars: each image's row and brightness."""
    rng = random.Random(0)
    lines = [f"{rng.randrange(16)} {rng.randrange(64, 256)}" for _ in range(count)]
    path.write_text("\n".join(["acme bars 1", *lines, ""]), "utf-8")
