"""Plugins are found, judged one by one, and named when they are broken."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shutil
import sys
from pathlib import Path

import pytest
import torch
from forked import forget_modules, forked
from installed_plugin import PARTS, install, offering

import ganzoo
from ganzoo._recipe.load import load
from ganzoo._registry.installed import twice_installed
from ganzoo._registry.part import Part, PluginOrigin
from ganzoo._registry.registry import Registry, plugin_entry_points
from ganzoo.errors import PluginError
from ganzoo.testing import TinyGenerator, TinyLoss

GOOD = offering("ganzoo_generators", "TinyGenerator")

# Source of a plugin, and what the complaint must say besides who it is.
BROKEN = {
    "raises": ("raise RuntimeError('no license')", ["does not load", "RuntimeError: no license", "reinstall"]),
    "exits": ("import sys; sys.exit(3)", ["does not load", "SystemExit: 3"]),
    "exits_bare": ("raise SystemExit", ["does not load", "SystemExit"]),
    "misses_library": ("import no_such_library", ["does not load", "No module named 'no_such_library'"]),
    "syntax": ("def (:", ["does not load", "SyntaxError"]),
    "recursion": ("def f(): f()\nf()", ["does not load", "RecursionError"]),
    "takes_arguments": (
        f"{PARTS}\n@hookimpl\ndef ganzoo_losses(registry): return [TinyLoss]",
        ["misses the hook specification: 'ganzoo_losses' takes registry", "take no arguments"],
    ),
    "hook_raises": (f"{PARTS}\n@hookimpl\ndef ganzoo_losses(): raise KeyError('x')", ["ganzoo_losses", "KeyError"]),
    "hook_exits": (f"{PARTS}\n@hookimpl\ndef ganzoo_losses(): raise SystemExit(1)", ["ganzoo_losses", "SystemExit"]),
    "hook_returns_nothing": (
        f"{PARTS}\n@hookimpl\ndef ganzoo_losses(): pass",
        ["ganzoo_losses", "a hook returns a list of classes"],
    ),
    "hook_stops_half_way": (
        f"{PARTS}\n@hookimpl\ndef ganzoo_losses():\n    yield 3\n    raise ValueError('half')",
        ["ganzoo_losses", "ValueError: half"],
    ),
    "no_class": (offering("ganzoo_generators", "'TinyGenerator'"), ["'TinyGenerator'", "not a subclass"]),
    "instance": (
        offering("ganzoo_losses", "TinyLoss(TinyLoss.Options())"),
        ["hooks return classes, not instances", "ganzoo.AdversarialLoss"],
    ),
    "wrong_kind": (offering("ganzoo_generators", "TinyLoss"), ["TinyLoss", "not a subclass of ganzoo.Generator"]),
    "abstract": (
        offering("ganzoo_losses", "Half", body="class Half(TinyLoss.__base__):\n    name = 'half'"),
        ["Half", "lacks discriminator_loss, generator_loss"],
    ),
    "options_against_the_brackets": (
        offering(
            "ganzoo_generators",
            "Mismatched",
            body="from ganzoo import ComponentOptions, Generator\n"
            "class Promised(ComponentOptions):\n    size: int = 1\n"
            "class Mismatched(Generator[Promised]):\n    name = 'mismatched'\n    def forward(self, z, c): ...",
        ),
        ["Mismatched", "Options are ComponentOptions", "the brackets say Promised", "write `Options = Promised`"],
    ),
    "bad_name": (
        offering("ganzoo_losses", "Bad", body="class Bad(TinyLoss):\n    name = 'Bad name'"),
        ["'Bad name'", "lower-case"],
    ),
    "no_name": (
        offering("ganzoo_losses", "Bad", body="class Bad(TinyLoss):\n    name = None"),
        ["name is None", "lower-case"],
    ),
    "option_called_name": (
        offering(
            "ganzoo_losses",
            "Bad",
            body="class Bad(TinyLoss):\n  name = 'bad'\n  class Options(TinyLoss.Options):\n    name: str = 'x'",
        ),
        ["an option called 'name'", "rename it"],
    ),
    "options_of_another_kind": (
        offering("ganzoo_losses", "Bad", body="class Bad(TinyLoss):\n    name = 'bad'\n    Options = dict"),
        ["Options are not a subclass of ganzoo.AdversarialLoss.Options"],
    ),
    "penalty_of_nobody": (
        "from ganzoo import Regularizer\n"
        + offering(
            "ganzoo_regularizers",
            "Bad",
            body="class Bad(Regularizer):\n    name = 'bad'\n    def penalty(self, step): return 0",
        ),
        ["lacks the class attribute applies_to"],
    ),
    "hostile_class": (
        offering(
            "ganzoo_losses",
            "Bad()",
            body="class Bad:\n    def __repr__(self): raise OSError('no text')",
        ),
        ["ganzoo_losses", "OSError: no text"],
    ),
    "no_hooks": ("answer = 42", ["offers nothing", "@ganzoo.hookimpl"]),
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder on the path; what was imported from it is forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_a_plugin_is_found_with_its_distribution_and_version(site):
    install(site, GOOD, version="2.5")
    registry = Registry.discover()
    part = registry.part("generator", "tiny")
    assert part.origin == PluginOrigin("acme", "acme-gan", "2.5")
    assert (part.kind, part.cls.__name__) == ("generator", "TinyGenerator")
    assert part.qualified_name == "acme-gan:tiny"
    assert part.description == "One linear layer and a tanh."
    assert registry.part("generator", "acme-gan:tiny") is part
    assert registry.part("generator", "Acme_GAN:tiny") is part, "distributions' names compare as installers compare"
    assert not registry.failures


def test_the_paper_is_what_follows_in_the_docstring():
    class Cited(TinyLoss):
        """A loss.

        Paper: Somebody et al. 2020,
        arXiv:2001.00001.

        And more.
        """

    source = PluginOrigin("a", "b", "1")
    assert Part("loss", "cited", Cited, source).paper == "Somebody et al. 2020, arXiv:2001.00001."
    assert Part("loss", "tiny", TinyLoss, source).paper == ""


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_named_and_in_nobodys_way(case, site):
    source, expected = BROKEN[case]
    install(site, source, module=f"broken_{case}", distribution="broken-gan", entry_point="broken", version="0.3")
    install(site, GOOD)
    registry = Registry.discover()
    assert registry.part("generator", "tiny").origin.distribution == "acme-gan"
    complaints = [str(failure) for failure in registry.failures]
    assert complaints
    for complaint in complaints:
        assert complaint.startswith("plugin 'broken' (broken-gan 0.3) ")
    for text in expected:
        assert any(text in complaint for complaint in complaints), complaints
    with pytest.raises(PluginError) as error:
        registry.part("generator", "broken-generator")
    assert "installed but broken: plugin 'broken' (broken-gan 0.3)" in str(error.value)


def test_all_broken_plugins_beside_a_good_one(site):
    for number, (case, (source, _)) in enumerate(BROKEN.items()):
        install(site, source, module=f"broken_{case}", distribution=f"broken-{number}", entry_point="broken")
    install(site, GOOD)
    registry = Registry.discover()
    assert len(BROKEN) >= 19
    assert {failure.origin.distribution for failure in registry.failures} == {f"broken-{n}" for n in range(len(BROKEN))}
    assert registry.part("generator", "tiny")
    assert registry.part("loss", "logistic")


def test_an_unknown_hook_costs_a_note_and_itself_alone(site):
    source = (
        offering("ganzoo_generators", "TinyGenerator")
        + """
