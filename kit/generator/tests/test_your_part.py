from ganzoo import ImageSpec
from ganzoo.testing import conformance
from your_part import YourPart

test_conformance = conformance("your-part")  # one test for each promise of the contract


def test_more_width_is_more_parameters_and_the_most_is_kept():
    def parameters(**options):
        network = YourPart(YourPart.Options(**options), ImageSpec(32, 1))
        return sum(each.numel() for each in network.parameters())

    assert parameters(width=8) < parameters(width=16)
    assert parameters(width=16, most=16) < parameters(width=16)
