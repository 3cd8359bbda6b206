import numpy as np
import pytest

from your_part import distance


def test_the_distance_is_between_different_images():
    assert distance(np.zeros((5, 1, 8, 8))) == 0
    two = np.stack([np.zeros((1, 8, 8)), np.full((1, 8, 8), 10.0)])
    assert distance(two) == pytest.approx(10)
