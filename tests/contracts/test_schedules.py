"""Numbers that change with the images seen: their values, and what a recipe may say of them."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Annotated

import pytest
from pydantic import Field, NonNegativeFloat, ValidationError

from ganzoo import ComponentOptions, Schedule, Scheduled
from ganzoo.contracts._options_at import is_scheduled, options_at


class Options(ComponentOptions):
    """Of a made-up part."""

    gamma: Scheduled[NonNegativeFloat] = Field(default=1.0, description="A weight.")
    betas: tuple[Scheduled[Annotated[float, Field(ge=0, lt=1)]], float] = Field(default=(0.9, 0.5), description="Two.")


def options(**given):
    return Options.model_validate(given)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("linear", [8, 8, 6.5, 5, 2, 2]),
        ("cosine", [8, 8, 8 - 6 * (1 - math.cos(math.pi / 4)) / 2, 5, 2, 2]),
        ("exponential", [8, 8, 8 * 0.25**0.25, 4, 2, 2]),
    ],
)
def test_values_of_each_shape(shape, expected):
    schedule = Schedule(8, 2, kimg=4, shape=shape, after_kimg=1)
    assert [schedule.at(images) for images in (0, 1000, 2000, 3000, 5000, 9000)] == pytest.approx(expected, rel=1e-12)


def test_it_is_a_float_at_its_start_and_equal_to_no_number():
    schedule = Schedule(0.0, 2.0, kimg=4)
    assert schedule + 1 == 1.0
    assert schedule and schedule != 0.0 and schedule == Schedule(0.0, 2.0, 4, "linear")
    assert schedule != Schedule(0.0, 3.0, kimg=4)
    assert copy.deepcopy(schedule) == pickle.loads(pickle.dumps(schedule)) == schedule


WARM_UP = [
    {"from": 0, "to": 4, "kimg": 2},
    {"from": 4, "to": 1, "kimg": 4, "after_kimg": 6, "shape": "exponential"},
    {"from": 0.5, "to": 0.25, "kimg": 2},
]


def test_schedules_one_behind_the_other():
    found = options(gamma=WARM_UP, betas=[[{"from": 0.5, "to": 0.9, "kimg": 2}, {"from": 0.9, "to": 0, "kimg": 2}], 0])
    gamma = found.gamma
    values = [gamma.at(images) for images in (0, 1000, 2000, 5000, 8000, 9999, 10_000, 11_000, 90_000)]
    assert values == pytest.approx([0, 2, 4, 4, 2, 1, 0.5, 0.375, 0.25], rel=1e-3)
    assert [piece.after_kimg for piece in gamma.pieces] == [0, 6, 10]
    assert (float(gamma), gamma.end, gamma.kimg) == (0.0, 0.25, 12)
    assert Options.model_validate(found.model_dump(mode="json")) == found and is_scheduled(found)
    assert copy.deepcopy(gamma) == pickle.loads(pickle.dumps(gamma)) == gamma != Schedule(0, 0.25, kimg=12)
    assert options_at(found, 3000) == Options(gamma=4, betas=(0.45, 0))
    (one,) = options(gamma=WARM_UP[:1]).gamma.pieces
    assert one == Schedule(0, 4, kimg=2)


def test_options_are_read_written_and_resolved():
    found = options(gamma={"from": 2, "to": 1, "kimg": 1}, betas=[{"from": 0.5, "to": 0.9, "kimg": 2}, 0.25])
    assert is_scheduled(found) and not is_scheduled(Options())
    assert Options.model_validate(found.model_dump(mode="json")) == found
    assert options_at(found, 500) == Options(gamma=1.5, betas=(0.6, 0.25))
    assert not is_scheduled(options_at(found, 0))


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"from": 1, "to": -1, "kimg": 1}, ("gamma", "to")),
        ({"from": float("nan"), "to": 1, "kimg": 1}, ("gamma", "from")),
        ({"from": 1, "to": 1}, ("gamma", "kimg")),
        ({"from": 1, "to": 2, "kimg": 0}, ("gamma", "kimg")),
        ({"from": 1, "to": 2, "kimg": 1, "shape": "sine"}, ("gamma", "shape")),
        ({"from": 1, "to": 2, "kimg": 1, "form": "cosine"}, ("gamma", "form")),
        ({"from": 1, "to": 0, "kimg": 1, "shape": "exponential"}, ("gamma",)),
        ("fast", ("gamma",)),
        ([{"from": 1, "to": 2, "kimg": 3}, {"from": 2, "to": -1, "kimg": 3}], ("gamma", 1, "to")),
        ([{"from": 1, "to": 2, "kimg": 3}, {"from": 2, "to": 1, "kimg": 3, "after_kimg": 2}], ("gamma",)),
        ([], ("gamma",)),
        ([1.0, 2.0], ("gamma",)),
    ],
)
def test_what_is_wrong_is_said_at_its_place(given, where):
    with pytest.raises(ValidationError) as caught:
        options(gamma=given)
    assert [each["loc"] for each in caught.value.errors()] == [where]
