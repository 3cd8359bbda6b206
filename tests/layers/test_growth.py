"""Growth: which blocks are in use, and whether the newest fades."""

from __future__ import annotations

import pytest

from ganzoo.layers import Growth


@pytest.mark.parametrize(("resolution", "alpha", "fades"), [(16, 0.5, True), (16, 1.0, False), (4, 0.5, False)])
def test_blocks_up_to_the_resolution_are_in_use_and_the_first_has_nothing_to_fade_over(resolution, alpha, fades):
    growth = Growth(resolution, alpha)
    assert growth.resolutions == [each for each in (4, 8, 16) if each <= resolution]
    assert growth.fades is fades
