"""Metrics of features against computations of another kind."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from ganzoo import Features, MetricInput
from ganzoo.scoring import blocks_of, standard_error
from ganzoo_metrics.class_accuracy import ClassAccuracy, class_accuracy, fit
from ganzoo_metrics.class_distances import ClassDistances
from ganzoo_metrics.clipped_density_coverage import calibrated, clipped_coverage, clipped_density, expected_filling
from ganzoo_metrics.copying import Copying, copying
from ganzoo_metrics.density_coverage import density_coverage
from ganzoo_metrics.rbf_mmd import RBFDistance, rbf_distance
from ganzoo_metrics.sliced_wasserstein import sliced_wasserstein
from ganzoo_metrics.transport import matching, sorted_distance, squared_influence

BLOCKS = 10


def drawn(count, dimension=8, *, seed, shift=0.0, scale=1.0):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(count, dimension, generator=rng) * scale + shift


def left_out(fakes, compute):
    block_of = blocks_of(len(fakes), BLOCKS)
    return standard_error([compute(fakes[block_of != block]) for block in range(BLOCKS)])


def balls(reals, k):
    """Radii by sorting all distances in numpy."""
    between = np.linalg.norm(reals.numpy()[:, None] - reals.numpy()[None], axis=2)
    return between, np.sort(between, axis=1)[:, k]


@pytest.mark.parametrize("sizes", [(40, 60), (60, 40)])
def test_density_and_coverage_by_all_pairs(sizes):
    fakes, reals = drawn(sizes[0], seed=1, shift=0.3), drawn(sizes[1], seed=2)
    _, radius = balls(reals, 3)
    inside = np.linalg.norm(fakes.numpy()[None] - reals.numpy()[:, None], axis=2) < radius[:, None]
    density, coverage = density_coverage(fakes, reals, neighborhood=3, blocks=BLOCKS)
    assert density.value == pytest.approx(inside.sum() / (3 * len(fakes)))
    assert coverage.value == pytest.approx(inside.any(1).mean())
    assert density.standard_error == pytest.approx((inside.sum(0) / 3).std(ddof=1) / math.sqrt(len(fakes)))
    slow = left_out(fakes, lambda left: density_coverage(left, reals, neighborhood=3, blocks=0)[1].value)
    assert coverage.standard_error == pytest.approx(slow)


def test_density_and_coverage_of_a_perfect_generator_are_known():
    density, coverage = density_coverage(drawn(500, seed=1), drawn(500, seed=2), neighborhood=5, blocks=BLOCKS)
    assert density.value == pytest.approx(1.0, abs=5 * density.standard_error)
    assert coverage.value == pytest.approx(1 - 2**-5, abs=0.03)


def test_clipped_density_by_all_pairs_and_its_ceiling():
    fakes, reals, k = drawn(50, seed=1, shift=0.5), drawn(60, seed=2), 4
    between, radius = balls(reals, k)
    radius = np.minimum(radius, np.median(radius))
    inside = np.linalg.norm(fakes.numpy()[None] - reals.numpy()[:, None], axis=2) <= radius[:, None]
    own = (between <= radius[:, None]) & ~np.eye(60, dtype=bool)
    expected = np.minimum(inside.sum(0) / k, 1).mean() / np.minimum(own.sum(0) / k, 1).mean()
    found = clipped_density(fakes, reals, neighborhood=k)
    assert found.value == pytest.approx(expected, rel=1e-6)
    center = clipped_density(reals.mean(0).expand(50, -1) + 1e-3 * drawn(50, seed=3), reals, neighborhood=k)
    assert center.value <= 1.0


def test_outliers_among_reals_move_clipped_density_little_and_density_much():
    fakes, reals = drawn(200, 2, seed=1, shift=15.0), drawn(200, 2, seed=2)
    far = torch.cat([reals, torch.tensor([[14.0, 15.0], [15.0, 16.0], [16.0, 14.0], [40.0, 40.0]])])
    plain = [density_coverage(fakes, each, neighborhood=5, blocks=BLOCKS)[0].value for each in (reals, far)]
    clipped = [clipped_density(fakes, each, neighborhood=5).value for each in (reals, far)]
    assert plain[1] - plain[0] > 0.3
    assert abs(clipped[1] - clipped[0]) < 0.05


def test_expected_filling_is_that_of_drawn_ranks():
    """In any space, the fakes within a ball are those that come before the k-th of N - 1 reals in a random order."""
    others, generated, k = 7, 5, 3
    counts = []
    for places in itertools.combinations(range(others + generated), others):  # of reals among all, in order
        before = places[k - 1] - (k - 1)  # fakes that come earlier than the k-th real
        counts.append(min(before, k) / k)
    assert float(expected_filling(generated, others + 1, k)[-1]) == pytest.approx(np.mean(counts))
    assert expected_filling(50, 60, 5).diff().gt(0).all()
    assert float(expected_filling(50, 60, 5)[0]) == 0.0


def test_clipped_coverage_is_the_share_of_good_images():
    reals, good, far = drawn(400, seed=1), drawn(400, seed=2), drawn(400, seed=3, shift=50.0)
    for share in (0.25, 0.5, 1.0):
        mixed = torch.cat([good[: int(400 * share)], far[: 400 - int(400 * share)]])
        found = clipped_coverage(mixed, reals, neighborhood=5, blocks=BLOCKS)
        assert found.value == pytest.approx(share, abs=0.08)
        assert found.standard_error > 0
    assert clipped_coverage(far, reals, neighborhood=5, blocks=BLOCKS).value == 0.0
    assert calibrated(0.0, 30, 40, 5) == 0.0
    assert calibrated(float(expected_filling(30, 40, 5)[-1]), 30, 40, 5) == pytest.approx(1.0)
    between = float(expected_filling(30, 40, 5)[12:14].mean())
    assert calibrated(between, 30, 40, 5) == pytest.approx(12.5 / 30)


@pytest.mark.parametrize("sizes", [(30, 40), (40, 30)])
def test_rbf_distance_by_all_pairs_and_its_error_by_leaving_one_out(sizes):
    fakes, reals = drawn(sizes[0], seed=1, shift=0.5).double(), drawn(sizes[1], seed=2).double()

    def slowly(made):
        a, b = (each / each.norm(dim=1, keepdim=True) for each in (made, reals))
        total = 0.0
        for x, y, weight in ((a, a, 1), (b, b, 1), (a, b, -2)):
            kernel = [math.exp(-float((p - q).square().sum()) / (2 * 0.7**2)) for p in x for q in y if p is not q]
            same = len(x) if x is y else 0
            pairs = kernel if not same else [k for k, (i, j) in zip(kernel, _pairs(len(x)), strict=False) if i != j]
            total += weight * np.mean(pairs)
        return total

    found = rbf_distance(fakes, reals, bandwidth=0.7)
    assert found.value == pytest.approx(slowly(fakes), rel=1e-9)
    without = [
        rbf_distance(fakes[torch.arange(len(fakes)) != i], reals, bandwidth=0.7).value for i in range(len(fakes))
    ]
    assert found.estimate(None).standard_error == pytest.approx(standard_error(without), rel=0.05)
    by_subject = found.estimate(torch.arange(len(reals)) // 5)
    assert (by_subject.error_unit, by_subject.subjects) == ("subject", len(reals) // 5)
    assert by_subject.standard_error > found.estimate(None).standard_error


def _pairs(count):
    return ((i, j) for i in range(count) for j in range(count))


def test_rbf_distance_of_equal_distributions_scatters_around_zero():
    found = [rbf_distance(drawn(50, seed=2 * s), drawn(50, seed=2 * s + 1), bandwidth=1.0) for s in range(40)]
    values = np.array([each.value for each in found])
    assert abs(values.mean()) < 4 * values.std() / math.sqrt(40)
    assert RBFDistance(RBFDistance.Options(bandwidth=3.0)).identity()["bandwidth"] == 3.0


def test_masses_are_moved_in_order():
    moved, there, mass = matching(2, 3)
    assert [*zip(moved.tolist(), there.tolist(), mass.tolist(), strict=True)] == [
        (0, 0, pytest.approx(1 / 3)),
        (0, 1, pytest.approx(1 / 6)),
        (1, 1, pytest.approx(1 / 6)),
        (1, 2, pytest.approx(1 / 3)),
    ]
    rng = np.random.default_rng(0)
    a, b = np.sort(rng.normal(size=6)), np.sort(rng.normal(size=9))
    # Eighteen equal masses are a whole number of both.
    expected = np.abs(np.repeat(a, 3) - np.repeat(b, 2)).mean()
    found = sorted_distance(torch.from_numpy(a)[None], torch.from_numpy(b)[None], power=1)
    assert float(found) == pytest.approx(expected)


def test_sliced_wasserstein_of_a_shift_is_known():
    """E_u (u.s)^2 = |s|^2 / d, times 3 d."""
    fakes = drawn(300, 6, seed=1)
    found = sliced_wasserstein(fakes + torch.tensor([2.0, 0, 0, 0, 0, 0]), fakes, projections=4000)
    assert found.value == pytest.approx(3 * 4.0, rel=0.05)


@pytest.mark.parametrize("reals", [60, 47])
def test_sliced_wasserstein_error_is_that_of_leaving_images_out(reals):
    fakes, real = drawn(60, 3, seed=1, scale=2.0), drawn(reals, 3, seed=2)
    found = sliced_wasserstein(fakes, real, projections=70)
    without = [sliced_wasserstein(fakes[torch.arange(60) != image], real, projections=70).value for image in range(60)]
    assert found.standard_error == pytest.approx(standard_error(without), rel=0.1)


def test_the_influence_on_a_transport_is_its_slope():
    moved, there = (drawn(count, 1, seed=count).T.double().sort(1).values for count in (30, 23))
    found = squared_influence(moved, there)[0]
    for place in (0, 11, 29):  # the same numbers 400 times, and one of them once more
        often = moved.repeat_interleave(400, 1)
        more = torch.cat([often, moved[:, place : place + 1]], 1).sort(1).values
        base = float(sorted_distance(moved, there, power=2))
        slope = (float(sorted_distance(more, there, power=2)) - base) * (more.shape[1])
        assert float(found[place]) == pytest.approx(slope, rel=0.02, abs=0.02)


def alone(values):
    return Features({"pooled": values})


def test_copies_are_nearer_to_training_and_new_images_are_not():
    training, held_out = drawn(200, seed=1), drawn(200, seed=2)
    new = copying(drawn(300, seed=3), alone(training), alone(held_out))
    assert abs(new.value - 0.5) < 4 * new.standard_error
    half = torch.cat([training[:100] + 0.05 * drawn(100, seed=4), drawn(100, seed=5)])
    copies = copying(half, alone(training), alone(held_out))
    assert copies.value == pytest.approx(0.75, abs=0.1)
    assert copies.value > 0.5 + 4 * copies.standard_error
    assert copying(training, alone(training), alone(training)).value == 0.5  # ties


def test_the_error_of_copying_is_that_of_exchanging_subjects():
    # Nearly all images have one and the same real image nearest: its set is chance, and the share is near 0 or 1.
    reals, subjects = drawn(80, seed=1), torch.arange(80) // 2
    fakes = torch.cat([reals[:1] + 0.01 * drawn(90, seed=2), drawn(60, seed=3)])
    rng = torch.Generator().manual_seed(4)

    def divided():
        order = torch.randperm(40, generator=rng)
        training, held_out = (torch.isin(subjects, half) for half in (order[:20], order[20:]))
        sets = (Features({"pooled": reals[of]}, subjects=subjects[of]) for of in (training, held_out))
        return copying(fakes, *sets)

    found = [divided() for _ in range(400)]
    spread = np.std([each.value for each in found])
    assert spread > 0.25
    assert found[0].standard_error == pytest.approx(spread, rel=0.05)
    assert (found[0].error_unit, found[0].subjects) == ("subject", 40)


def test_copying_compares_as_many_images_of_whole_subjects():
    many = Features({"pooled": drawn(90, seed=1)}, subjects=torch.arange(90) // 30)
    few = Features({"pooled": drawn(30, seed=2)}, subjects=torch.arange(30) // 10)
    metric = Copying(Copying.Options())
    fakes = drawn(50, seed=3)
    (found,) = metric.estimates(MetricInput(Features({"pooled": fakes}), many, BLOCKS, few)).values()
    subjects = [Features({"pooled": many["pooled"][s * 30 : s * 30 + 30]}, subjects=torch.zeros(30)) for s in range(3)]
    assert found in [copying(fakes, subject, few) for subject in subjects]


def test_class_distances_are_those_of_each_class_alone():
    labels = torch.arange(90) % 3
    reals = drawn(90, seed=1)
    fakes = drawn(90, seed=2) + (labels == 2)[:, None] * 1.5
    metric = ClassDistances(ClassDistances.Options())
    found = metric.estimates(MetricInput(Features({"pooled": fakes}, labels), Features({"pooled": reals}, labels), 20))

    def alone(label):
        a, b = (each[labels == label].double() for each in (fakes, reals))
        kernels = [((x @ y.T) / 8 + 1) ** 3 for x, y in ((a, a), (b, b), (a, b))]
        off = [(k.sum() - k.trace()) / (30 * 29) for k in kernels[:2]]
        return float(off[0] + off[1] - 2 * kernels[2].mean())

    assert found["class_kd"].value == pytest.approx(np.mean([alone(label) for label in range(3)]))
    assert found["class_kd_worst"].value == pytest.approx(alone(2))
    assert (found["class_kd_worst"].notes, found["class_kd_worst"].by_class) == ((), {})
    assert found["class_kd"].value > 3 * found["class_kd"].standard_error
    assert found["class_kd"].notes == ()
    by_class = found["class_kd"].by_class
    assert {label: each.value for label, each in by_class.items()} == pytest.approx(
        {label: alone(label) for label in range(3)}
    )
    assert by_class[2] == found["class_kd_worst"]
    assert all(each.standard_error > 0 and each.notes == () for each in by_class.values())


def test_a_class_with_few_images_is_marked():
    labels = torch.tensor([0] * 30 + [1] * 19 + [2] * 30)
    reals = torch.tensor([0] * 19 + [1] * 30 + [2] * 30)
    made, real = Features({"pooled": drawn(79, seed=1)}, labels), Features({"pooled": drawn(79, seed=2)}, reals)
    few = ("fewer than 20 images of the class on a side",)
    for metric, key in ((ClassDistances, "class_kd"), (ClassAccuracy, "class_accuracy")):
        found = metric(metric.Options()).estimates(MetricInput(made, real, 20))[key]
        assert found.notes == ()
        assert {label: each.notes for label, each in found.by_class.items()} == {0: few, 1: few, 2: ()}


def test_classes_with_too_few_images_are_left_out_and_named():
    labels = torch.tensor([0] * 20 + [1] * 20 + [2])
    metric = ClassDistances(ClassDistances.Options())
    real = Features({"pooled": drawn(41, seed=1)}, labels)
    found = metric.estimates(MetricInput(Features({"pooled": drawn(41, seed=2)}, labels), real, 20))
    assert found["class_kd"].notes == found["class_kd_worst"].notes == ("without class 2",)
    assert sorted(found["class_kd"].by_class) == [0, 1]


def test_the_classifier_is_the_minimum_of_its_loss():
    inputs, labels = drawn(60, 4, seed=1).double(), torch.arange(60) % 3
    weights = fit(inputs, labels, 3, penalty=0.05).numpy()
    x = np.hstack([inputs.numpy(), np.ones((60, 1))])
    scores = np.exp(x @ weights)
    chances = scores / scores.sum(1, keepdims=True)
    slope = x.T @ (chances - np.eye(3)[labels]) / 60
    slope[:-1] += 0.05 * weights[:-1]
    assert np.abs(slope).max() < 1e-5


def test_accuracy_is_that_of_real_classes_and_falls_with_wrong_labels():
    labels = torch.arange(120) % 3
    means = torch.eye(3, 8) * 2
    fakes, reals = drawn(120, seed=1) + means[labels], drawn(120, seed=2) + means[labels]
    good = class_accuracy(fakes, labels, reals, labels, penalty=0.01, blocks=0)
    # Of known means and unit variances the best classifier chooses the nearest mean.
    best = float((torch.cdist(reals, means).argmin(1) == labels).double().mean())
    assert good.value == pytest.approx(best, abs=0.05)
    wrong = class_accuracy(fakes, (labels + 1) % 3, reals, labels, penalty=0.01, blocks=0)
    assert wrong.value < 0.1
    with_error = class_accuracy(fakes, labels, reals, labels, penalty=0.01, blocks=4)
    chosen = torch.cdist(reals, means).argmin(1)
    for label, each in good.by_class.items():
        assert each.value == pytest.approx(float((chosen[labels == label] == label).double().mean()), abs=0.1)
        assert (each.standard_error, with_error.by_class[label].value) == (None, each.value)
    assert np.mean([each.value for each in good.by_class.values()]) == pytest.approx(good.value)  # equal classes
    slow = [
        class_accuracy(fakes[kept], labels[kept], reals, labels, penalty=0.01, blocks=0).value
        for kept in (blocks_of(120, 4) != block for block in range(4))
    ]
    assert with_error.standard_error == pytest.approx(standard_error(slow), abs=0.02)
