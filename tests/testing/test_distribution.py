"""A distribution under test: what `ganzoo test` and pytest say of a package with sound and broken things in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import ganzoo
from installed_package import python
from installed_plugin import PARTS, write_metadata

from ganzoo.testing import ConformanceError, TinyGenerator, check_generator, check_part, conformance
from ganzoo.testing.suites import properties

SOURCE = f"""{PARTS}
from torch import nn


class Cut(TinyGenerator):
    '''A generator that detaches its images.'''

    name = "cut"

    def forward(self, latents, labels):
        return super().forward(latents, labels).detach()


class Sound(TinyLoss):
    '''A loss.'''

    name = "sound"


@hookimpl
def ganzoo_generators():
    return [Cut]


@hookimpl
def ganzoo_losses():
    return [Sound]


@hookimpl
def ganzoo_generatorz():
    return []
"""

RECIPE = """
dataset = { name = "phantom", resolution = 16 }
generator = { name = "cut" }
discriminator = { name = "dcgan", width = 4 }
loss = { name = "sound" }

[training]
total_kimg = 0.1
batch_size = 4
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a package with a part that is broken, one that is sound, two recipes and a command."""
    package = tmp_path / "acme_tested"
    (package / "recipes").mkdir(parents=True)
    (package / "__init__.py").write_text(SOURCE, "utf-8")
    (package / "recipes" / "acme_step.toml").write_text(RECIPE, "utf-8")
    (package / "recipes" / "acme_bad.toml").write_text(RECIPE.replace('"sound"', '"sond"'), "utf-8")
    (package / "telling.py").write_text('def tell_acme():\n    """Tell."""\n', "utf-8")
    groups = {
        "ganzoo": {"acme": "acme_tested"},
        "ganzoo.recipes": {"acme": "acme_tested.recipes"},
        "ganzoo.commands": {"tell-acme": "acme_tested.telling:tell_acme"},
    }
    write_metadata(tmp_path, "acme-tested", "0.1", groups)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_everything_that_fails_is_listed_by_property(installed):
    done = ganzoo("test", "acme-tested", "distribution", "generator/cut", "loss/sound", "recipe", "--format", "json")
    assert (done.code, done.err) == (1, "")
    told = json.loads(done.out)["results"]
    failed = {
        (each["kind"], each["name"], each["property"], each["images"]) for each in told if each["status"] == "failed"
    }
    assert failed == {
        ("distribution", "acme-tested", "its plugins are quick to import, change nothing, and have known hooks", None),
        ("generator", "cut", "its outputs have a gradient", "1 channel"),
        ("generator", "cut", "its outputs have a gradient", "3 channels, 3 classes"),
        ("recipe", "acme_bad", "is valid, and its parts are installed", None),
        ("recipe", "acme_step", "its networks are built, and take a step", None),  # its generator is the broken one
    }
    reasons = " ".join(each["reason"] or "" for each in told)
    assert "did you mean 'ganzoo_generators'?" in reasons
    assert "loss: no loss called 'sond'; did you mean 'sound'?" in reasons
    assert "states no requires_ganzoo_api" in reasons
    not_asked = {each["property"] for each in told if each["status"] == "not asked"}
    assert {"gradients reach every parameter", "its networks are built, and take a step"} <= not_asked
    assert {each["status"] for each in told if each["kind"] == "loss"} == {"passed"}


def test_a_list_for_people_and_exit_codes(installed):
    done = ganzoo("test", "acme-tested", "loss")
    assert done.code == 0
    assert done.out.startswith("loss sound ") and done.out.splitlines()[-1].endswith(" passed")
    assert "its outputs have a gradient" in ganzoo("test", "acme-tested", "cut").out
    misspelled = ganzoo("test", "acme-testd")
    assert (misspelled.code, misspelled.out) == (2, "")
    assert "did you mean 'acme-tested'?" in misspelled.err
    no_part = ganzoo("test", "acme-tested", "loss/sond")
    assert no_part.code == 2 and "did you mean 'loss/sound'?" in no_part.err
    assert "say what to test" in ganzoo("test").err


def test_pytest_collects_each_part_and_property(installed):
    test = conformance("acme-tested", "generator/cut", "loss")
    (mark,) = test.pytestmark
    pairs = {pair.id: pair.values for pair in mark.args[1]}
    assert "loss sound: generator_loss pushes logits up" in pairs
    name = "generator cut: its outputs have a gradient [3 channels, 3 classes]"

    class Request:
        class node:
            @staticmethod
            def getparent(kind):
                return Request

        @staticmethod
        def addfinalizer(function):
            function()

    with pytest.raises(pytest.fail.Exception, match="computes under `no_grad`, or detaches them"):
        test(*pairs[name], Request)
    with pytest.raises(pytest.skip.Exception, match="'its outputs have a gradient' fails"):
        test(*pairs["generator cut: its gradients are derivatives [3 channels, 3 classes]"], Request)
    test(*pairs["loss sound: generator_loss pushes logits up"], Request)


def test_one_error_lists_all_failures_and_what_is_alike_once():
    class Twice(TinyGenerator):
        """Forgets a layer, and stirs its latents."""

        name = "twice"

        def __init__(self, options, images):
            super().__init__(options, images)
            self.spare = type(self.dense)(2, 2)

        def sample_latents(self, count, rng):
            return super().sample_latents(count, rng).double()

    with pytest.raises(ConformanceError, match="sample_latents must return float32") as caught:
        check_generator(Twice)  # nothing else can be asked without latents
    assert {each.promise for each in caught.value.failures} == {"draws latents of the size that it states"}
    del Twice.sample_latents

    def deaf(self, latents, labels):
        return TinyGenerator.forward(self, latents, 0 * labels)

    Twice.forward = deaf
    with pytest.raises(ConformanceError) as caught:
        check_part(Twice)
    assert {each.promise for each in caught.value.failures} == {"gradients reach every parameter", "uses the labels"}
    head, *rows = str(caught.value).splitlines()
    assert head.startswith("generator 'twice' fails 3 of ")
    assert rows[0].startswith(
        "  gradients reach every parameter [1 channel; 3 channels, 3 classes]: no gradient reaches"
    )


def test_example_options_are_what_a_part_is_tested_with(tmp_path):
    class Demanding(TinyGenerator):
        """Has an option without default."""

        name = "demanding"

        class Options(TinyGenerator.Options):
            """Sizes."""

            latent_dim: int

        @classmethod
        def example_options(cls, folder):
            assert list(folder.iterdir()) == []
            return cls.Options(latent_dim=4)

    with pytest.raises(ConformanceError, match="option 'latent_dim' has no description") as caught:
        check_part(Demanding)
    assert len(caught.value.failures) == 1


def test_the_properties_of_each_kind_have_names_of_their_own():
    for kind, names in properties().items():
        assert len(names) == len(set(names)) > 2, kind


@pytest.mark.slow
def test_a_command_of_a_plugin_starts(installed, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(installed))
    assert ganzoo("test", "acme-tested", "command").code == 0
    (installed / "acme_tested" / "telling.py").write_text("raise RuntimeError('the moon is full')\n", "utf-8")
    done = ganzoo("test", "acme-tested", "command")
    assert done.code == 1 and "the moon is full" in done.out


@pytest.mark.slow
def test_pytest_collects_a_distribution_that_it_is_told(installed):
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "-k", "cut or sound", "--ganzoo")
    done = python(*words, "acme-tested", folder=installed, PYTHONPATH=str(installed))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED acme-tested::generator cut::its outputs have a gradient [1 channel]" in done.stdout
    assert "2 failed, " in done.stdout and "Traceback" not in done.stdout
    unknown = python(*words, "acme-testd", folder=installed, PYTHONPATH=str(installed))
    assert unknown.returncode == 4 and "did you mean 'acme-tested'?" in unknown.stderr


@pytest.mark.slow
def test_the_plugin_of_pytest_costs_nothing_unless_asked(installed):
    (installed / "test_nothing.py").write_text(
        "import sys\n\n\ndef test_nothing():\n    assert not {'torch', 'ganzoo.testing'} & set(sys.modules)\n", "utf-8"
    )
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_nothing.py", folder=installed)
    assert done.returncode == 0, done.stdout + done.stderr
