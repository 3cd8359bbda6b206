"""What must answer at once does not import torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# torch takes five seconds. pydantic is not watched: typer itself imports it once it parses a command's arguments.
SCRIPT = """
import sys
sys.argv = ["ganzoo", *sys.argv[1:]]
code = 0
try:
    from ganzoo._cli.app import main
    main()
except SystemExit as end:
    code = end.code or 0
for name in ("torch", "torch_fidelity", "numpy", "rich.console", "ganzoo._recipe.recipe"):
    if name in sys.modules:
        print(f"imported: {name}", file=sys.stderr)
sys.exit(code)
"""


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def imported(done: subprocess.CompletedProcess[str]) -> set[str]:
    lines = done.stderr.splitlines()
    return {line.removeprefix("imported: ") for line in lines if line.startswith("imported: ")}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("run", "--help"),
        ("compare", "--help"),
        ("plugins", "--names"),
        ("explore", "--help"),
        (),
    ],
    ids=" ".join,
)
def test_help_imports_nothing_heavy(arguments, tmp_path):
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == (0 if arguments else 2), done.stderr
    assert "run" in done.stdout + done.stderr or "ganzoo" in done.stdout
    assert imported(done) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("[dataset\n", "is not valid TOML"), (None, "there is no recipe file")],
    ids=["syntax error", "no file"],
)
def test_check_of_what_is_no_toml_imports_no_torch(text, expected, tmp_path):
    if text is not None:
        (tmp_path / "mine.toml").write_text(text, "utf-8")
    done = run("check", "mine.toml", folder=tmp_path)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert "torch" not in imported(done)


def test_compare_imports_neither_torch_nor_the_registry(tmp_path):
    (tmp_path / "runs").mkdir()
    done = run("compare", folder=tmp_path)
    assert "Traceback" not in done.stderr
    assert not {"torch", "torch_fidelity"} & imported(done)


def test_help_of_a_figure_imports_that_figure_alone_and_no_torch(tmp_path):
    done = run("explore", "project", "--help", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--coverage" in done.stdout
    assert "torch" not in imported(done)


def test_verify_of_nothing_has_a_message(tmp_path):
    (tmp_path / "runs").mkdir()
    done = run("verify", "runs", folder=tmp_path)
    assert done.returncode == 2
    assert "there are no runs in runs" in done.stderr


def test_the_package_imports_torch_only_for_what_needs_it(tmp_path):
    script = (
        "import sys, ganzoo; assert 'torch' not in sys.modules and 'pydantic' not in sys.modules; "
        "ganzoo.GanzooError; ganzoo.hookimpl; assert 'torch' not in sys.modules; "
        "import ganzoo._recipe.recipe, ganzoo._registry.registry, ganzoo._recipe.toml_source, "
        "ganzoo._runs.record, ganzoo._runs.directory, "
        "ganzoo._io.atomic, ganzoo._leaderboard.leaderboard, ganzoo._leaderboard.render; "
        "assert 'torch' not in sys.modules; "
        "ganzoo.Generator; assert 'torch' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_finding_the_plugins_imports_torch_and_no_more_of_its_family(tmp_path):
    """Torchvision takes as long to import as torch: each run, score and check would wait for it."""
    script = (
        "import sys; from ganzoo._registry.registry import Registry; assert Registry.discover().parts(); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules} & {'torch', 'torchvision', 'torch_fidelity'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["torch"], done.stderr
