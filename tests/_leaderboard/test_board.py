"""A saved comparison is held against its records: edits of ranks, of scores and of records are found."""

import json

import pytest
from made_up_records import record, scores

import ganzoo
from ganzoo._leaderboard.board import verify_board
from ganzoo._runs.record import read_record, write_record
from ganzoo.errors import GanzooError


@pytest.fixture
def board(tmp_path):
    for stem, fid in (("good", 20.0), ("bad", 60.0)):
        for seed in range(3):
            folder = tmp_path / "published" / stem / "runs" / f"{stem}-s{seed}"
            folder.mkdir(parents=True)
            loss = "hinge" if stem == "good" else "logistic"
            write_record(folder / "record.json", record(stem, seed, scores(fid=fid + seed, kid=None), loss=loss))
    path = tmp_path / "BOARD.json"
    path.write_text(ganzoo.compare(tmp_path / "published", by="loss", looks=(3, 5)).to_json())
    return path


def test_edits_of_a_board_are_found(board):
    assert verify_board(board) == [] == verify_board(board, [board.parent / "published"])
    text = board.read_text()
    for edit, told in (
        (lambda row, whole: row.update(rank=[2, 2]), "'good' rank 1 is 2, by the records 1"),
        (lambda row, whole: row["estimates"]["fid"].update(mean=19.0), "fid mean is 19.0, by the records 21.0"),
        (lambda row, whole: whole["made_of"]["asked"]["rules"].update(looks=[]), "looks"),
        (lambda row, whole: whole["made_of"]["asked"].pop("rules"), "does not say how it was made"),
        (lambda row, whole: whole["tables"].pop(), "tables is []"),
    ):
        whole = json.loads(text)
        edit(whole["tables"][0]["sections"][0]["rows"][0], whole)
        board.write_text(json.dumps(whole))
        assert told in "\n".join(verify_board(board)), verify_board(board)


def test_other_records_are_found(board):
    edited = board.parent / "published/good/runs/good-s0/record.json"
    first = read_record(edited)
    write_record(edited, first.model_copy(update={"scores": scores(fid=5.0, kid=None)}))
    (told,) = verify_board(board)
    assert "good-s0" in told and "another content" in told
    edited.unlink()
    assert "is not in" in verify_board(board)[0]
    for content, said in (
        ({"format": 3}, "no saved comparison"),
        ({"format": 1, "made_of": {}}, "format 1.* is older: write it again"),
        ({"format": 999, "made_of": {}}, "format 999.* newer ganzoo"),
    ):
        (board.parent / "no.json").write_text(json.dumps(content))
        with pytest.raises(GanzooError, match=said):
            verify_board(board.parent / "no.json")
