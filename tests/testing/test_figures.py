"""Figures' conformance: a figure that shares its images among processes says so, and one that says so does."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from ganzoo import GeneratorFigure
from ganzoo.figures import shared_rows
from ganzoo.testing import ConformanceError, check_figure


@dataclass
class Written:
    """What a figure draws: numbers."""

    numbers: torch.Tensor
    name: str = "numbers"
    summary: str = ""

    def write(self, path):
        path.write_text(str(self.numbers.tolist()))
        return [path]


class Alone(GeneratorFigure):
    """Numbers, made here alone."""

    name = "numbers"

    def draw(self, source):
        return Written(source[torch.arange(3)])


class Shared(Alone):
    """Numbers, each made by one of several processes."""

    shares_images = True

    def draw(self, source):
        return Written(shared_rows(3, lambda rows: {"numbers": source[list(rows)]})["numbers"])


class SaysNothing(Shared):
    """The same, without a word of it."""

    shares_images = False


class SaysTooMuch(Alone):
    """Says that others help, and does all by itself."""

    shares_images = True


class SaysMaybe(Alone):
    """Says something else than yes or no."""

    shares_images = "maybe"


NUMBERS = torch.arange(10)


@pytest.mark.parametrize("figure", [Alone, Shared])
def test_figures_that_say_what_they_do_pass(figure):
    check_figure(figure, source=NUMBERS)


@pytest.mark.parametrize(
    ("figure", "told"),
    [
        (SaysNothing, "does not say shares_images = True"),
        (SaysTooMuch, "never calls ganzoo.figures.shared_rows"),
        (SaysMaybe, "shares_images is 'maybe'; True or False"),
    ],
)
def test_others_are_told(figure, told):
    with pytest.raises(ConformanceError, match=told):
        check_figure(figure, source=NUMBERS)
