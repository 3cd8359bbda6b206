"""Verdicts: what tables say of rows that are equal or not, from made-up records and from thousands of tables."""

import json
import math
import random
import tomllib

import numpy as np
import pytest
from made_up_records import record, scores

from ganzoo._leaderboard.comparison import Comparison
from ganzoo._leaderboard.gather import compare_runs
from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._leaderboard.plan import SeedsToSettle
from ganzoo._leaderboard.plan_sweep import plan_sweep
from ganzoo._leaderboard.plan_text import plan_text
from ganzoo._leaderboard.rules import Rules, parse_looks, parse_share
from ganzoo._leaderboard.statistics.pairing import paired
from ganzoo._leaderboard.statistics.simultaneous import Samples, simultaneous_intervals
from ganzoo._leaderboard.statistics.spread import digamma, inverse_trigamma, moderated_spread, trigamma
from ganzoo._leaderboard.statistics.studentized_range import critical_t
from ganzoo._leaderboard.statistics.verdicts import BETTER, EQUIVALENT, UNKNOWN, WORSE, answers_of, rank_sets
from ganzoo._runs.plain_data import Floor
from ganzoo._runs.record import write_record
from ganzoo._sweep.sweep_file import sweep_settings
from ganzoo.errors import GanzooError

TABLES = 2000
MARGIN = math.log1p(0.013)


def seeds_of(name, values, error=0.001, **options):
    return [
        record(name, seed, loss=name, found=scores(fid=value, kid=None, error=error, **options))
        for seed, value in enumerate(values)
    ]


def table_of(*groups, **options):
    runs = [run for group in groups for run in group]
    (table,) = leaderboards(runs, rules=Rules(**options)).tables
    return table


def ranks(table):
    return {row.recipe: row.rank for row in table.rows}


# critical values


@pytest.mark.parametrize(
    ("count", "freedom", "level", "expected"),
    [
        (2, 4, 0.05, 2.776),  # Student's t
        (2, 1, 0.05, 12.706),
        (3, 10, 0.05, 3.877 / math.sqrt(2)),  # tables of the studentized range
        (10, 5, 0.01, 10.24 / math.sqrt(2)),
        (20, 60, 0.05, 5.241 / math.sqrt(2)),
    ],
)
def test_critical_values_are_those_of_tables(count, freedom, level, expected):
    assert float(critical_t(count, freedom, level)) == pytest.approx(expected, rel=1e-3)


def test_the_critical_value_is_that_of_a_simulation_for_freedoms_that_no_table_has():
    draw = np.random.default_rng(0)
    ranges = np.ptp(draw.standard_normal((100_000, 9)), axis=1) / np.sqrt(draw.chisquare(3.4, 100_000) / 3.4)
    assert float(critical_t(9, 3.4, 0.05)) == pytest.approx(np.quantile(ranges, 0.95) / math.sqrt(2), rel=0.02)


def test_derivatives_of_log_gamma():
    # by hand: digamma(1) = -Euler's constant, trigamma(1) = pi^2 / 6, trigamma(1/2) = pi^2 / 2
    assert digamma(np.array([1.0]))[0] == pytest.approx(-0.5772156649, abs=1e-6)
    assert trigamma(np.array([1.0, 0.5])) == pytest.approx([math.pi**2 / 6, math.pi**2 / 2], rel=1e-8)
    assert inverse_trigamma(np.array([math.pi**2 / 6])) == pytest.approx([1.0], rel=1e-6)


# spreads


def test_spreads_that_agree_are_pooled_and_one_that_does_not_keeps_two_thirds_of_its_own():
    own, freedoms = np.array([[1.0, 1.1, 0.9, 1.0]]), np.full((1, 4), 4.0)
    spread = moderated_spread(own, freedoms)
    assert spread.pooled[0] == pytest.approx(1.0)
    assert spread.freedom[0] == 16
    wide = moderated_spread(np.array([[0.01, 0.011, 0.009, 10.0]]), freedoms)
    assert wide.freedom[0] < 16
    assert wide.moderated[0, 3] > 10 * 2 / 3
    assert 0.009 < wide.moderated[0, 0] < 1


