import io
import math
import statistics

import pytest
from made_up_records import record, scores
from rich.console import Console

from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._leaderboard.two_recipes import two_recipes
from ganzoo._leaderboard.two_recipes_page import TwoRecipesPage
from ganzoo.errors import GanzooError, RefusedError


def seeds_of(stem, values, **changes):
    return [record(stem, seed=seed, found=scores(fid=value, kid=None), **changes) for seed, value in values.items()]


def between(*runs, names=("a", "b")):
    return two_recipes(leaderboards(runs).tables, *names)


def page(two):
    console = Console(file=io.StringIO(), width=200, highlight=False, markup=False)
    TwoRecipesPage.of(two).print(console)
    return console.file.getvalue()


CLOSE = {0: 40.0, 1: 41.0, 2: 42.0}
FAR = {0: 80.0, 1: 82.0, 2: 84.0, 3: 86.0}


def test_the_keys_in_which_two_recipes_differ_are_named_and_the_others_counted():
    wide = {"generator": {"width": 128}, "training": {"total_kimg": 60.0}}  # a length is seen by the kimg
    two = between(*seeds_of("a", CLOSE), *seeds_of("b", FAR, sections=wide))
    assert two.keys == {"generator.width": (64, 128)}
    assert two.equal == len(two.one.settings) - 1
    text = page(two)
    assert f"Different in 1 key of {two.equal + 1}" in text
    assert "generator.width" in text and "loss.name" not in text


def test_scores_are_shown_seed_by_seed_those_of_both_first():
    two = between(*seeds_of("a", {5: 43.0} | CLOSE), *seeds_of("b", FAR, loss="hinge"))
    assert list(two.seeds("fid")) == [0, 1, 2, 3, 5]
    assert two.seeds("fid")[1] == (41.0, 82.0)
    assert two.seeds("fid")[3] == (None, 86.0) and two.seeds("fid")[5] == (43.0, None)
    text = page(two)
    assert "-50.0 %" in text and "seed 5" in text


def test_the_paired_difference_by_hand():
    """Student's interval of the mean of log ratios, two degrees of freedom: t = 4.303."""
    one, other = {0: 40.0, 1: 44.0, 2: 41.0}, {0: 50.0, 1: 52.0, 2: 53.0}
    found = between(*seeds_of("a", one), *seeds_of("b", other, loss="hinge")).paired("fid")
    gaps = [math.log(one[seed] / other[seed]) for seed in one]
    half = 4.3027 * statistics.stdev(gaps) / math.sqrt(3)
    assert (found.count, found.relative) == (3, True)
    assert found.mean == pytest.approx(math.expm1(statistics.fmean(gaps)))
    assert found.low == pytest.approx(math.expm1(statistics.fmean(gaps) - half), rel=1e-3)
    assert found.high == pytest.approx(math.expm1(statistics.fmean(gaps) + half), rel=1e-3)
    logs = [[math.log(value) for value in values.values()] for values in (one, other)]
    assert found.correlation == pytest.approx(statistics.correlation(*logs))
    assert between(*seeds_of("a", one), *seeds_of("b", {7: 50.0}, loss="hinge")).paired("fid") is None


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        (FAR, "a is better by FID: 5"),
        ({0: 41.5, 1: 39.0}, "Which is better is not known yet. By FID, b: "),
        ({0: 20.0, 1: 20.5, 2: 21.0}, "b is better by FID: 50.0 % lower (95 % interval -"),
    ],
)
def test_the_answer_is_that_of_the_table(values, answer):
    two = between(*seeds_of("a", CLOSE), *seeds_of("b", values, loss="hinge"))
    counts = "From 3 seeds each." if len(values) == 3 else f"From 3 and {len(values)} seeds."
    for shown in page(two), TwoRecipesPage.of(two).to_markdown():
        assert answer in shown and counts in shown


def test_one_seed_never_gives_a_definite_answer():
    two = between(*seeds_of("a", {0: 10.0}), *seeds_of("b", {0: 90.0}, loss="hinge"))
    text = page(two)
    assert "Which is better is not known yet" in text and "From 1 seed each." in text
    assert (
        "Fewer than 3 seeds never give a definite answer; of a single one, a spread over trainings of 8 % is assumed."
        in text
    )


def test_equivalent_recipes_are_called_so():
    alike = {seed: 40.0 + seed % 2 * 0.02 for seed in range(30)}
    two = between(*seeds_of("a", alike), *seeds_of("b", alike, loss="hinge"))
    assert two.pair.answer == "equivalent"
    assert "The two are equivalent: their FID differs by less than 1.3 %" in page(two)


def test_costs_are_side_by_side():
    heavy = {"loss": "hinge", "seconds": 7200.0, "peak_memory_bytes": 3 * 2**30}
    costs = between(*seeds_of("a", CLOSE), *seeds_of("b", FAR, **heavy)).costs()
    assert costs["training time of a seed"] == ("10 min", "2 h 00 min")
    assert costs["peak memory"] == ("—", "3.00 GiB")


def test_two_lengths_of_one_recipe_are_named_by_their_lengths():
    longer = record("a", found=(*scores(), *scores(fid=20.0, images_seen=60_000)), images_seen=60_000)
    runs = [longer, record("a", seed=1)]
    two = two_recipes(leaderboards(runs).tables, "a-s0", "a-s1")
    assert two.names == ("a at 60 kimg", "a at 30 kimg")
    assert "Nothing that decides what is learned differs but the length" in page(two)


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        (("a", "c"), GanzooError, "no ranked run is of 'c'; ranked are a, b, other"),
        (("a", "a-s0"), GanzooError, "are one recipe"),
        (("a", "other"), RefusedError, "no table holds both 'a' and 'other'"),
    ],
)
def test_what_cannot_be_compared_is_explained(names, error, message):
    runs = [record("a"), record("b", loss="hinge")]
    runs.append(record("other", loss="x", found=scores(protocol={"generated": 500})))
    with pytest.raises(error, match=message):
        between(*runs, names=names)


def test_runs_of_one_name_that_set_changed_are_named_by_themselves():
    changed = record("a", name="a-s0-2", loss="hinge", found=scores(fid=50.0))
    runs = [record("a"), changed, record("b", loss="rahinge")]
    with pytest.raises(GanzooError, match="'a' is 2 experiments of one name; name a run of one: a-s0 or a-s0-2"):
        between(*runs)
    two = between(*runs, names=("a-s0", "a-s0-2"))
    assert two.keys == {"loss.name": ("logistic", "hinge")}
    assert two.names == ("a-s0", "a-s0-2")
