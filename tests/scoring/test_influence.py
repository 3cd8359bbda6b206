from __future__ import annotations

import math
import statistics

import pytest
import torch

from ganzoo.scoring import (
    SubjectInfluences,
    influence_estimate,
    interval,
    known_subjects,
    student_quantile,
)
from ganzoo_metrics.fid import frechet_distance
from ganzoo_metrics.kid import kernel_distance


def features(count, dimension, *, seed, scale=1.0, shift=0.0):
    return torch.randn(count, dimension, generator=torch.Generator().manual_seed(seed)).double() * scale + shift


def mean_estimate(values, **more):
    values = torch.as_tensor(values, dtype=torch.float64)
    return influence_estimate(float(values.mean()), values, **more)


def test_the_error_of_a_mean_is_that_of_the_textbook():
    values = features(50, 1, seed=1)[:, 0]
    found = mean_estimate(values)
    assert found.standard_error == pytest.approx(statistics.stdev(values.tolist()) / 50**0.5)
    assert (found.error_unit, found.subjects) == ("image", None)
    assert 20 < found.degrees_of_freedom <= 49


def test_few_or_constant_contributions_have_no_known_error():
    assert mean_estimate([0.0, 1.0] * 9).standard_error is None
    assert mean_estimate([1.0] * 50).standard_error is None


def test_rare_contributions_widen_the_interval():
    even, rare = mean_estimate([0.0, 1.0] * 100), mean_estimate([0.0] * 196 + [10.0] * 4)
    assert rare.degrees_of_freedom < 6 < 100 < even.degrees_of_freedom


@pytest.mark.parametrize(("degrees", "tabled"), [(3, 3.182), (5, 2.571), (19, 2.093), (1e9, 1.960)])
def test_quantiles_are_those_of_the_tables(degrees, tabled):
    assert student_quantile(degrees) == pytest.approx(tabled, rel=5e-3)


def test_intervals_are_ratios_where_the_value_is_clear_of_zero():
    low, high = interval(10.0, 1.0, 1e9, log=True)
    assert low * high == pytest.approx(100.0)
    assert math.log(high / 10) == pytest.approx(0.196, rel=1e-3)
    assert sum(interval(1.0, 1.0, 1e9, log=True)) == pytest.approx(2.0)
    assert sum(interval(10.0, 1.0, 1e9, log=False)) == pytest.approx(20.0)


def fid_of(fakes, reals):
    return frechet_distance(fakes, reals).value


def kid_of(fakes, reals):
    """MMD^2 of all images, as the one subset of all of them has it."""
    n, m, d = len(fakes), len(reals), fakes.shape[1]
    xx, xy, yy = ((a @ b.T / d + 1) ** 3 for a, b in ((fakes, fakes), (fakes, reals), (reals, reals)))
    own = (xx.sum() - xx.trace()) / (n * (n - 1)) + (yy.sum() - yy.trace()) / (m * (m - 1))
    return float(own - 2 * xy.mean())


def kernel(fakes, reals, **more):
    return kernel_distance(fakes, reals, subsets=1, subset_size=len(fakes), **more)


@pytest.mark.parametrize("sizes", [(120, 120, 6), (60, 60, 80)])
@pytest.mark.parametrize(("compute", "value_of"), [(frechet_distance, fid_of), (kernel, kid_of)])
def test_errors_are_those_of_leaving_out_one_image_at_a_time(sizes, compute, value_of):
    count, reference, width = sizes
    fakes = features(count, width, seed=1, scale=1.3, shift=0.3)
    reals = features(reference, width, seed=2)
    left_out = torch.tensor([value_of(fakes[torch.arange(count) != i], reals) for i in range(count)])
    jackknife = math.sqrt((count - 1) / count * float((left_out - left_out.mean()).square().sum()))
    # Leaving one out moves the sample by 1 / n: the same but for terms of that order, and of the curvature.
    assert compute(fakes, reals).standard_error == pytest.approx(jackknife, rel=0.1 if count > width else 0.4)