def test_a_row_of_one_seed_says_nothing_of_spread():
    alone = moderated_spread(np.array([[0.0, 0.0]]), np.zeros((1, 2)))
    assert (alone.pooled[0], alone.freedom[0]) == (0.0, 0.0)
    beside = moderated_spread(np.array([[4.0, 0.0]]), np.array([[3.0, 0.0]]))
    assert (beside.pooled[0], beside.freedom[0]) == (4.0, 3.0)


# answers


def test_two_rows_of_three_seeds_are_judged_by_students_t_on_logs():
    # Equal spreads are pooled: t with 4 degrees of freedom. Logs -s, 0, s have the variance s^2.
    spread = 0.04
    logs = np.array([-spread, 0.0, spread])
    bound = 2.776 * math.sqrt(2 * spread**2 / 3)
    for gap, expected in ((bound * 1.002, {"a": (1, 1), "b": (2, 2)}), (bound * 0.998, {"a": (1, 2), "b": (1, 2)})):
        table = table_of(seeds_of("a", 10 * np.exp(logs)), seeds_of("b", 10 * np.exp(gap - logs)))
        assert ranks(table) == expected
    (pair,) = table.verdict.pairs
    assert (pair.answer, pair.relative) == ("not known yet", True)
    assert pair.low == pytest.approx(math.expm1(-bound * 0.998 - bound), rel=1e-3)
    assert pair.high == pytest.approx(math.expm1(-bound * 0.998 + bound), abs=1e-4)


@pytest.mark.parametrize("seeds", [1, 2])
def test_one_and_two_seeds_never_give_a_definite_rank(seeds):
    table = table_of(*(seeds_of(f"r{index}", [10.0 * 9**index] * seeds) for index in range(5)))
    assert all(row.rank[0] < row.rank[1] for row in table.rows)
    assert table.rows[0].better_than[-1:] == (5,)
    assert table.verdict.few == (1, 2, 3, 4, 5)


def test_of_one_seed_an_assumed_spread_counts_and_can_be_set():
    def answer(**options):
        table = table_of(
            *(seeds_of(name, [value]) for name, value in (("a", 10.0), ("b", 11.5), ("c", 13.0))), **options
        )
        return table.verdict.pairs[1].answer

    assert answer() == "not known yet"
    assert answer(assumed_spread=0.015) == "better"


def test_an_error_that_is_not_known_is_not_zero():
    table = table_of(seeds_of("a", [1.0], error=None), seeds_of("b", [20.0]), seeds_of("c", [400.0]))
    assert ranks(table)["a"] == (1, 3)
    assert [pair.low for pair in table.verdict.pairs][:2] == [None, None]


def test_many_seeds_show_that_two_are_equivalent_and_that_a_difference_is_smaller_than_matters():
    logs = np.linspace(-0.004, 0.004, 9)
    same = table_of(seeds_of("a", 10 * np.exp(logs)), seeds_of("b", 10 * np.exp(logs + 1e-4)), equivalence=0.03)
    assert [(pair.answer, pair.smaller_than_matters) for pair in same.verdict.pairs] == [("equivalent", False)]
    assert ranks(same) == {"a": (1, 2), "b": (1, 2)}
    apart = table_of(seeds_of("a", 10 * np.exp(logs)), seeds_of("b", 10 * np.exp(logs + 0.02)), equivalence=0.05)
    assert [(pair.answer, pair.smaller_than_matters) for pair in apart.verdict.pairs] == [("equivalent", True)]
    better = table_of(seeds_of("a", 10 * np.exp(logs)), seeds_of("b", 10 * np.exp(logs + 0.02)), equivalence=0.001)
    assert better.verdict.pairs[0].answer == "better"


def test_more_is_better_on_a_logit_scale():
    def precision(name, values):
        named = {"metric": "precision", "label": "precision", "lower_is_better": False, "transform": "logit"} | {
            "standard_error": 0.01
        }
        return [
            record(name, seed, loss=name, found=(scores()[0].model_copy(update={**named, "value": value}),))
            for seed, value in enumerate(values)
        ]

    table = table_of(precision("low", [0.50, 0.51, 0.49]), precision("high", [0.90, 0.91, 0.89]))
    assert ranks(table) == {"high": (1, 1), "low": (2, 2)}
    (pair,) = table.verdict.pairs
    assert (table.verdict.transform, pair.relative) == ("logit", False)
    assert pair.difference == pytest.approx(0.4, abs=0.02)


