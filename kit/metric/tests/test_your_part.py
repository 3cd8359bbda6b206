import pytest
import torch

from ganzoo import Features, MetricInput
from ganzoo.testing import conformance
from your_part import YourPart

test_conformance = conformance("your-part")  # one test for each promise of the contract


def test_a_shift_of_features_is_its_length_over_the_root_of_their_number():
    """Projected on unit vectors in d dimensions, a shift s has a mean square of s² / d."""
    real = torch.randn(500, 4, generator=torch.Generator().manual_seed(1))
    made = real + torch.tensor([3.0, 0, 0, 0])
    data = MetricInput(Features({"pooled": made}), Features({"pooled": real}), blocks=10)
    estimate = YourPart(YourPart.Options(directions=500)).estimates(data)["your_part"]
    assert estimate.value == pytest.approx(1.5, rel=0.1)
    assert estimate.standard_error > 0
