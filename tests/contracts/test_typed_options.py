"""Options are typed in every kind of part: mypy sees a misspelled one, and has nothing against a right one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[2]
PLUGIN = Path(__file__).with_name("wrong_plugin.py")
# Neither large libraries nor the machinery are followed, which spares a minute: nothing here is about tensors or runs.
CONFIG = """
[mypy]
strict = True
warn_return_any = False
mypy_path = {root}:{root}/plugins

[mypy-{skipped}]
follow_imports = skip
follow_imports_for_stubs = True

[mypy-ganzoo.*,ganzoo_figures.*]
follow_imports = silent
"""
MACHINERY = [folder.name for folder in (ROOT / "ganzoo").glob("_*/")]
LIBRARIES = ["torch", "torch_fidelity", "numpy", "PIL", "pandas", "rich", "IPython"]
SKIPPED = [*LIBRARIES, *(f"ganzoo.{room}" for room in (*MACHINERY, "data", "scoring"))]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mypy")
    config = folder / "mypy.ini"
    config.write_text(CONFIG.format(root=ROOT, skipped=",".join(f"{name}.*" for name in SKIPPED)))
    out, err, code = api.run(
        ["--config-file", str(config), "--cache-dir", str(folder / "cache"), "--allow-subclassing-any", str(PLUGIN)]
    )
    assert code == 1, out + err
    return {int(line): text for line, text in re.findall(r"wrong_plugin\.py:(\d+): error: (.*)", out)}


@pytest.mark.ci  # starts the type checker
def test_each_misspelled_option_is_an_error_at_its_line_and_no_right_one_is(complaints):
    lines = PLUGIN.read_text("utf-8").splitlines()
    expected = {number: line.split("# wrong: ")[1] for number, line in enumerate(lines, 1) if "# wrong: " in line}
    assert len(expected) >= 8
    assert complaints.keys() == expected.keys(), complaints
    for number, word in expected.items():
        assert word in complaints[number]
