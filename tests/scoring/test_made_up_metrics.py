"""Metrics of a separately packaged plugin: one file, one line of packaging, and nothing of the core."""

from __future__ import annotations

import json
import re
import sys

import pytest
import torch
from command_line import ganzoo
from installed_plugin import install
from scoring_world import pack_of, pictures, settings, toy

from ganzoo._registry.registry import Registry
from ganzoo._runs.record import read_record
from ganzoo.errors import PluginError
from ganzoo.scoring.estimates import MetricsFailed
from ganzoo.scoring.score import estimate, plan, score

PLUGIN = '''
import torch
from pydantic import Field

from ganzoo import ComponentOptions, Display, Estimate, GanzooError, Metric, hookimpl
from ganzoo.scoring import blocks_of, standard_error


class GapOptions(ComponentOptions):
    """Which norm."""

    power: float = Field(default=2.0, gt=0, description="Power of the norm.")


class Gap(Metric[GapOptions]):
    """Distance of the mean features, times a hundred to be read."""

    name = "gap"
    values = {"gap": Display("GAP", unit="%", scale=100.0)}
    reads = ("pooled",)
    Options = GapOptions

    def cost(self, generated, reference, width, blocks):
        return 1e15

    def estimates(self, data):
        made, real = data.generated["pooled"].double(), data.reference["pooled"].double()

        def distance(features):
            return float(torch.linalg.vector_norm(features.mean(0) - real.mean(0), ord=self.options.power))

        block = blocks_of(len(made), data.blocks)
        left_out = [distance(made[block != each]) for each in range(data.blocks)]
        return {"gap": Estimate(distance(made), standard_error(left_out), ("made up",))}


class Brightness(Metric):
    """Mean brightness of the images of each of two classes, without any extractor or reference."""

    name = "brightness"
    values = {f"brightness_{label}": Display(f"brightness {label}", lower_is_better=False) for label in (0, 1)}
    reads = ("pixels",)
    uses_reference = False

    @classmethod
    def incompatibility(cls, options, context):
        return None if context.images.label_dim else "compares classes, and there are none; set dataset.classes"

    def estimates(self, data):
        images, labels = data.generated["pixels"].double(), data.generated.labels
        return {f"brightness_{label}": Estimate(float(images[labels == label].mean())) for label in (0, 1)}


class Wrong(Metric):
    """Fails as its option says."""

    class Options(ComponentOptions):
        """How."""

        how: str = Field(default="raise", description="How.")

    name = "wrong"
    values = {"wrong": Display("WRONG")}
    reads = ("pooled",)

    def estimates(self, data):
        if self.options.how == "raise":
            raise ZeroDivisionError("oh")
        if self.options.how == "refuse":
            raise GanzooError("needs a dog")
        return {
            "nan": {"wrong": Estimate(float("nan"))},
            "other": {"other": Estimate(1.0)},
            "none": None,
            "number": {"wrong": 1.0},
            "tensor": {"wrong": Estimate(torch.tensor(1.0))},
            "error": {"wrong": Estimate(1.0, float("nan"))},
        }[self.options.how]


@hookimpl
def ganzoo_metrics():
    return [Gap, Brightness, Wrong]
'''
GAP = '{ name = "gap", power = 3.0 }'
SMALL = {
    "training.total_kimg": 0.032,
    "training.batch_size": 16,
    "dataset.count": 48,
    "dataset.resolution": 16,
    "generator.width": 4,
    "discriminator.width": 4,
    "scoring.generated": 40,
    "scoring.reference_images": 40,
    "scoring.extractor.name": "random-features",
}


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site").mkdir()
    install(tmp_path / "site", PLUGIN, module="acme_gap", distribution="acme-gap")
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield
    sys.modules.pop("acme_gap", None)


def run(*more):
    small = [f"{key}={value}" for key, value in SMALL.items()]
    return ganzoo(
        "run", "quickstart", "--device", "cpu", *(word for each in (*small, *more) for word in ("--set", each))
    )


