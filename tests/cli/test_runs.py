import json
import os

import pytest
from command_line import ganzoo
from made_up_records import record, scores

from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import read_record, write_record


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two runs, of which the second is trained now, and beside them things that are none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    for seed, status in ((0, "finished"), (1, "running")):
        found = [scores(fid=fid, images_seen=at)[0] for fid, at in ((3.0, 1000), (2.0, 2000), (2.5, 3000))]
        found += [scores(fid=1.0, images_seen=3000, purpose="selection")[0]]

        def fill(run, name, status=status, found=tuple(found)):
            made = record(name=name, status=status, images_seen=3000, found=found)
            write_record(run.record, made.model_copy(update={"tags": ("mine",) if status == "finished" else ()}))

        RunDirectory.create(tmp_path / "runs", "a", seed, fill)
    (tmp_path / "runs" / "notes").mkdir()
    (tmp_path / "runs" / "link").symlink_to("a-s0")
    return tmp_path / "runs"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_runs_are_listed_with_their_best_score_under_its_label(folder):
    with RunDirectory(folder / "a-s1").lock():
        found = json.loads(ganzoo("runs", "--format", "json").out)
        assert {run["run"]: run["status"] for run in found} == {"runs/a-s0": "finished", "runs/a-s1": "running"}
        assert found[0]["holder"] == "" or f"process {os.getpid()}" in found[0]["holder"]
        sizes = [sum(each.stat().st_size for each in (folder.parent / run["run"]).rglob("*")) for run in found]
        assert [run["size_bytes"] for run in found] == sizes
    for run in found:
        made = read_record(folder / run["run"].removeprefix("runs/") / "record.json")
        assert run["best"]["value"] == 2.0
        assert run["best"]["images_seen"] == 2000
        assert run["best"]["label"] == made.scores[0].label
        assert run["best"]["protocol_id"] == made.scores[0].protocol_id
    table = ganzoo("runs").out
    assert "interrupted" in table, "it says that it runs, and nobody is at it"
    assert made.scores[1].text in table
    assert json.loads(ganzoo("runs", "--tag", "mine", "--format", "json").out)[0]["run"] == "runs/a-s0"
    (folder / "a-s0" / "record.json").write_text("{}")
    assert "damaged" in ganzoo("runs").out


def test_what_there_is_not_is_said(folder):
    assert ganzoo("runs", "none").code == 2
    assert "no runs" in ganzoo("runs", "runs/notes").err


def test_a_run_is_removed_wholly(folder, tmp_path):
    (precious := tmp_path / "precious").mkdir()
    (precious / "file").write_text("mine")
    (folder / "a-s0" / "samples").symlink_to(precious)
    assert ganzoo("rm", "runs/a-s0").code == 3, "nobody can be asked here"
    assert names(folder) == ["a-s0", "a-s1", "link", "notes"]
    done = ganzoo("rm", "--yes", "runs/a-s0", "runs/../runs/a-s0")
    assert done.code == 0, done.err
    assert names(folder) == ["a-s1", "link", "notes"]
    assert (precious / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("what", "code", "said"),
    [
        ("runs/link", 3, "is a link"),
        ("runs/notes", 2, "is not a run"),
        ("runs", 2, "is not a run"),
        ("runs/none", 2, "no such folder"),
        ("runs/a-s1", 3, "is held by process"),
    ],
)
def test_what_may_not_be_removed_stays_and_all_that_was_named_with_it(folder, what, code, said):
    with RunDirectory(folder / "a-s1").lock():
        refused = ganzoo("rm", "--yes", what) if what == "runs/a-s1" else ganzoo("rm", "--yes", "runs/a-s0", what)
    assert (refused.code, said in refused.err) == (code, True), refused.err
    assert names(folder) == ["a-s0", "a-s1", "link", "notes"]


@pytest.mark.parametrize("guard", ["run.lock", "leases"])
def test_a_guard_that_is_a_link_is_not_followed(folder, tmp_path, guard):
    (tmp_path / "elsewhere").mkdir()
    (folder / "a-s0" / guard).unlink(missing_ok=True)
    (folder / "a-s0" / guard).symlink_to(tmp_path / "elsewhere")
    assert ganzoo("rm", "--yes", "runs/a-s0").code == 3
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_folder_one_stands_in_is_not_removed(folder, monkeypatch):
    monkeypatch.chdir(folder / "a-s0")
    assert "leave it first" in ganzoo("rm", "--yes", ".").err
    assert names(folder) == ["a-s0", "a-s1", "link", "notes"]