def test_scores_near_zero_are_judged_in_their_own_units():
    near = table_of(seeds_of("a", [-0.1, 0.0, 0.1], error=None), seeds_of("b", [5.0, 5.1, 4.9]))
    assert (near.verdict.transform, ranks(near)) == ("raw", {"a": (1, 1), "b": (2, 2)})
    assert near.verdict.pairs[0].difference == pytest.approx(-5.0)
    within = table_of(seeds_of("a", [1.0, 1.1, 0.9], error=0.5), seeds_of("b", [5.0, 5.1, 4.9], error=0.01))
    assert within.verdict.transform == "raw"


def test_the_mean_has_students_interval_on_its_scale():
    (row,) = table_of(seeds_of("a", [10.0, 11.0, 12.0])).rows
    logs = np.log([10.0, 11.0, 12.0])
    half = 4.303 * logs.std(ddof=1) / math.sqrt(3)
    estimate = row.estimates["fid"]
    assert (estimate.low, estimate.high) == pytest.approx(
        tuple(np.exp(logs.mean() + np.array([-half, half]))), rel=1e-4
    )
    assert estimate.values == {0: 10.0, 1: 11.0, 2: 12.0}


def test_diverged_seeds_are_outcomes_of_their_recipe():
    lost = [record("a", seed, loss="a", status="diverged", found=()) for seed in (3, 4)]
    table = table_of(seeds_of("a", [10.0, 10.1, 10.2]), seeds_of("b", [20.0, 20.1, 20.2]), lost)
    assert {row.recipe: row.diverged for row in table.rows} == {"a": (3, 4), "b": ()}
    again = [record("a", 0, loss="a", status="diverged", found=(), name="a-s0-2")]
    assert table_of(seeds_of("a", [10.0, 10.1, 10.2]), again).rows[0].diverged == ()


# pairing


def test_what_seeds_have_in_common_is_taken_out_where_it_surely_helps():
    draw = np.random.default_rng(0)
    common = draw.normal(0, 0.05, 5)
    rows = [seeds_of(f"r{index}", 10 * np.exp(0.03 * index + common + draw.normal(0, 0.003, 5))) for index in range(4)]
    table = table_of(*rows)
    assert table.verdict.paired
    assert table.verdict.correlation > 0.9
    assert ranks(table) == {f"r{index}": (index + 1, index + 1) for index in range(4)}
    # The same scores under other seeds cannot be paired.
    moved = [
        record(f"r{index}", run.seed + 10 * index, loss=f"r{index}", found=run.scores)
        for index, group in enumerate(rows)
        for run in group
    ]
    unpaired = table_of(moved)
    assert not unpaired.verdict.paired
    assert unpaired.verdict.correlation is None
    assert unpaired.verdict.unknown > 0


def test_independent_rows_are_hardly_ever_paired():
    found = paired(np.random.default_rng(0).standard_normal((TABLES, 5, 4)))
    assert found.used.mean() < 0.01
    assert abs(found.correlation.mean()) < 0.02


def test_two_paired_rows_are_judged_by_the_paired_t():
    values = np.random.default_rng(1).standard_normal((1, 2, 1)) + np.random.default_rng(2).normal(0, 9, (1, 1, 8))
    values = values + np.random.default_rng(3).normal(0, 0.1, (1, 2, 8))
    found = paired(values)
    assert found.used[0]
    differences = values[0, 0] - values[0, 1]
    assert found.variances[0].sum() == pytest.approx(differences.var(ddof=1))
    assert found.freedoms[0].sum() == pytest.approx(7)


# thousands of tables


