"""Grids show what is there: no stretching, no normalizing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ganzoo._io.image_grid import GAP, grid, write_grid, write_picture


def test_each_image_stands_in_its_cell():
    images = np.arange(5 * 4 * 4, dtype=np.uint8).reshape(5, 1, 4, 4)
    sheet = grid(images)
    assert sheet.shape == (2 * (4 + GAP) + GAP, 3 * (4 + GAP) + GAP)
    for index in range(5):
        top, left = GAP + index // 3 * (4 + GAP), GAP + index % 3 * (4 + GAP)
        assert np.array_equal(sheet[top : top + 4, left : left + 4], images[index, 0])
    assert (sheet[-4 - GAP : -GAP, -4 - GAP : -GAP] == 32).all()


def test_color_and_columns(tmp_path):
    images = np.random.RandomState(0).randint(0, 256, (3, 3, 2, 2)).astype(np.uint8)
    write_grid(tmp_path / "grid.png", images, columns=3)
    found = np.asarray(Image.open(tmp_path / "grid.png"))
    assert found.shape == (2 + 2 * GAP, 3 * (2 + GAP) + GAP, 3)
    assert np.array_equal(found[GAP : GAP + 2, GAP : GAP + 2], images[0].transpose(1, 2, 0))


@pytest.mark.parametrize("channels", [2, 5, 16])
def test_of_channels_that_are_no_color_the_middle_one_is_shown_in_gray(tmp_path, channels):
    images = np.arange(channels * 4, dtype=np.uint8).reshape(1, channels, 2, 2)
    assert np.array_equal(grid(images, gap=0), images[0, channels // 2])
    write_picture(tmp_path / "one.png", images[0])
    assert np.array_equal(np.asarray(Image.open(tmp_path / "one.png")), images[0, channels // 2])


def test_single_pictures(tmp_path):
    gray, color = np.full((1, 2, 2), 7, np.uint8), np.full((4, 2, 2), 9, np.uint8)
    write_picture(tmp_path / "gray.png", gray)
    write_picture(tmp_path / "color.png", color)
    assert np.asarray(Image.open(tmp_path / "gray.png")).shape == (2, 2)
    assert np.asarray(Image.open(tmp_path / "color.png")).shape == (2, 2, 3)
