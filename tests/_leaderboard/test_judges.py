"""A run whose training read the features that it is scored in: listed, without a rank, with what would do."""

import io

from made_up_records import record, scores
from rich.console import Console

from ganzoo._leaderboard.captions import caption
from ganzoo._leaderboard.export import plain_rows
from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._leaderboard.two_recipes import two_recipes
from ganzoo._leaderboard.two_recipes_page import TwoRecipesPage
from ganzoo._runs.features_read import FeaturesRead, judge_among

LITE = {"extractor": "lite", "extractor_class": "a.Lite", "extractor_identity": {"weights_sha256": "1" * 64}}
OTHER = {"extractor": "other", "extractor_class": "a.Other", "extractor_identity": {"network": "random"}}
READ = FeaturesRead(extractor="lite", extractor_class="a.Lite", weights_sha256="1" * 64, by="discriminator 'critic'")


def runs(stem, fid, read=(), protocols=(LITE,)):
    return [
        record(
            stem,
            seed=seed,
            features_read=read,
            sections={"generator": {"width": len(stem)}},
            found=tuple(each for protocol in protocols for each in scores(fid=fid + seed, kid=None, protocol=protocol)),
        )
        for seed in range(3)
    ]


def test_it_is_listed_without_a_rank_and_its_other_scores_are_named():
    read, plain, third = runs("read", 10.0, (READ,), (LITE, OTHER)), runs("plain", 50.0), runs("third-one", 90.0)
    comparison = leaderboards([*read, *plain, *third])
    tables = comparison.tables
    ours = next(table for table in tables if table.context["protocol.extractor"] == "lite")
    assert [row.recipe for row in ours.rows] == ["plain", "third-one", "read"]  # its 10 are no merit
    assert [row.rank for row in ours.rows] == [(1, 1), (2, 2), None]
    assert ours.rows[2].estimates["fid"].mean == 11.0 and ours.rows[2].number == 0
    assert len(ours.verdict.pairs) == 1
    text = " ".join(caption(ours))
    assert "No rank for read: its training read the features of 'lite' (discriminator 'critic')" in text
    assert "as its scores by other do" in text
    statuses = [row["status"] for row in plain_rows(comparison) if row["recipe"] == "read"]
    assert sorted(statuses) == ["no rank: its training read the features of 'lite' (discriminator 'critic')", "ranked"]
    # In the table of the extractor that it did not read, it is a row like any other.
    others = next(table for table in tables if table.context["protocol.extractor"] == "other")
    assert others.rows[0].rank == (1, 1) and not others.rows[0].judge_read


def test_a_table_of_such_rows_alone_has_no_ranks():
    (table,) = leaderboards(runs("read", 10.0, (READ,))).tables
    assert [row.rank for row in table.rows] == [None] and not table.verdict.pairs
    assert any(line.startswith("No rank for read") for line in caption(table))


def test_two_recipes_are_not_judged_by_what_one_of_them_read():
    found = leaderboards([*runs("read", 10.0, (READ,)), *runs("plain", 50.0)]).tables
    console = Console(file=io.StringIO(), width=200, highlight=False, markup=False)
    TwoRecipesPage.of(two_recipes(found, "read", "plain")).print(console)
    assert "Which is better is not known: the training of read read the features of 'lite'" in console.file.getvalue()


def test_a_judge_is_known_by_class_or_by_weights():
    assert judge_among([READ], LITE) is READ
    assert judge_among([READ], OTHER) is None
    copied = {**OTHER, "extractor_identity": {"weights_sha256": "1" * 64, "resize": "another"}}
    assert judge_among([READ], copied) is READ  # the same network under another name
    namesake = {**LITE, "extractor_class": "b.Lite", "extractor_identity": {"weights_sha256": "2" * 64}}
    assert judge_among([READ], namesake) is None  # another network of the same name
    assert (
        judge_among([FeaturesRead(extractor="lite", by="loss 'acme'")], namesake) is not None
    )  # only its name is known