def drawn(rows, seeds, spreads, gap=0.0, sampling=1 / 3.2, seed=0):
    """Return tables of which the second half of the rows is worse by `gap`; `spreads` are deviations of logs."""
    draw = np.random.default_rng(seed)
    counts = np.resize(seeds, rows)
    values = draw.standard_normal((TABLES, rows, max(counts))) * np.resize(spreads, rows)[None, :, None]
    values *= math.hypot(1, sampling)
    values[:, rows // 2 :] += math.log1p(gap)
    values[:, np.arange(max(counts))[None] >= counts[:, None]] = np.nan
    shape = (TABLES, rows)
    return Samples(
        values, np.full(shape, sampling) * np.resize(spreads, rows), np.full(shape, 0.013), np.full(shape, 0.08)
    )


def told(samples, level=0.05):
    return answers_of(simultaneous_intervals(samples, level), MARGIN)


@pytest.mark.parametrize(
    ("rows", "seeds", "spreads"),
    [
        (2, [3], [0.08, 0.01]),
        (9, [3], [0.08, *[0.01] * 8]),
        (9, [3, 8, 8], [0.08, 0.015, 0.015]),
        (9, [1], [0.08]),
        (9, [2], [0.03]),
        (20, [5], [0.08, 0.015]),
    ],
)
def test_equal_rows_are_seldom_called_apart(rows, seeds, spreads):
    answers = told(drawn(rows, seeds, spreads))
    wrong = ((answers == BETTER) | (answers == WORSE)).any((1, 2)).mean()
    assert wrong < 0.08 + 2 * math.sqrt(0.08 * 0.92 / TABLES)  # of 2,000 tables; the benchmark bounds it with more
    first, last = rank_sets(answers)
    assert ((first == 1) & (last == rows)).all(1).mean() == pytest.approx(1 - wrong)


@pytest.mark.parametrize(
    ("rows", "seeds", "gap", "spread", "least"),
    [(9, 3, 0.05, 0.015, 0.40), (2, 3, 0.10, 0.015, 0.98), (9, 5, 0.05, 0.015, 0.85)],
)
def test_rows_that_differ_are_told_apart(rows, seeds, gap, spread, least):
    half = rows // 2
    answers = told(drawn(rows, [seeds], [spread], gap, sampling=0.0))[:, :half, half:]
    assert (answers == BETTER).mean() > least - 0.03
    assert (answers == WORSE).mean() < 0.001


def test_ganzoo_compare_answers_as_the_simulation_does():
    samples = drawn(5, [3], [0.02, 0.02, 0.05, 0.02, 0.08], gap=0.1)
    answers = told(samples)
    for index in range(20):
        groups = [
            seeds_of(f"r{row}", 20 * np.exp(samples.values[index, row]), error=samples.sampling[index, row])
            for row in range(5)
        ]
        random.Random(index).shuffle(groups)
        table = table_of(*groups)
        order = [int(row.recipe[1:]) for row in table.rows]
        expected = answers[index][np.ix_(order, order)]
        assert [row.better_than for row in table.rows] == [
            tuple(int(i) + 1 for i in np.flatnonzero(line == BETTER)) for line in expected
        ]
        assert [row.rank for row in table.rows] == list(
            zip(*(side[0].tolist() for side in rank_sets(expected[None])), strict=True)
        )
        assert table.verdict.unknown == int((np.triu(expected == UNKNOWN, 1)).sum())
        assert table.verdict.equivalent == int((np.triu(expected == EQUIVALENT, 1)).sum())


# rules


def test_planned_looks_share_the_error():
    groups = [seeds_of("a", [10.0, 10.2, 10.4]), seeds_of("b", [11.2, 11.4, 11.6])]
    once, planned = table_of(*groups), table_of(*groups, looks=(3, 5, 8))
    assert (once.verdict.level, planned.verdict.level) == (0.05, pytest.approx(0.05 / 3))
    assert planned.verdict.pairs[0].low < once.verdict.pairs[0].low


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"equivalence": 0.0}, "equivalence is a share between 0 and 1"),
        ({"assumed_spread": 8}, "assumed spread is a share between 0 and 1, such as 0.013 or 1.3%, but 8 was given"),
        ({"looks": (5, 3)}, "looks are rising numbers of seeds from 2"),
        ({"looks": (1, 3)}, "looks are rising numbers of seeds from 2"),
    ],
)
def test_rules_that_cannot_be_are_explained(options, message):
    with pytest.raises(GanzooError, match=message):
        Rules(**options)


