"""From `ganzoo new` to a ranked row of the table: typed as the README says, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from difflib import ndiff
from pathlib import Path

import pytest
from fresh_environment import FreshEnvironment

from ganzoo._kit.kits import kinds

# So short that it takes seconds; the features of a score need no download.
SHORT = " ".join(
    f"--set {setting}"
    for setting in (
        "training.total_kimg=0.128",
        "dataset.count=128",
        "scoring.generated=64",
        "scoring.reference_images=64",
        "scoring.metrics=['fid']",
        "scoring.extractor.name=random-features",
    )
)

# Each correction of a block has a strength that is learned, and blocks are smoother: an idea, as people have them.
IDEA = {
    "src/acme/__init__.py": (
        (
            "from torch.nn.functional import interpolate, leaky_relu",
            "from torch.nn.functional import interpolate, silu",
        ),
        (
            '    most: PositiveInt = Field(default=128, description="Most channels at any resolution.")\n',
            '    most: PositiveInt = Field(default=128, description="Most channels at any resolution.")\n'
            '    strength: float = Field(default=0.1, description="Strength of corrections at first.")\n',
        ),
        ("*(Block(*pair) for", "*(Block(*pair, options.strength) for"),
        ("leaky_relu(self.blocks(x), 0.2)", "silu(self.blocks(x))"),
        (
            "def __init__(self, inputs: int, outputs: int) -> None:\n        super().__init__()\n",
            "def __init__(self, inputs: int, outputs: int, strength: float) -> None:\n        super().__init__()\n"
            "        self.strength = nn.Parameter(torch.full((), strength))\n",
        ),
        (
            "self.second(leaky_relu(self.first(leaky_relu(x, 0.2)), 0.2))",
            "self.second(silu(self.first(silu(x))))",
        ),
        ("+ 0.1 * corrections", "+ self.strength * corrections"),
    ),
    "src/acme/recipes/acme.toml": (("width = 16\n", "width = 16\nstrength = 0.2\n"),),
    "pyproject.toml": (('version = "0.1"', 'version = "0.2"'),),
}


def edited(package: Path) -> int:
    """Change the files of the package, and return how many lines were written."""
    lines = 0
    for name, changes in IDEA.items():
        before = after = (package / name).read_text("utf-8")
        for old, new in changes:
            assert old in after, old
            after = after.replace(old, new)
        (package / name).write_text(after, "utf-8")
        lines += sum(line.startswith("+ ") for line in ndiff(before.splitlines(), after.splitlines()))
    return lines


@pytest.mark.ci
def test_from_an_idea_to_a_ranked_row_in_six_commands_and_twenty_lines(tmp_path):
    there = FreshEnvironment(tmp_path)
    typed: list[str] = []

    def types(line: str, more: str = "") -> subprocess.CompletedProcess[str]:
        typed.append(line)
        done = there.types(f"{line} {more}")
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done

    said = types("ganzoo new generator acme").stdout
    lines = edited(tmp_path / "acme")
    types("pip install -e ./acme")
    types("ganzoo test acme")
    types("ganzoo run acme", SHORT)
    types("ganzoo run quickstart", SHORT)
    found = types("ganzoo compare runs", "--format json").stdout
    assert len(typed) <= 6
    assert 5 <= lines <= 20
    assert all(line in said for line in typed[2:]), said  # `ganzoo new` says what comes next

    (table,) = json.loads(found)["tables"]
    ((*rows,),) = (section["rows"] for section in table["sections"])
    ranks = {row["recipe"]: row["rank"] for row in rows}
    assert ranks.keys() == {"acme", "quickstart"}
    assert all(ranks.values()), ranks
    record = json.loads((tmp_path / "runs/acme-s0/record.json").read_text("utf-8"))
    assert record.get("content", record)["plugins"]["acme"] == "0.2"


@pytest.mark.slow
def test_every_kind_passes_its_own_tests_and_the_checks_of_types_once_it_is_installed(tmp_path):
    there = FreshEnvironment(tmp_path)
    every = [f"acme-{kind}" for kind in kinds()]
    for kind, name in zip(kinds(), every, strict=True):
        done = there.types(f"ganzoo new {kind} {name}")
        assert done.returncode == 0, done.stderr
    done = there.types("pip install " + " ".join(f"-e ./{name}" for name in every))
    assert done.returncode == 0, done.stderr
    done = there.types(f"pytest -q --import-mode=importlib -W error {' '.join(every)}")
    assert done.returncode == 0, done.stdout
    # All there is to ask is asked, but for the drawing of a figure, which its own test does with a run.
    assert ", 1 skipped" in done.stdout.splitlines()[-1], done.stdout
    sources = " ".join(str(path) for name in every for path in Path(tmp_path, name).glob("src/*"))
    done = there.types(f"mypy --strict {sources}")
    assert done.returncode == 0, done.stdout
