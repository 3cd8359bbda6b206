"""Sweeps of which runs are there that were made with other code than what is installed."""

from __future__ import annotations

import pytest

import ganzoo
from ganzoo._registry.index import discovered
from ganzoo._runs.record import RunRecord, write_record
from ganzoo._sweep.opened_sweep import open_sweep
from ganzoo._sweep.same_code import require_same_code
from ganzoo.errors import ChangedCodeError

SWEEP = {"recipes": ["quickstart"], "seeds": [0, 1], "set": {"loss.name": ["hinge", "logistic"]}}


@pytest.fixture
def opened(tmp_path):
    return open_sweep(SWEEP, tmp_path)


def keep(opened, index, status, **changed):
    """Write what a run's record says of its code."""
    cell = opened.cells[index]
    code = discovered().part("loss", "hinge").code.model_dump(mode="json") | changed
    done = cell.asked if status == "finished" else ""
    record = RunRecord(
        name=cell.run_name,
        recipe={"parts": {"loss": {"hinge": code}}},
        status=status,
        asked=cell.asked,
        answered=done,
        versions={"ganzoo": ganzoo.__version__},
    )
    (opened.runs / cell.run_name).mkdir(exist_ok=True)
    write_record(opened.runs / cell.run_name / "record.json", record)


def refusal(opened):
    with pytest.raises(ChangedCodeError) as error:
        require_same_code(opened.cells, opened.runs, opened.where)
    return str(error.value)


def test_others_join_runs_of_the_same_code_alone(opened):
    require_same_code(opened.cells, opened.runs, opened.where)
    keep(opened, 0, "finished")
    require_same_code(opened.cells, opened.runs, opened.where)
    keep(opened, 0, "finished", source="0" * 64)
    told = refusal(opened)
    assert "loss 'hinge' was that of ganzoo-toolkit" in told and "--allow-changed-code" in told
    keep(opened, 0, "finished", distribution="acme-gone")
    assert "acme-gone" in refusal(opened) and "which is not installed" in refusal(opened)
    with ganzoo.allow_changed_code():
        require_same_code(opened.cells, opened.runs, opened.where)


def test_a_sweep_that_is_done_computes_nothing_and_refuses_nothing(opened):
    for index in range(len(opened.cells)):
        keep(opened, index, "finished", source="0" * 64)
    require_same_code(opened.cells, opened.runs, opened.where)


def test_cells_are_told_what_is_allowed(opened):
    (cell, *_) = opened.cells
    assert "--allow-changed-code" not in opened.place(1, "cpu").attempt(cell).command
    with ganzoo.allow_changed_code():
        command = opened.place(1, "cpu").attempt(cell).command
    assert command[-2:] == ("--allow-changed-code", "--resume")
