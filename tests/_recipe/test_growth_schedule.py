"""Growing as a list of phases: the official schedule, in whole batches, to the end of the training."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganzoo._recipe.growth_schedule import in_kimg, plan_phases
from ganzoo._recipe.schema import CourseSettings, GrowthSettings
from ganzoo.contracts.phase import Phase


def training(total_kimg: float, images: int = 10, /, **growth: object) -> CourseSettings:
    return CourseSettings(total_kimg=total_kimg, batch_size=images, growth=GrowthSettings(**growth))


def test_without_growth_there_is_one_phase_of_whole_batches():
    (phase,) = plan_phases(CourseSettings(total_kimg=0.1, batch_size=64), 32)
    assert phase == Phase(32, 0, 128, batch_size=64)
    assert phase.alpha(0) == phase.alpha(64) == 1.0
    assert not phase.resets_optimizers


def test_the_first_resolution_is_stabilized_then_each_fades_and_stabilizes():
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
        training(10, stable_kimg=1, fade_kimg=1, batch_size={4: 16, 8: 7}, learning_rate={8: 0.0015}), 16
    )
    assert [p.batch_size for p in phases] == [16, 7, 7, 10, 10]
    assert [p.learning_rate for p in phases] == [None, 0.0015, 0.0015, None, None]


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


def test_a_learning_rate_may_differ_from_both_optimizers_at_one_resolution_only():
    phases = plan_phases(training(10, stable_kimg=1, fade_kimg=1, learning_rate={16: 0.002}), 16)
    assert [(p.resolution, p.learning_rate) for p in phases if p.learning_rate] == [(16, 0.002), (16, 0.002)]


def shape(phases):
    return [(p.resolution, "fade" if p.fades else "stable", p.start, p.end) for p in phases]


def test_lengths_may_differ_by_resolution_and_then_say_the_end_too():
    settings_ = CourseSettings(
        batch_size=10,
        growth=GrowthSettings(stable_kimg={4: 0.1, 8: 0.2, 16: 0.3}, fade_kimg={8: 0.05, 16: 0}),
    )
    assert shape(plan_phases(settings_, 16)) == [
        (4, "stable", 0, 100),
        (8, "fade", 100, 150),
        (8, "stable", 150, 350),
        (16, "stable", 350, 650),
    ]


@pytest.mark.parametrize("order", ["stabilize-first", "fade-first"])
def test_in_kimg_both_orders_fade_between_stable_parts(order):
    plain = plan_phases(training(5000), 16)
    assert plan_phases(training(5000, order=order), 16) == plain


def test_only_fade_first_fades_the_start_in_and_only_if_its_table_says_so():
    tables = {"start_resolution": 8, "stable_kimg": {8: 0.1}, "fade_kimg": {8: 0.04, 16: 0.02}}
    assert shape(plan_phases(training(1, order="fade-first", **tables), 16)) == [
        (8, "fade", 0, 40),
        (8, "stable", 40, 140),
        (16, "fade", 140, 160),
        (16, "stable", 160, 1000),
    ]
    assert shape(plan_phases(training(1, **tables), 16))[0] == (8, "stable", 0, 100)


EPOCHS = {"epochs": {4: 2, 8: 4, 16: 6}, "fade_share": 0.25}


def test_fade_first_gives_the_first_share_of_a_resolutions_epochs_to_its_own_fade():
    settings_ = CourseSettings(batch_size=10, growth=GrowthSettings(order="fade-first", **EPOCHS))
    assert shape(plan_phases(settings_, 16, 100)) == [
        (4, "stable", 0, 200),
        (8, "fade", 200, 300),
        (8, "stable", 300, 600),
        (16, "fade", 600, 750),
        (16, "stable", 750, 1200),
    ]


def test_stabilize_first_gives_the_last_share_of_a_resolutions_epochs_to_the_next_ones_fade():
    settings_ = CourseSettings(batch_size=10, growth=GrowthSettings(**EPOCHS))
    assert shape(plan_phases(settings_, 16, 100)) == [
        (4, "stable", 0, 150),
        (8, "fade", 150, 200),
        (8, "stable", 200, 500),
        (16, "fade", 500, 600),
        (16, "stable", 600, 1200),
    ]


def test_epochs_without_growth():
    (phase,) = plan_phases(CourseSettings(epochs=1.5, batch_size=64), 32, 1000)
    assert phase == Phase(32, 0, 1536, batch_size=64)
    assert in_kimg(CourseSettings(epochs=1.5, batch_size=64), 32, 1000).total_kimg == 1.536


def test_kimg_stay_as_they_are():
    settings_ = training(5000)
    assert in_kimg(settings_, 16, 100) is settings_


def test_a_table_that_ends_is_resolved_to_a_total():
    settings_ = CourseSettings(batch_size=64, growth=GrowthSettings(stable_kimg={4: 1, 8: 2}, fade_kimg=0.5))
    found = in_kimg(settings_, 8, 100)
    assert (found.total_kimg, found.growth.stable_kimg) == (3.584, {4: 1.0})
    assert plan_phases(found, 8) == plan_phases(settings_, 8)


@settings(max_examples=200, deadline=None)
@given(
    order=st.sampled_from(["stabilize-first", "fade-first"]),
    epochs=st.tuples(*[st.floats(0.01, 50)] * 4),
    share=st.floats(0, 0.99),
    batches=st.tuples(*[st.integers(1, 300)] * 4),
    images=st.integers(1, 3000),
    start=st.sampled_from([4, 8, 32]),
)
def test_what_is_saved_in_kimg_plans_the_same_phases_as_the_epochs(order, epochs, share, batches, images, start):
    sides = [side for side in (4, 8, 16, 32) if side >= start]
    growth = GrowthSettings(
        order=order,
        start_resolution=start,
        epochs=dict(zip(sides, epochs, strict=False)),
        fade_share=share,
        batch_size=dict(zip(sides, batches, strict=False)),
    )
    given_ = CourseSettings(growth=growth)
    kimg = in_kimg(given_, 32, images)
    assert kimg.growth.epochs == {}
    assert plan_phases(kimg, 32) == plan_phases(given_, 32, images)
    phases = plan_phases(kimg, 32)
    assert sorted({p.resolution for p in phases}) == sides
    assert all(p.resolution != start or not p.fades for p in phases)
    wanted = sum(max(1, round(each * images)) for each, _ in zip(epochs, sides, strict=False))
    assert wanted <= phases[-1].end <= wanted + sum(p.batch_size for p in phases)
