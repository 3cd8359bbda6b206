from __future__ import annotations

import pytest
import torch
from made_up_records import record
from scoring_world import pack_of, pictures, settings

from ganzoo._leaderboard.published import published_values
from ganzoo._recipe.load import load
from ganzoo._registry.registry import Registry
from ganzoo._runs.record import DatasetId, Score
from ganzoo.errors import GanzooError, RecipeError
from ganzoo.scoring.features import reference_batches
from ganzoo.scoring.protocol import NOISE, plan
from ganzoo.scoring.published import published_overrides
from ganzoo.scoring.score_against import ScoreRequest

STATED = 'published.fid={value=3.5, source="Table 2", scoring={generated=50, reference_images=40, mirror=true}}'


def recipe_with(*overrides):
    registry = Registry.discover()
    return load("quickstart", registry, overrides)[1], registry


def published_scorings(*overrides):
    """The scorings that the published values ask for, over a recipe that is scored otherwise."""
    recipe, registry = recipe_with(*overrides)
    return [
        load("quickstart", registry, [*overrides, each])[1].scoring for each in published_overrides(recipe, registry)
    ]


def test_published_values_say_what_to_set():
    (found,) = published_scorings(STATED)
    assert [chosen.name for chosen in found.metrics] == ["fid"]
    assert (found.generated, found.reference_images, found.mirror) == (50, 40, True)
    assert found.extractor.name == "inception-v3-compat"


OTHERWISE = {
    "generated": 17,
    "reference_images": 9,
    "split": '"validate"',
    "mirror": "true",
    "weights": '"raw"',
    "truncation_psi": 0.5,
    "truncation_cutoff": 2,
    "noise_mode": '"none"',
    "metrics": '["inception-score"]',
    "extractor": '{name="inception-v3-compat", resize="clean"}',
    "sampling_seed": 3,
    "batch_size": 5,
}
OURS = {"sampling_seed", "batch_size"}  # which images are drawn, and how many at once: no paper's protocol
STYLED = ("generator={name='stylegan2'}", "discriminator={name='stylegan2'}")


def test_nothing_that_moves_a_value_is_left_as_the_recipe_scores():
    stated = 'published.fid={value=3.5, source="s", scoring={generated=50}}'
    (plain,) = published_scorings(stated, *STYLED)
    (found,) = published_scorings(stated, *STYLED, *(f"scoring.{key}={value}" for key, value in OTHERWISE.items()))
    assert set(OTHERWISE) | {"truncation_threshold"} == set(type(found).model_fields)
    moved = {key for key in OTHERWISE if getattr(found, key) != getattr(plain, key)}
    assert moved == OURS


def test_published_values_are_not_of_truncated_latents():
    stated, biggan = 'published.fid={value=3.5, source="s", scoring={generated=50}}', "generator={name='sngan'}"
    (found,) = published_scorings(stated, biggan, "scoring.truncation_threshold=0.5")
    assert found.truncation_threshold is None
    (found,) = published_scorings(stated.replace("50", "50, truncation_threshold=0.3"), biggan)
    assert found.truncation_threshold == 0.3


def test_the_recipes_own_extractor_keeps_its_options_where_it_is_the_published_one(tmp_path):
    (tmp_path / "été 🎨").mkdir()
    weights = str(tmp_path / "été 🎨" / "w.pth")
    (found,) = published_scorings(STATED, f"scoring.extractor={{name='inception-v3-compat', weights='{weights}'}}")
    assert str(found.extractor.options.weights) == weights


def test_values_measured_alike_are_scored_together_and_others_apart():
    more = [
        'published.kid={value=1, source="s", scoring={generated=2000, reference_images=1500, mirror=true}}',
        'published.precision={value=1, source="s", scoring={generated=60}}',
    ]
    one, other = published_scorings(STATED.replace("50", "2000").replace("40", "1500"), *more)
    assert [chosen.name for chosen in one.metrics] == ["fid", "kid"]
    assert [chosen.name for chosen in other.metrics] == ["precision-recall"]
    assert other.extractor.name == "vgg16"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ('published.fid={value=3, source="s"}', "does not say how a published value was measured"),
        ('published.odd={value=3, source="s", scoring={generated=9}}', "published.odd: no installed metric computes"),
    ],
)
def test_what_is_not_stated_or_cannot_be_computed_is_said(override, message):
    with pytest.raises(RecipeError, match=message):
        published_overrides(*recipe_with(override))


