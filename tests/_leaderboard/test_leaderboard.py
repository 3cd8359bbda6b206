import random

import pytest
from made_up_records import record, scores

from ganzoo._leaderboard.captions import caption
from ganzoo._leaderboard.choice import Choice
from ganzoo._leaderboard.columns import columns_of, options_text
from ganzoo._leaderboard.comparable import comparable
from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._leaderboard.planned_sweeps import planned_looks
from ganzoo._leaderboard.record_fields import meets, value_text
from ganzoo._runs.record import DatasetId
from ganzoo.errors import GanzooError, RefusedError


def only(comparison):
    (table,) = comparison.tables
    return table


# grouping


def test_seeds_of_one_recipe_are_one_row_and_its_numbers_are_right():
    runs = [record(seed=seed, found=scores(fid=fid, kid=fid / 2000)) for seed, fid in ((0, 40.0), (1, 42.0), (2, 44.0))]
    (row,) = only(leaderboards(runs)).rows
    assert row.seeds == (0, 1, 2)
    assert row.estimates["fid"].mean == 42.0
    assert row.estimates["fid"].deviation == 2.0
    assert row.estimates["fid"].sampling_error == pytest.approx(0.42, rel=1e-3)  # of one network, beside
    assert (row.kimg, row.images_per_second, row.hours) == (30.0, 50.0, 600 / 3600)
    assert row.options == {}


def test_what_does_not_change_training_does_not_split_a_row():
    other = record(seed=1, sections={"training": {"checkpoint_kimg": 9.0, "keep_checkpoints": 7}}, title="else")
    assert len(only(leaderboards([record(), other])).rows) == 1


def test_rows_of_the_same_parts_are_told_apart_by_what_differs():
    other = record("wide", sections={"generator": {"width": 128}, "training": {"batch_size": 32}})
    table = only(leaderboards([record(), other]))
    assert {row.recipe: row.options for row in table.rows} == {
        "dcgan_oasis_logistic": {"generator.width": 64, "training.batch_size": 64},
        "wide": {"generator.width": 128, "training.batch_size": 32},
    }


def loss_of(written, distribution, seed=0, version="1.0"):
    """A run whose recipe writes a loss so, and is pinned to that of a distribution."""
    pin = {"distribution": distribution, "packages": [distribution], "version": version, "source": "3f2a91c0"}
    return record(seed=seed, sections={"loss": {"name": written}, "parts": {"loss": {written: pin}}})


def test_a_part_written_with_its_distribution_is_the_part_written_without():
    (row,) = only(leaderboards([loss_of("soft", "one"), loss_of("one:soft", "one", seed=1)])).rows
    assert row.seeds == (0, 1)


def test_a_part_written_with_its_distribution_is_told_from_other_code_of_its_name():
    table = only(leaderboards([loss_of("soft", "one"), loss_of("one:soft", "one", version="1.1")]))
    assert {row.loss: row.options for row in table.rows} == {
        "soft": {"code.one": "1.0+3f2a91c0"},
        "one:soft": {"code.one": "1.1+3f2a91c0"},
    }
    others = only(leaderboards([loss_of("one:soft", "one"), loss_of("two:soft", "two", seed=1)]))
    assert sorted(row.loss for row in others.rows) == ["one:soft", "two:soft"]


def test_two_parts_of_one_name_in_a_recipe_keep_their_distributions():
    def both(one, two):
        weights = [{"name": "one:soft", "weight": one}, {"name": "two:soft", "weight": two}]
        pins = {f"{each}:soft": {"packages": [each], "version": "1.0", "source": "3f2a"} for each in ("one", "two")}
        made = record(seed=one, sections={"parts": {"regularizer": pins}})
        made.recipe["regularizers"] = weights if one < two else weights[::-1]
        return made

    assert len(only(leaderboards([both(1, 2), both(2, 1)])).rows) == 2


def test_the_same_seed_twice_counts_once_and_says_which():
    runs = [
        record(name=f"a-s0{suffix}", found=scores(fid=fid)) for suffix, fid in (("-10", 50.0), ("", 40.0), ("-2", 45.0))
    ]
    table = only(leaderboards(runs))
    (row,) = table.rows
    assert row.estimates["fid"].mean == 50.0
    assert table.notes == ("seed 0 was run 3 times: a-s0-10 counts, not a-s0, a-s0-2",)