@pytest.mark.parametrize(("compute", "value_of"), [(frechet_distance, fid_of), (kernel, kid_of)])
def test_errors_by_subject_are_those_of_leaving_out_one_subject_at_a_time(compute, value_of):
    subjects = torch.arange(30).repeat_interleave(20)
    reals = features(600, 4, seed=2) + features(30, 4, seed=3, scale=0.7)[subjects]
    fakes = features(600, 4, seed=1, scale=1.4, shift=0.4)
    left_out = torch.tensor([value_of(fakes, reals[subjects != one]) for one in range(30)])
    jackknife = 29 / 30 * float((left_out - left_out.mean()).square().sum())
    found = compute(fakes, reals, subjects=subjects)
    images = compute(fakes, reals)
    assert found.standard_error == pytest.approx(math.sqrt(images.standard_error**2 + jackknife), rel=0.05)
    assert (found.value, found.error_unit, found.subjects) == (images.value, "subject", 30)
    assert found.standard_error > 1.3 * images.standard_error
    assert 29 <= found.degrees_of_freedom < images.degrees_of_freedom


def test_subjects_are_known_where_they_have_several_images():
    assert known_subjects(None) is None
    assert known_subjects(torch.arange(10)) is None
    assert known_subjects(torch.tensor([0, 0, *range(1, 9)])) is None  # one picture twice
    assert known_subjects(torch.zeros(10, dtype=torch.int64)) is None
    subjects = torch.tensor([5, 5, 7, 7, 7])
    assert known_subjects(subjects) is subjects


def test_subjects_of_any_numbers_and_sizes_count():
    subjects = torch.tensor([7] * 10 + [3] * 30)
    theirs = SubjectInfluences(torch.tensor([1.0] * 10 + [-1.0] * 30), subjects)
    found = influence_estimate(0.0, torch.tensor([1.0, -1.0] * 500), theirs)
    # Sums: 10 * 1.5 / 40 and -30 * 0.5 / 40, with 2 / (2 - 1).
    assert found.standard_error**2 == pytest.approx(1 / 999 + 2 * 2 * 0.375**2)
    assert found.degrees_of_freedom == pytest.approx(1, abs=0.02)


def test_the_bias_is_how_far_few_images_lie_above_many():
    reals = features(2000, 16, seed=2)
    many = frechet_distance(features(20000, 16, seed=9, scale=1.2), reals).value
    found = [frechet_distance(features(150, 16, seed=seed, scale=1.2), reals) for seed in range(20)]
    excess = statistics.fmean(each.value for each in found) - many
    assert statistics.fmean(each.bias for each in found) == pytest.approx(excess, rel=0.3)


def made(case, count, rng):
    drawn = torch.randn(count, 12, generator=rng, dtype=torch.float64) * 1.2 + 0.2
    if case == "heavy":  # Student's t of five degrees of freedom
        chi = torch.randn(count, 5, generator=rng, dtype=torch.float64).square().sum(1, keepdim=True)
        return drawn * (3 / chi).sqrt()
    if case == "rare":  # one image in fifty lies far away
        return drawn + 4.0 * (torch.rand(count, 1, generator=rng) < 0.02)
    return drawn


@pytest.mark.ci
@pytest.mark.parametrize(("case", "least"), [("gaussian", 0.92), ("heavy", 0.88), ("rare", 0.88)])
def test_intervals_cover_the_mean_over_other_draws(case, least):
    """A seeded slice of `benchmarks/error_bars.py`."""
    rng = torch.Generator().manual_seed(1)
    reals = features(500, 12, seed=2)
    found = [frechet_distance(made(case, 200, rng), reals) for _ in range(200)]
    values = torch.tensor([each.value for each in found])
    bounds = torch.tensor(
        [interval(each.value, each.standard_error, each.degrees_of_freedom, log=True) for each in found]
    )
    assert float(((bounds[:, 0] <= values.mean()) & (values.mean() <= bounds[:, 1])).double().mean()) >= least
    assert (bounds[:, 1] - bounds[:, 0]).median() < 1.5 * 3.92 * values.std()
