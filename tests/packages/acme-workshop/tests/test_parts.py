"""Each part passes ganzoo's checks."""

import pytest
from acme_workshop.auxiliary import AuxiliaryCritic, AuxiliaryLoss, FakeClasses, RealClasses
from acme_workshop.diary import Diary
from acme_workshop.edges import EdgeDistance
from acme_workshop.extractor import Bands
from acme_workshop.figure import ClassMeans
from acme_workshop.lion import Lion
from acme_workshop.penalties import MatchedFeatures, NamedFeatures
from acme_workshop.shapes import Shapes

from ganzoo.testing import check_figure, check_part

PARTS = [AuxiliaryCritic, AuxiliaryLoss, FakeClasses, RealClasses, Diary, EdgeDistance, Bands, Lion]
PARTS += [MatchedFeatures, NamedFeatures, Shapes]


@pytest.mark.parametrize("part", PARTS)
def test_part(part: type) -> None:
    check_part(part)


def test_figure() -> None:
    check_figure(ClassMeans)
