from __future__ import annotations

import pytest
import torch
from made_up_records import record
from scoring_world import pack_of, pictures, settings

from ganzoo._leaderboard.published import published_values
from ganzoo._recipe.load import load
from ganzoo._registry.registry import Registry
from ganzoo._runs.record import Score
from ganzoo.errors import GanzooError, RecipeError
from ganzoo.scoring.features import reference_batches
from ganzoo.scoring.protocol import plan
from ganzoo.scoring.published import published_overrides
from ganzoo.scoring.score_against import ScoreRequest

STATED = 'published.fid={value=3.5, source="Table 2", scoring={generated=50, reference_images=40, mirror=true}}'


def recipe_with(*overrides):
    registry = Registry.discover()
    return load("quickstart", registry, overrides)[1], registry


def test_published_values_say_what_to_set():
    (found,) = published_overrides(*recipe_with(STATED))
    assert found == [
        'scoring.metrics=["fid"]',
        "scoring.generated=50",
        "scoring.mirror=true",
        "scoring.truncation_psi=1.0",
        "scoring.reference_images=40",
        'scoring.extractor={name = "inception-v3-compat"}',
    ]
    changed, _ = recipe_with(STATED, *found)
    assert (changed.scoring.generated, changed.scoring.mirror) == (50, True)
    assert changed.scoring.extractor.name == "inception-v3-compat"


def test_values_measured_alike_are_scored_together_and_others_apart():
    more = [
        'published.kid={value=1, source="s", scoring={generated=50, reference_images=40, mirror=true}}',
        'published.precision={value=1, source="s", scoring={generated=60}}',
    ]
    one, other = published_overrides(*recipe_with(STATED, *more))
    assert one[0] == 'scoring.metrics=["fid", "kid"]'
    assert other[0] == 'scoring.metrics=["precision-recall"]'
    assert 'scoring.extractor={name = "vgg16"}' in other


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
    all_reals = published_beside({"generated": 50_000}, generated=50_000, reference_images=70_000)
    assert all_reals.otherwise == ""
    assert published_beside(None).otherwise == "its protocol is not stated"


def test_one_generator_is_scored_or_all_snapshots_but_not_both():
    with pytest.raises(GanzooError, match="leave one of them out"):
        ScoreRequest(at=1000, snapshots=True)
