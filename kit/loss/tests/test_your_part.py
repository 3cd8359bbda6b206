import math

import pytest
import torch

from ganzoo.testing import conformance
from your_part import YourPart

test_conformance = conformance("your-part")  # one test for each promise of the contract


def test_the_best_logit_of_a_real_is_that_of_its_smoothed_label():
    """Where the loss is flat, sigmoid(logit) is 1 - smoothing."""
    logit = torch.tensor([math.log(0.9 / 0.1)], requires_grad=True)
    loss = YourPart(YourPart.Options(smoothing=0.1)).discriminator_loss(logit, torch.zeros(1))
    loss.backward()
    assert logit.grad.item() == pytest.approx(0, abs=1e-6)