def test_a_metric_that_was_left_out_on_the_way_is_no_column():
    """As one whose code, or whose settings, are others since the training went on."""
    found = [*scores(fid=50.0, images_seen=10_000), *scores(fid=45.0, images_seen=20_000), *scores(fid=40.0, kid=None)]
    table = only(leaderboards([record(found=tuple(found))]))
    (row,) = table.rows
    assert (list(table.metrics), list(row.estimates), list(row.course)) == (["fid"], ["fid"], ["fid"])
    assert [point.images_seen for point in row.course["fid"]] == [10_000, 20_000, 30_000]


def test_of_several_scores_the_last_counts_and_those_for_selection_never():
    found = (
        *scores(fid=30.0, images_seen=30_000),
        *scores(fid=90.0, images_seen=10_000),
        *scores(fid=1.0, images_seen=30_000, purpose="selection"),
        *scores(fid=2.0, protocol={"sampling_seed": 1}, purpose="selection"),
    )
    assert only(leaderboards([record(found=found)])).rows[0].estimates["fid"].mean == 30.0


DATASET = {"name": "oasis", "resolution": 64, "channels": 1, "fingerprint": "ab" * 32}


@pytest.mark.parametrize(
    ("change", "field", "here", "there"),
    [
        ({"found": scores(protocol={"generated": 5_000})}, "protocol.generated", 10_000, 5_000),
        ({"found": scores(protocol={"identity": {"resize": 9}})}, "protocol.identity.resize", None, 9),
        ({"dataset": DatasetId(**DATASET | {"resolution": 32})}, "dataset.resolution", 64, 32),
        ({"dataset": DatasetId(**DATASET | {"channels": 3})}, "dataset.channels", 1, 3),
        ({"dataset": DatasetId(**DATASET | {"label_dim": 2})}, "dataset.label_dim", 0, 2),
        ({"dataset": DatasetId(**DATASET | {"fingerprint": "cd" * 32})}, "dataset.fingerprint", "ab" * 32, "cd" * 32),
    ],
)
def test_what_must_be_equal_makes_tables_and_is_named(change, field, here, there):
    tables = leaderboards([record(), record("other", **change)]).tables
    assert len(tables) == 2
    found = {table.distinct[field].here: table.distinct[field].there for table in tables}
    assert found == {here: (there,), there: (here,)}


def test_random_features_never_share_a_table_with_inception():
    random_features = scores(protocol={"extractor": "random"}, labels=("FD-random", "KD-random"))
    tables = leaderboards([record(), record("b", found=random_features)]).tables
    assert sorted(tuple(shown.label for shown in table.metrics.values()) for table in tables) == [
        ("FD-random", "KD-random"),
        ("FID", "KID"),
    ]


# ranking


def test_fid_ranks_where_there_are_images_enough_and_kid_where_not():
    good_fid, good_kid = {"fid": 10.0, "kid": 0.09}, {"fid": 90.0, "kid": 0.01}
    for generated, reference, first, metric in (
        (4096, 4096, "a", "fid"),
        (4095, 9000, "b", "kid"),
        (9000, 4095, "b", "kid"),
    ):
        counts = {"generated": generated, "reference_images": reference}
        runs = [
            record("a", loss="hinge", found=scores(**good_fid, protocol=counts)),
            record("b", found=scores(**good_kid, protocol=counts)),
        ]
        table = only(leaderboards(runs))
        assert (table.primary, table.rows[0].recipe) == (metric, first)
        assert (table.generated, table.reference_images) == (generated, reference)


def test_a_metric_can_be_asked_for_by_key_or_label():
    runs = [record("a", loss="hinge", found=scores(fid=10.0, kid=0.09)), record("b", found=scores(fid=90.0, kid=0.01))]
    assert only(leaderboards(runs, metric="KID")).rows[0].recipe == "b"
    assert only(leaderboards(runs, metric="fid")).rows[0].recipe == "a"
    with pytest.raises(GanzooError, match=r"they have fid \(FID\), kid \(KID\)"):
        leaderboards(runs, metric="beauty")


def kid_of(subset_size, value=0.02):
    return scores(fid=None, kid=value)[0].model_copy(update={"settings": {"class": "k", "subset_size": subset_size}})


