import torch

from ganzoo import ImageSpec
from ganzoo.testing import LinearStep, TinyDiscriminator, conformance
from your_part import YourPart

test_conformance = conformance("your-part")  # one test for each promise of the contract


def test_images_that_look_the_same_when_shifted_cost_nothing():
    penalty = YourPart(YourPart.Options())
    critic = TinyDiscriminator(TinyDiscriminator.Options(), ImageSpec(8, 1))
    even, uneven = torch.full((4, 1, 8, 8), 0.5), torch.rand(4, 1, 8, 8)
    assert penalty.penalty(LinearStep(critic, even)).item() < 1e-10
    assert penalty.penalty(LinearStep(critic, uneven)).item() > 1e-6
