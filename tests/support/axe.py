"""axe-core, the checker of accessibility that browsers' own tools use, run on an opened page.

The package `axe-playwright-python` carries the script; nothing of it is imported, so that playwright is not needed.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from browser import Page


@cache
def axe_script() -> Path | None:
    """Return the script, or None where it is not installed; the variable GANZOO_AXE may name another."""
    if given := os.environ.get("GANZOO_AXE"):
        return Path(given)
    found = find_spec("axe_playwright_python")
    return Path(next(iter(found.submodule_search_locations or ()))) / "axe.min.js" if found else None


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page, a line for each rule with the elements that break it."""
    script = axe_script()
    assert script is not None, "axe-core is not installed: pip install --no-deps axe-playwright-python"
    if not page.run("typeof axe === 'object'"):
        page.run(f"{script.read_text(encoding='utf-8')}; 0")
    found = page.run("axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(found => found.violations)")
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: "
        + "; ".join(f"{node['html'][:160]} {node['failureSummary'][:300]}" for node in rule["nodes"][:3])
        for rule in found
    ]