def test_unlike_settings_of_a_metric_have_columns_of_their_own_and_leave_the_others_alone():
    fids = [scores(kid=None, fid=fid)[0] for fid in (40.0, 80.0)]
    runs = [record("a", found=(fids[0], kid_of(100))), record("b", loss="hinge", found=(fids[1], kid_of(200)))]
    table = only(leaderboards(runs))
    assert [shown.label for shown in table.metrics.values()] == [
        "FID",
        "KID (subset_size=100)",
        "KID (subset_size=200)",
    ]
    assert [(row.recipe, row.rank) for row in table.rows] == [("a", (1, 2)), ("b", (1, 2))]
    asked = only(leaderboards(runs, metric="kid (subset_size=200)"))
    assert [(row.recipe, row.rank) for row in asked.rows] == [("b", (1, 1)), ("a", None)]


def test_both_settings_of_one_run_are_shown():
    table = only(leaderboards([record(found=(kid_of(100, 0.02), kid_of(200, 0.03)))]))
    assert [estimate.mean for estimate in table.rows[0].estimates.values()] == [0.02, 0.03]


def test_columns_stand_in_the_order_of_the_recipes():
    kid_first = tuple(reversed(scores()))
    assert list(only(leaderboards([record(found=kid_first)])).metrics) == ["kid", "fid"]
    assert only(leaderboards([record(found=kid_first)])).primary == "kid"  # there are enough images for either
    later = scores()[0].model_copy(update={"metric": "later", "label": "later"})
    runs = [record("a", found=(*scores(), later)), record("b", loss="hinge", found=scores())]
    assert list(only(leaderboards(runs)).metrics) == ["fid", "kid", "later"]


def test_where_there_are_too_few_images_for_all_the_metric_that_needs_fewest_ranks():
    few = scores(protocol={"generated": 500})
    table = only(leaderboards([record(found=few)]))
    assert (table.primary, table.reason) == ("kid", "fewer than 4,096 images on a side")
    assert only(leaderboards([record(found=few[:1])])).primary == "fid"


def test_more_is_better_for_precision():
    def with_precision(value):
        named = {"metric": "precision", "label": "precision", "lower_is_better": False}
        score = scores()[0].model_copy(update={**named, "value": value})
        return (score,)

    runs = [record("low", found=with_precision(0.2)), record("high", loss="hinge", found=with_precision(0.9))]
    assert [row.recipe for row in only(leaderboards(runs)).rows] == ["high", "low"]


def test_ranks_are_sets_and_nobody_is_lost():
    runs = [
        record(f"r{index}", loss=f"l{index}", found=scores(fid=fid, kid=None))
        for index, fid in enumerate((40.0, 40.1, 80.0))
    ]
    runs.append(record("kid_only", loss="l9", found=scores(fid=None)))
    table = only(leaderboards(runs))
    assert [(row.recipe, row.rank) for row in table.rows] == [
        ("r0", (1, 2)),
        ("r1", (1, 3)),  # 80 is twice as much, but neighbors of one seed each are never called apart
        ("r2", (2, 3)),
        ("kid_only", None),
    ]
    assert [row.open for row in table.rows] == [True, True, True, False]
    assert [(row.better_than, row.worse_than) for row in table.rows] == [((3,), ()), ((), ()), ((), (1,)), ((), ())]


