"""Incompatible parts are refused on classes and options, before anything is built."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import Field
from torch import Tensor

from ganzoo._recipe.compatibility import all_regularizers
from ganzoo._recipe.load import validate
from ganzoo._recipe.recipe import Recipe
from ganzoo._registry.part import Part, PluginOrigin
from ganzoo._registry.registry import Registry
from ganzoo.contracts.capabilities import StyleBased
from ganzoo.contracts.component import ConfiguredPart, RecipeContext
from ganzoo.contracts.networks import Discriminator
from ganzoo.contracts.objectives import AdversarialLoss, Regularizer, RegularizerOptions, Role
from ganzoo.errors import PluginError, RecipeError
from ganzoo.testing import (
    TinyDataset,
    TinyDiscriminator,
    TinyGenerator,
    TinyGrowableDiscriminator,
    TinyGrowableGenerator,
    TinyLoss,
)

SOURCE = PluginOrigin("acme", "acme-gan", "0.1")


class Styled(TinyGenerator):
    """A generator with styles."""

    name = "styled"

    def map(self, latents: Tensor, labels: Tensor) -> Tensor:
        return latents[:, None]

    def synthesize(self, styles: Tensor) -> Tensor:
        return self(styles[:, 0], styles[:, 0, :0])

    def mean_w(self) -> Tensor:
        raise NotImplementedError


class Penalty(Regularizer):
    """A penalty of the discriminator."""

    name = "penalty"
    applies_to = Role.DISCRIMINATOR

    def penalty(self, step: Any) -> Tensor:
        raise NotImplementedError


class PlaceOptions(RegularizerOptions):
    """Where."""

    of: Literal["real", "fake"] = Field("real", description="At which images.")


class Placed(Penalty):
    """A penalty at images that its options choose."""

    name = "placed"
    Options = PlaceOptions


class PathLength(Penalty):
    """A penalty that needs styles."""

    name = "path-length"
    applies_to = Role.GENERATOR
    generator_must_be = StyleBased


class Lossy(TinyLoss):
    """A loss that brings a penalty along and depends on the batch."""

    name = "lossy"

    @classmethod
    def regularizers(cls, options: Any) -> tuple[ConfiguredPart[Regularizer], ...]:
        return (ConfiguredPart(Penalty, Penalty.Options(every=4)),)

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True


class StyledLoss(TinyLoss):
    """A loss whose own penalty needs styles."""

    name = "styled-loss"

    @classmethod
    def regularizers(cls, options: Any) -> tuple[ConfiguredPart[Regularizer], ...]:
        return (ConfiguredPart(PathLength, PathLength.Options()),)


class Grouped(TinyDiscriminator):
    """A discriminator of gray, unlabeled images that takes statistics over groups of four."""

    name = "grouped"

    @classmethod
    def incompatibility(cls, options: Any, context: RecipeContext) -> str | None:
        if context.images.channels != 1:
            return f"works on 1 channel, but the images have {context.images.channels}; choose another discriminator"
        if context.images.label_dim:
            return f"takes no labels, but there are {context.images.label_dim}; remove dataset.classes"
        uneven = [size for size in context.batch_sizes if size % 4]
        return f"groups of 4 do not divide batches of {uneven[0]}; change training.batch_size" if uneven else None


class Unsure(TinyDiscriminator):
    """A discriminator that fails when asked."""

    name = "unsure"

    @classmethod
    def incompatibility(cls, options: Any, context: RecipeContext) -> str | None:
        return [][1]


class UnsureLoss(TinyLoss):
    """A loss that fails when asked for its penalties."""

    name = "unsure-loss"

    @classmethod
    def regularizers(cls, options: Any) -> tuple[ConfiguredPart[Regularizer], ...]:
        raise ZeroDivisionError("no")


KINDS: dict[str, list[type[Any]]] = {
    "dataset": [TinyDataset],
    "generator": [TinyGenerator, TinyGrowableGenerator, Styled],
    "discriminator": [TinyDiscriminator, TinyGrowableDiscriminator, Grouped, Unsure],
    "loss": [TinyLoss, Lossy, StyledLoss, UnsureLoss],
    "regularizer": [Penalty, Placed, PathLength],
}
REGISTRY = Registry(
    [Part(kind, cls.name, cls, SOURCE) for kind, classes in KINDS.items() for cls in classes]
    + [part for part in Registry.discover().parts() if part.kind in ("extractor", "metric", "optimizer")]
)


def recipe(**sections: Any) -> Recipe:
    data: dict[str, Any] = {
        "dataset": {"name": "tiny"},
        "generator": {"name": "tiny"},
        "discriminator": {"name": "tiny"},
        "loss": {"name": "tiny"},
        "training": {"total_kimg": 1},
        "scoring": {"extractor": {"name": "random-features"}},
    }
    for name, section in sections.items():
        data[name] = {**data[name], **section} if isinstance(section, dict) else section
    return validate(data, REGISTRY, "recipe.toml")


def incompatibilities(**sections: Any) -> list[str]:
    with pytest.raises(RecipeError) as error:
        recipe(**sections)
    first, *lines = str(error.value).splitlines()
    assert first == "recipe.toml is not a valid recipe:"
    return [line.strip() for line in lines]


GROWING = {"generator": {"name": "tiny-growable"}, "discriminator": {"name": "tiny-growable"}}


def growing(**growth: Any) -> dict[str, Any]:
    return GROWING | {"training": {"total_kimg": 5000, "growth": growth}}


def test_parts_that_fit():
    assert recipe().phases[0].resolution == 16
    assert [phase.resolution for phase in recipe(**growing()).phases] == [4, 8, 8, 16, 16]
    assert recipe(generator={"name": "styled"}, regularizers=[{"name": "path-length"}], scoring={"truncation_psi": 0.7})
    assert recipe(discriminator={"name": "grouped"}, training={"batch_size": 8, "micro_batch": 4})
    assert recipe(loss={"name": "lossy"}, training={"batch_size": 8, "micro_batch": 8})


@pytest.mark.parametrize("resolution", [1, 2, 3, 48, 2**40 + 1])
def test_the_resolution_is_a_power_of_two(resolution):
    (reason,) = incompatibilities(dataset={"resolution": resolution})
    assert reason == f"dataset.resolution: should be a power of two, at least 4, but is {resolution}"


def test_growth_needs_networks_that_can():
    assert incompatibilities(training={"total_kimg": 5000, "growth": {}}) == [
        "training.growth: generator 'tiny' cannot grow; remove [training.growth] or take one that can",
        "training.growth: discriminator 'tiny' cannot grow; remove [training.growth] or take one that can",
    ]


@pytest.mark.parametrize("start", [2, 6, 32])
def test_growth_starts_at_a_resolution_that_there_is(start):
    (reason,) = incompatibilities(**growing(start_resolution=start))
    assert reason == (
        f"training.growth.start_resolution: should be a power of two from 4 to dataset.resolution (16), but is {start}"
    )


def test_growth_arrives():
    (reason,) = incompatibilities(**GROWING | {"training": {"total_kimg": 700, "growth": {}}})
    assert reason == (
        "training.total_kimg: 700 ends at 8 pixels, before growth reaches 16; train longer, or shorten stable_kimg "
        "and fade_kimg"
    )


def test_growth_tables_name_resolutions_that_there_are():
    reasons = incompatibilities(**growing(batch_size={"5": 8, "8": 8}, learning_rate={"96": 2.0, "2": 1.0}))
    assert reasons == [
        "training.growth.batch_size: 5 is not a resolution that this training reaches",
        "training.growth.learning_rate: 96 is not a resolution that this training reaches",
        "training.growth.learning_rate: 2 is not a resolution that this training reaches",
    ]


def test_a_schedule_may_go_on_beyond_the_final_resolution():
    tables = {"batch_size": {"16": 4, "64": 2}, "learning_rate": {"16": 1.0, "1024": 2.0}}
    assert recipe(**growing(**tables)).phases[-1].resolution == 16
    epochs = {"epochs": {"4": 1, "8": 1, "16": 1, "32": 9}}
    phases = recipe(**GROWING | {"training": {"growth": epochs, "total_kimg": None}}).with_image_count(1000).phases
    assert (phases[-1].resolution, phases[-1].end) == (16, 3072)  # whole batches


def test_tables_of_lengths_name_every_resolution():
    reasons = incompatibilities(**growing(stable_kimg={"4": 1}, fade_kimg={"4": 1, "16": 1}))
    assert reasons == [
        "training.growth.stable_kimg: lacks 8; name every resolution, or write one number for all",
        "training.growth.fade_kimg: 4 is not a resolution that fades in",
        "training.growth.fade_kimg: lacks 8; name every resolution, or write one number for all",
    ]
    start = {"start_resolution": 8, "stable_kimg": {"8": 1}, "fade_kimg": {"8": 1, "16": 1}}
    assert incompatibilities(**growing(**start)) == ["training.growth.fade_kimg: 8 is not a resolution that fades in"]
    assert recipe(**growing(order="fade-first", **start)).phases[0].fades
    growth = {"start_resolution": 8, "epochs": {"4": 1, "16": 1}}
    assert incompatibilities(**GROWING | {"training": {"growth": growth, "total_kimg": None}})[:2] == [
        "training.growth.epochs: 4 is not a resolution that this training reaches",
        "training.growth.epochs: lacks 8; name every resolution",
    ]


def test_the_end_of_growing_is_said_once():
    ends = {"stable_kimg": {"4": 1, "8": 1, "16": 2}, "fade_kimg": 1}
    assert incompatibilities(**growing(**ends)) == [
        "training.total_kimg: training.growth.stable_kimg says how long 16 lasts already; remove total_kimg or that "
        "entry"
    ]
    data = GROWING | {"training": {"total_kimg": None, "growth": ends | {"stable_kimg": {"4": 1, "8": 1}}}}
    assert incompatibilities(**data) == [
        "training.total_kimg: is missing; add it (Length of the training), or write training.growth.stable_kimg as a "
        "table that ends with 16"
    ]
    assert (
        recipe(**data | {"training": {"total_kimg": None, "growth": ends}}).phases[-1].end
        == 1024 + 1024 + 1024 + 1024 + 2048
    )


def test_penalties_that_need_styles():
    (reason,) = incompatibilities(regularizers=[{"name": "path-length"}])
    assert reason == (
        "regularizers.0: 'path-length' needs a StyleBased generator, which 'tiny' is not; choose another generator, "
        "or do without the penalty"
    )
    (reason,) = incompatibilities(loss={"name": "styled-loss"})
    assert reason.startswith("loss: its penalty 'path-length' needs a StyleBased generator, which 'tiny' is not")


def test_a_cutoff_needs_a_truncation_and_noise_its_inputs():
    (reason,) = incompatibilities(generator={"name": "styled"}, scoring={"truncation_cutoff": 4})
    assert reason == (
        "scoring.truncation_cutoff: nothing is truncated while scoring.truncation_psi is 1.0; remove the key or lower "
        "scoring.truncation_psi"
    )
    assert recipe(generator={"name": "styled"}, scoring={"truncation_psi": 0.7, "truncation_cutoff": 4})
    (reason,) = incompatibilities(generator={"name": "styled"}, scoring={"noise_mode": "constant"})
    assert (
        reason == "scoring.noise_mode: generator 'styled' has no noise inputs; remove the key or set it to \"random\""
    )


def test_truncation_needs_styles():
    (reason,) = incompatibilities(scoring={"truncation_psi": 0.7})
    assert reason == (
        "scoring.truncation_psi: generator 'tiny' has no styles to truncate; remove the key or set it to 1.0"
    )


def test_truncation_of_latents_needs_such():
    (reason,) = incompatibilities(scoring={"truncation_threshold": 0.5})
    assert reason == (
        "scoring.truncation_threshold: generator 'tiny' has no latents that can be truncated; remove the key"
    )


def test_a_penalty_is_listed_once():
    (reason,) = incompatibilities(regularizers=[{"name": "penalty"}, {"name": "penalty", "every": 2}])
    assert reason == "regularizers.1: 'penalty' is listed twice, and differs in numbers at most; keep one"


def test_a_penalty_is_listed_twice_where_it_does_two_things():
    recipe(regularizers=[{"name": "placed"}, {"name": "placed", "of": "fake"}])
    (reason,) = incompatibilities(regularizers=[{"name": "placed"}, {"name": "placed", "of": "real"}])
    assert reason.startswith("regularizers.1: 'placed' is listed twice")


def test_a_penalty_that_the_loss_brings_along():
    (reason,) = incompatibilities(loss={"name": "lossy"}, regularizers=[{"name": "penalty"}])
    assert reason == (
        "regularizers.0: loss 'lossy' brings 'penalty' along already; remove this one, or write override = true to "
        "use it instead of the loss's own"
    )
    overridden = recipe(loss={"name": "lossy"}, regularizers=[{"name": "penalty", "override": True, "every": 2}])
    assert [choice.options.every for choice in all_regularizers(overridden)] == [2]
    assert [choice.options.every for choice in all_regularizers(recipe(loss={"name": "lossy"}))] == [4]


def test_nothing_to_override():
    (reason,) = incompatibilities(regularizers=[{"name": "penalty", "override": True}])
    assert reason.startswith("regularizers.0.override: loss 'tiny' has no 'penalty' to override; remove")


def test_override_is_kept_in_the_resolved_recipe():
    overridden = recipe(loss={"name": "lossy"}, regularizers=[{"name": "penalty", "override": True}])
    assert overridden.plain()["regularizers"] == [{"name": "penalty", "override": True, "every": 1}]
    assert validate(overridden.plain(), REGISTRY, "again") == overridden


def test_micro_batches_and_parts_that_couple_the_batch():
    (reason,) = incompatibilities(loss={"name": "lossy"}, training={"batch_size": 8, "micro_batch": 4})
    assert reason == (
        "training.micro_batch: loss 'lossy' depends on the other images of the batch, so splitting it would change the "
        "result; remove micro_batch or choose options without that coupling"
    )


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"dataset": {"channels": 3}}, "works on 1 channel, but the images have 3; choose another discriminator"),
        ({"dataset": {"classes": 2}}, "takes no labels, but there are 2; remove dataset.classes"),
        ({"training": {"batch_size": 6}}, "groups of 4 do not divide batches of 6; change training.batch_size"),
        (
            {"training": {"batch_size": 8, "micro_batch": 2}},
            "groups of 4 do not divide batches of 2; change training.batch_size",
        ),
    ],
)
def test_what_a_part_itself_says(sections, expected):
    assert incompatibilities(discriminator={"name": "grouped"}, **sections) == [f"discriminator: {expected}"]


def test_a_part_that_fails_when_asked_is_named():
    with pytest.raises(PluginError) as error:
        recipe(discriminator={"name": "unsure"})
    assert str(error.value) == (
        "discriminator: 'unsure' of plugin 'acme' (acme-gan 0.1) fails while its compatibility is checked: "
        "IndexError: list index out of range; choose another part, or fix that plugin"
    )
    with pytest.raises(PluginError, match="loss: 'unsure-loss' of plugin 'acme'"):
        recipe(loss={"name": "unsure-loss"})


def test_extractors_see_gray_and_color_unless_they_say_otherwise():
    with pytest.raises(RecipeError) as caught:
        recipe(dataset={"channels": 16})
    assert str(caught.value).splitlines()[1:] == [
        "  scoring.extractor: extractor 'random-features' sees images of 1 or 3 channels, and these have 16; choose "
        "another, or metrics that read no features"
    ]
    assert recipe(dataset={"channels": 16}, scoring={"metrics": ["swd"]}).scoring.extractor.name == "random-features"


def test_metrics_read_what_the_extractor_offers():
    with pytest.raises(RecipeError) as error:
        recipe(scoring={"metrics": ["fid", "inception-score"]})
    (line,) = str(error.value).splitlines()[1:]
    assert line.startswith(
        "  scoring.extractor: metric 'inception-score' reads 'logits', which extractor 'random-features' does not "
        "offer, only 'pooled'; choose 'efficientnet-lite0'"
    )
    assert line.endswith(" or 'inception-v3-compat', or leave out the metric")


def test_no_two_metrics_give_one_value():
    twice = ["fid", {"name": "kid", "subset_size": 10}, {"name": "kid", "subset_size": 20}]
    assert incompatibilities(scoring={"metrics": twice}) == [
        "scoring.metrics.2: 'kid' gives 'kid', as 'kid' above does; keep one of the two"
    ]


@pytest.mark.parametrize("counts", [{"generated": 100}, {"reference_images": 100}])
def test_a_metric_says_what_counts_it_needs(counts):
    (reason,) = incompatibilities(scoring={"metrics": ["fid", {"name": "kid", "subset_size": 101}]} | counts)
    there = (100, 100) if "generated" in counts else (10_000, 100)
    assert reason == (
        "scoring.metrics.1: kid: a subset of subset_size = 101 images needs at least as many on either side, but there "
        f'are {there[0]} generated and {there[1]} real images; name {{ name = "kid", subset_size = 100 }} in '
        "scoring.metrics, or raise the counts"
    )
    assert recipe(scoring={"metrics": ["fid"]} | counts)


def test_all_reasons_at_once():
    reasons = incompatibilities(
        loss={"name": "lossy"},
        regularizers=[{"name": "path-length"}],
        training={"batch_size": 8, "micro_batch": 4, "growth": {}},
        scoring={"truncation_psi": 0.5, "metrics": ["fid", "fid"]},
    )
    assert len(reasons) >= 6


def test_bases_of_the_parts_here_are_contracts():
    assert issubclass(Grouped, Discriminator)
    assert issubclass(Lossy, AdversarialLoss)
