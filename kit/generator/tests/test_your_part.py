from ganzoo import ImageSpec
from ganzoo.testing import check_part
from your_part import YourPart


def test_it_keeps_the_contract():
    check_part(YourPart, YourPart.Options(latent_dim=8, width=4))  # small, so that it takes seconds


def test_more_width_is_more_parameters_and_the_most_is_kept():
    def parameters(**options):
        network = YourPart(YourPart.Options(**options), ImageSpec(32, 1))
        return sum(each.numel() for each in network.parameters())

    assert parameters(width=8) < parameters(width=16)
    assert parameters(width=16, most=16) < parameters(width=16)
