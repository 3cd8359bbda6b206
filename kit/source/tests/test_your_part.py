import pytest

from ganzoo import DataError, SourceOptions
from ganzoo.testing import conformance
from your_part import YourPart

test_conformance = conformance("your-part")  # one test for each promise of the contract


@pytest.fixture
def file(tmp_path):
    return YourPart.example_root(tmp_path)


def test_pixels_are_those_of_the_file(file):
    source = YourPart(YourPart.Options(), file, SourceOptions(root=file))
    image = source.picture("000001")
    assert image.shape == (6, 8)
    assert image.tobytes() == file.read_bytes()[-48:]


def test_a_file_that_is_cut_off_is_named(file):
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DataError, match="112 bytes, but has 111"):
        YourPart(YourPart.Options(), file, SourceOptions(root=file)).entries()
