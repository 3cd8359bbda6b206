from pathlib import Path

import pytest
from made_up_records import record, scores

from ganzoo._leaderboard.gather import compare_runs
from ganzoo._leaderboard.named import two_named
from ganzoo._runs.record import write_record
from ganzoo.errors import GanzooError, RefusedError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = [record("a", seed=seed) for seed in (0, 1)] + [record("b", loss="hinge"), record("ab", loss="rahinge")]
    runs.append(record("other", loss="wgan-gp", found=scores(protocol={"generated": 500})))
    for each in runs:
        write_record(tmp_path / "runs" / each.name / "record.json", each)
    Path("a.toml").touch()
    return tmp_path


def recipes(*names):
    (table,) = compare_runs([Path(name) for name in names]).tables
    return sorted((row.recipe, row.seeds) for row in table.rows)


@pytest.mark.parametrize("names", [("a", "b"), ("a.toml", "runs/b"), ("runs/a", "runs/b-s0"), ("a", "a-s1", "b-s0")])
def test_recipes_are_named_by_their_runs_or_their_file(folder, names):
    wanted = [("a", (0, 1)), ("b", (0,))]
    if "a-s1" in names:
        names = ("a", "runs/a-s1", "runs/b-s0")
    assert recipes(*names) == wanted


def test_named_recipes_are_to_be_ranked_together(folder):
    with pytest.raises(RefusedError, match=r"protocol\.generated"):
        compare_runs([Path("a"), Path("other")])
    assert len(compare_runs([Path("runs")]).tables) == 2


@pytest.mark.parametrize("name", ["c", "c.toml", "runs/c", "elsewhere/a"])
def test_what_is_neither_folder_nor_recipe_is_said(folder, name):
    with pytest.raises(GanzooError, match=f"there is nothing at {name}, and .* has no run of a recipe"):
        compare_runs([Path("a"), Path(name)])


def test_two_recipes_are_two_names_and_no_folder_of_runs(folder):
    def named(*paths):
        return two_named([Path(path) for path in paths])

    assert named("a", "b.toml") == ("a", "b")
    assert named("runs/a-s0", "runs/b-s0") == ("a-s0", "b-s0")
    assert named("a", "runs") is named("a", "b", "ab") is named("a") is None
