"""Scores of each class: what metrics say of them, in the record and judged."""

from __future__ import annotations

import math
from typing import ClassVar

import pytest
import torch
from made_up_records import record
from scoring_world import Arrays, pictures, settings, toy

from ganzoo import Display, Estimate, Metric
from ganzoo._runs.record import read_record, write_record
from ganzoo._runs.signed_json import seal
from ganzoo.contracts.metric_input import Features, MetricInput
from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import PluginError, RunError
from ganzoo.scoring.estimates import estimates_of
from ganzoo.scoring.score import plan, score

METRICS = ("class-distances", "class-accuracy", {"name": "kid", "subset_size": 10, "subsets": 2})


class Named(Arrays):
    """Classes with names, the last of which no image is of."""

    def class_names(self):
        return ("disc", "square", "ring")


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    options = Named.Options(resolution=16, channels=1, classes=3)
    pack = prepare(Named(options, pictures(60), [0, 1, 1] * 20), "named", cache=folder / "packs", workers=1)
    chosen = settings(metrics=METRICS, generated=100)
    extractor = chosen.extractor.cls(chosen.extractor.options)
    protocol = plan(chosen, extractor, pack)
    found = score(toy(label_dim=3), pack, protocol, extractor, images_seen=0, device="cpu", cache=folder / "cache")
    return {each.metric: each for each in found}


def test_each_class_has_its_value_error_and_counts_of_images(scores):
    distances, accuracy = (scores[key].by_class for key in ("class_kd", "class_accuracy"))
    for found in (distances, accuracy):
        assert [(each.number, each.name) for each in found] == [(0, "disc"), (1, "square")]
        assert [each.reference_images for each in found] == [20, 40]
        assert sum(each.generated for each in found) == 100
        assert all(each.notes == () for each in found)
    assert scores["class_kd"].value == pytest.approx(sum(each.value for each in distances) / 2)
    assert scores["class_kd_worst"].value == max(each.value for each in distances)
    assert all(each.standard_error > 0 for each in distances)
    right = sum(each.value * each.reference_images for each in accuracy)
    assert scores["class_accuracy"].value == pytest.approx(right / 60)
    assert scores["kid"].by_class == scores["class_kd_worst"].by_class == ()


def test_real_images_have_values_by_class_too(scores):
    floor = scores["class_kd"].floor
    assert [each.number for each in floor.by_class] == [0, 1]
    assert sum(each.generated for each in floor.by_class) == floor.images
    assert sum(each.reference_images for each in floor.by_class) == floor.reference_images
    assert floor.value == pytest.approx(sum(each.value for each in floor.by_class) / 2)


def test_a_record_keeps_them(scores, tmp_path):
    written = record(found=tuple(scores.values()))
    write_record(tmp_path / "record.json", written)
    assert read_record(tmp_path / "record.json") == written
    one = scores["class_kd"].model_dump()
    for wrong in ({"number": -1}, {"value": "inf"}, {"generated": None}, {"beside": 1}):
        bad = one | {"by_class": [one["by_class"][0] | wrong]}
        (tmp_path / "record.json").write_bytes(seal(record().model_dump() | {"scores": [bad]}))
        with pytest.raises(RunError, match=r"is not a run record: scores\.0\.by_class\.0"):
            read_record(tmp_path / "record.json")


class Brightness(Metric):
    """Mean brightness, of each class too, as a plugin would have it."""

    name = "brightness"
    values: ClassVar = {"brightness": Display("brightness")}
    reads = ("pixels",)
    uses_reference = False
    by_class = None

    def estimates(self, data):
        images, labels = data.generated["pixels"].double(), data.generated.labels
        found = self.by_class
        if found is None:
            found = {int(label): Estimate(float(images[labels == label].mean()), 0.5) for label in labels.unique()}
        return {"brightness": Estimate(float(images.mean()), by_class=found)}


def test_a_metric_of_a_plugin_has_them_through_the_same_contract():
    data = MetricInput(Features({"pixels": pictures_tensor(6)}, torch.tensor([0, 1, 1, 2, 2, 2])), Features({}), 0)
    found = estimates_of(Brightness(None), data)["brightness"]
    assert found.value == pytest.approx(
        sum(each.value * n for each, n in zip(found.by_class.values(), (1, 2, 3), strict=True)) / 6
    )


@pytest.mark.parametrize(
    ("by_class", "said"),
    [
        ([1.0], "gives [1.0] (a list) by class for 'brightness'; it must be a mapping of a class's number to"),
        ({7: Estimate(1.0)}, "a value of the class 7 for 'brightness'; these images are of the classes 0, 1"),
        ({-1: Estimate(1.0)}, "a value of the class -1 for 'brightness'"),
        ({"cat": Estimate(1.0)}, "a value of the class 'cat' for 'brightness'"),
        ({True: Estimate(1.0)}, "a value of the class True for 'brightness'"),
        ({1: 1.0}, "gives 1.0 for 'brightness' of class 1; it must be a ganzoo.Estimate"),
        ({1: Estimate(math.nan)}, "gives nan for 'brightness' of class 1; its value must be a finite float"),
        ({1: Estimate(1.0, by_class={0: Estimate(1.0)})}, "gives values by class within 'brightness' of class 1"),
    ],
)
def test_what_is_no_value_of_a_class_names_the_metric(by_class, said):
    metric = Brightness(None)
    metric.by_class = by_class
    data = MetricInput(Features({"pixels": pictures_tensor(3)}, torch.tensor([0, 1, -1])), Features({}), 0)
    with pytest.raises(PluginError) as error:
        estimates_of(metric, data)
    assert said in str(error.value)


def test_without_classes_there_are_no_values_by_class():
    metric = Brightness(None)
    metric.by_class = {0: Estimate(1.0)}
    with pytest.raises(PluginError, match="these images have no classes"):
        estimates_of(metric, MetricInput(Features({"pixels": pictures_tensor(3)}), Features({}), 0))


def pictures_tensor(count):
    return torch.from_numpy(pictures(count))
