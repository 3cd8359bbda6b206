"""A source format of a separately packaged plugin: prepared by several processes, trained from, and checked."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from command_line import ganzoo
from installed_plugin import install
from slab_format import SLABS, write_slabs

from ganzoo.data import Pack
from ganzoo.testing import ConformanceError, check_source


@pytest.fixture
def slabs(tmp_path, monkeypatch):
    """A plugin that offers the format, on the path of this process and of those that it starts."""
    site = tmp_path / "site"
    site.mkdir()
    install(site, SLABS, module="acme_slabs", distribution="acme-slabs")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("acme_slabs", None)


def prepare(*arguments: str):
    return ganzoo("data", "prepare", "folder", "--source", "slabs", "--resolution", "16", *arguments)


def pixels(path) -> set[bytes]:
    pack = Pack.open(path)
    return {
        image.tobytes() for name in pack.splits for image in pack.split(name).images(np.arange(len(pack.split(name))))
    }


@pytest.mark.ci
def test_it_is_prepared_by_two_processes_and_trained_from(slabs, tmp_path):
    images = write_slabs(tmp_path / "slabs")
    outcome = prepare("--set", "channels=1", "--set", "held_out=0.2", "--workers", "2", "--out", "pack")
    assert outcome.code == 0, outcome.err
    assert pixels(tmp_path / "pack") == {image.tobytes() for image in images}
    assert len(np.unique(Pack.open(tmp_path / "pack").split("train").subjects)) == 16  # of 20: as the format states
    recipe = """
[dataset]
name = "folder"
root = "slabs"
source = "slabs"
resolution = 16
channels = 1
[generator]
name = "dcgan"
max_width = 8
[discriminator]
name = "dcgan"
max_width = 8
[loss]
name = "logistic"
[training]
total_kimg = 0.008
batch_size = 8
[scoring]
metrics = ["fid"]
generated = 32
extractor = { name = "random-features" }
"""
    (tmp_path / "slabs.toml").write_text(recipe, "utf-8")
    outcome = ganzoo("run", "slabs.toml", "--device", "cpu")
    assert outcome.code == 0, outcome.err
    record = json.loads((tmp_path / "runs" / "slabs-s0" / "record.json").read_text("utf-8"))
    assert record.get("content", record)["dataset"]["images"] == {"train": 60}


def test_it_is_listed_and_explained(slabs):
    assert "acme-slabs" in ganzoo("plugins").out
    assert "Factor of all intensities" in ganzoo("plugins", "slabs").out


def test_its_options_are_a_table_in_the_recipe(slabs, tmp_path):
    images = write_slabs(tmp_path / "slabs", count=12)
    asked = ("--set", "channels=1", "--workers", "1", "--out", "pack", "--set")
    outcome = prepare(*asked, 'source={name = "slabs", gain = 3}')
    assert outcome.code == 0, outcome.err
    assert pixels(tmp_path / "pack") == {(3 * image).tobytes() for image in images}
    outcome = prepare(*asked, 'source={name = "slabs", gian = 3}')
    assert outcome.code == 2 and "source.gian: unknown key 'gian'; did you mean 'gain'?" in outcome.err
    outcome = prepare(*asked, 'source={name = "slabs", gain = 30}')
    assert outcome.code == 2 and "source.gain: should be less than or equal to 9" in outcome.err
    outcome = prepare(*asked, "source=slab")
    assert outcome.code == 2 and "no source called 'slab'; did you mean 'slabs'?" in outcome.err


def test_its_files_among_images_are_refused_until_one_is_meant(slabs, tmp_path):
    from PIL import Image

    write_slabs(tmp_path / "slabs", count=12)
    Image.new("L", (16, 16)).save(tmp_path / "slabs" / "preview.png")
    asked = ("--set", "channels=1", "--workers", "1", "--out", "pack")
    outcome = prepare(*asked)
    assert outcome.code != 0 and "'acme-slabs:slabs' and 'ganzoo-toolkit:folder'" in outcome.err
    assert not (tmp_path / "pack").exists()
    assert prepare(*asked, "--set", "source=slabs").code == 0
    assert len(Pack.open(tmp_path / "pack")) == 12


def test_it_keeps_its_contract_and_one_that_does_not_is_told(slabs, tmp_path):
    import acme_slabs

    write_slabs(tmp_path / "slabs", count=3)
    check_source(acme_slabs.Slabs, tmp_path / "slabs")

    class Greedy(acme_slabs.Slabs):
        """Claims every file."""

        @classmethod
        def recognizes(cls, file):
            return True

    with pytest.raises(ConformanceError, match=r"cannot be found by its name, .* in its module"):
        check_source(Greedy)
    acme_slabs.Greedy, Greedy.__module__, Greedy.__qualname__ = Greedy, "acme_slabs", "Greedy"
    with pytest.raises(ConformanceError, match="claims a file of empty that has no suffix"):
        check_source(Greedy)