@pytest.mark.ci
@pytest.mark.usefixtures("plugin")
def test_it_is_scored_ranked_planned_and_shown(tmp_path):
    listed, explained = ganzoo("plugins"), ganzoo("plugins", "gap")
    assert "gap" in listed.out and "Power of the norm." in explained.out
    for width in (4, 6):
        done = run(f'scoring.metrics=["fid", {GAP}]', f"generator.width={width}")
        assert done.code == 0, done.err
        assert "about 333 min" in done.out  # 1e15 operations, as the metric says
    records = [read_record(path) for path in sorted((tmp_path / "runs").glob("*/record.json"))]
    gaps = [score for record in records for score in record.scores if score.metric == "gap"]
    assert [score.label for score in gaps] == ["GAP-random"] * 2
    assert all(score.standard_error > 0 for score in gaps)
    settings = dict(gaps[0].settings)
    assert str(settings.pop("code")).startswith("acme-gap 0.1+"), "scores of other code are never compared"
    assert settings == {"class": "acme_gap.Gap", "version": 1, "power": 3.0}
    assert str(gaps[0]).startswith(f"GAP-random % {gaps[0].value * 100:.2f} (")
    assert str(gaps[0]).endswith(", 40 images, at 0.032 kimg")
    # 40 images are too few for FID: the next one of the recipe ranks.
    table = ganzoo("compare", "runs")
    assert "GAP-random % ↓" in table.out and "†: " in table.out and "made up" in table.out
    assert "Ranked by GAP-random (fewer than 4,096 images on a side)" in table.out
    (found,) = json.loads(ganzoo("compare", "runs", "--format", "json").out)["tables"]
    assert found["primary"] == "gap"
    shown = {"label": "GAP-random", "lower_is_better": True, "unit": "%", "scale": 100.0, "images_needed": 2}
    assert found["metrics"]["gap"].items() >= shown.items()
    best = min(gaps, key=lambda score: score.value)
    assert found["sections"][0]["rows"][0]["estimates"]["gap"]["mean"] == best.value


@pytest.mark.ci
@pytest.mark.usefixtures("plugin")
def test_a_metric_that_is_added_later_stands_beside_the_earlier_ones(tmp_path):
    assert run('scoring.metrics=["fid"]').code == 0
    done = ganzoo("score", "runs/quickstart-s0", "--set", f"scoring.metrics=[{GAP}]")
    assert done.code == 0, done.err
    assert ganzoo("score", "runs/quickstart-s0", "--set", 'scoring.metrics=["gap"]').code == 0
    (table,) = json.loads(ganzoo("compare", "runs", "--format", "json").out)["tables"]
    assert list(table["metrics"]) == ["fid", "gap (power=3.0)", "gap (power=2.0)"]


@pytest.mark.usefixtures("plugin")
def test_options_and_names_of_metrics_are_checked_with_their_place():
    done = run('scoring.metrics=["fid", { name = "gap", powr = 1 }]')
    assert done.code == 2
    assert "scoring.metrics.1.powr: unknown key 'powr'; did you mean 'power'?" in done.err
    assert "scoring.metrics.0: no metric called 'gapp'; did you mean 'gap'?" in run('scoring.metrics=["gapp"]').err


@pytest.mark.usefixtures("plugin")
def test_a_metric_says_which_recipes_it_cannot_judge():
    done = run('scoring.metrics=["fid", "brightness"]')
    assert done.code == 2
    assert "scoring.metrics.1: compares classes, and there are none; set dataset.classes" in done.err


def scored(tmp_path, pack, generator, **changes):
    chosen = settings(**changes)
    extractor = chosen.extractor.cls(chosen.extractor.options)
    protocol = plan(chosen, extractor, pack)
    cost = estimate(generator, pack, protocol, extractor, device="cpu", cache=tmp_path / "cache")
    return cost, score(generator, pack, protocol, extractor, images_seen=0, device="cpu", cache=tmp_path / "cache")


