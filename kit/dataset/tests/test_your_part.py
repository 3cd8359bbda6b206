import numpy as np

from ganzoo.testing import check_part
from your_part import YourPart


def test_it_keeps_the_contract():
    check_part(YourPart, YourPart.Options(resolution=16, count=40))
    check_part(YourPart, YourPart.Options(resolution=32, count=40, classes=True))


def test_rings_of_the_second_class_are_larger():
    rings = YourPart(YourPart.Options(count=20, classes=True))
    axis = np.abs(np.linspace(-1, 1, 32))
    radii = {0: [], 1: []}
    for item in rings.items():
        columns = rings.load(item)[0].max(axis=0) > 0
        radii[item.label].append(axis[columns].max())
    assert max(radii[0]) < min(radii[1])
