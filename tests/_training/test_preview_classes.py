"""Sample grids of labeled images: rows of each class, with its name."""

import numpy as np
import pytest

from ganzoo._training.preview_classes import preview_classes
from ganzoo.contracts.component import ImageSpec


@pytest.mark.parametrize(
    ("classes", "count", "columns", "rows"),
    [(3, 24, 8, 3), (2, 64, 8, 8), (10, 64, 6, 10), (100, 64, 4, 16), (5, 2, 2, 1), (1, 1, 1, 1), (3, 16, 5, 3)],
)
def test_each_class_has_whole_rows_and_the_first_of_them_its_name(classes, count, columns, rows):
    found = preview_classes(ImageSpec(16, 1, classes), [f"name{n}" for n in range(classes)], count)
    assert (found.columns, len(found.names)) == (columns, rows)
    assert found.labels.shape == (rows * columns, classes) and rows * columns <= max(count, classes)
    of_row = found.labels.argmax(1).reshape(rows, columns)
    assert (of_row == of_row[:, :1]).all() and (of_row[:, 0].diff() >= 0).all()
    for row, name in enumerate(found.names):
        first = row == 0 or of_row[row, 0] != of_row[row - 1, 0]
        assert name == (f"name{int(of_row[row, 0])}" if first else "")


def test_pictures_are_as_they_were_made_beside_the_names():
    found = preview_classes(ImageSpec(16, 1, 2), (), 8)
    assert found.names == ("class 0", "class 1") and preview_classes(ImageSpec(16, 1), (), 8) is None
    pixels = np.random.default_rng(0).integers(0, 256, (8, 1, 16, 16), dtype=np.uint8)
    sheet = found.picture(pixels)[0]
    windows = np.lib.stride_tricks.sliding_window_view(sheet, (16, 16))
    assert all((windows == image[0]).all((2, 3)).any() for image in pixels)
    assert sheet.shape[1] > 4 * 18 + 40  # room for the words