def test_shares_and_looks_as_they_are_written():
    assert parse_share("1.3%", "--equivalence") == pytest.approx(0.013)
    assert parse_share("0.05", "--equivalence") == 0.05
    assert parse_looks("3,5, 8") == (3, 5, 8)
    with pytest.raises(GanzooError, match=r"--equivalence 'much' is no share; write 1\.3% or 0\.013"):
        parse_share("much", "--equivalence")
    with pytest.raises(GanzooError, match="--looks '3;5' should be numbers of seeds"):
        parse_looks("3;5")


# plans


def test_a_plan_says_what_would_settle_an_open_pair_and_gives_the_lines(tmp_path):
    logs = np.array([-0.03, 0.0, 0.03])
    groups = seeds_of("a", 10 * np.exp(logs)), seeds_of("b", 10 * np.exp(0.0837 - logs)), seeds_of("c", [30.0])
    lost = record("a", 3, loss="a", status="diverged", found=())
    for run in (*groups[0], *groups[1], *groups[2], lost):
        write_record(tmp_path / run.name / "record.json", run)
    comparison = compare_runs([tmp_path])
    plan = {(each.first, each.second): each for each in comparison.plan()}
    assert set(plan) == {(1, 2), (2, 3)}
    open_pair = plan[1, 2]
    assert (open_pair.towards, open_pair.seeds, open_pair.runs) == ("better", 8, 10)
    assert open_pair.hours == pytest.approx(10 * 600 / 3600)
    folder, name = tmp_path, tmp_path / "a-s0" / "recipe.toml"
    assert open_pair.commands[:2] == (  # seed 3 diverged: it is an outcome, and not run again
        f"ganzoo run {name} --name a --seed 4 --runs {folder}",
        f"ganzoo run {name} --name a --seed 5 --runs {folder}",
    )
    assert plan[2, 3].commands[-2:] == tuple(
        f"ganzoo run {tmp_path / 'c-s0' / 'recipe.toml'} --name c --seed {seed} --runs {folder}" for seed in (1, 2)
    )
    text = "\n".join(plan_text(comparison, [tmp_path]))
    assert f"ganzoo compare {folder} --plan --format toml > settle.toml && ganzoo sweep settle.toml" in text
    sweep = sweep_settings(tomllib.loads(plan_sweep(comparison)), "settle.toml")
    assert sorted(map(str, sweep.recipes)) == [f"{folder}/{row}-s0/recipe.toml" for row in "abc"]
    assert sweep.looks == (3, 5, 8) and sweep.stop.settle and sweep.seeds == (0,)
    assert "a (row 1) against b (row 2): 8 seeds each, towards better: 10 more runs, 1 h 40 min here." in text
    assert text.count("--name a") == 5


def test_the_seeds_of_a_plan_settle_the_pair_in_four_of_five_tables():
    gap, spread, rows = math.log(1.05), 0.03, 2
    found = SeedsToSettle(rows, Rules()).of(gap, MARGIN, spread * math.sqrt(2), 3)
    assert found.towards == "better"
    enough = SeedsToSettle(rows, Rules(looks=(found.seeds,))).of(gap, MARGIN, spread * math.sqrt(2), 3)
    samples = drawn(rows, [enough.seeds], [spread], math.expm1(gap), sampling=0.0)
    assert 0.7 < (told(samples)[:, 0, 1] == BETTER).mean() < 0.95


def test_a_gap_that_does_not_matter_is_planned_towards_equivalence_or_left_open():
    seeds = SeedsToSettle(2, Rules())
    assert seeds.of(0.0, MARGIN, 0.01, 3).towards == "equivalent"
    assert seeds.of(0.0, MARGIN, 0.02, 3).seeds > 8
    assert seeds.of(0.0, MARGIN, 0.2, 3).seeds is None


def test_an_imported_network_cannot_be_run_again(tmp_path):
    for run in (record("a", status="imported", recipe={}), record("b")):
        write_record(tmp_path / run.name / "record.json", run)
    (planned,) = compare_runs([tmp_path]).plan()
    assert not any("--name a" in line for line in planned.commands)