@pytest.mark.usefixtures("plugin")
def test_a_metric_may_read_pixels_and_classes_without_an_extractor(tmp_path):
    pack = pack_of(tmp_path, pictures(60), [0, 1] * 30, classes=2)
    generator = toy(label_dim=2)
    with torch.no_grad():
        generator.linear.weight[:, -1] = 10.0  # class 1 is white
    cost, (dark, white) = scored(tmp_path, pack, generator, metrics=["brightness"])
    assert (dark.label, white.label) == ("brightness 0", "brightness 1")
    assert dark.value < 200 and white.value > 254
    assert cost.images == 60 and not (tmp_path / "cache" / "features").exists()
    _, (_, fid, _) = scored(
        tmp_path, pack, generator, metrics=[{"name": "gap"}, "fid", {"name": "kid", "subset_size": 9}]
    )
    _, mixed = scored(tmp_path, pack, generator, metrics=["brightness", "fid"])
    assert mixed == (dark, white, fid)


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("raise", r"fails at \S+acme_gap.py:\d+: ZeroDivisionError: oh; "),
        ("refuse", ": needs a dog; "),
        ("nan", " gives nan for 'wrong'; its value must be a finite float"),
        ("other", " gives 'other' and declares 'wrong'"),
        pytest.param(
            "none", " returns None; `estimates` must return a mapping of key to ganzoo.Estimate", marks=pytest.mark.slow
        ),
        pytest.param("number", " gives 1.0 for 'wrong'; it must be a ganzoo.Estimate", marks=pytest.mark.slow),
        pytest.param(
            "tensor",
            r" gives tensor\(1.\) \(a Tensor\) for 'wrong'; its value must be a finite float",
            marks=pytest.mark.slow,
        ),
        ("error", " gives the standard error nan for 'wrong'; it must be a finite float from 0, or None"),
    ],
)
def test_a_metric_that_fails_is_blamed_and_the_others_are_scored(tmp_path, how, expected):
    pack, generator = pack_of(tmp_path, pictures(60), [0, 1] * 30, classes=2), toy(label_dim=2)
    with pytest.raises(MetricsFailed) as failed:
        scored(tmp_path, pack, generator, metrics=[{"name": "wrong", "how": how}, "fid"])
    assert re.match(rf"metric 'wrong' \(acme-gap 0.1\) ?{expected}", str(failed.value)), str(failed.value)
    assert [score.metric for score in failed.value.scores] == ["fid"]
    with pytest.raises(PluginError):
        scored(tmp_path, pack, generator, metrics=[{"name": "wrong", "how": how}])


@pytest.mark.ci
@pytest.mark.usefixtures("plugin")
def test_scores_beside_a_failing_metric_are_in_the_record(tmp_path):
    metrics = 'scoring.metrics=["fid", { name = "wrong", how = "nan" }, { name = "gap", power = 3.0 }]'
    record = tmp_path / "runs" / "quickstart-s0" / "record.json"
    done = run(metrics)
    assert done.code == 2
    assert "the other scores are sound: fid, gap; fix the plugin, or leave it out with: ganzoo score RUN" in done.err
    assert [score.metric for score in read_record(record).scores] == ["fid", "gap"]
    against = ("--dataset", "phantom", "--set", "dataset.count=50", "--set", metrics)
    done = ganzoo("score", "runs/quickstart-s0", *against)
    assert (done.code, "metric 'wrong' (acme-gap 0.1) gives nan" in done.err) == (2, True), done.err
    assert len([score for score in read_record(record).scores if score.dataset]) == 2


@pytest.mark.parametrize("reads", ['("pixels")', '["pixels"]', "(1,)", "()"])
def test_roles_that_are_no_tuple_of_texts_are_refused_when_the_metric_is_offered(plugin, tmp_path, reads):
    source = PLUGIN.replace('reads = ("pixels",)', f"reads = {reads}")
    (tmp_path / "site" / "acme_gap.py").write_text(source, "utf-8")
    (failure,) = Registry.discover().failures
    assert "plugin 'acme' (acme-gap 0.1) offers Brightness in hook ganzoo_metrics, whose `reads` is " in str(failure)
