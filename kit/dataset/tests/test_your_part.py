import numpy as np

from ganzoo.testing import conformance
from your_part import YourPart

test_conformance = conformance("your-part")  # one test for each promise of the contract


def test_rings_of_the_second_class_are_larger():
    rings = YourPart(YourPart.Options(count=20, classes=True))
    axis = np.abs(np.linspace(-1, 1, 32))
    radii = {0: [], 1: []}
    for item in rings.items():
        columns = rings.load(item)[0].max(axis=0) > 0
        radii[item.label].append(axis[columns].max())
    assert max(radii[0]) < min(radii[1])