@hookimpl
def ganzoo_lossez():
    raise RuntimeError("never asked")

@hookimpl(optionalhook=True)
def ganzoo_dreams():
    return []

@hookimpl
def ganzoo_losses():
    return [TinyLoss]
"""
    )
    install(site, source)
    registry = Registry.discover()
    assert not registry.failures
    assert registry.part("generator", "tiny") and registry.part("loss", "tiny")
    (note,) = registry.notes
    assert "plugin 'acme' (acme-gan 0.1) has a hook 'ganzoo_lossez', which API" in str(note)
    assert "did you mean 'ganzoo_losses'?" in str(note)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("requires_ganzoo_api = 99", "needs API 99 of ganzoo, and ganzoo .* has .*: pip install -U ganzoo-toolkit"),
        ("requires_ganzoo_api: int = 0", "must be a whole number"),
        ("requires_ganzoo_api = 'new'", "must be a whole number"),
    ],
)
def test_an_api_that_is_not_met_is_said_before_anything_is_imported(site, stated, said):
    install(site, f"{stated}\nfrom ganzoo import something_of_the_future\n")
    (failure,) = Registry.discover().failures
    assert re.search(said, str(failure))
    assert "acme_gan" not in sys.modules


def test_a_plugin_states_the_api_it_needs(site):
    install(site, f"requires_ganzoo_api = {ganzoo.API}\n" + GOOD)
    assert Registry.discover().part("generator", "tiny").origin.distribution == "acme-gan"


def test_what_a_plugin_does_at_its_import_is_noted_and_harms_nobody(site, capfd):
    source = """
