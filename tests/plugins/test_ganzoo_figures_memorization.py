"""Memory: planted copies are found among 1,000 images, fresh samples are left alone, p-values are what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganzoo_figures.memorization_report import References, judged
from ganzoo_figures.memorization_tests import copies, distances, equal_sets, nearer_to_training, nearest

SAMPLES = 60


def drawn(count, stream):
    """Points of an 8-dimensional surface in 64 dimensions: images are such, nearly."""
    surface = torch.randn(8, 64, generator=torch.Generator().manual_seed(1))
    return torch.tanh(torch.randn(count, 8, generator=stream) @ surface / 2) * 100


def world(seed, training=1000, held_out=300):
    stream = torch.Generator().manual_seed(seed)
    real = References(drawn(training, stream), np.arange(training))
    others = References(drawn(held_out, stream), np.arange(training, training + held_out))
    return real, others, drawn(SAMPLES, stream)


def test_a_planted_copy_among_1000_images_is_found():
    real, others, samples = world(0)
    samples[7] = real.values[123] + torch.randn(64, generator=torch.Generator().manual_seed(5))
    report = judged("x", samples, real, others, seed=0)
    assert report.copy_found < 1e-6
    assert report.copies.argmin() == 7
    assert report.training.index[7] == 123
    assert report.p_nearer > 0.05  # one copy of sixty is no pattern


@pytest.mark.slow
def test_fresh_samples_raise_no_alarm():
    p_copies, p_nearer = [], []
    for seed in range(8):
        real, others, samples = world(seed)
        report = judged("x", samples, real, others, seed=seed)
        p_copies.append(report.copy_found)
        p_nearer.append(report.p_nearer)
    for found in (p_copies, p_nearer):
        assert min(found) > 0.01
        assert np.median(found) > 0.2


def test_samples_near_training_images_are_found():
    real, others, samples = world(3, training=300)
    near = 20 * torch.randn(30, 64, generator=torch.Generator().manual_seed(5))
    samples[:30] = real.values[:30] + near  # half of them; each by itself might be chance
    report = judged("x", samples, real, others, seed=0)
    assert report.closer > 0.7
    assert report.p_nearer < 0.001


def test_the_votes_count_subjects_and_not_images():
    """All votes fall on the one training subject: no more than a coin shows which side it stands on."""
    subjects = np.repeat([0, 1], 50)
    assert nearer_to_training(np.zeros(40, np.int64), subjects, 50, seed=0) == pytest.approx(0.5, abs=0.02)


def test_the_other_subject_decides_the_ratio():
    table = torch.tensor([[1.0, 1.1, 4.0], [3.0, 3.0, 0.0]])
    found = nearest(table, np.array([5, 5, 9]))
    assert found.index.tolist() == [0, 2]
    np.testing.assert_allclose(found.ratio, [0.25, 0.0])
    assert nearest(table[:, :2], np.array([5, 5])).ratio.tolist() == [1.0, 1.0]  # no other subject to compare with


def test_p_values_of_copies_are_uniform_where_the_tail_is_what_is_assumed():
    rng = np.random.default_rng(0)
    found = np.concatenate([copies(rng.random(200) ** (1 / 9), rng.random(200) ** (1 / 9)) for _ in range(50)])
    for level in (0.5, 0.1, 0.01):
        assert np.mean(found <= level) == pytest.approx(level, rel=0.35)


def test_distances_of_copies_are_zero_even_among_large_numbers():
    values = torch.randn(50, 100) + 1e4
    table = distances(values, values)
    assert table.diagonal().max() < 1e-2 * table.median()


def test_pixels_are_compared_as_root_mean_squares_in_blocks(monkeypatch):
    images = torch.randint(0, 256, (7, 12), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    whole = References(images, np.arange(7), 12**0.5).distances(images[:3])
    monkeypatch.setattr("ganzoo_figures.memorization_tests._BYTES_AT_ONCE", 200)  # two rows at a time
    assert torch.equal(References(images, np.arange(7), 12**0.5).distances(images[:3]), whole)
    difference = images[:3, None].double() - images[None].double()
    torch.testing.assert_close(whole.double(), difference.square().mean(2).sqrt(), atol=1e-4, rtol=1e-5)


def test_sets_are_equal_and_of_whole_subjects():
    ours, theirs = equal_sets(np.repeat(np.arange(20), 5), np.arange(100, 125), seed=0)
    assert len(ours) == len(theirs) == 25
    assert len(set((ours // 5).tolist())) == 5


def test_mirror_images_count_as_near():
    values = torch.tensor([[0.0, 1.0], [5.0, 5.0]])
    references = References(torch.cat([values, values.flip(1)]), np.array([0, 1]))
    assert references.distances(torch.tensor([[1.0, 0.0]]))[0].tolist() == pytest.approx([0.0, np.hypot(4, 5)])


def test_without_held_out_images_nothing_is_tested():
    real, _, samples = world(0)
    report = judged("x", samples, real, None, seed=0)
    assert (report.p_nearer, report.copies, report.held_out) == (None, None, None)
