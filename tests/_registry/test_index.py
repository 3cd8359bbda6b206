"""The index of parts: equal to what plugins offer, and gone as soon as anything it was made from changes."""

from __future__ import annotations

import os
import shutil
import sys

import pytest
from installed_plugin import PARTS, install

from ganzoo._io.cache_dir import cache_root
from ganzoo._recipe.find_recipe import recipe_folder
from ganzoo._recipe.first_reading import judge_words
from ganzoo._recipe.load import validate
from ganzoo._recipe.toml_source import parse, read
from ganzoo._registry.index import discovered, indexed, keep_index
from ganzoo._registry.listed_part import listing_of
from ganzoo._registry.part import Failure, PluginOrigin
from ganzoo._registry.registry import Registry
from ganzoo.errors import PluginError, RecipeError

OPTIONS = """
from pydantic import Field, model_validator
from ganzoo import ComponentOptions

class PickyOptions(ComponentOptions):
    strength: float = Field(default=1.0, ge=0, description="How strong.")

class OpenOptions(ComponentOptions):
    strength: float = 1.0

    @model_validator(mode="before")
    @classmethod
    def _old_spelling(cls, data):
        return {"strength": data.pop("force"), **data} if "force" in data else data

class Picky(TinyLoss):
    \"\"\"A loss with an option.\"\"\"
    name = "picky"
    Options = PickyOptions

class Open(TinyLoss):
    \"\"\"A loss that takes another key, too.\"\"\"
    name = "open"
    Options = OpenOptions

@hookimpl
def ganzoo_losses():
    return [Picky, Open]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A cache of its own, and a folder with the plugin above."""
    folder = tmp_path_factory.mktemp("site")
    install(folder, PARTS + OPTIONS, module="acme_indexed", distribution="acme-indexed", entry_point="indexed")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("GANZOO_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield folder
    sys.modules.pop("acme_indexed", None)


@pytest.fixture(scope="module")
def registry(site):
    assert indexed() is None
    return discovered()


@pytest.mark.ci
def test_the_index_says_what_the_plugins_say_until_one_changes(site, registry):
    real, known = registry, indexed()
    assert known is not None
    assert known.names == real.names
    for one, other in zip(known.parts(), real.parts(), strict=True):
        assert (one.description, one.paper, one.origin) == (other.description, other.paper, other.origin)
        assert listing_of(one) == listing_of(other)
    assert [part.name for part in known.defaults("metric")] == [part.name for part in real.defaults("metric")]
    with pytest.raises(PluginError, match="did you mean 'picky'"):
        known.part("loss", "pickey")

    module = site / "acme_indexed.py"
    os.utime(module, ns=(0, module.stat().st_mtime_ns + 1))
    assert indexed() is None, "a file was written again"
    keep_index(real)
    assert indexed() is not None
    (site / "other-1.dist-info").mkdir()
    assert indexed() is None, "a distribution came, on which a plugin's parts may depend"
    keep_index(real)
    for damage in (b"", b"[]", b'{"made_from": 3}', b"[" * 100_000):
        (path,) = (cache_root() / "parts").iterdir()
        path.write_bytes(damage)
        assert indexed() is None


def test_a_broken_plugin_costs_nobody_else_and_is_tried_again_where_a_name_is_missing(site, registry, monkeypatch):
    late = "import os\nclass Late(TinyLoss):\n    name = os.environ['ACME_LATE']\n"
    source = f"{PARTS}{late}@hookimpl\ndef ganzoo_losses():\n    return [Late]\n"
    install(site, source, module="acme_late", distribution="acme-late", entry_point="late")
    known = discovered()
    assert known.failures and indexed() is None
    lazy = discovered()
    assert lazy.part("loss", "picky").cls.name == "picky"
    assert [str(each) for each in lazy.failures] == [str(each) for each in known.failures]
    assert "acme_late" not in sys.modules
    with pytest.raises(PluginError, match="installed but broken: plugin 'late'"):
        lazy.part("loss", "late")
    monkeypatch.setenv("ACME_LATE", "late")
    again = discovered()
    assert again.part("loss", "late").origin.distribution == "acme-late"
    assert not again.failures
    sys.modules.pop("acme_late")
    (site / "acme_late.py").unlink()
    shutil.rmtree(site / "acme_late-0.1.dist-info")
    keep_index(registry)


def test_nothing_is_kept_where_nothing_can_be_written(registry, tmp_path, monkeypatch):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "a file"))
    keep_index(registry)
    assert indexed() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"training": {"kimgs": 3}},
        {"generator": {"name": "dcgann"}, "loss": {"name": "picky", "strenght": 1}},
        {"dataset": None},
        {"scoring": {"metrics": ["fidd"], "generatd": 5}},
        {"lr": 0.1, "seed": "x", "loss": {"name": "picky", "strength": 2}},
    ],
)
def test_a_misspelled_recipe_is_answered_from_the_index_as_from_the_parts(registry, monkeypatch, changes):
    keep_index(registry)
    data = parse(read(recipe_folder() / "quickstart.toml"), "mine")
    for key, value in changes.items():
        data[key] = {**data.get(key, {}), **value} if isinstance(value, dict) else value
    data = {key: value for key, value in data.items() if value is not None}
    with pytest.raises(RecipeError) as slow:
        validate(data, registry, "mine")
    monkeypatch.delitem(sys.modules, "torch")  # as in a process that has not needed it yet
    with pytest.raises(RecipeError) as quick:
        judge_words(data, "mine")
    assert str(quick.value) == str(slow.value)


@pytest.mark.parametrize(
    "loss",
    [
        {"name": "picky"},
        {"name": "picky", "strength": -1},  # wrong, and the part says why
        {"name": "picky", "strength": "1.5", "other": 2},
        {"name": "open", "force": 2.0},
    ],
)
def test_what_only_a_part_can_judge_is_left_to_it(registry, monkeypatch, loss):
    keep_index(registry)
    data = parse(read(recipe_folder() / "quickstart.toml"), "mine") | {"loss": loss}
    monkeypatch.delitem(sys.modules, "torch")
    judge_words(data, "mine")


def test_only_what_is_asked_for_is_imported(site, registry, monkeypatch):
    install(site, PARTS + "raise RuntimeError('imported')", module="acme_idle", distribution="acme-idle")
    noted = Registry(registry.parts(), notes=[Failure(PluginOrigin("acme", "acme-idle", "0.1"), "is slow")])
    keep_index(noted)
    monkeypatch.delitem(sys.modules, "acme_indexed")
    lazy = discovered()
    assert lazy.names == registry.names
    assert [str(note) for note in lazy.notes] == ["plugin 'acme' (acme-idle 0.1) is slow"]
    data = parse(read(recipe_folder() / "quickstart.toml"), "mine")
    recipe = validate(data, lazy, "mine")
    assert recipe.generator.cls.__module__.startswith("ganzoo_dcgan")
    assert [part.name for part in lazy.defaults("metric")] == [part.name for part in registry.defaults("metric")]
    assert not {"acme_indexed", "acme_idle"} & sys.modules.keys()
    assert lazy.pinned({}).part("loss", "picky").cls.name == "picky"
    assert "acme_indexed" in sys.modules
    with pytest.raises(PluginError, match="did you mean 'picky'"):
        lazy.part("loss", "pickey")
    assert [part.name for part in lazy.parts("loss")] == [part.name for part in registry.parts("loss")]
