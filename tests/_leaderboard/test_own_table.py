from made_up_records import record, scores

from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._leaderboard.own_table import own_table
from ganzoo._runs.record import DatasetId

FEW = scores(protocol={"generated": 500})


def marked(comparison):
    (table,) = comparison.tables
    return [row.recipe for row in table.rows]


def test_a_run_sees_its_own_table_with_its_row_marked():
    elsewhere = DatasetId(name="akoa", resolution=64, channels=1, fingerprint="cd" * 32)
    runs = [
        record("mine", seed=1, found=scores(fid=50.0)),
        record("rival", loss="hinge", found=scores(fid=40.0)),
        record("knees", dataset=elsewhere),
        record("begun", status="running", found=()),
    ]
    own, others = own_table(leaderboards(runs), "mine-s1", runs[0].scores[0].protocol_id)
    assert marked(own) == ["rival", "▸ mine"]
    assert others == "1 other table and 1 run without a rank"
    assert own.tables[0].notes == ("▸ is this run's row",)
    assert not (own.unfinished or own.tables[0].distinct)


def test_of_a_runs_tables_the_one_of_the_wanted_protocol_is_shown():
    runs = [record("mine", found=(*scores(), *FEW))]
    own, others = own_table(leaderboards(runs), "mine-s0", FEW[0].protocol_id)
    assert own.tables[0].generated == 500
    assert others == "1 other table"


def test_alone_there_is_nothing_else_to_say():
    own, others = own_table(leaderboards([record("mine")]), "mine-s0", "")
    assert (marked(own), others) == (["▸ mine"], "")


def test_of_a_run_that_was_trained_on_the_row_of_its_end_is_marked():
    mine = record("mine", found=(*scores(), *scores(images_seen=60_000)), images_seen=60_000)
    own, _ = own_table(leaderboards([mine, record("mine", seed=1)]), "mine-s0", "")
    assert {row.kimg: row.recipe for row in own.tables[0].rows} == {30.0: "mine", 60.0: "▸ mine"}
