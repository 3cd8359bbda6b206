import torch

from ganzoo import ImageSpec
from ganzoo.testing import check_part
from your_part import YourPart


def test_it_keeps_the_contract():
    check_part(YourPart, YourPart.Options(width=4))  # small, so that it takes seconds


def test_the_class_changes_the_logit():
    network = YourPart(YourPart.Options(width=4), ImageSpec(16, 1, label_dim=2))
    image = torch.rand(1, 1, 16, 16).expand(2, -1, -1, -1)
    first, second = network(image, torch.eye(2))
    assert first != second
