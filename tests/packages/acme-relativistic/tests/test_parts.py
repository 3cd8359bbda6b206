"""Each part passes ganzoo's checks."""

import pytest
from acme_relativistic.networks import ResidualCritic, ResidualGenerator
from acme_relativistic.objectives import PairedLogistic, ZeroCentered

from ganzoo.testing import check_part


@pytest.mark.parametrize("part", [ResidualGenerator, ResidualCritic, PairedLogistic, ZeroCentered])
def test_part(part: type) -> None:
    check_part(part)
