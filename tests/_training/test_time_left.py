"""Time left: the rest of a schedule by what each resolution took."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ganzoo._recipe.load import load
from ganzoo._registry.registry import Registry
from ganzoo._training import early_estimate
from ganzoo._training.early_estimate import EarlyEstimate
from ganzoo._training.time_left import TimeLeft, arithmetic
from ganzoo.contracts.phase import Phase

PHASES = (Phase(4, 0, 100, 10), Phase(8, 100, 200, 10, fades=True), Phase(8, 200, 400, 10), Phase(16, 400, 800, 5))


def test_one_phase_is_a_rule_of_three():
    left = TimeLeft([Phase(32, 0, 1000, 10)], dict)
    for _ in range(5):
        left.measured(Phase(32, 0, 1000, 10), 2.0)
    assert left.predict(50) == (pytest.approx(190.0), True)
    assert left.predict(1000) == (0.0, True)


def test_what_was_not_trained_yet_costs_more_by_its_arithmetic():
    left = TimeLeft(PHASES, lambda: {4: 1.0, 8: 10.0, 16: 100.0})
    left.measured(PHASES[0], 1000.0)  # 100 s per image
    seconds, is_measured = left.predict(100)
    assert not is_measured
    assert seconds == pytest.approx(100 * (300 * 10**0.7 + 400 * 100**0.7))
    left.measured(PHASES[1], 10_000.0)  # 1000 s per image: time grows just as the arithmetic does
    assert left.predict(200) == (pytest.approx(1000 * 200 + 10_000 * 400), False)
    left.measured(PHASES[3], 500.0)
    assert left.predict(400) == (pytest.approx(100 * 400), True)


def test_a_machine_that_slows_down_is_followed():
    left, phase = TimeLeft([Phase(32, 0, 10_000, 1)], dict), Phase(32, 0, 10_000, 1)
    for seconds in (1.0,) * 100 + (5.0,) * 3000:
        left.measured(phase, seconds)
    assert left.predict(5000)[0] == pytest.approx(25_000, rel=0.01)


def test_what_a_run_will_take_is_said_once_after_a_twentieth(monkeypatch):
    clock = SimpleNamespace(wall=0.0, worked=0.0)
    ticking = SimpleNamespace(monotonic=lambda: clock.wall, process_time=lambda: clock.worked)
    monkeypatch.setattr(early_estimate, "time", ticking)
    phase, said = Phase(32, 0, 1000, 10), list[str]()
    trainer: Any = SimpleNamespace(
        images_seen=0, total_images=1000, expected_images=1000, course=SimpleNamespace(phases=[phase])
    )
    by_clock, by_processors = TimeLeft([phase], dict), TimeLeft([phase], dict)
    told = EarlyEstimate(said.append, trainer, by_clock, by_processors, lambda: 720.0)
    for step in range(1, 11):  # 20 s and two cores at work: 2000 s of training and half of the score's 720 s
        clock.wall, clock.worked, trainer.images_seen = 20.0 * step, 40.0 * step, 10 * step
        by_clock.measured(phase, 20.0)
        told.on_step_end(trainer, {})
        assert bool(said) == (step >= 5)
    assert said == ["5% done: about 39 min in all, its score included, which is 1.31 processor hours"]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["progan_oasis_wgan_gp_32", "stylegan_oasis_logistic_32"])
def test_arithmetic_grows_with_the_resolution(recipe):
    work = arithmetic(load(recipe, Registry.discover())[1])
    assert sorted(work)[-3:] == [8, 16, 32]
    assert list(work.values()) == sorted(work.values())
    assert 5 < work[32] / work[8] < 150