def test_mirrored_references_hold_each_image_once_half_of_them_turned(tmp_path):
    pack = pack_of(tmp_path, pictures(200))
    plain, mirrored = (
        torch.cat(list(reference_batches(pack, planned(pack, mirror=mirror)))) for mirror in (False, True)
    )
    turned = torch.tensor([not torch.equal(a, b) for a, b in zip(plain, mirrored, strict=True)])
    assert 70 < int(turned.sum()) < 130
    assert torch.equal(mirrored[turned], plain[turned].flip(3))
    again = torch.cat(list(reference_batches(pack, planned(pack, mirror=True))))
    assert torch.equal(again, mirrored)
    assert planned(pack, mirror=True).reference_id != planned(pack).reference_id


def planned(pack, **changes):
    chosen = settings(**changes)
    return plan(chosen, chosen.extractor.cls(chosen.extractor.options), pack)


def published_beside(stated, *, label="FID", **protocol):
    entry = {"value": 4.4, "source": "Table 1"} | ({"scoring": stated} if stated else {})
    score = Score(metric="fid", label=label, value=5.0, protocol=protocol, protocol_id="p", images_seen=1)
    return published_values(record(sections={"published": {"fid": entry}}), {"fid": score})["fid"]


def test_the_table_says_what_was_measured_otherwise():
    stated = {"generated": 50_000, "reference_images": 50_000, "mirror": True}
    same = published_beside(stated, generated=50_000, reference_images=50_000, mirror=True)
    assert (same.value, same.source, same.otherwise) == (4.4, "Table 1", "")
    other = published_beside(stated, label="FD-lite0", generated=10_000, reference_images=70_000)
    assert other.otherwise == (
        "FID's own features, here FD-lite0; 50,000 generated images, here 10,000; 50,000 real images, here 70,000; "
        "real images mirrored at random, here not mirrored"
    )
    all_reals = published_beside({"generated": 50_000}, generated=50_000, reference_images=9_000, split="train")
    assert all_reals.otherwise == ""
    some_reals = published_beside({"generated": 50_000}, generated=50_000, reference_images=70, split="train")
    assert some_reals.otherwise == "9,000 real images, here 70"
    assert published_beside(None).otherwise == "its protocol is not stated"


@pytest.mark.parametrize(
    ("stated", "protocol", "said"),
    [
        ({}, {"split": "validate"}, "split train, here validate"),
        ({"weights": "raw"}, {}, "weights raw, here ema"),
        ({}, {"truncation_psi": 0.7}, "styles not truncated, here truncated at psi 0.7"),
        (
            {"truncation_psi": 0.7, "truncation_cutoff": 4},
            {"truncation_psi": 0.7},
            "styles truncated at psi 0.7 up to layer 4, here truncated at psi 0.7",
        ),
        ({}, {"truncation_cutoff": 4}, ""),
        ({}, {"truncation_threshold": 1.0}, "latents not truncated, here truncated at 1"),
        ({"truncation_threshold": 1}, {"truncation_threshold": 1.0}, ""),
        ({}, {"noise": "none"}, "noise random, here none"),
        ({}, {"noise": NOISE["random"], "weights": "ema", "truncation_psi": 1.0}, ""),
    ],
)
def test_each_condition_that_differs_is_said(stated, protocol, said):
    assert published_beside({"generated": 9, **stated}, generated=9, **protocol).otherwise == said


def test_a_score_against_other_images_is_not_shown_as_if_it_were_measured_alike():
    other = DatasetId(name="ffhq", resolution=32, channels=3, fingerprint="cd" * 32)
    score = Score(
        metric="fid", label="FID", value=5, protocol={"generated": 9}, protocol_id="p", images_seen=1, dataset=other
    )
    entry = {"value": 4.4, "source": "Table 1", "scoring": {"generated": 9}}
    found = published_values(record(sections={"published": {"fid": entry}}), {"fid": score})["fid"]
    assert found.otherwise == "its own dataset, here ffhq"


def test_one_generator_is_scored_or_all_snapshots_but_not_both():
    with pytest.raises(GanzooError, match="leave one of them out"):
        ScoreRequest(at=1000, snapshots=True)
