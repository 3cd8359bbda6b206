"""What must answer at once does not import torch."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE

import pytest
from forked import forget_modules, forked
from PIL import Image

from ganzoo._registry.index import discovered

# A process that has imported nothing but the console script's module forks a child for each command. torch takes five
# seconds. pydantic is not watched: typer itself imports it once it parses a command's arguments.
SERVER = """
import os, sys, traceback
from ganzoo._cli.app import main

def command(folder, *arguments):
    for number, name in ((0, os.devnull), (1, f"{folder}/.out"), (2, f"{folder}/.err")):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    os.chdir(folder)
    sys.argv = ["ganzoo", *arguments]
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    for name in ("torch", "torch_fidelity", "numpy", "rich.console", "ganzoo._recipe.recipe"):
        if name in sys.modules:
            print(f"imported: {name}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

for line in sys.stdin:
    child = os.fork()
    if not child:
        command(*line.rstrip("\\n").split("\\t"))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Return what runs `ganzoo ARGUMENTS...` in a folder."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdin=PIPE, stdout=PIPE, text=True) as server:

        def command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
            print(*(folder, *arguments), sep="\t", file=server.stdin, flush=True)
            code = int(server.stdout.readline())
            said = [(folder / name).read_text("utf-8") for name in (".out", ".err")]
            return subprocess.CompletedProcess(arguments, code, *said)

        yield command


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
def test_help_imports_nothing_heavy(arguments, tmp_path, run):
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == (0 if arguments else 2), done.stderr
    assert "run" in done.stdout + done.stderr or "ganzoo" in done.stdout
    assert imported(done) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("[dataset\n", "is not valid TOML"), (None, "there is no recipe file")],
    ids=["syntax error", "no file"],
)
def test_check_of_what_is_no_toml_imports_no_torch(text, expected, tmp_path, run):
    if text is not None:
        (tmp_path / "mine.toml").write_text(text, "utf-8")
    done = run("check", "mine.toml", folder=tmp_path)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert "torch" not in imported(done)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("run", "quickstart", "--set", "training.kimgs=3"), "training.kimgs: unknown key 'kimgs'"),
        (("run", "quickstart", "--seeds", "0-1", "--set", "loss.nam=hinge"), "loss.nam: unknown key 'nam'"),
        (("sweep", "mine.toml"), "training.kimgs: unknown key 'kimgs'"),
        (("data", "prepare", "foldr", "--out", "pack"), "did you mean 'folder'?"),
    ],
)
def test_a_misspelled_word_is_answered_before_torch_is_imported(arguments, expected, tmp_path, run):
    discovered()  # some command has looked at the plugins before
    (tmp_path / "mine.toml").write_text('recipes = ["quickstart"]\nseeds = [0]\n[set]\n"training.kimgs" = [1, 2]\n')
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert expected in done.stderr
    assert "torch" not in imported(done)


def test_preparing_images_imports_no_torch(tmp_path, run):
    discovered()
    (tmp_path / "images").mkdir()
    for number in range(3):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / "images" / f"{number}.png")
    done = run("data", "prepare", "folder", "--source", "images", "--resolution", "4", "--out", "pack", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "torch" not in imported(done)


def test_compare_imports_neither_torch_nor_the_registry(tmp_path, run):
    (tmp_path / "runs").mkdir()
    done = run("compare", folder=tmp_path)
    assert "Traceback" not in done.stderr
    assert not {"torch", "torch_fidelity"} & imported(done)


def test_help_of_a_figure_imports_that_figure_alone_and_no_torch(tmp_path, run):
    done = run("explore", "project", "--help", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--coverage" in done.stdout
    assert "torch" not in imported(done)


def test_verify_of_nothing_has_a_message(tmp_path, run):
    (tmp_path / "runs").mkdir()
    done = run("verify", "runs", folder=tmp_path)
    assert done.returncode == 2
    assert "there are no runs in runs" in done.stderr


@pytest.mark.ci
def test_the_package_imports_torch_only_for_what_needs_it(tmp_path):
    script = (
        "import sys, ganzoo; assert 'torch' not in sys.modules and 'pydantic' not in sys.modules; "
        "ganzoo.GanzooError; ganzoo.hookimpl; assert 'torch' not in sys.modules; "
        "import ganzoo._recipe.recipe, ganzoo._registry.registry, ganzoo._recipe.toml_source, "
        "ganzoo._runs.record, ganzoo._runs.directory, "
        "ganzoo._io.atomic, ganzoo._leaderboard.leaderboard, ganzoo._leaderboard.render; "
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.ci  # imports torch and all plugins anew
def test_finding_the_plugins_imports_no_more_of_torchs_family(tmp_path):
    """Torchvision takes as long to import as torch: each run, score and check would wait for it."""

    def find() -> None:
        forget_modules("ganzoo", "torchvision", "torch_fidelity")
        assert importlib.import_module("ganzoo._registry.registry").Registry.discover().parts()
        print(*sorted({name.partition(".")[0] for name in sys.modules} & {"torchvision", "torch_fidelity"}))

    done = forked(find, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
