import pytest
import torch

from ganzoo.testing import conformance
from your_part import YourPart

test_conformance = conformance("your-part")  # one test for each promise of the contract


def test_two_steps_by_hand():
    options = YourPart.Options(learning_rate=0.1, betas=(0.5, 0.75))
    number = torch.nn.Parameter(torch.tensor([1.0, 1.0]))
    part = YourPart(options)
    optimizer = part.build([number])
    optimizer.param_groups[0].update(part.group(options, 1.0))
    for gradient in ([4.0, -0.001], [-1.0, -0.001]):
        number.grad = torch.tensor(gradient)
        optimizer.step()
    # First down the gradient; then a momentum of 1 and a gradient of -1 meet halfway, at no sign at all.
    assert number.tolist() == pytest.approx([0.9, 1.2])
