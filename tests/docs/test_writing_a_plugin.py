"""What docs/writing-a-plugin.md and the example plugin show works as it stands."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from ganzoo.testing import check_part

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "writing-a-plugin.md"
EXAMPLE = ROOT / "tests" / "example_plugin"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_pages_python_runs_from_top_to_bottom(monkeypatch):
    module = ModuleType("acme_gan_of_the_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for block in blocks(PAGE, "python"):
        exec(compile(block, str(PAGE), "exec"), module.__dict__)
    assert module.ganzoo_generators() == [module.AcmeGenerator]


@pytest.mark.parametrize("page", [PAGE, EXAMPLE / "README.md"], ids=lambda page: page.name)
def test_the_pages_toml_is_toml(page):
    assert [tomllib.loads(block) for block in blocks(page, "toml")]


def test_the_example_keeps_the_contract(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE)
    packaging = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))
    ((name, value),) = packaging["project"]["entry-points"]["ganzoo"].items()
    module = EntryPoint(name, value, "ganzoo").load()
    try:
        for block in blocks(EXAMPLE / "README.md", "python"):
            exec(compile(block, "README.md", "exec"), {})
        check_part(module.Rings, module.Rings.Options(sizes_as_labels=True, resolution=32))
    finally:
        del sys.modules[value]
