"""Sweeps and reports in a real notebook, whose kernel is a process of its own."""

import pytest
from sweep_world import ONE_THREAD, World

SWEEP = """
import ganzoo
found = ganzoo.sweep({"recipes": ["logistic.toml", "hinge.toml"], "seeds": [0], "threads": 1})
found
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_notebook_shows_the_cells_in_place_then_the_table_and_the_report(tmp_path, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    for name, value in ONE_THREAD.items():
        monkeypatch.setenv(name, value)
    World(tmp_path, kimg=1.6)
    told = []

    class Client(nbclient.NotebookClient):
        def process_message(self, message, cell, index):
            if message["msg_type"] == "update_display_data":
                told.append(message["content"]["data"]["text/html"])
            return super().process_message(message, cell, index)

    cells = [nbformat.v4.new_code_cell(source) for source in (SWEEP, 'ganzoo.report("runs")')]
    notebook = nbformat.v4.new_notebook(cells=cells)
    Client(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    (shown, table), (report,) = (cell.outputs for cell in notebook.cells)
    assert told[0].startswith("<p>0 of 2 done, 1 running") and "starting" in told[0]
    assert any("of 1.6</td>" in each for each in told), "how far a run is"
    assert shown.data["text/html"] == told[-1] == "<p>2 of 2 done</p>", "in place, up to the end"
    assert "<td>hinge</td>" in table.data["text/html"] and "logistic" in table.data["text/html"]
    assert report.data["text/html"].startswith('<iframe title="ganzoo report" srcdoc="&lt;!DOCTYPE html')
