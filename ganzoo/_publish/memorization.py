"""Memorization of a run: what a figure that tests it has found, kept beside the run's figures or tested now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganzoo._inference.run import Run, Weights
from ganzoo._io.regular_file import read_regular
from ganzoo._registry.figures import FigureCatalog
from ganzoo.contracts.memorization import MemorizationVerdict
from ganzoo.contracts.reporter import Reporter
from ganzoo.errors import GanzooError, PluginError
from ganzoo.text import clip, literal

_MOST_BYTES = 64 * 2**20
_TEXT, _FOUND = "memorization_report", "memorization_found"
_LONGEST = 400


def memorization_of(run: Run, at: int, weights: Weights, reporter: Reporter) -> MemorizationVerdict:
    """Return what is known of a generator's memorization: the newest verdict on record, or that of a test made now.

    Where no test can be made (no held-out images, no data here), `found` is None and the text says why.
    """
    for facts in _on_record(run.directory.figures):
        if facts.get("images_seen") == at and facts.get("weights") == weights:
            found = facts.get(_FOUND)
            return MemorizationVerdict(found if isinstance(found, bool) else None, _line(str(facts[_TEXT])))
    figure = next((each for each in FigureCatalog.discover().loadable() if each.tests_memorization), None)
    if figure is None:
        return MemorizationVerdict(None, "no installed figure tests it")
    try:
        drawing = run.draw(figure(), at, weights, progress=reporter.progress(f"testing memorization of {run.name}"))
    except GanzooError as error:
        reporter.warning(f"the memorization of {run.name} is not tested: {error}")
        return MemorizationVerdict(None, "it could not be tested where it was published")
    verdict = getattr(drawing, "memorization", None)
    if not isinstance(verdict, MemorizationVerdict):
        raise PluginError(f"figure '{figure.name}' tests memorization, but what it draws has no verdict of it")
    return MemorizationVerdict(verdict.found, _line(verdict.text))


def _on_record(figures: Path) -> Iterator[dict[str, Any]]:
    """Yield what sidecars of figures say that hold a verdict, the newest first."""
    found = (path for path in figures.rglob("*.json") if path.is_file() and not path.is_symlink())
    for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        with suppress(OSError, ValueError, RecursionError):
            facts = json.loads(read_regular(path, _MOST_BYTES))
            if isinstance(facts, dict) and isinstance(facts.get(_TEXT), str) and _FOUND in facts:
                yield facts


def _line(text: str) -> str:
    return clip(literal(" ".join(text.split())), _LONGEST)
