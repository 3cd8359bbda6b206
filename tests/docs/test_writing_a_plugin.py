"""What docs/writing-a-plugin.md and the example plugin show works as it stands."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from ganzoo.data import ReadingRule, SourceOptions, read_entry
from ganzoo.errors import DataError
from ganzoo.testing import check_part, check_source

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "writing-a-plugin.md"
EXAMPLE = ROOT / "tests" / "example_plugin"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.ci
def test_the_pages_python_runs_from_top_to_bottom(monkeypatch):
    module = ModuleType("acme_gan_of_the_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for block in blocks(PAGE, "python"):
        exec(compile(block, str(PAGE), "exec"), module.__dict__)
    assert module.ganzoo_generators() == [module.AcmeGenerator]


@pytest.mark.ci
def test_the_pages_source_format_keeps_the_contract_and_refuses_what_is_cut_off(monkeypatch, tmp_path):
    module = ModuleType("acme_gan_of_the_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for block in blocks(PAGE, "python"):
        exec(compile(block, str(PAGE), "exec"), module.__dict__)
    whole = b"P5\n8 6\n255\n" + bytes(range(0, 240, 5))
    one, folder = tmp_path / "one.pgm", tmp_path / "folder"
    folder.mkdir()
    for path in (one, folder / "first.pgm", folder / "second.pgm"):
        path.write_bytes(whole)
    check_source(module.Pgm, one)
    check_source(module.Pgm, folder)
    for length, fault in ((2, "does not begin like"), (6, "does not begin like"), (30, "have 48 pixels, but has 19")):
        one.write_bytes(whole[:length])
        reading = SourceOptions(root=one)
        with pytest.raises(DataError, match=fault):
            read_entry(module.Pgm(module.PgmOptions(), one, reading), "one.pgm", ReadingRule(16, 3))


@pytest.mark.parametrize("page", [PAGE, EXAMPLE / "README.md"], ids=lambda page: page.name)
def test_the_pages_toml_is_toml(page):
    assert [tomllib.loads(block) for block in blocks(page, "toml")]


@pytest.mark.ci
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
