"""Figures of separately packaged plugins: one file and one line each; a broken one is blamed and in no one's way."""

from __future__ import annotations

import json
import re
import sys

import pytest
from command_line import ganzoo
from exploring_world import untrained
from installed_plugin import install
from PIL import Image
from pydantic import Field

from ganzoo._inference.run import Run
from ganzoo.errors import GanzooError, PluginError, RefusedError
from ganzoo.testing import ConformanceError, check_figure

MEAN = '''
"""Mean image: what many images have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from ganzoo import GeneratorFigure, Numbers, Scale, Seeds, StyleBased
from ganzoo.plotting import Panel, Sheet

if TYPE_CHECKING:
    from ganzoo.figures import FigureResult, OpenedGenerator


class Mean(GeneratorFigure):
    """Draw the mean of some images, brightened.

    Paper: Galton 1878.
    """

    name = "mean-image"
    needs = (StyleBased,)
    without = frozenset({"truncation_psi"})

    seeds: Seeds = (0, 1, 2, 5)
    gains: Numbers = Field(default=(1.0, 1.5), description="Columns.")
    statistic: Literal["mean", "median"] = Field(default="mean", description="What is taken of each pixel.")
    scale: Scale = None

    def draw(self, generator: OpenedGenerator) -> FigureResult:
        from ganzoo.figures import FigureResult

        middle = getattr(np, self.statistic)(generator.images(self.seeds).astype(float), axis=0)
        panels = [Panel((gain * middle).clip(0, 255).astype(np.uint8)) for gain in self.gains]
        sheet = Sheet([panels], scale=self.scale)
        return FigureResult(self.name, sheet.canvas(), generator.facts(self.seeds, gains=list(self.gains)), "all alike")
'''


def with_option(field):
    return MEAN.replace("    scale: Scale = None", f"    scale: Scale = None\n    {field}")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def styled(root):
    return untrained(root, "dcgan-styled")


