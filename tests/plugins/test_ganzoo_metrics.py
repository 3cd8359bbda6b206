from __future__ import annotations

import pytest
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from ganzoo.scoring import blocks_of, standard_error
from ganzoo_metrics import kid
from ganzoo_metrics.fid import frechet_distance
from ganzoo_metrics.inception_score import inception_score
from ganzoo_metrics.kid import kernel_distance
from ganzoo_metrics.precision_recall import precision_recall

BLOCKS = 20
SIZES = [(300, 400), (50, 400), (400, 50), (50, 45)]


def features(count, dimension=64, *, seed, scale=1.0, shift=0.0):
    rng = torch.Generator().manual_seed(seed)
    mixing = torch.randn(dimension, dimension, generator=torch.Generator().manual_seed(9)) / dimension**0.5
    return torch.randn(count, dimension, generator=rng) @ mixing * scale + shift


def two_sets(fakes, reals):
    return features(fakes, seed=1, scale=1.3, shift=0.4), features(reals, seed=2)


def torch_fidelity_fid(fakes, reals):
    statistics = [fid_features_to_statistics(each.double()) for each in (fakes, reals)]
    return fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]


def without_each_block(fakes, compute):
    block_of = blocks_of(len(fakes), BLOCKS)
    return standard_error([compute(fakes[block_of != block]) for block in range(BLOCKS)])


@pytest.mark.parametrize("sizes", SIZES)
def test_frechet_distance_is_torch_fidelitys(sizes):
    fakes, reals = two_sets(*sizes)
    found = frechet_distance(fakes, reals)
    assert found.value == pytest.approx(torch_fidelity_fid(fakes, reals), rel=1e-7)
    assert found.notes == (("rank-deficient",) if min(sizes) <= 64 else ())


def test_frechet_distance_of_gaussians_by_hand():
    # Means 3 apart; variances 4 and 1 in one direction, 1 and 1 in the other: 9 + (2 - 1)^2.
    points = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], dtype=torch.float64) * (3 / 2) ** 0.5
    fakes = points * torch.tensor([2.0, 1.0]) + torch.tensor([3.0, 0.0])
    assert frechet_distance(fakes, points).value == pytest.approx(10.0)


def test_frechet_distance_of_a_set_to_itself_is_zero():
    for count in (40, 300):
        reals = features(count, seed=2)
        assert abs(frechet_distance(reals, reals).value) < 1e-8


def test_features_that_never_change_do_no_harm():
    fakes, reals = two_sets(300, 400)
    fakes[:, :20] = 0
    reals[:, :30] = 0
    found = frechet_distance(fakes, reals)
    assert found.value == pytest.approx(torch_fidelity_fid(fakes, reals), rel=1e-7)
    assert found.standard_error > 0


@pytest.mark.parametrize("largest", [10, 4096])
@pytest.mark.parametrize("sizes", SIZES)
def test_kernel_distance_is_torch_fidelitys_subsets_included(sizes, largest, monkeypatch):
    monkeypatch.setattr(kid, "_LARGEST_GRAM", largest)
    fakes, reals = two_sets(*sizes)
    found = kernel_distance(fakes, reals, subsets=7, subset_size=30)
    theirs = kid_features_to_metric(fakes.double(), reals.double(), kid_subsets=7, kid_subset_size=30, verbose=False)
    assert found.value == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-10)


def test_kernel_distance_of_equal_distributions_may_be_negative():
    found = kernel_distance(features(200, seed=1), features(200, seed=2), subsets=20, subset_size=100)
    assert abs(found.value) < 4 * found.standard_error


def test_few_images_have_no_error():
    fakes, reals = two_sets(19, 50)
    assert frechet_distance(fakes, reals).standard_error is None
    settings = {"subsets": 2, "subset_size": 10}
    assert kernel_distance(fakes, reals, **settings).standard_error is None


def test_precision_and_recall_are_torch_fidelitys():
    fakes, reals = features(120, 3, seed=1, scale=0.6, shift=0.5), features(150, 3, seed=2)
    precision, recall = precision_recall(fakes, reals, neighborhood=3, blocks=BLOCKS)
    theirs = prc_features_to_metric(fakes, reals, verbose=False)
    assert precision.value == pytest.approx(theirs["precision"])
    assert recall.value == pytest.approx(theirs["recall"])
    assert 0 < recall.value < precision.value < 1


def test_precision_and_recall_by_hand():
    reals = torch.tensor([[0.0], [1.0], [2.0], [10.0]])
    fakes = torch.tensor([[0.5], [1.5], [50.0]])
    precision, recall = precision_recall(fakes, reals, neighborhood=1, blocks=BLOCKS)
    assert precision.value == pytest.approx(2 / 3)  # 50 is in no real's ball (the widest is 10 +- 8)
    assert recall.value == 1.0  # the ball of 50 reaches back to 1.5, those of 0.5 and 1.5 cover the rest


def test_precision_and_recall_errors_are_the_jackknife_done_slowly():
    fakes, reals = features(120, 3, seed=1, scale=0.6, shift=0.5), features(150, 3, seed=2)
    found = precision_recall(fakes, reals, neighborhood=3, blocks=BLOCKS)
    for side in (0, 1):
        slow = without_each_block(
            fakes, lambda left, side=side: precision_recall(left, reals, neighborhood=3, blocks=0)[side].value
        )
        assert found[side].standard_error == pytest.approx(slow, rel=1e-9)


def test_inception_score_is_torch_fidelitys():
    logits = features(90, 10, seed=1, scale=3.0)
    found = inception_score(logits, splits=5, blocks=BLOCKS)
    assert found.value == isc_features_to_metric(logits, 5)["inception_score_mean"]
    assert found.standard_error > 0


def test_an_inception_score_whose_parts_lack_a_class_has_no_error():
    logits = features(40, 4, seed=1)
    logits[:, 3] = -1e4  # a probability of 0, to the last bit
    logits[blocks_of(40, BLOCKS) == 0, 3] = 1.0
    found = inception_score(logits, splits=1, blocks=BLOCKS)
    assert found.value > 1 and found.standard_error is None
