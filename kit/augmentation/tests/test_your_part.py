import pytest
import torch

from ganzoo import ImageSpec
from ganzoo.testing import conformance
from your_part import YourPart

test_conformance = conformance("your-part")  # one test for each promise of the contract


def test_a_square_is_hidden_and_the_rest_is_kept():
    torch.manual_seed(0)
    images = torch.ones(200, 1, 16, 16)
    shown = YourPart(YourPart.Options(share=0.25), ImageSpec(16, 1))(images)
    hidden = (shown == 0).float().mean(dim=(1, 2, 3))
    assert hidden.max().item() == pytest.approx(1 / 16)  # a whole square; at the edge less
    assert hidden.min().item() > 0
    assert set(shown.unique().tolist()) == {0, 1}