@pytest.fixture
def site(monkeypatch, tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    yield folder
    for module in ("acme_mean", "beta_mean"):
        sys.modules.pop(module, None)


def install_figure(site, source=MEAN, *, distribution="acme-mean", module="acme_mean", cls="Mean"):
    value = f"{module}:{cls}"
    entry = {"entry_point": "mean-image", "value": value, "group": "ganzoo.figures"}
    install(site, source, module=module, distribution=distribution, **entry)


def test_its_command_its_help_and_its_options(site, styled, tmp_path):
    install_figure(site)
    assert "Draw the mean of some images, brightened." in ganzoo("explore", "--help").out
    assert "acme_mean" not in sys.modules, "it is listed without being imported"
    explained = ganzoo("explore", "mean-image", "--help").out
    for words in ("--seeds", "[default: 0-2,5]", "--gains", "[default: 1,1.5]", "mean|median", "--noise-mode"):
        assert words in explained
    assert "--truncation-psi" not in explained
    out = tmp_path / "mean.png"
    options = ("--seeds", "0-3", "--gains", "1,0.5,2", "--noise-mode", "none", "--device", "cpu", "--out", str(out))
    done = ganzoo("explore", "mean-image", str(styled), *options)
    assert (done.code, done.err) == (0, "")
    assert "all alike" in done.out
    facts = json.loads(out.with_name("mean.png.json").read_text())
    assert (facts["figure"], facts["seeds"], facts["gains"]) == ("mean-image", [0, 1, 2, 3], [1.0, 0.5, 2.0])
    assert facts["noise_mode"] == "none"
    with Image.open(out) as image:
        assert image.size == (facts["width"], facts["height"])


def test_wrong_options_and_generators_are_refused(site, root, styled):
    install_figure(site)
    for options, words in (
        (("--gains", "1,x"), "--gains '1,x': should be numbers with commas between"),
        (("--gains", "2e6"), "--gains: 2e+06 is not in the range from -1,000,000 to 1,000,000"),
        (("--seeds", "x"), "--seeds: 'x' is no seed"),
        (("--scale", "65"), "--scale: 65 is not in the range 1<=x<=64"),
        (("--out", "mean.gif"), "--out 'mean.gif': should end in .png, .svg, .pdf"),
    ):
        done = ganzoo("explore", "mean-image", str(styled), *options)
        assert (done.code, words in done.err) == (2, True), done.err
    with pytest.raises(RefusedError, match=r"'mean-image' needs a generator that has styles.*It can make: grid"):
        Run(untrained(root, "dcgan")).draw("mean-image", device="cpu")


def test_it_is_drawn_from_python_by_class_and_name_and_keeps_its_contract(site, styled):
    install_figure(site)
    from acme_mean import Mean

    run = Run(styled)
    assert run.draw(Mean(seeds=range(3)), device="cpu").facts["seeds"] == [0, 1, 2]
    assert run.draw("mean-image", device="cpu").facts["seeds"] == [0, 1, 2, 5]
    with pytest.raises(GanzooError, match="gain: is not an option of figure 'mean-image'"):
        Mean(gain=1)
    check_figure(Mean, source=run.generator(device="cpu", noise_mode="none"))

    class Undescribed(Mean):
        """Draw."""

        number: int = 0

    with pytest.raises(ConformanceError, match="option 'number' has no description"):
        check_figure(Undescribed)

    class Clashing(Mean):
        """Draw."""

        at: int = Field(default=0, description="Which.")

    with pytest.raises(ConformanceError, match="option 'at' has the name of a view option"):
        check_figure(Clashing)

    class InItsPlace(Clashing):
        """Draw."""

        without = frozenset({"at"})

    check_figure(InItsPlace)


@pytest.mark.ci
def test_it_is_listed_and_explained_among_the_parts(site):
    install_figure(site)
    listed = [line.split()[:4] for line in ganzoo("plugins").out.splitlines()]
    assert ["mean-image", "mean-image", "acme-mean", "0.1"] in listed
    explained = ganzoo("plugins", "mean-image").out
    assert "figure mean-image" in explained
    assert "Paper: Galton 1878." in explained
    assert "gains" in explained
    assert "figure 'mean-image' (acme-mean 0.1)" in ganzoo("plugins", "--names").out.splitlines()


@pytest.mark.ci
@pytest.mark.parametrize(
    ("source", "cls", "reason"),
    [
        ("raise SystemExit('no')", "Mean", "does not load: SystemExit: no"),
        ("Mean = 3", "Mean", "offers 3 as figure 'mean-image', which is no subclass of ganzoo.GeneratorFigure"),
        (MEAN.replace('name = "mean-image"', 'name = "other"'), "Mean", "whose name is 'other'; class and entry point"),
        (MEAN, "Means", "does not load: AttributeError"),
        (MEAN.replace("= (0, 1, 2, 5)", ""), "Mean", "whose option 'seeds' has no default"),
        (
            with_option("run: int = 1"),
            "Mean",
            "whose option 'run' has the name of an argument of every figure's command",
        ),
        (with_option("out: str = ''"), "Mean", "whose option 'out' has the name of an argument"),
        (with_option("images: int = 1"), "Mean", "whose option 'images' has the name of an argument"),
        (with_option("device: str = ''"), "Mean", "whose option 'device' has the name of a view option; rename it"),
        (with_option("size: dict[str, int] = {}"), "Mean", "whose option 'size' is of the type dict[str, int], which"),
    ],
)
def test_a_broken_figure_is_blamed_and_the_others_work_on(site, styled, source, cls, reason):
    install_figure(site, source, cls=cls)
    done = ganzoo("explore", "mean-image", str(styled))
    assert (done.code, done.out) == (2, "")
    assert "figure 'mean-image': plugin 'mean-image' (acme-mean 0.1) " in done.err
    assert reason in done.err
    broken = [line for line in ganzoo("plugins").out.splitlines() if line.startswith("broken: plugin 'mean-image'")]
    assert len(broken) == 1
    assert reason in broken[0]
    assert ganzoo("explore", "--help").code == 0
    assert Run(styled).draw("grid", device="cpu").name == "grid"


def test_two_figures_of_one_name_are_both_named_and_refused(site, styled):
    install_figure(site)
    install_figure(site, distribution="beta-mean", module="beta_mean")
    done = ganzoo("explore", "mean-image", str(styled))
    assert done.code == 2
    assert "(acme-mean 0.1) and plugin 'mean-image' (beta-mean 0.1); write 'acme-mean:mean-image' or" in done.err
    with pytest.raises(PluginError, match="comes from"):
        Run(styled).draw("mean-image")
    broken = [line for line in ganzoo("plugins").out.splitlines() if line.startswith("broken: ")]
    assert len(broken) == 1
    assert "write 'acme-mean:mean-image' or 'beta-mean:mean-image' to pick one" in broken[0]


@pytest.mark.ci
def test_a_qualified_name_picks_one_of_two_figures_of_one_name(site, styled, tmp_path):
    install_figure(site)
    other = MEAN.replace("(0, 1, 2, 5)", "(7, 8)")
    install_figure(site, other, distribution="beta-mean", module="beta_mean")
    assert Run(styled).draw("acme-mean:mean-image", device="cpu").facts["seeds"] == [0, 1, 2, 5]
    assert Run(styled).draw("Beta_Mean:mean-image", device="cpu").facts["seeds"] == [7, 8]
    out = tmp_path / "mean.png"
    done = ganzoo("explore", "beta-mean:mean-image", str(styled), "--device", "cpu", "--out", str(out))
    assert (done.code, done.err) == (0, "")
    assert json.loads(out.with_name("mean.png.json").read_text())["seeds"] == [7, 8]
    done = ganzoo("explore", "gamma-mean:mean-image", str(styled))
    assert (done.code, "no figure called 'gamma-mean:mean-image'" in done.err) == (2, True)
    with pytest.raises(PluginError, match="no figure called 'acme-mean:mean-images'; did you mean 'mean-image'"):
        Run(styled).draw("acme-mean:mean-images")


def test_a_misspelled_figure_is_guessed_without_importing_any(styled):
    done = ganzoo("explore", "spectrun", str(styled))
    assert done.code == 2
    assert "no figure called 'spectrun'; did you mean 'spectrum'? (installed: " in done.err
    assert "(installed: curves, " in ganzoo("explore", "nosuch").err
    with pytest.raises(PluginError, match="no figure called 'spectrun'; did you mean 'spectrum'"):
        Run(styled).draw("spectrun")


@pytest.mark.ci
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return {}['a']", r"figure 'mean-image' \(acme-mean 0.1\) fails at \S+acme_mean.py:\d+: KeyError: 'a'"),
        ("return 3", r"figure 'mean-image' \(acme-mean 0.1\): its draw returns 3, which has no name as ganzoo.Drawing"),
        ("from ganzoo import GanzooError; raise GanzooError('too dark')", "too dark"),
    ],
)
def test_a_figure_that_fails_is_blamed_in_a_sentence(site, styled, body, expected):
    head, _ = MEAN.split("        from ganzoo.figures import FigureResult\n\n")
    install_figure(site, f"{head}        {body}\n")
    with pytest.raises(GanzooError) as failed:
        Run(styled).draw("mean-image", device="cpu")
    assert re.fullmatch(expected + ".*", str(failed.value)), str(failed.value)
    done = ganzoo("explore", "mean-image", str(styled), "--device", "cpu")
    assert (done.code, str(failed.value)[:20] in done.err) == (2, True)


def test_a_figure_that_cannot_write_what_it_drew_is_blamed(site, styled):
    writing = "\n\nclass Torn:\n    name = summary = 'torn'\n\n    def write(self, path):\n        raise KeyError(3)\n"
    install_figure(
        site, MEAN.replace("        from ganzoo.figures import FigureResult\n", "        return Torn()\n") + writing
    )
    done = ganzoo("explore", "mean-image", str(styled), "--device", "cpu")
    assert done.code == 2
    assert "figure 'mean-image' (acme-mean 0.1) fails at " in done.err
