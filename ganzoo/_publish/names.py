"""Names of what lies in a published folder."""

from typing import Final

RUNS: Final = "runs"
GENERATOR: Final = "generator.safetensors"
BOARD: Final = "BOARD.json"
SCORES: Final = "scores"
REPORT: Final = "report.html"
