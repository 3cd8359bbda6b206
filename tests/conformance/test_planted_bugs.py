"""Planted bugs: each is caught, and its complaint names the cause; the sound part beside it passes."""

from __future__ import annotations

import pytest
from broken_parts import complaint
from planted.augmentations import AUGMENTATIONS, SOUND_AUGMENTATIONS
from planted.bug import PlantedBug
from planted.callbacks import CALLBACKS
from planted.datasets import DATASETS, ROOTED
from planted.discriminators import DISCRIMINATORS, SOUND_DISCRIMINATORS
from planted.extractors import EXTRACTORS, SOUND_EXTRACTORS
from planted.generators import GENERATORS, SOUND_GENERATORS
from planted.importers import IMPORTERS
from planted.losses import LOSSES, SOUND_LOSSES
from planted.metrics import METRICS, SOUND_METRICS
from planted.optimizers import OPTIMIZERS, SOUND_OPTIMIZERS
from planted.options import OPTIONS
from planted.penalties import PENALTIES, SOUND_PENALTIES
from planted.penalties_at_rest import PENALTIES_AT_REST, SOUND_PENALTIES_AT_REST
from planted.penalty_images import PENALTY_IMAGES, SOUND_PENALTY_IMAGES
from planted.penalty_steps import PENALTY_STEPS, SOUND_PENALTY_STEPS
from planted.shared_penalties import SHARED_PENALTIES
from planted.sources import SOURCES

from ganzoo.testing import check_part

BUGS = [
    *GENERATORS,
    *DISCRIMINATORS,
    *LOSSES,
    *PENALTIES,
    *PENALTY_IMAGES,
    *PENALTIES_AT_REST,
    *PENALTY_STEPS,
    *SHARED_PENALTIES,
    *AUGMENTATIONS,
    *EXTRACTORS,
    *CALLBACKS,
    *OPTIMIZERS,
    *DATASETS,
    *ROOTED,
    *SOURCES,
    *IMPORTERS,
    *METRICS,
    *OPTIONS,
]
SOUND = [
    *SOUND_GENERATORS,
    *SOUND_DISCRIMINATORS,
    *SOUND_LOSSES,
    *SOUND_PENALTIES,
    *SOUND_PENALTY_IMAGES,
    *SOUND_PENALTIES_AT_REST,
    *SOUND_PENALTY_STEPS,
    *SOUND_OPTIMIZERS,
    *SOUND_AUGMENTATIONS,
    *SOUND_EXTRACTORS,
    *SOUND_METRICS,
]
TWINS = list(dict.fromkeys([*(bug.twin for bug in BUGS), *SOUND]))
# The quick ones stand for all where every change is tested.
QUICK = [*PENALTIES[::8], *PENALTY_IMAGES[::8], *LOSSES[::8], *AUGMENTATIONS[::8]]


def _id(case: PlantedBug | type) -> str:
    part = case.part if isinstance(case, PlantedBug) else case
    return f"{part.__module__.rpartition('.')[2]}-{part.__name__}"


def _judge(bug: PlantedBug) -> None:
    text = complaint(bug.part)
    missing = [cause for cause in bug.causes if cause not in text]
    assert not missing, text


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Some of them write into the working directory."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("bug", QUICK, ids=_id)
def test_a_few_are_caught_by_their_cause(bug: PlantedBug) -> None:
    _judge(bug)


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=_id)
def test_all_are_caught_by_their_cause(bug: PlantedBug) -> None:
    _judge(bug)


@pytest.mark.slow
@pytest.mark.parametrize("part", TWINS, ids=_id)
def test_sound_ones_pass(part: type) -> None:
    check_part(part)
