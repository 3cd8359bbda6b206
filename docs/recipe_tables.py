"""Writes the tables of docs/recipes.md from the models that check recipes, so that the page stays true.

Run it from the repository root after a key has changed: `python docs/recipe_tables.py`. A test does the same and
compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel

from ganzoo._recipe.published_values import PublishedScoring, PublishedValue
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.schema import (
    GrowthSettings,
    ScoringSettings,
    TrainingSettings,
)
from ganzoo._registry.option_table import option_rows
from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry

PAGE = Path(__file__).with_name("recipes.md")
SECTIONS: dict[str, type[BaseModel]] = {
    "top": Recipe,
    "training": TrainingSettings,
    "growth": GrowthSettings,
    "scoring": ScoringSettings,
    "published": PublishedValue,
    "published-scoring": PublishedScoring,
}
KINDS = (
    "dataset",
    "generator",
    "discriminator",
    "loss",
    "regularizer",
    "augmentation",
    "optimizer",
    "extractor",
    "metric",
    "callback",
)
OWN_DISTRIBUTION = "ganzoo-toolkit"
_MARKED = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_SECTION_KEYS = {"dataset", *KINDS, "regularizers", "training", "scoring", "published"}


def rewritten(page: str) -> str:
    """Return the page with every table between its two marks generated."""
    parts = Registry.discover().parts()
    own = [part for part in parts if part.origin.distribution == OWN_DISTRIBUTION]

    def table(match: re.Match[str]) -> str:
        name = match[2]
        text = _section(name) if name in SECTIONS else _parts(part for part in own if part.kind == name)
        return f"{match[1]}{text}\n{match[3]}"

    return _MARKED.sub(table, page)


def _section(name: str) -> str:
    lines = ["| key | type | default | range | meaning |", "|---|---|---|---|---|"]
    for row in option_rows(SECTIONS[name]):
        if name == "top" and row.name in _SECTION_KEYS:
            continue
        cells = (f"`{row.name}`", row.type, _default(row.default), row.range, row.description)
        lines.append(_line(cells))
    return "\n".join(lines)


def _parts(parts: Iterable[Part]) -> str:
    lines = ["| name | key | type | default | range | meaning |", "|---|---|---|---|---|---|"]
    for part in parts:
        lines.append(_line((f"`{part.name}`", "", "", "", "", f"*{part.description}*")))
        for row in option_rows(part.cls.Options):
            lines.append(_line(("", f"`{row.name}`", row.type, _default(row.default), row.range, row.description)))
    return "\n".join(lines)


def _default(text: str) -> str:
    if text in ("required", "unset"):
        return text
    return f"`{text}`" if text else "empty"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
