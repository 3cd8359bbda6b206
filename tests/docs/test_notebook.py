"""The notebook runs as it stands, but for the length of its training, and shows its figures."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "exploring.ipynb"
SHORTER = {
    "total_kimg = 10": "total_kimg = 0.064",
    "count = 2000": "count = 100",
    "resolution = 32": "resolution = 16",
    "snapshot_kimg = 2": "snapshot_kimg = 0.032",
    "channel_max = 32": "channel_max = 8",
    "generated = 500": "generated = 32",
    "reference_images = 500": "reference_images = 32",
    "subset_size = 250": "subset_size = 16",
    "efficientnet-lite0": "random-features",
    "steps=200": "steps=3",
    "range(50)": "range(8)",
}


def cells():
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def shown(source, names):
    """Run a cell, and return what a notebook would show: the value of its last expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


@pytest.mark.ci
def test_every_cell_runs_and_figures_are_pictures(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names, used, pictures = {}, set(), 0
    for cell in cells():
        source = "".join(cell["source"])
        for text, shorter in SHORTER.items():
            if text in source:
                used.add(text)
                source = source.replace(text, shorter)
        value = shown(source, names)
        if hasattr(value, "_repr_png_"):
            assert value._repr_png_().startswith(b"\x89PNG")
            pictures += 1
    assert used == set(SHORTER)
    assert pictures >= 13


@pytest.mark.parametrize("cell", cells(), ids=lambda cell: cell["id"])
def test_the_notebook_holds_no_output(cell):
    assert not cell["outputs"]
    assert cell["execution_count"] is None
