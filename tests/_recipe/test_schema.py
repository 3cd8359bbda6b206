"""Sections of a recipe that name parts: what stands in for those that it leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest
from pydantic import ValidationError

from ganzoo._recipe.schema import ScoringSettings
from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry
from ganzoo.contracts.extractors import Extractor, Layer
from ganzoo.contracts.metric_values import Display
from ganzoo.contracts.metrics import Metric

ORIGIN = next(iter(Registry.discover().parts())).origin


def metric(called: str, place: int | None, reads: str = "pooled") -> type[Metric]:
    class MadeUp(Metric):
        """Made up."""

        name = called
        values: ClassVar[Mapping[str, Display]] = {called: Display(called)}
        default_place = place

        def estimates(self, data):
            raise NotImplementedError

    MadeUp.reads = (reads,)
    return MadeUp


class Eye(Extractor):
    """Made up."""

    name = "eye"
    label = "eye"
    layers: ClassVar[Mapping[str, Layer]] = {"pooled": Layer("p")}
    default_place = 5

    def weights(self):
        return None

    def identity(self):
        return {"eye": 1}

    def build(self, layers):
        raise NotImplementedError


def settings(*parts: type, **section) -> ScoringSettings:
    kinds = [("metric" if issubclass(part, Metric) else "extractor", part) for part in parts]
    registry = Registry([Part(kind, part.name, part, ORIGIN) for kind, part in kinds])
    return ScoringSettings.model_validate(section, context={"registry": registry})


def test_absent_parts_are_found_though_another_plugin_has_parts_of_their_names():
    other = replace(ORIGIN, distribution="acme-gan")
    parts = [("metric", metric("near", 1), ORIGIN), ("metric", metric("near", None), other)]
    parts += [("extractor", Eye, ORIGIN), ("extractor", type("Other", (Eye,), {"default_place": None}), other)]
    registry = Registry([Part(kind, part.name, part, origin) for kind, part, origin in parts])
    found = ScoringSettings.model_validate({}, context={"registry": registry})
    assert found.extractor.name == f"{ORIGIN.distribution}:eye"
    assert [each.name for each in found.metrics] == [f"{ORIGIN.distribution}:near"]


def test_absent_parts_are_those_that_say_so_in_their_order():
    found = settings(metric("a", 2), metric("b", None), metric("c", 1), Eye)
    assert [chosen.name for chosen in found.metrics] == ["c", "a"]
    assert found.extractor.name == "eye"


def test_where_no_part_says_so_one_must_be_named():
    with pytest.raises(ValidationError, match=r"names no metric; list at least one \(b\)"):
        settings(metric("b", None), Eye)
    found = settings(metric("b", None), Eye, metrics=["b"])
    assert [chosen.name for chosen in found.metrics] == ["b"]


def test_a_layer_that_no_installed_extractor_has_is_named():
    with pytest.raises(
        ValidationError, match=r"reads 'touch', which .* 'pooled'; no installed extractor has it: leave out"
    ):
        settings(metric("b", None, reads="touch"), Eye, metrics=["b"])
