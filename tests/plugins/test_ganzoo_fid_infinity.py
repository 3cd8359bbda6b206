from __future__ import annotations

import math
import statistics

import pytest
import torch

from ganzoo.errors import GanzooError
from ganzoo_metrics.fid import frechet_distance
from ganzoo_metrics.fid_infinity import REFERENCE_BIAS, frechet_distance_infinity

WIDTH = 16


def features(count, *, seed, scale=1.0, shift=0.0):
    return torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(seed)) * scale + shift


REALS = features(500, seed=0)


def fakes(count, seed):
    return features(count, seed=seed, scale=1.2, shift=0.1)


def papers(images, reals):
    """The paper's: a line through 15 random subsets, from half of the images to all."""
    rng = torch.Generator().manual_seed(3)
    counts = torch.linspace(len(images) / 2, len(images), 15).int().tolist()
    found = [
        frechet_distance(images[torch.randperm(len(images), generator=rng)[:count]], reals).value for count in counts
    ]
    return statistics.linear_regression([1 / count for count in counts], found).intercept


def test_it_is_where_the_papers_line_ends_and_lies_closer_to_the_limit_than_the_distance():
    limit = frechet_distance(fakes(50_000, 99), REALS).value
    images = [fakes(160, seed) for seed in range(1, 13)]
    ours = [frechet_distance_infinity(each, REALS).value for each in images]
    plain = statistics.fmean(frechet_distance(each, REALS).value for each in images)
    theirs = [papers(each, REALS) for each in images]
    error = statistics.stdev(theirs) / math.sqrt(len(theirs))
    assert abs(statistics.fmean(ours) - statistics.fmean(theirs)) < 3 * error
    assert abs(statistics.fmean(ours) - limit) < 0.2 * abs(plain - limit)
    assert statistics.stdev(ours) < statistics.stdev(theirs)  # halves share no image, random subsets do


def test_its_error_is_that_of_leaving_out_one_image_at_a_time():
    images = fakes(120, 1)
    found = frechet_distance_infinity(images, REALS)
    # Two at a time, one of each half, so that the halves stay the halves.
    left_out = []
    for pair in range(60):
        kept = torch.ones(120, dtype=torch.bool)
        kept[2 * pair : 2 * pair + 2] = False
        left_out.append(frechet_distance_infinity(images[kept], REALS).value)
    jackknife = math.sqrt(59) * statistics.pstdev(left_out)
    assert found.standard_error == pytest.approx(jackknife, rel=0.2)
    assert found.notes == (REFERENCE_BIAS,)


def test_fewer_than_twice_the_width_are_refused():
    with pytest.raises(GanzooError, match="needs 32 generated images for 16 features, but there are 31"):
        frechet_distance_infinity(fakes(31, 1), REALS)
    assert frechet_distance_infinity(fakes(32, 1), REALS).value < frechet_distance(fakes(32, 1), REALS).value


def test_subjects_of_the_reference_widen_its_error():
    subjects = torch.arange(500) // 50
    moved = REALS + features(10, seed=5, scale=0.5)[subjects]
    by_image = frechet_distance_infinity(fakes(200, 1), moved)
    by_subject = frechet_distance_infinity(fakes(200, 1), moved, subjects=subjects)
    assert by_subject.value == by_image.value
    assert by_subject.standard_error > by_image.standard_error
    assert by_subject.subjects == 10
