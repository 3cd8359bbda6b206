"""The dataset `ffhq`."""

import os
from pathlib import Path

import made_up_sources as made
import numpy as np
import pytest
from PIL import Image

from ganzoo._registry.registry import Registry
from ganzoo.contracts.component import ImageSpec
from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import DataError
from ganzoo.testing.settings import small_context
from ganzoo_faces import Ffhq


def ffhq(root, **options):
    return made.dataset(Ffhq, **{"root": root, "resolution": 16, **options})


def photographs(root, numbers, suffix=".png"):
    for number in numbers:
        path = root / f"{number // 1000 * 1000:05d}" / f"{number:05d}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)


def sizes(dataset, folder):
    pack = prepare(dataset, "ffhq", cache=folder / "cache", workers=1)
    return {name: len(pack.split(name)) for name in pack.splits if len(pack.split(name))}, pack


NUMBERS = [0, 1, 2, 999, 1000, 59_999, 60_000, 60_001, 69_999]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"train": 6, "validate": 3}),
        ({"split": "all"}, {"train": 9}),
        ({"split": "by-share", "held_out": 0.3}, {"train": 6, "held-out": 3}),
        ({"split": "by-share"}, {"train": 9}),
    ],
)
def test_splits(tmp_path, options, expected):
    photographs(tmp_path / "images1024x1024", NUMBERS)
    found, pack = sizes(ffhq(tmp_path, **options), tmp_path)
    assert found == expected
    assert pack.spec == ImageSpec(16, 3, 0)


def test_jpeg_in_one_folder_and_other_files_are_left_alone(tmp_path):
    photographs(tmp_path, NUMBERS, ".jpg")
    for name in ("70000.png", "1.png", "LICENSE.png", "00000.txt"):
        (tmp_path / name).write_bytes(b"not looked at")
    assert len(ffhq(tmp_path).items()) == 9


def test_two_sizes_of_one_photograph_are_refused(tmp_path):
    photographs(tmp_path / "images1024x1024", [3, 4])
    photographs(tmp_path / "thumbnails128x128", [4])
    with pytest.raises(DataError, match=r"photograph 00004 is in .* twice, as 'images1024x1024/00000/00004.png' and"):
        ffhq(tmp_path).items()


def test_what_was_expected_what_was_found_and_the_terms_are_said(tmp_path):
    (tmp_path / "portrait of somebody.png").write_bytes(b"x")
    with pytest.raises(DataError) as caught:
        ffhq(tmp_path).items()
    message = str(caught.value)
    assert "numbers of five digits, 00000.png to 69999.png" in message
    assert "Found: 1 image files" in message
    assert "github.com/NVlabs/ffhq-dataset" in message and "CC BY-NC-SA 4.0" in message
    assert "somebody" not in message
    with pytest.raises(DataError, match=r"does not exist.*Expected there: .*ffhq-dataset"):
        ffhq(tmp_path / "nowhere").items()


def test_a_share_where_the_numbers_decide_is_a_misfit():
    context = small_context(ImageSpec(16, 3))
    for split, fits in (("official", False), ("all", False), ("by-share", True)):
        reason = Ffhq.incompatibility(Ffhq.Options(root="x", split=split, held_out=0.1), context)
        assert (reason is None) is fits
    assert Ffhq.incompatibility(Ffhq.Options(root="x"), context) is None


def test_faces_are_mirrored_only_if_asked():
    assert not Ffhq.Options(root="x").mirror
    assert Registry.discover().part("dataset", "ffhq").cls is Ffhq


@pytest.mark.skipif("GANZOO_DATA" not in os.environ, reason="GANZOO_DATA names no folder of real images")
def test_real_faces_can_be_prepared(tmp_path):
    root = Path(os.environ["GANZOO_DATA"]) / "ffhq"
    found, pack = sizes(ffhq(root, resolution=32), tmp_path)
    assert found == {"train": 600}
    images = pack.split("train").images(np.arange(600)).astype(float)
    red, _, blue = images.mean(axis=(0, 2, 3))
    assert red > blue  # skin
    assert images.std() > 40