def test_the_order_of_records_does_not_matter():
    rng = random.Random(0)
    runs = [record(f"r{i % 5}", i // 5, loss=f"l{i % 5}", found=scores(fid=40.0 + i)) for i in range(15)]
    expected = leaderboards(runs)
    for _ in range(5):
        rng.shuffle(runs)
        assert leaderboards(runs) == expected


def test_unfinished_and_unscored_runs_are_listed_and_imported_ones_ranked():
    runs = [
        record(f"x_{status}", status=status, message="why") for status in ("running", "stopped", "diverged", "failed")
    ]
    runs += [record("unscored", found=()), record("imported", status="imported", recipe={}, dataset=None)]
    comparison = leaderboards(runs)
    assert [run.status for run in comparison.unfinished] == ["running", "stopped", "diverged", "failed"]
    assert comparison.unfinished[2].reason == "why"
    assert [run.name for run in comparison.unscored] == ["unscored-s0"]
    assert only(comparison).rows[0].recipe == "imported"


def test_two_imported_networks_are_two_rows():
    runs = [record(name, status="imported", recipe={}, dataset=None) for name in ("one", "two")]
    assert len(only(leaderboards(runs)).rows) == 2


def test_published_values_stand_beside():
    runs = [record(sections={"published": {"fid": {"value": 12.5, "source": "Table 3"}}})]
    assert only(leaderboards(runs)).rows[0].published == {"fid": (12.5, "Table 3", "its protocol is not stated")}


def test_penalties_of_the_loss_itself_are_shown_if_the_record_tells():
    row = only(leaderboards([record(penalties=())])).rows[0]
    assert row.penalties == ()
    runs = [record().model_copy(update={"penalties": ("gradient-penalty",)})]
    assert only(leaderboards(runs)).rows[0].penalties == ("gradient-penalty",)


def test_an_augmentation_tells_rows_apart_and_records_without_one_stay_readable():
    adaptive = {"augmentation": {"name": "ada", "target": 0.6}}
    runs = [record("plain"), record("augmented", sections=adaptive)]
    table = only(leaderboards(runs))
    assert {row.recipe: row.augmentation for row in table.rows} == {"plain": "—", "augmented": "ada"}
    assert not any(row.options for row in table.rows)  # the name alone tells them apart
    columns = {column.header: column.cells for column in columns_of(table)}
    assert sorted(columns["augmentation"]) == ["ada", "—"]
    assert "augmentation" not in {column.header for column in columns_of(only(leaderboards(runs[:1])))}
    assert [row.recipe for row in only(leaderboards(runs, where=["augmentation=ada"])).rows] == ["augmented"]
    weaker = record("weaker", sections={"augmentation": {"name": "ada", "target": 0.5}})
    options = {row.recipe: row.options for row in only(leaderboards([*runs, weaker])).rows}
    assert options == {"plain": {}, "augmented": {"augmentation.target": 0.6}, "weaker": {"augmentation.target": 0.5}}


# choosing


def test_where_chooses_runs_and_scores():
    both = (*scores(), *scores(protocol={"generated": 1000}))
    runs = [
        record("a", found=both),
        record("b", loss="hinge", found=both, sections={"training": {"batch_size": 8}}),
    ]

    def chosen(*where):
        tables = leaderboards(runs, where=where).tables
        return sorted((table.generated, row.recipe) for table in tables for row in table.rows)

    assert chosen("loss=hinge") == [(1000, "b"), (10_000, "b")]
    assert chosen("protocol.generated=1000") == [(1000, "a"), (1000, "b")]
    assert chosen("training.batch_size=8", "dataset=oasis", "protocol.generated=1000") == [(1000, "b")]
    assert chosen("penalties=r1", "seed=0", "regularizers.0.name=r1", "loss=logistic") == [(1000, "a"), (10_000, "a")]
    assert chosen("scoring.generated=1000", "scoring.metrics=kid") == [(1000, "a"), (1000, "b")]
    assert chosen("scoring.extractor=inception-v3-compat", "scoring.generated=10000") == [(10_000, "a"), (10_000, "b")]
    tables = leaderboards(runs, where=["scoring.metrics=kid"]).tables
    assert [list(table.metrics) for table in tables] == [["kid"], ["kid"]]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("loss", "should be field=value"),
        ("=x", "should be field=value"),
        ("training.batchsize=8", "training.batch_size"),
        ("loss=none", "no run has loss=none; loss is logistic here"),
        ("protocol.generated=7", "no score has protocol.generated=7; protocol.generated is 10,000 here"),
        ("scoring.genrated=7", "no score has a field 'scoring.genrated'; did you mean 'scoring.generated'"),
        ("scoring.metrics=beauty", "no score has scoring.metrics=beauty; scoring.metrics is fid or kid here"),
    ],
)
def test_a_wrong_condition_is_explained(where, message):
    with pytest.raises(GanzooError, match=message):
        leaderboards([record()], where=[where])


def test_conditions_that_are_met_but_never_together_are_explained():
    runs = [record("a", seed=1), record("b", loss="hinge")]
    with pytest.raises(GanzooError, match="no run has seed=1; seed is 0 here"):
        leaderboards(runs, where=["loss=hinge", "seed=1"])


