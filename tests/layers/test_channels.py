"""Channels by resolution, and the rule found back from them."""

from __future__ import annotations

import pytest

from ganzoo.layers import base_and_max, channels_at, resolutions


def test_widths():
    assert resolutions(32) == [4, 8, 16, 32]
    assert [channels_at(each, 16384, 512) for each in (4, 32, 64, 1024)] == [512, 512, 256, 16]


@pytest.mark.parametrize(("base", "highest"), [(16384, 512), (1000, 512), (16, 8), (16, 512), (3, 2), (100, 24)])
def test_the_rule_of_widths_is_found_from_its_channels(base, highest):
    widths = {each: channels_at(each, base, highest) for each in resolutions(64)}
    found = base_and_max(widths)
    assert found is not None
    assert {each: channels_at(each, *found) for each in widths} == widths


def test_channels_of_no_rule_have_none():
    assert base_and_max({4: 8, 8: 3, 16: 5}) is None
