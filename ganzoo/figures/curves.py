"""What one or several runs measured while training, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganzoo._io.atomic import sha256_of
from ganzoo._runs.directory import RunDirectory
from ganzoo.figures.figure import Figure
from ganzoo.figures.run_curves import curves_of


def curves(runs: Sequence[Path]) -> Figure:
    """Draw losses, scores, D's outputs, ADA's p and images/s over kimg, of one or several runs.

    Raises:
        RunError: A run has measured nothing yet.
    """
    canvas = curves_of(runs)
    drawn = [
        {"run": RunDirectory.open(path).name, "metrics_sha256": sha256_of(RunDirectory.open(path).metrics)}
        for path in runs
    ]
    return Figure("curves", canvas, {"runs": drawn})
