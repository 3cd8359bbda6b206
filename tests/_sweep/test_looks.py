import numpy as np
from made_up_records import record, scores

import ganzoo
from ganzoo._runs.record import write_record
from ganzoo._sweep.engine import Ended
from ganzoo._sweep.sweep_file import more_seeds

WHERE = {"a": 10.0, "b": 10.6, "c": 30.0}
SPREAD = [-0.03, 0.0, 0.03, 0.01, -0.02, 0.02, -0.01, 0.0]


class MadeUp:
    """An engine whose runs are records of made-up scores."""

    slots = 4

    def __init__(self, opened):
        cells = [variant.cell(seed) for variant in opened.variants for seed in range(8)]
        self.cells, self.runs = {cell.run_name: cell for cell in cells}, opened.runs
        self.begun, self._ended = [], []

    def start(self, attempt):
        cell = self.cells[attempt.name]
        self.begun.append(cell.run_name)
        sign = -1 if cell.name == "b" else 1
        fid = WHERE[cell.name] * float(np.exp(sign * SPREAD[cell.seed]))
        asked = {"asked": cell.asked, "answered": cell.asked}
        made = record(cell.name, cell.seed, scores(fid=fid), loss=cell.name, **asked)
        write_record(self.runs / cell.run_name / "record.json", made)
        self._ended.append(Ended(cell.run_name, 0))
        return ""

    def wait(self, seconds):
        ended, self._ended = self._ended, []
        return ended

    def stop(self):
        pass

    def close(self):
        pass


def settled(folder, monkeypatch, **stop):
    monkeypatch.setattr("ganzoo._sweep.sweep.check_recipes", lambda variants, device: [])
    for name in WHERE:
        (folder / f"{name}.toml").write_text(f'[loss]\nname = "{name}"\n')
    lines = "".join(f"{key} = {value}\n" for key, value in stop.items())
    (folder / "s.toml").write_text(f'recipes = ["a", "b", "c"]\nseeds = [0]\n[stop]\nsettle = true\n{lines}')
    engines = []

    def made(opened):
        engines.append(MadeUp(opened))
        return engines[-1]

    return ganzoo.sweep(folder / "s.toml", runs=folder / "runs", engine=made), engines[0].begun


def test_seeds_are_added_where_a_pair_is_open_and_at_planned_looks_alone(tmp_path, monkeypatch):
    result, begun = settled(tmp_path, monkeypatch)
    counts = {name: sum(run.startswith(f"{name}-") for run in begun) for name in WHERE}
    assert counts["c"] == 3, "c was settled at the first look"
    assert counts["a"] == counts["b"] > 3
    assert counts["a"] in (5, 8)
    table = result.comparison.tables[0]
    assert table.verdict.looks == (3, 5, 8) and table.verdict.level < 0.02
    assert {row.recipe: len(row.seeds) for row in table.rows} == counts
    again, begun = settled(tmp_path, monkeypatch)
    assert begun == [] and str(again) == str(result), "what looks found is kept: nothing is begun again"
    assert len(again.status.rows) == sum(counts.values())


def test_settling_ends_at_the_most_seeds(tmp_path, monkeypatch):
    result, begun = settled(tmp_path, monkeypatch, max_seeds=3)
    assert len(begun) == 9 and result.comparison.tables[0].verdict.looks == (3,)
    assert result.comparison.tables[0].verdict.unknown == 1


def test_further_seeds_are_those_that_are_not_there():
    assert more_seeds((0, 2), 5) == (0, 2, 1, 3, 4)
    assert more_seeds((7, 8, 9), 2) == (7, 8, 9)
