"""What README and docs show works as it stands: commands, Python, TOML, links, images, tables.

Commands of a page run in order in one folder, in this process. Trainings are made short by `--set` arguments that
are added to the line, figures by smaller numbers; they are listed in `TINY` and `FEWER`. What installs is checked for
what it names, since .ci/run proves it.
"""

from __future__ import annotations

import os
import re
import runpy
import shlex
import sys
import tomllib
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from installed_plugin import write_metadata
from PIL import Image
from typer.main import get_command

from ganzoo import errors
from ganzoo._cli.app import app, main
from ganzoo._recipe.find_recipe import find_recipe, shipped_recipes
from ganzoo._recipe.load import load
from ganzoo._registry.registry import Registry

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "example_plugin"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), EXAMPLE / "README.md"])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

SCORING = ("generated=32", "reference_images=32")
METRICS = 'scoring.metrics=["fid", { name = "kid", subset_size = 16, subsets = 2 }]'
NARROW = ("generator.channel_max=8", "discriminator.channel_max=8")
TINY = {
    "training": ("training.total_kimg=0.032", "training.batch_size=8"),
    "growth": ("training.total_kimg=0.04", "training.growth.stable_kimg=0.008", "training.growth.fade_kimg=0.008"),
    "longer": ("training.total_kimg=0.128",),
    "scoring": (*(f"scoring.{context}" for context in SCORING), METRICS, 'scoring.extractor={name="random-features"}'),
    "dcgan": ("generator.width=4", "discriminator.width=4", "dataset.resolution=16"),
    "progan": NARROW,
    "stylegan": NARROW,
    "stylegan2": NARROW,
    "phantom": ("dataset.count=64", "dataset.resolution=16"),
    "akoa": ("dataset.resolution=16",),
    "oasis": ("dataset.resolution=16",),
    "ffhq": ("dataset.resolution=16",),
}
# Of two options of one name the last one counts.
FEWER = {
    "neighbors": ("--seeds", "0-3"),
    "pca": ("--count", "2"),
    "project": ("--steps", "2"),
}