def test_a_protocol_is_chosen_by_how_its_hash_begins():
    few = scores(protocol={"generated": 500})
    runs = [record("a", found=(*scores(), *few)), record("b", loss="hinge")]
    (table,) = leaderboards(runs, protocol=few[0].protocol_id[:3]).tables
    assert (table.generated, [row.recipe for row in table.rows]) == (500, ["a"])
    with pytest.raises(GanzooError, match=f"begins with 'x'; there are {few[0].protocol_id}|{scores()[0].protocol_id}"):
        leaderboards(runs, protocol="x")


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        (True, "true", True),
        (True, "1", False),
        (64, "64", True),
        (64, "64.0", True),
        (64, "x", False),
        (0.1, "0.1", True),
        ([], "none", True),
        (["a", "b"], "b", True),
        (None, "none", False),
        ("x", "x", True),
    ],
)
def test_values_as_written(value, wanted, expected):
    assert meets(value, wanted) is expected


def test_sections_by_a_field_have_means():
    runs = [
        record("a", loss="hinge", found=scores(fid=50.0)),
        record("b", loss="hinge", found=scores(fid=60.0), sections={"training": {"batch_size": 8}}),
        record("c", found=scores(fid=20.0)),
    ]
    table = only(leaderboards(runs, by="loss"))
    assert [(section.value, section.count, section.means["fid"]) for section in table.sections] == [
        ("logistic", 1, 20.0),
        ("hinge", 2, 55.0),
    ]
    assert [row.recipe for row in table.rows] == ["c", "a", "b"]
    with pytest.raises(GanzooError, match="no run has a field 'losss'; did you mean 'loss'"):
        leaderboards(runs, by="losss")


# named runs


def test_named_runs_of_two_protocols_are_refused_with_the_fields():
    runs = [record("a", found=scores(protocol={"generated": 1000})), record("b"), record("c")]
    with pytest.raises(RefusedError) as caught:
        comparable(runs)
    assert "protocol.generated: 1,000 (a-s0); 10,000 (b-s0, c-s0)" in str(caught.value)
    assert caught.value.exit_code == 3


def test_named_runs_of_two_data_sets_are_refused_even_under_one_protocol():
    runs = [record("a"), record("b", dataset=DatasetId(**DATASET | {"fingerprint": "cd" * 32}))]
    with pytest.raises(RefusedError, match=r"dataset\.fingerprint: abababab \(a-s0\); cdcdcdcd \(b-s0\)"):
        comparable(runs)


def test_named_runs_are_ranked_under_the_protocol_that_they_share():
    quick = scores(protocol={"generated": 1000})
    runs = [record("a", found=(*quick, *scores())), record("b", loss="hinge"), record("c", found=())]
    table = only(leaderboards(comparable(runs)))
    assert (table.generated, len(table.rows)) == (10_000, 2)
    assert comparable(runs, Choice.of(["protocol.generated=10000"]))[1] == runs[1]


def test_one_scored_run_is_never_refused():
    assert comparable([record(), record("c", found=())]) == [record(), record("c", found=())]


def test_value_text():
    assert [value_text(value) for value in (10_000, True, None, [1, 2], "ab" * 32, "a\x1b", 0.5)] == [
        *("10,000", "true", "none", "1, 2", "abababab", r"a\x1b", "0.5")
    ]
    assert value_text([{"width": 8, "on": True}, {"width": 4}]) == "{ width = 8, on = true }, { width = 4 }"


def test_options_in_lists_of_tables_are_named_with_their_list():
    runs = []
    for name, width in (("a", 8), ("b", 16)):
        made = record(name)
        generator = {**made.recipe["generator"], "stages": [{"width": width, "blocks": 1}]}
        runs.append(made.model_copy(update={"recipe": {**made.recipe, "generator": generator}}))
    assert {options_text(row) for row in only(leaderboards(runs)).rows} == {"stages.0.width=8", "stages.0.width=16"}


def test_a_seed_that_was_trained_on_stands_with_the_others_and_by_itself():
    longer = {"sections": {"training": {"total_kimg": 60.0}}, "images_seen": 60_000, "seconds": 1200.0}
    extended = record(seed=0, found=(*scores(fid=40.0), *scores(fid=20.0, images_seen=60_000)), **longer)
    table = only(leaderboards([extended, record(seed=1, found=scores(fid=42.0)), record(seed=2)]))
    rows = {row.kimg: row for row in table.rows}
    assert {kimg: row.seeds for kimg, row in rows.items()} == {30.0: (0, 1, 2), 60.0: (0,)}
    assert (rows[30.0].estimates["fid"].mean, rows[60.0].estimates["fid"].mean) == (pytest.approx(122 / 3), 20.0)
    assert (rows[30.0].hours, rows[60.0].hours) == (pytest.approx(600 / 3600), pytest.approx(1200 / 3600))
    assert table.notes == () and not any(row.options for row in table.rows)


