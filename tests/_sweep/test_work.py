import pytest

from ganzoo._sweep.cells import Cell
from ganzoo._sweep.engine import Ended, Outcome, outcome_of
from ganzoo._sweep.sweep_folder import SweepFolder, told_in
from ganzoo._sweep.work import Place, Work


class Scripted:
    """An engine that ends attempts at once, with exit codes from a list per cell."""

    def __init__(self, codes, slots=2):
        self.codes, self.slots, self.begun, self._ended, self.stopped = codes, slots, [], [], 0

    def start(self, attempt):
        self.begun.append(attempt.name)
        attempt.log.parent.mkdir(parents=True, exist_ok=True)
        with attempt.log.open("a") as log:
            log.write(f"working\nerror: no luck at attempt {len(self.begun)}\nand more\n")
        self._ended.append(Ended(attempt.name, self.codes[attempt.name].pop(0)))
        return ""

    def wait(self, seconds):
        ended, self._ended = self._ended, []
        return ended

    def stop(self):
        self.stopped += 1

    def close(self):
        pass


class Silent:
    def __init__(self):
        self.told = []

    def started(self, cell, where):
        self.told.append(("started", cell.run_name))

    def ended(self, cell, outcome, reason):
        self.told.append((outcome.value, cell.run_name))

    def tick(self):
        pass


def cell(name):
    return Cell("r", (), 0, name, "asked")


def work(tmp_path, codes, *, stops=lambda: 0, **more):
    place, engine = Place(tmp_path, SweepFolder.of(tmp_path, "s")), Scripted({f"{k}-s0": v for k, v in codes.items()})
    watcher = Silent()
    outcomes = Work([cell(name) for name in codes], engine, place, watcher).run(stops, **more)
    return outcomes, engine, place, watcher


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("ganzoo._sweep.work._FIRST_WAIT_SECONDS", 0.0)


def test_each_way_to_end(tmp_path):
    codes = {"done": [0], "bad": [2], "broken": [1], "stopped": [75, 0], "killed": [-9, 0], "refused": [3, 3]}
    outcomes, engine, place, _ = work(tmp_path, codes)
    assert {name: outcome.value for name, outcome in outcomes.items()} == {
        "done-s0": "done",
        "bad-s0": "failed",
        "broken-s0": "failed",
        "stopped-s0": "done",
        "killed-s0": "done",
        "refused-s0": "failed",
    }
    assert all(not left for left in engine.codes.values())
    failure = place.folder.failure("bad-s0", "asked")
    assert (
        failure.exit_code == 2 and failure.reason.startswith("no luck at attempt") and failure.reason.endswith("more")
    )
    assert place.folder.failure("bad-s0", "other") is None


def test_failed_cells_are_tried_again_only_when_asked(tmp_path):
    work(tmp_path, {"a": [1]})
    outcomes, engine, _, _ = work(tmp_path, {"a": [0]})
    assert outcomes == {"a-s0": Outcome.FAILED} and engine.begun == []
    outcomes, engine, _, _ = work(tmp_path, {"a": [0]}, retry_failed=True)
    assert outcomes == {"a-s0": Outcome.DONE} and engine.begun == ["a-s0"]


def test_a_cell_that_is_killed_again_and_again_without_a_step_forward_has_failed(tmp_path):
    outcomes, engine, place, _ = work(tmp_path, {"a": [-9, 137, -9]})
    assert outcomes == {"a-s0": Outcome.FAILED} and engine.begun == ["a-s0"] * 3
    assert "killed by signal 9, 3 times at 0 images" in place.folder.failure("a-s0", "asked").reason


def test_a_stop_leaves_what_has_not_begun(tmp_path):
    asked = iter([0, *[1] * 20])
    outcomes, engine, _, _ = work(tmp_path, {"a": [0], "b": [75], "c": [0], "d": [0]}, stops=lambda: next(asked))
    assert engine.stopped == 1 and len(engine.begun) < 4
    assert Outcome.STOPPED in outcomes.values() and len(outcomes) == 4


def test_exit_codes_of_signals():
    assert {outcome_of(code) for code in (130, 143, -2, -15, 75)} == {Outcome.STOPPED}
    assert {outcome_of(code) for code in (-9, 137, -11, 99)} == {Outcome.KILLED}


def test_what_a_log_ends_with(tmp_path):
    log = tmp_path / "log"
    assert told_in(log, 0) == ""
    log.write_text("error: old\n" + "x" * 100_000 + "\nlast line\n")
    assert told_in(log, 5) == "last line"