@pytest.fixture(autouse=True)
def _forget_modules_of_pages(tmp_path: Path) -> Iterator[None]:
    """Forget what a page's own modules were: other tests have plugins of the same name."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        file = Path(str(getattr(sys.modules[name], "__file__", None)))
        if file.is_relative_to(tmp_path) or file.is_relative_to(EXAMPLE):
            del sys.modules[name]


def title(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[str]:
    return [text for language, text in BLOCK.findall(page.read_text("utf-8")) if language in languages]


def commands(page: Path) -> list[str]:
    """Lines of `sh` blocks, and those of `console` blocks that follow a prompt."""
    found: list[str] = []
    for language, text in BLOCK.findall(page.read_text("utf-8")):
        lines = text.replace("\\\n", " ").splitlines()
        if language == "console":
            found += [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        elif language in ("sh", "bash"):
            found += [line for line in lines if line.strip() and not line.startswith("#")]
    return found


class Reader:
    """Does what a page says, in a folder of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        monkeypatch.chdir(folder)

    def does(self, line: str) -> None:
        command, _, comment = line.partition("  # ")
        expected = re.search(r"exits with (\d+)", comment)
        for part in command.split(" && "):
            self._part(shlex.split(part), int(expected[1]) if expected else 0)

    def _part(self, words: list[str], expected: int) -> None:
        program, *arguments = words
        match Path(program).name:
            case "ganzoo":
                self._ganzoo(arguments, expected)
            case "pip":
                self._pip(arguments)
            case "python3" | "python":
                self._python(arguments)
            case "cd":
                self.monkeypatch.chdir(arguments[0])
            case _:
                pytest.fail(f"a page shows `{shlex.join(words)}`, which this test cannot do")

    def _ganzoo(self, arguments: list[str], expected: int) -> None:
        command = arguments[0]
        cells = command == "run" and "--seeds" in arguments
        if command in ("fetch-weights", "init") or cells or (command == "sweep" and arguments[1] != "status"):
            # 96 MB from the network, steps to be timed, processes for many cells: that the line is understood must do
            arguments = [*arguments, "--help"]
        for override in tiny(arguments):
            arguments = [*arguments, "--set", override]
        if command == "explore":
            arguments = [*arguments, *FEWER.get(arguments[1], ())]
        self.monkeypatch.setattr(sys, "argv", ["ganzoo", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = self.capsys.readouterr()
        code = ended.value.code or 0
        assert code == expected, f"ganzoo {shlex.join(arguments)} ended with {code}:\n{said.out}\n{said.err}"

    def _pip(self, arguments: list[str]) -> None:
        """Make a folder's plugin known as pip would; ganzoo itself is there already."""
        assert arguments[0] == "install"
        named = arguments[-1]
        extra = re.search(r"\[(\w+)\]$", named)
        folder = Path(re.sub(r"\[\w+\]$", "", named))
        if ("-e" in arguments and folder == Path()) or not (folder / "pyproject.toml").exists():
            extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
            assert extra is None or extra[1] in extras
            assert folder == Path() or named.startswith("ganzoo-toolkit"), f"pip install {named}: no such folder"
            return
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        modules = folder / "src" if (folder / "src").is_dir() else folder
        write_metadata(modules, project["name"], project["version"], project["entry-points"])
        self.monkeypatch.syspath_prepend(str(modules.resolve()))

    def _python(self, arguments: list[str]) -> None:
        if arguments[0] == "-m":
            assert arguments[1] in ("venv", "pytest"), f"python -m {arguments[1]}"
            return
        script = ROOT / arguments[0]
        assert script.is_file(), f"there is no {arguments[0]}"


def tiny(arguments: list[str]) -> list[str]:
    """Return settings that make a command short."""
    command, *rest = arguments
    if command == "resume":
        return [*TINY["longer"]] if "--set" in rest else []
    if command == "score":
        return [*TINY["scoring"]]
    if command not in ("run", "check") or "--help" in rest or (command == "check" and "--set" in rest):
        return []
    files = [find_recipe(word) for word in takewhile(lambda word: not word.startswith("--"), rest)]
    recipes = [tomllib.loads(file.read_text("utf-8")) for file in files]
    named = set.intersection(*({recipe[section]["name"] for section in ("dataset", "generator")} for recipe in recipes))
    growth = TINY["growth"] if all("growth" in recipe["training"] for recipe in recipes) else ()
    parts = borne([override for name in sorted(named) for override in TINY.get(name, ())], files)
    return parts if command == "check" else [*TINY["training"], *growth, *TINY["scoring"], *parts]


def borne(parts: list[str], files: list[Path]) -> list[str]:
    """Keep a recipe's own resolution where its networks have no other, as those that list widths by resolution."""
    registry = Registry.discover()
    try:
        for file in files:
            load(file, registry, parts)
    except errors.RecipeError:
        return [override for override in parts if not override.startswith("dataset.resolution=")]
    return parts


def write_images(folder: Path, names: list[str]) -> None:
    """Write small gray pictures, each its own."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in names:
        Image.fromarray(rng.integers(0, 255, (32, 32), dtype=np.uint8)).save(folder / name)


def prepare_folder(page: Path, folder: Path) -> None:
    """Put there what a page takes for granted, and every file that it shows (its first line says its name)."""
    write_images(folder / "my-images", [f"{number:03d}.png" for number in range(256)])
    slices = [f"case_{number // 4:03d}_slice_{number % 4}.nii.png" for number in range(256)]  # more than KID's subset
    write_images(folder / "data" / "oasis" / "keras_png_slices_train", slices)
    write_images(folder / "data" / "ffhq", [f"{number:05d}.png" for number in range(64)])
    for number in range(10):
        write_images(folder / "data" / "cifar10" / f"class_{number}", [f"{image}.png" for image in range(8)])
    for text in blocks(page, "toml", "python"):
        named = re.match(r"# ([\w./-]+\.(?:toml|py))\b", text)
        if named:
            path = folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


# Trainings of the small recipes, all formats, recipes and figures, one after the other: each is tried by itself too.
SLOW = {
    "docs/data.md",
    "docs/recipes.md",
    "docs/zoo.md",
    "docs/first-comparison.md",
    "docs/figures.md",
    "docs/probing.md",
    "docs/report.md",
    "docs/publishing.md",
}


def dear(page: Path) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow if title(page) in SLOW else pytest.mark.ci]


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=dear(page), id=title(page)) for page in PAGES if commands(page)],
)
def test_a_pages_commands_work(page, tmp_path, monkeypatch, capsys):
    prepare_folder(page, tmp_path)
    if page.parent == EXAMPLE:
        for file in page.parent.iterdir():
            if file.is_file():
                (tmp_path / file.name).write_bytes(file.read_bytes())
    reader = Reader(tmp_path, monkeypatch, capsys)
    wanted = "runs/quickstart-s0" in " ".join(commands(page)) and "ganzoo run quickstart" not in commands(page)
    begin = ["ganzoo run quickstart"] if wanted and page.name != "README.md" else []
    for line in begin + commands(page):
        reader.does(line)


_numbers = count()


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.ci] if title(page) == "README.md" else [], id=title(page))
        for page in PAGES
        if blocks(page, "python")
    ],
)
def test_a_pages_python_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if page.parent == EXAMPLE:
        monkeypatch.syspath_prepend(str(EXAMPLE))
    module = ModuleType(f"of_a_page_{next(_numbers)}")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # pydantic looks annotations up there
    for text in blocks(page, "python"):
        exec(compile(text, title(page), "exec"), module.__dict__)


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_a_pages_toml_is_toml(page):
    for text in blocks(page, "toml"):
        tomllib.loads(text)


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_a_pages_links_lead_somewhere(page):
    text = page.read_text("utf-8")
    for _, link, source in LINK.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        target = link or source
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{title(page)} links to {target}, which is not there"
        assert file.is_relative_to(ROOT), f"{title(page)} links to {target}, outside of the project"
        if anchor:
            anchors = {slug(heading) for heading in HEADING.findall(file.read_text("utf-8"))}
            assert anchor in anchors, f"{title(page)} links to {target}, but there is no such heading"


def slug(heading: str) -> str:
    """Return the anchor that a heading gets: lower case, words joined by hyphens."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_a_page_shows_commands_where_they_are_tried(page):
    text = page.read_text("utf-8")
    assert not re.findall(r"^ {4,}(?:ganzoo|pip|python3?|\.venv/\S+) .*", text, re.MULTILINE), (
        "put them in ```sh blocks"
    )
    known = command_names()
    for name in re.findall(r"`ganzoo ([a-z][a-z-]*)", text):
        assert name in known, f"{title(page)} mentions `ganzoo {name}`, which is no command"


def command_names() -> list[str]:
    """Return the names of all commands."""
    group = get_command(app)
    return group.list_commands(group.make_context("ganzoo", [], resilient_parsing=True))


def test_pictures_are_small():
    for picture in (ROOT / "docs" / "images").glob("*.png"):
        with Image.open(picture) as opened:
            opened.verify()
        assert picture.stat().st_size < 300_000, f"{picture.name} is large for a repository"


def test_the_readme_links_to_every_page():
    text = (ROOT / "README.md").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{page.name})" in text, f"README does not mention docs/{page.name}"


def test_the_readme_has_two_lines_for_a_fresh_machine():
    lines = [line for line in commands(ROOT / "README.md") if line.startswith("python3 -m venv .venv && ")]
    assert [line.split(" && ")[-1] for line in lines] == [
        ".venv/bin/ganzoo run quickstart",
        ".venv/bin/python -m pytest",
    ]


def test_the_readme_lists_every_exit_code_and_command():
    text = (ROOT / "README.md").read_text("utf-8")
    every = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    for kind in every:
        assert f"| {kind.exit_code} |" in text, f"README does not explain exit code {kind.exit_code} ({kind.__name__})"
    for name in command_names():
        assert f"ganzoo {name}" in text, f"README does not mention `ganzoo {name}`"


def test_the_readme_names_every_built_in_part():
    table = dict(re.findall(r"^\| ([a-z ]+) \| (`.*) \|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    headings = {"regularizer": "penalties", "extractor": "feature extractors", "source": "source formats"}
    for part in Registry.discover().parts():
        if part.origin.distribution == "ganzoo-toolkit" and part.kind != "importer":  # named by whose files they read
            row = headings.get(part.kind, f"{part.kind.replace('loss', 'losse')}s")
            assert f"`{part.name}`" in table[row], f"README's row of {row} lacks {part.name}"


def test_the_tables_of_recipes_md_are_those_of_the_models():
    script = ROOT / "docs" / "recipe_tables.py"
    page = (ROOT / "docs" / "recipes.md").read_text("utf-8")
    assert runpy.run_path(str(script))["rewritten"](page) == page, f"run: python {script.relative_to(ROOT)}"


def test_the_pages_of_contracts_are_those_of_the_code():
    script = ROOT / "docs" / "contract_pages.py"
    written = {path.name: path.read_text("utf-8") for path in (ROOT / "docs" / "contracts").iterdir()}
    assert written == runpy.run_path(str(script))["pages"](), f"run: python {script.relative_to(ROOT)}"


def test_recipes_md_names_every_shipped_recipe():
    page = (ROOT / "docs" / "recipes.md").read_text("utf-8")
    assert [name for name in shipped_recipes() if f"`{name}`" not in page] == []


def test_ci_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_project_is_free_to_use():
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("MIT License")