def test_seeds_scored_at_different_kimg_are_rows_of_their_own():
    early = record(seed=1, found=scores(images_seen=20_000))
    table = only(leaderboards([record(seed=0), early]))
    assert sorted((row.kimg, row.seeds) for row in table.rows) == [(20.0, (1,)), (30.0, (0,))]
    # Snapshots at which no run ends make no row.
    assert [row.kimg for row in only(leaderboards([record(found=(*scores(), *early.scores))])).rows] == [30.0]


def test_options_are_shown_with_their_section():
    strong = {
        "regularizers": [{"name": "r1", "gamma": 10.0}],
        "training": {"generator_optimizer": {"learning_rate": 1e-3}},
    }
    weak = {
        "regularizers": [{"name": "r1", "gamma": 1.0}],
        "training": {"generator_optimizer": {"learning_rate": 2e-3}},
    }
    runs = []
    for name, changes in (("a", strong), ("b", weak)):
        made = record(name)
        runs.append(made.model_copy(update={"recipe": {**made.recipe, **changes}}))
    texts = {row.recipe: options_text(row) for row in only(leaderboards(runs)).rows}
    assert texts["a"] == "r1.gamma=10.0, generator_optimizer.learning_rate=0.001"


def test_named_runs_whose_only_metric_has_unlike_settings_are_refused():
    runs = [record("a", found=(kid_of(100),)), record("b", found=(kid_of(200),))]
    with pytest.raises(RefusedError, match=r"metrics\.kid\.subset_size: 100 \(a-s0\); 200 \(b-s0\)"):
        comparable(runs)
    assert comparable([*runs[:1], record("b", found=(kid_of(100),))])
    with_fid = [record(name, found=(scores()[0], kid_of(size))) for name, size in (("a", 100), ("b", 200))]
    assert comparable(with_fid) == with_fid


def test_seeds_that_trained_for_equal_hours_are_one_row_wherever_they_ended():
    timed = {"training": {"most_hours": 2.0}}
    runs = [
        record("a", seed, scores(images_seen=seen), sections=timed, images_seen=seen, seconds=7200.0 + seed)
        for seed, seen in enumerate((30_000, 31_000))
    ]
    other = {"sections": timed, "images_seen": 9_000, "seconds": 7200.0, "loss": "hinge"}
    runs.append(record("b", 0, scores(images_seen=9_000), **other))
    (table,) = leaderboards(runs).tables
    assert sorted(len(row.seeds) for row in table.rows) == [1, 2]
    told = " ".join(caption(table))
    assert "Held equal: hours of training (2 h" in told and "Not equal: kimg (9 to 30.5)" in told


def test_tables_repeat_the_plan_and_its_looks():
    plan = {"name": "s", "title": "why", "file_sha256": "ab" * 32, "planned": "2026-01-02", "runs_before": 0}
    plan |= {"looks": [2], "budget": {"equal": "generator_updates", "amount": 2000.0}}
    changed = plan | {"runs_before": 3, "amended": [{"planned": "2026-01-03", "reason": "no disk"}]}
    (table,) = leaderboards([record("a", seed, sweep=plan) for seed in (0, 1)]).tables
    told = " ".join(caption(table))
    assert "Plan of all runs: sweep 's' (why), written down 2026-01-02, before the first run" in told
    assert "planned to be equal: 2,000 generator updates each" in told
    (table,) = leaderboards([record("a", 0, sweep=changed), record("a", 1)]).tables
    told = " ".join(caption(table))
    assert "Plan of 1 of 2 runs" in told and "after 3 of its runs had begun" in told
    assert "changed 2026-01-03: no disk" in told
    assert planned_looks([record("a", 0, sweep=plan), record("a", 1, sweep=plan)]) == (2,)
    assert planned_looks([record("a", 0, sweep=plan), record("a", 1)]) == ()
    grown = plan | {"looks": [2, 4], "rows": ["a", "b"], "seeds": [0, 1], "amended": [{"reason": "more"}]}
    both = [record("a", 0, sweep=plan), record("a", 1, sweep=grown)]
    assert planned_looks(both) == (2, 4), "a plan that was changed is one plan still, as it reads now"
    (table,) = leaderboards(both).tables
    assert "Plan of all runs" in (told := " ".join(caption(table)))
    assert "; 2 of the 4 runs that it plans are in this table; changed" in told