import os, warnings, torch
print("hello from python")
os.system("echo hello from a child")
torch.set_num_threads(torch.get_num_threads() + 1)
torch.use_deterministic_algorithms(True)
torch.manual_seed(12345)
warnings.warn("old_name goes with API 3; use new_name", DeprecationWarning)
"""
    before = torch.get_num_threads(), torch.initial_seed(), torch.are_deterministic_algorithms_enabled()
    install(site, source + GOOD)
    registry = Registry.discover()
    assert registry.part("generator", "tiny")
    after = torch.get_num_threads(), torch.initial_seed(), torch.are_deterministic_algorithms_enabled()
    assert after == before
    out, err = capfd.readouterr()
    assert out == ""
    assert "hello from python" in err and "hello from a child" in err
    notes = "\n".join(map(str, registry.notes))
    for each in ("torch.get_num_threads()", "torch.initial_seed()", "deterministic", "old_name goes with API 3"):
        assert each in notes
    assert all(note.origin.distribution == "acme-gan" for note in registry.notes)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("from ganzoo import no_such_thing", "made for another API of ganzoo: upgrade 'acme-gan' or 'ganzoo-toolkit'"),
        (
            "import no_such_library.inside",
            "no_such_library is not installed here, which 'acme-gan' needs and does not say: install what brings it",
        ),
        ("import torch._six", "it was made for another torch than 2."),
        ("from torch import no_such_thing", "upgrade 'acme-gan', or change torch"),
        ("import acme_gan.networks", "a module of its own, which was not packed or is gone: install it again"),
        ("import acme_gan\nacme_gan.x", "import one another in a circle"),
        ("raise SystemExit(3)", "its import ends the program, which a plugin may not"),
        ("raise ImportError('x.so: undefined symbol: _ZN')", "compiled code does not fit this environment"),
    ],
)
def test_the_remedy_is_for_the_cause(site, source, said):
    install(site, source)
    (failure,) = Registry.discover().failures
    assert said in str(failure)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("Requires-Dist: numpy>=99", "and it requires numpy>=99: pip install 'numpy>=99'"),
        (
            "Requires-Dist: no-such-library<2",
            "no-such-library is not installed, which it requires: pip install 'no-such",
        ),
        ("Requires-Python: >=3.99", "it needs Python >=3.99, and this is 3."),
        ("Requires-Dist: numpy>=99; extra == 'all'", "fix or reinstall 'acme-gan'"),
        ("Requires-Dist: [damaged", "fix or reinstall 'acme-gan'"),
    ],
)
def test_the_remedy_is_what_the_plugin_requires(site, stated, said):
    install(site, "raise RuntimeError('an odd error')")
    (metadata,) = site.glob("acme_gan-*.dist-info/METADATA")
    metadata.write_text(f"{metadata.read_text()}{stated}\n")
    (failure,) = Registry.discover().failures
    assert said in str(failure)


def test_a_plugin_whose_files_are_gone(site):
    install(site, GOOD)
    (site / "acme_gan.py").unlink()
    importlib.invalidate_caches()
    (failure,) = Registry.discover().failures
    assert "its files are gone, or its editable folder was moved: install it again, or pip uninstall acme-gan" in str(
        failure
    )
    install(site, GOOD, version="0.2")
    assert "acme-gan" in twice_installed()


def test_an_interrupt_is_not_a_broken_plugin(site):
    install(site, "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        Registry.discover()


def test_a_bad_part_leaves_the_plugins_other_parts(site):
    install(site, offering("ganzoo_losses", "TinyGenerator", "TinyLoss"))
    registry = Registry.discover()
    assert registry.part("loss", "tiny")
    assert len(registry.failures) == 1


def test_a_class_offered_twice_by_one_plugin_is_one_part(site):
    install(site, offering("ganzoo_losses", "TinyLoss", "TinyLoss"))
    assert len(Registry.discover().find("tiny")) == 1


def test_the_same_entry_point_name_in_two_distributions(site):
    install(site, GOOD)
    install(site, offering("ganzoo_losses", "TinyLoss"), module="other_gan", distribution="other-gan")
    registry = Registry.discover()
    assert str(registry.part("generator", "tiny").origin) == "plugin 'acme' (acme-gan 0.1)"
    assert str(registry.part("loss", "tiny").origin) == "plugin 'acme' (other-gan 0.1)"


def test_two_parts_of_one_name_neither_wins(site, tmp_path):
    install(site, offering("ganzoo_losses", "Logistic", body="class Logistic(TinyLoss):\n    name = 'logistic'"))
    registry = Registry.discover()
    with pytest.raises(PluginError) as error:
        registry.part("loss", "logistic")
    assert str(error.value) == (
        "loss 'logistic' comes from plugin 'acme' (acme-gan 0.1) and plugin 'losses' (ganzoo-toolkit 0.1.0); "
        "write 'acme-gan:logistic' or 'ganzoo-toolkit:logistic' to pick one"
    )
    assert registry.part("loss", "acme-gan:logistic").cls.__name__ == "Logistic"
    assert registry.part("loss", "ganzoo-toolkit:logistic").origin.distribution == "ganzoo-toolkit"

    with pytest.raises(Exception, match=r"loss: loss 'logistic' comes from plugin 'acme'.* to pick one"):
        load("quickstart", registry)
    _, recipe = load("quickstart", registry, ["loss.name=acme-gan:logistic"])
    assert recipe.loss.part.origin.distribution == "acme-gan"
    again = tmp_path / "again.toml"
    again.write_text(recipe.to_toml(), "utf-8")
    assert load(again, registry)[1] == recipe


def test_two_parts_of_one_name_in_one_distribution(site):
    body = "class Second(TinyLoss):\n    pass"
    install(site, offering("ganzoo_losses", "TinyLoss", "Second", body=body))
    with pytest.raises(PluginError, match=r"one distribution offers two under one name; its authors must rename one"):
        Registry.discover().part("loss", "acme-gan:tiny")


def test_messages_for_names_that_nobody_offers():
    registry = Registry([Part("generator", "tiny", TinyGenerator, PluginOrigin("acme", "acme-gan", "0.1"))])
    with pytest.raises(PluginError, match=r"^no generator called 'tinny'; did you mean 'tiny'\? \(installed: tiny\)$"):
        registry.part("generator", "tinny")
    with pytest.raises(PluginError, match=r"^no loss called 'tiny' \(installed: none\); 'tiny' is the name of a gener"):
        registry.part("loss", "tiny")
    with pytest.raises(PluginError, match=r"no generator called 'other:tiny'; did you mean 'tiny'"):
        registry.part("generator", "other:tiny")
    with pytest.raises(PluginError, match="no generator called ''"):
        registry.part("generator", "")


def test_a_distribution_that_lost_its_metadata_is_reported(site):
    install(site, "raise OSError('gone')")
    (site / "acme_gan-0.1.dist-info" / "METADATA").unlink()
    (failure,) = Registry.discover().failures
    assert failure.origin.plugin == "acme"
    assert "OSError: gone" in str(failure)


def test_an_entry_point_that_names_nothing(site):
    install(site, GOOD, value="acme_gan:no_such_object")
    (failure,) = Registry.discover().failures
    assert "no_such_object" in str(failure)


def test_an_entry_point_that_is_no_name_at_all(site):
    install(site, GOOD, value="what is this!")
    (failure,) = Registry.discover().failures
    assert str(failure).startswith("plugin 'acme' (acme-gan 0.1) does not load")


def test_names_are_listed_without_loading(site):
    install(site, "raise RuntimeError('loaded')")
    assert "acme" in [entry_point.name for entry_point in plugin_entry_points()]
    assert "acme_gan" not in sys.modules


def test_a_registry_without_plugins_answers():
    registry = Registry()
    assert registry.parts() == ()
    assert registry.find("dcgan") == ()
    assert not any(registry.names.values())


@pytest.mark.ci
def test_the_core_stands_alone(tmp_path):
    """Without the built-in plugins the core imports, lists nothing, and says so."""
    shutil.copytree(Path(__file__).parents[2] / "ganzoo", tmp_path / "ganzoo", ignore=shutil.ignore_patterns("__pyc*"))

    def alone() -> None:
        forget_modules("ganzoo")
        hookspecs = importlib.import_module("ganzoo.hookspecs")
        hookspecs.ENTRY_POINT_GROUP = "ganzoo without plugins"
        package = sys.modules["ganzoo"]
        assert package.__file__.startswith(str(tmp_path)), package.__file__
        for module in pkgutil.walk_packages(package.__path__, "ganzoo."):
            importlib.import_module(module.name)
        registry = sys.modules["ganzoo._registry.registry"].Registry.discover()
        assert registry.parts() == () and registry.failures == ()
        assert not [name for name in sys.modules if name.startswith("ganzoo_")], sys.modules

    done = forked(alone, tmp_path, PYTHONPATH=str(tmp_path), PATH="")
    assert done.returncode == 0, done.stderr
