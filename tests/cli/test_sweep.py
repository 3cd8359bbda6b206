import json

import pytest
import torch  # noqa: F401 - where it is there already, recipes are judged in this process
from command_line import ganzoo
from forked_engine import HereEngine
from training_world import installed, recipe_of

from ganzoo._cli.sweep import small_sweep
from ganzoo._sweep.inline import html_of
from ganzoo._sweep.looks import cells_so_far
from ganzoo._sweep.opened_sweep import open_sweep
from ganzoo._sweep.status import status_of
from ganzoo.errors import GanzooError

SWEEP = 'recipes = ["quickstart"]\nseeds = "0-1"\n[set]\nloss.name = ["logistic", "hinge"]\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text(SWEEP)
    return tmp_path


def test_status_lists_every_cell_before_anything_began(here):
    told = ganzoo("sweep", "status", "s.toml")
    assert told.code == 0 and not (here / "runs").exists()
    for name in ("quickstart-logistic-s0", "quickstart-hinge-s0", "quickstart-logistic-s1", "quickstart-hinge-s1"):
        assert name in told.out
    assert "0 of 4 done, 4 left" in told.out
    found = json.loads(ganzoo("sweep", "status", "s.toml", "--format", "json").out)
    assert found["counts"] == {"left": 4} and {cell["status"] for cell in found["cells"]} == {"left"}


def test_what_is_wrong_is_told_before_anything_begins(here):
    (here / "bad.toml").write_text(SWEEP.replace("hinge", "hing"))
    told = ganzoo("sweep", "bad.toml")
    assert told.code == 2 and "did you mean 'hinge'" in told.err and not (here / "runs").exists()
    assert ganzoo("sweep", "nowhere.toml").code == 2
    assert ganzoo("sweep", "s.toml", "t.toml").code == 2
    assert "name one sweep file" in ganzoo("sweep", "s.toml", "t.toml").err
    told = ganzoo("run", "quickstart", "--seeds", "0-1", "--init", "runs/x")
    assert told.code == 2 and "for one run" in told.err
    assert "seeds: should be a list" in ganzoo("run", "quickstart", "--seeds", "x").err


@pytest.mark.ci
def test_each_run_of_several_seeds_has_the_callbacks_that_are_asked_for(here, monkeypatch, tmp_path_factory):
    monkeypatch.setattr("ganzoo._sweep.engines.Processes", lambda jobs, gpus: HereEngine())
    with installed(tmp_path_factory.mktemp("site")):
        import tiny_parts

        tiny_parts.Noting.told.clear()
        (here / "tiny.toml").write_text(recipe_of().to_toml())
        slow = ("--set", "training.precision=fp16")
        told = ganzoo(
            "run", "tiny.toml", "--seeds", "0-1", "--device", "cpu", "--callback", "noting={label='a'}", *slow
        )
        assert told.code == 0, told.err
        begun = [each[1].name for each in tiny_parts.Noting.told if each[0] == "begin"]
        assert begun == ["tiny-s0", "tiny-s1"]
        assert (told.out + told.err).count('"fp16"') == 1, "once for all seeds, before any begins"
        for words in (("run", "tiny.toml", "--seeds", "2"), ("sweep", "s.toml"), ("sweep", "s.toml", "--slurm")):
            told = ganzoo(*words, "--callback", "notin", "--runs", "elsewhere")
            assert told.code == 2 and "did you mean 'noting'" in told.err
        assert not (here / "elsewhere").exists()
        script = ganzoo("sweep", "s.toml", "--slurm", "--callback", 'noting={label="b c"}').out
        assert script.count("""--callback 'noting={label="b c"}'""") == 4


@pytest.mark.ci
def test_failed_cells_are_listed_and_the_exit_code_says_so(here, monkeypatch):
    """The cell begins for real, and finds that nothing can be prepared."""
    monkeypatch.setattr("ganzoo._sweep.engines.Processes", lambda jobs, gpus: HereEngine())
    (here / "s.toml").write_text('recipes = ["quickstart"]\nseeds = [0]\n')
    monkeypatch.setenv("GANZOO_CACHE", str(here / "s.toml"))  # no folder: nothing can be prepared
    told = ganzoo("sweep", "s.toml")
    assert told.code == 1, told.err
    assert "1 of 1 cells failed; to try them again: --retry-failed" in told.err
    told = ganzoo("sweep", "status", "s.toml")
    assert "0 of 1 done, 1 failed" in told.out


def test_the_short_form_is_a_sweep_whose_lists_are_values():
    small = small_sweep(["a", "b"], "0-2", ["loss.name=hinge", "x.betas=[0.0, 0.99]"], ["t"])
    assert small["set"] == {"loss.name": ["hinge"], "x.betas": [[0.0, 0.99]]}
    with pytest.raises(GanzooError, match=r"section\.key=value"):
        small_sweep(["a"], "0", ["loss.name"], [])


def test_a_notebook_shows_what_is_under_way_or_failed(here):
    opened = open_sweep("s.toml", here / "runs")
    page = html_of(status_of(cells_so_far(opened), opened.place(1, "cpu")))
    assert page == "<p>0 of 4 done, 4 left</p>"
    opened.place(1, "cpu").folder.note_failure("quickstart-hinge-s1", opened.cells[3].asked, 1, "a <b>bold</b> loss")
    page = html_of(status_of(cells_so_far(opened), opened.place(1, "cpu")))
    assert "a &lt;b&gt;bold" in page and "1 failed" in page
