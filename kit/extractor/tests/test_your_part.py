import torch

from ganzoo.testing import conformance
from your_part import Energies

test_conformance = conformance("your-part")  # one test for each promise of the contract


def test_stripes_are_seen_by_the_filter_of_their_direction_and_scale():
    axis = torch.arange(48) * (2 * torch.pi / 6)  # waves of 6 pixels along the rows
    stripes = ((axis.cos() + 1) * 127).to(torch.uint8).expand(1, 3, 48, 48)
    (features,) = Energies()(stripes)
    means = features[0, :24].unflatten(0, (3, 8))  # [wavelength, angle]
    assert divmod(int(means.argmax()), 8) == (1, 0)
    (flat,) = Energies()(torch.full((1, 3, 48, 48), 200, dtype=torch.uint8))
    assert flat.max() < 1e-3
