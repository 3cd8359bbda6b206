"""Growing as a list of phases: the official schedule, in whole batches, to the end of the training."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganzoo.growth_plan import plan_phases
from ganzoo.phases import Phase
from ganzoo.settings import GrowthSettings, TrainingSettings


def training(total_kimg: float, images: int = 10, /, **growth: object) -> TrainingSettings:
    return TrainingSettings(total_kimg=total_kimg, batch_size=images, growth=GrowthSettings(**growth))


def test_without_growth_there_is_one_phase_of_whole_batches():
    (phase,) = plan_phases(TrainingSettings(total_kimg=0.1, batch_size=64), 32)
    assert phase == Phase(32, 0, 128, batch_size=64)
    assert phase.alpha(0) == phase.alpha(64) == 1.0
    assert not phase.resets_optimizers


def test_the_first_resolution_is_stabilised_then_each_fades_and_stabilises():
    phases = plan_phases(training(5000), 16)
    assert [(p.resolution, p.fades, p.start, p.end) for p in phases] == [
        (4, False, 0, 600_000),
        (8, True, 600_000, 1_200_000),
        (8, False, 1_200_000, 1_800_000),
        (16, True, 1_800_000, 2_400_000),
        (16, False, 2_400_000, 5_000_000),
    ]
    assert [p.resets_optimizers for p in phases] == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("kimg", "resolution", "alpha"),
    [
        (0, 4, 1.0),
        (599, 4, 1.0),
        (600, 8, 0.0),
        (900, 8, 0.5),
        (1199.99, 8, 0.9999833),
        (1200, 8, 1.0),
        (1800, 16, 0.0),
    ],
)
def test_alpha_over_the_images_seen(kimg, resolution, alpha):
    seen = round(kimg * 1000)
    phase = next(p for p in plan_phases(training(5000), 16) if seen < p.end)
    assert phase.resolution == resolution
    assert phase.alpha(seen) == pytest.approx(alpha, abs=1e-6)


def test_alpha_stays_between_nothing_and_all():
    fade = plan_phases(training(5000), 16)[1]
    assert fade.alpha(0) == 0.0
    assert fade.alpha(10**9) == 1.0


def test_batch_size_and_learning_rate_are_the_larger_resolutions_as_soon_as_its_fade_starts():
    phases = plan_phases(
        training(10, stable_kimg=1, fade_kimg=1, batch_size={4: 16, 8: 7}, learning_rate_scale={8: 1.5}), 16
    )
    assert [p.batch_size for p in phases] == [16, 7, 7, 10, 10]
    assert [p.learning_rate_scale for p in phases] == [1.0, 1.5, 1.5, 1.0, 1.0]


def test_optimizers_are_kept_if_asked():
    phases = plan_phases(training(10, stable_kimg=1, fade_kimg=1, reset_optimizers=False), 16)
    assert not any(p.resets_optimizers for p in phases)


def test_starting_at_the_final_resolution_is_one_phase():
    assert plan_phases(training(10, start_resolution=16), 16) == (
        Phase(16, 0, 10_000, batch_size=10, resets_optimizers=False),
    )


@settings(max_examples=200, deadline=None)
@given(
    total=st.floats(0.001, 3000),
    stable=st.floats(0.001, 800),
    fade=st.floats(0.001, 800),
    batch=st.integers(1, 300),
    small_batch=st.integers(1, 300),
    start=st.sampled_from([4, 8, 32]),
)
def test_phases_are_whole_batches_without_gaps(total, stable, fade, batch, small_batch, start):
    plan = training(
        total, batch, stable_kimg=stable, fade_kimg=fade, start_resolution=start, batch_size={8: small_batch}
    )
    phases = plan_phases(plan, 32)
    assert phases[0].start == 0
    assert phases[0].resolution == start
    assert not phases[0].fades
    for phase in phases:
        assert phase.end > phase.start
        assert (phase.end - phase.start) % phase.batch_size == 0
        assert 0.0 <= phase.alpha(phase.start) <= 1.0
    for before, after in itertools.pairwise(phases):
        assert after.start == before.end
        assert after.resolution == (before.resolution * 2 if after.fades else before.resolution)
    # As long as asked for: at most one batch more than the images wanted.
    wanted = round(total * 1000)
    assert wanted <= phases[-1].end
    assert phases[-1].end - phases[-1].batch_size < wanted
