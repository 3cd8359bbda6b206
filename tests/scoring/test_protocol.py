from __future__ import annotations

import json

import pytest
from pydantic import ValidationError
from scoring_world import pack_of, pictures, settings

from ganzoo.errors import RecipeError
from ganzoo.scoring.protocol import ScoringProtocol, identity_of, plan
from ganzoo_metrics.kid import KernelDistance

PROTOCOL = ScoringProtocol(
    torch_fidelity="0.4.0",
    extractor="toy",
    extractor_class="acme.First",
    extractor_identity=(("weights_sha256", "ab"),),
    layers=(("pooled", "64"),),
    generated=10,
    reference_images=20,
    split="train",
    reference="cd",
    rounding="down",
)

OTHER_VALUES = {
    "version": 2,
    "torch_fidelity": "0.5.0",
    "extractor": "other",
    "extractor_class": "acme.Second",
    "extractor_identity": (("weights_sha256", "ac"),),
    "layers": (("pooled", "192"),),
    "generated": 11,
    "reference_images": 21,
    "reference_choice": "at random",
    "split": "test",
    "reference": "ce",
    "mirror": True,
    "label_distribution": (1, 2),
    "weights": "raw",
    "truncation_psi": 0.7,
    "truncation_cutoff": 8,
    "truncation_threshold": 0.5,
    "latents": "on the sphere",
    "noise": "constant",
    "sampling_seed": 2021,
    "batch_size": 32,
    "dtype": "bfloat16",
    "rounding": "up",
    "color": "luminance",
    "jackknife_blocks": 10,
    "changed_code": "generator 'acme': acme-gan 1.1+3f2a91c0",
}
OF_THE_REFERENCE = {
    "version",
    "torch_fidelity",
    "extractor",
    "extractor_class",
    "extractor_identity",
    "reference_images",
    "reference_choice",
    "split",
    "reference",
    "mirror",
    "dtype",
    "color",
}


def test_every_field_is_tried():
    assert set(OTHER_VALUES) == set(ScoringProtocol.model_fields) - {"metrics"}


@pytest.mark.parametrize("field", OTHER_VALUES)
def test_any_other_field_is_another_protocol(field):
    other = PROTOCOL.model_copy(update={field: OTHER_VALUES[field]})
    assert other.id != PROTOCOL.id
    assert (other.reference_id != PROTOCOL.reference_id) == (field in OF_THE_REFERENCE)


def test_which_metrics_are_computed_moves_no_number():
    other = PROTOCOL.model_copy(update={"metrics": (KernelDistance(KernelDistance.Options()),)})
    assert other.id == PROTOCOL.id
    assert other.as_dict() == PROTOCOL.as_dict()


def test_a_metric_is_told_apart_by_its_options_version_and_class():
    class Later(KernelDistance):
        version = 2

    class Namesake(KernelDistance):
        pass

    metrics = [
        KernelDistance(KernelDistance.Options()),
        KernelDistance(KernelDistance.Options(subsets=9)),
        KernelDistance(KernelDistance.Options(subset_size=9)),
        Later(KernelDistance.Options()),
        Namesake(KernelDistance.Options()),
    ]
    assert len({json.dumps(identity_of(metric)) for metric in metrics}) == 5


def test_the_hash_stays_the_same_for_ever():
    assert PROTOCOL.id == "9a7fd096ec5a8baf"


@pytest.mark.parametrize(("key", "value"), [("truncation_cutoff", 8), ("truncation_threshold", 0.5)])
def test_protocols_of_before_a_setting_keep_their_hash(key, value):
    assert key not in PROTOCOL.as_dict()
    assert PROTOCOL.model_copy(update={key: value}).as_dict()[key] == value


def test_it_is_frozen_and_plain():
    with pytest.raises(ValidationError):
        PROTOCOL.generated = 5
    plain = PROTOCOL.as_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert (plain["generated"], plain["reference_images"], plain["extractor"]) == (10, 20, "toy")


def test_best_snapshots_are_chosen_by_other_draws():
    other = PROTOCOL.for_selection()
    changed = {key for key, value in other.as_dict().items() if value != PROTOCOL.as_dict()[key]}
    assert changed == {"sampling_seed"}


def planned(tmp_path, pack=None, **changes):
    chosen = settings(**changes)
    pack = pack or pack_of(tmp_path, pictures(50))
    return plan(chosen, chosen.extractor.cls(chosen.extractor.options), pack)


def test_a_plan_takes_counts_labels_and_fingerprint_from_the_data(tmp_path):
    pack = pack_of(tmp_path, pictures(50), [0, 1, 1, 1, 1] * 10, classes=2)
    protocol = planned(tmp_path, pack, generated=70, reference_images=40)
    assert protocol.reference == pack.fingerprint
    assert protocol.label_distribution == (10, 40)
    assert (protocol.generated, protocol.reference_images) == (70, 40)
    assert planned(tmp_path, pack).reference_images == 50


def test_one_changed_pixel_is_another_protocol_and_other_names_are_not(tmp_path):
    images = pictures(50)
    same = planned(tmp_path, pack_of(tmp_path / "b", images[::-1]))
    assert planned(tmp_path, pack_of(tmp_path / "a", images)).id == same.id
    images[3, 0, 0, 0] ^= 1
    assert planned(tmp_path, pack_of(tmp_path / "c", images)).id != same.id


def test_noise_and_cutoff_enter_where_they_move_a_number(tmp_path):
    pack = pack_of(tmp_path, pictures(50))
    plain = planned(tmp_path, pack)
    assert (plain.noise, plain.noise_mode) == ("random, seeded per batch", None)
    assert planned(tmp_path, pack, truncation_cutoff=4).id == plain.id
    assert planned(tmp_path, pack, truncation_psi=0.7, truncation_cutoff=4).truncation_cutoff == 4
    quiet = {mode: planned(tmp_path, pack, noise_mode=mode) for mode in ("random", "constant", "none")}
    assert {mode: protocol.noise_mode for mode, protocol in quiet.items()} == {
        "random": None,
        "constant": "constant",
        "none": "none",
    }
    assert len({protocol.id for protocol in quiet.values()}) == 3
    assert quiet["random"].id == plain.id


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"metrics": ("fid", {"name": "kid", "subset_size": 51})},
            r"scoring\.metrics\.1: kid: a subset of subset_size = 51 .* but there are 60 generated and 50 real images",
        ),
        ({"reference_images": 51}, r"scoring\.reference_images: 51 asked for, but split 'train' has 50"),
        (
            {"metrics": ("fid",), "generated": 1},
            "fid: needs at least 2 generated images; raise scoring.generated, which is 1",
        ),
        (
            {"metrics": ({"name": "precision-recall", "neighborhood": 50},)},
            r"neighborhood = 50 needs at least 51 images",
        ),
    ],
)
def test_what_cannot_be_scored_is_refused_before_it_starts(tmp_path, changes, message):
    with pytest.raises(RecipeError, match=message):
        planned(tmp_path, **changes)


def test_a_split_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"scoring.split: 'test' has no images; choose from"):
        planned(tmp_path, split="test")


def test_a_metric_that_needs_many_images_for_each_feature_is_refused_in_time(tmp_path):
    message = (
        r"scoring.metrics.0: fid-infinity: needs 1,600 generated images for the 800 features of extractor "
        r"'random-features' \(2 for each\), but there are 1,599; raise scoring.generated"
    )
    with pytest.raises(RecipeError, match=message):
        planned(tmp_path, metrics=("fid-infinity",), generated=1599)
    assert planned(tmp_path, metrics=("fid-infinity",), generated=1600).generated == 1600