def test_typed_rows_and_pairs_for_programs():
    comparison = leaderboards([*seeds_of("a", [10.0, 10.1, 10.2]), *seeds_of("b", [20.0, 20.1, 20.2])])
    shown = Comparison(comparison.tables, (), ())
    first, second = shown.rows()
    assert (first["rank_first"], first["rank_last"], first["better_than"]) == (1, 1, [2])
    assert (first["seeds"], first["resolution"], second["worse_than"]) == ([0, 1, 2], 64, [1])
    assert first["fid_ci95_low"] < first["fid_mean"] < first["fid_ci95_high"]
    (pair,) = shown.pairs()
    assert (pair["first_recipe"], pair["second_recipe"], pair["answer"]) == ("a", "b", "better")
    assert pair["low"] < pair["difference"] < pair["high"] < 0


def test_what_real_images_get_is_a_line_without_a_rank_and_in_every_format():
    floor = Floor(value=3.0, error=0.1, images=500, reference_images=9000, choice="held-out images")
    runs = [
        run.model_copy(update={"scores": tuple(score.model_copy(update={"floor": floor}) for score in run.scores)})
        for run in seeds_of("a", [10.0, 10.1, 10.2])
    ]
    comparison = leaderboards(runs)
    shown = Comparison(comparison.tables, (), ())
    assert "real images" in str(shown) and "3.00 (0.10)" in str(shown)
    assert "what a perfect generator would get, 500 images (held-out images) against 9,000." in str(shown)
    assert "| real images |" in shown.to_markdown()
    assert len(shown.rows()) == 1
    assert (shown.rows()[0]["fid_floor"], shown.rows()[0]["fid_floor_error"]) == (3.0, 0.1)
    assert json.loads(shown.to_json())["tables"][0]["metrics"]["fid"]["floor"]["value"] == 3.0


def test_errors_over_subjects_are_said_to_be_so():
    by_subject = {"error_unit": "subject", "subjects": 6}
    shown = Comparison(leaderboards(seeds_of("a", [10.0], error=0.2, **by_subject)).tables, (), ())
    assert "the sampling error of one network against these 6 subjects" in str(shown)
    assert shown.rows()[0]["fid_subjects"] == 6
    one = seeds_of("a", [10.0], error=0.2)[0]
    other = one.scores[0].model_copy(update={"metric": "copying", "label": "nearer", **by_subject})
    mixed = Comparison(leaderboards([one.model_copy(update={"scores": (one.scores[0], other)})]).tables, (), ())
    assert "of drawing other images from it, and for nearer other subjects than these 6 too;" in " ".join(
        str(mixed).split()
    )


def test_notes_of_each_seed_are_left_to_its_own_table():
    def noted(run, seed):
        notes = ("rank-deficient", f"without image {seed}")
        return run.model_copy(update={"scores": tuple(s.model_copy(update={"notes": notes}) for s in run.scores)})

    runs = [noted(run, seed) for seed, run in enumerate(seeds_of("a", [10.0, 10.1, 10.2, 10.3]))]
    shown = " ".join(str(Comparison(leaderboards(runs).tables, (), ())).split())
    assert "†: rank-deficient; of FID each run has notes of its own, which `ganzoo compare RUN` shows." in shown
    assert "without image 2" in " ".join(str(Comparison(leaderboards(runs[2:3]).tables, (), ())).split())
    assert "without image 1" in " ".join(str(Comparison(leaderboards(runs[:2]).tables, (), ())).split())


def test_the_best_snapshots_count_where_that_was_agreed():
    def trained(seed, best, at_best, at_end):
        found = (*scores(fid=at_best, kid=None, images_seen=best), *scores(fid=at_end, kid=None))
        return record("a", seed, found=found, best_images_seen=best)

    runs = [trained(0, 10_000, 20.0, 40.0), trained(1, 20_000, 22.0, 44.0), record("b", loss="b")]
    (last,) = leaderboards(runs[:2]).tables
    assert [(row.kimg, row.estimates["fid"].mean) for row in last.rows] == [(30.0, 42.0)]
    comparison = leaderboards(runs, rules=Rules(checkpoint="best"))
    (best,) = comparison.tables
    assert [(row.kimg, row.estimates["fid"].mean, row.seeds) for row in best.rows] == [(15.0, 21.0, (0, 1))]
    assert "each run's best snapshot" in str(Comparison(comparison.tables, (), ()))
    assert [(run.name, run.reason) for run in comparison.unscored] == [("b-s0", "no score of a best snapshot")]
    with pytest.raises(GanzooError, match="'last' or 'best', but 'first' was given"):
        Rules(checkpoint="first")
