"""`ganzoo score --forget`: scores leave the records, and nothing else does."""

import pytest
import typer
from made_up_records import record, scores
from typer.testing import CliRunner

import ganzoo
from ganzoo._cli.score import score
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import read_record, write_record
from ganzoo.errors import GanzooError, RefusedError

FEW = scores(protocol={"generated": 500})
FULL = scores()
EARLY = scores(images_seen=10_000)

app = typer.Typer()
app.command()(score)


def ask(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def runs(tmp_path):
    for each in (record("a", found=(*EARLY, *FULL, *FEW)), record("b", found=FULL)):
        write_record(tmp_path / each.name / "record.json", each)
    return tmp_path


def kept(runs, name):
    return read_record(runs / name / "record.json").scores


def test_the_scores_of_one_protocol_are_removed(runs):
    done = ask(runs, "--forget", FEW[0].protocol_id[:4])
    assert done.exit_code == 0, done.exception
    assert done.stdout.count("a-s0 at 30,000 images: forgotten: FID") == 1
    assert kept(runs, "a-s0") == (*EARLY, *FULL)
    assert kept(runs, "b-s0") == FULL


def test_those_of_one_generator_alone_can_be_removed(runs):
    assert ganzoo.open(runs / "a-s0").forget_scores(FULL[0].protocol_id, at=10_000) == EARLY
    assert kept(runs, "a-s0") == (*FULL, *FEW)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--forget", "beef"), "a-s0 has no score of a protocol that begins with 'beef'; it has 10000-"),
        (("--forget", "1"), "'1' does not say which scores to forget"),
        (("--forget", FULL[0].protocol_id, "--at", "7"), "at 7 images seen, only at 10,000, 30,000"),
        (("--forget", FULL[0].protocol_id, "--snapshots"), "--forget removes scores and makes none"),
    ],
)
def test_what_is_not_clear_removes_nothing(runs, arguments, message):
    done = ask(runs / "a-s0", *arguments)
    assert isinstance(done.exception, GanzooError) and done.exception.exit_code == 2
    assert message in str(done.exception)
    assert kept(runs, "a-s0") == (*EARLY, *FULL, *FEW)


def test_a_run_that_another_process_holds_is_refused(runs):
    with RunDirectory(runs / "a-s0").lock():
        done = ask(runs, "--forget", FEW[0].protocol_id)
    assert isinstance(done.exception, RefusedError)
    assert kept(runs, "a-s0") == (*EARLY, *FULL, *FEW)
