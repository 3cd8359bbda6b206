"""The data set `oasis`."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.contracts import ImageSpec
from ganzoo.data.prepare import prepare
from ganzoo.errors import DataError
from ganzoo_mri import Oasis


def oasis(root, **options):
    return Oasis(Oasis.Options(**{"root": root, "resolution": 16, **options}))


def slices(folder, subjects, count=3, kind="case"):
    folder.mkdir(parents=True, exist_ok=True)
    for subject in subjects:
        for k in range(count):
            pixels = np.random.default_rng([int(subject), k]).integers(0, 256, (20, 18)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{kind}_{subject}_slice_{k}.nii.png")


@pytest.mark.parametrize("below", ["", "keras_png_slices_data"])
def test_the_course_layout_keeps_its_splits_and_leaves_out_masks(tmp_path, below):
    root = tmp_path / "oasis" / below
    for split, subjects in (("train", ("001", "002")), ("validate", ("003",)), ("test", ("004", "005"))):
        slices(root / f"keras_png_slices_{split}", subjects)
        slices(root / f"keras_png_slices_seg_{split}", subjects, kind="seg")
    pack = prepare(oasis(tmp_path / "oasis", held_out=0.5), "oasis", cache=tmp_path / "cache", workers=1)
    assert {name: len(pack.split(name)) for name in pack.splits} == {"train": 6, "validate": 3, "test": 6}
    assert pack.spec == ImageSpec(16, 1, 0)


def test_a_flat_folder_is_split_by_subject(tmp_path):
    slices(tmp_path / "oasis", [f"{n:03}" for n in range(10)], count=4)
    slices(tmp_path / "oasis", ["001"], kind="seg")
    pack = prepare(oasis(tmp_path / "oasis", held_out=0.2), "oasis", cache=tmp_path / "cache", workers=1)
    assert [len(pack.split(name)) for name in ("train", "held-out")] == [32, 8]
    assert len(set(pack.split("held-out").subjects)) == 2


def test_a_subject_in_two_folders_is_refused(tmp_path):
    slices(tmp_path / "oasis" / "keras_png_slices_train", ["001"])
    slices(tmp_path / "oasis" / "keras_png_slices_test", ["001"])
    with pytest.raises(DataError, match="other images of the same subject"):
        prepare(oasis(tmp_path / "oasis"), "oasis", cache=tmp_path / "cache", workers=1)


def test_without_slices_it_says_what_was_expected_what_was_found_and_where_to_register(tmp_path):
    slices(tmp_path, ["777"], kind="seg")
    (tmp_path / "OAS1_0001_MR1_mpr-1_anon.img").write_bytes(b"x")
    with pytest.raises(DataError) as caught:
        oasis(tmp_path).items()
    message = str(caught.value)
    assert "keras_png_slices_train" in message and "case_<subject>_slice_<k>.nii.png" in message
    assert "3 segmentation masks" in message and "1 .img" in message
    assert "sites.wustl.edu/oasisbrains" in message and "D. Marcus" in message
    assert "777" not in message and "OAS1_0001" not in message  # names of medical files are not shown
    with pytest.raises(DataError, match=r"does not exist.*Expected there: .*oasisbrains"):
        oasis(tmp_path / "nowhere").items()


def test_names_leave_no_trace_in_the_pack(tmp_path):
    slices(tmp_path / "oasis", ["90210", "90211"])
    pack = prepare(oasis(tmp_path / "oasis"), "oasis", cache=tmp_path / "cache", workers=1)
    for path in (tmp_path / "cache").rglob("*"):
        assert path.is_dir() or b"9021" not in path.read_bytes()
    assert len(pack) == 6


@pytest.mark.skipif("GANZOO_DATA" not in os.environ, reason="GANZOO_DATA names no folder of real images")
def test_real_slices_can_be_prepared(tmp_path):
    root = Path(os.environ["GANZOO_DATA"]) / "oasis"
    dataset = oasis(root, resolution=64, held_out=0.2)
    assert len({item.subject for item in dataset.items()}) == 7
    pack = prepare(dataset, "oasis", cache=tmp_path, workers=1)
    assert len(pack) == 641
    images = pack.split("train").images(np.arange(len(pack.split("train"))))
    assert images.max() > 240 and (images == 0).mean() > 0.4
    corners = images[:, :, :4, :4]
    assert corners.mean() < 2  # dark around the brain
