import json

import pytest

from ganzoo._sweep.budget import with_budget
from ganzoo._sweep.cells import cells_of, variants_of
from ganzoo._sweep.opened_sweep import open_sweep
from ganzoo._sweep.sweep_file import more_seeds, read_sweep, sweep_settings
from ganzoo.errors import RecipeError

RECIPE = """
[loss]
name = "logistic"
[training]
total_kimg = 2
batch_size = 8
"""


@pytest.fixture
def beside(tmp_path):
    (tmp_path / "a.toml").write_text(RECIPE)
    (tmp_path / "b.toml").write_text(RECIPE.replace("total_kimg = 2", "total_kimg = 4\ndiscriminator_steps = 5"))
    return tmp_path


def rows(folder, **said):
    settings = sweep_settings({"recipes": ["a"], "seeds": [0], **said}, "s.toml")
    return with_budget(variants_of(settings, folder), settings.budget)


def test_a_list_makes_an_axis_and_its_values_are_in_the_names(beside):
    found = rows(
        beside, set={"loss": {"name": ["hinge", "logistic"]}, "training.batch_size": [16], "seed_free": [1, 2]}
    )
    assert [row.name for row in found] == [
        "a-hinge-seed_free1",
        "a-hinge-seed_free2",
        "a-logistic-seed_free1",
        "a-logistic-seed_free2",
    ]
    assert found[0].overrides == ("loss.name=hinge", "training.batch_size=16", "seed_free=1")
    cells = cells_of(found[:2], [3, 5])
    assert [cell.run_name for cell in cells] == [
        "a-hinge-seed_free1-s3",
        "a-hinge-seed_free2-s3",
        "a-hinge-seed_free1-s5",
        "a-hinge-seed_free2-s5",
    ]
    assert len({cell.asked for cell in cells}) == 4


@pytest.mark.parametrize(
    "value",
    ["true", "7", "a b", 'say "x"', " padded ", "", True, 1.5, [0.0, 0.99], {"name": "r1", "gamma": 2}, ["x"], "ä"],
)
def test_overrides_arrive_as_the_file_has_them(beside, value):
    row = rows(beside, set={"some.key": [value]})[0]
    assert row.plain["some"]["key"] == value


def test_names_that_meet_or_are_too_long_are_told_apart(beside):
    long = ["x" * 70 + "a", "x" * 70 + "b", "y/z", "y_z"]
    names = [row.name for row in rows(beside, set={"loss.name": long})]
    assert len(set(names)) == 4 and all(len(name) <= 56 for name in names)


def test_budgets_are_held_by_each_recipes_own_length(beside):
    both = {"recipes": ["a", "b"]}
    lengths = [
        row.plain["training"]["total_kimg"] for row in rows(beside, **both, budget={"equal": "kimg", "amount": 3})
    ]
    assert lengths == [3, 3]
    updates = rows(beside, **both, budget={"equal": "generator_updates", "amount": 100})
    assert [row.plain["training"]["total_kimg"] for row in updates] == [0.8, 4.0]  # 100 × 8 images, and × 5 steps
    timed = rows(beside, **both, budget={"equal": "hours", "amount": 2.5})
    assert {row.plain["training"]["most_hours"] for row in timed} == {2.5}
    with pytest.raises(RecipeError, match="unlike lengths in kimg: a has 2, b has 4"):
        rows(beside, **both, budget={"equal": "kimg"})
    (beside / "c.toml").write_text("[training]\nepochs = 3\n")
    with pytest.raises(RecipeError, match="counts epochs"):
        rows(beside, recipes=["c"], budget={"equal": "hours", "amount": 1})


def test_seeds_as_people_write_them():
    assert sweep_settings({"recipes": ["quickstart"], "seeds": "0-2,7"}, "s").seeds == (0, 1, 2, 7)
    assert more_seeds((4, 1), 4) == (4, 1, 0, 2)
    for wrong in ("", "a", "4-2", "0-99999999", "1-"):
        with pytest.raises(RecipeError, match="seeds:"):
            sweep_settings({"recipes": ["quickstart"], "seeds": wrong}, "s")


def test_errors_of_a_sweep_file_come_together_with_their_keys(tmp_path):
    (tmp_path / "s.toml").write_text(
        'recipes = []\nseeds = "x"\nthread = 2\n[budget]\nequal = "hours"\n[stop]\nlooks = [5, 3]\nmax_seed = 2\n'
    )
    with pytest.raises(RecipeError) as told:
        read_sweep(tmp_path / "s.toml")
    text = str(told.value)
    for part in ("recipes: ", "seeds: ", "did you mean 'threads'", "budget: equal hours need an amount", "stop."):
        assert part in text, text
    assert json.dumps(text)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"seeds": [1, 1]}, "lists 1 twice"),
        ({"recipes": ["a", "a"]}, "lists a twice"),
        ({"stop": {"settle": True, "max_seeds": 1}, "seeds": [0, 1]}, "below the number of seeds"),
        ({"stop": {"looks": [3, 9], "max_seeds": 8}}, "beyond max_seeds"),
        ({"set": {"loss.name": []}}, "has no value"),
        ({"recipes": ["nowhere"]}, "there is no recipe file 'nowhere'"),
        ({"tags": ["a,b"]}, "tags.0"),
    ],
)
def test_what_no_sweep_can_be_is_refused(beside, said, why):
    with pytest.raises(RecipeError, match=why):
        rows(beside, **said)


def test_looks_begin_with_the_seeds_that_are_given(beside):
    def looks(seeds, **stop):
        return sweep_settings({"recipes": ["a"], "seeds": seeds, "stop": stop}, "s").looks

    assert looks([0]) == ()
    assert looks([0, 1]) == (2,)
    assert looks([0], settle=True) == (3, 5, 8)
    assert looks([0, 1, 2, 3], settle=True) == (5, 8)
    assert looks([0, 1, 2], settle=True, max_seeds=4) == (3,)
    assert looks([0], settle=True, max_seeds=6, looks=[2, 4, 6]) == (2, 4, 6)


def test_a_sweep_in_a_folder_that_cannot_be_written_is_refused_before_any_work(beside):
    (beside / "s.toml").write_text('recipes = ["a"]\nseeds = [0]\n')
    (beside / "file").write_text("")
    with pytest.raises(Exception, match="is a file"):
        open_sweep(beside / "s.toml", beside / "file" / "runs")
