import torch

from ganzoo import ImageSpec
from ganzoo.testing import conformance
from your_part import YourPart

test_conformance = conformance("your-part")  # one test for each promise of the contract


def test_the_class_changes_the_logit():
    network = YourPart(YourPart.Options(width=4), ImageSpec(16, 1, label_dim=2))
    image = torch.rand(1, 1, 16, 16).expand(2, -1, -1, -1)
    first, second = network(image, torch.eye(2))
    assert first != second
