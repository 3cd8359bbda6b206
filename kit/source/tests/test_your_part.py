import struct

import numpy as np
import pytest

from ganzoo import DataError, SourceOptions
from ganzoo.testing import check_part, check_source
from your_part import YourPart


@pytest.fixture
def file(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 6, 8), np.uint8)
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(struct.pack(">4sIII", b"\0\0\x08\x03", *pixels.shape) + pixels.tobytes())
    return path


def test_it_keeps_the_contract(file):
    check_part(YourPart)
    check_source(YourPart, file)


def test_pixels_are_those_of_the_file(file):
    source = YourPart(YourPart.Options(), file, SourceOptions(root=file))
    image = source.picture("000004")
    assert image.shape == (6, 8)
    assert image.tobytes() == file.read_bytes()[-48:]


def test_a_file_that_is_cut_off_is_named(file):
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DataError, match="256 bytes, but has 255"):
        YourPart(YourPart.Options(), file, SourceOptions(root=file)).entries()
