"""The datasets `oasis` and `akoa`."""

import os
from pathlib import Path

import made_up_sources as made
import numpy as np
import pytest
from PIL import Image

from ganzoo.contracts.component import ImageSpec
from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import DataError
from ganzoo_mri import Akoa, Oasis
from ganzoo_mri.akoa import KneeSlice, read_name


def oasis(root, **options):
    return made.dataset(Oasis, **{"root": root, "resolution": 16, **options})


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


# --- akoa -----------------------------------------------------------------------------------------------------------


def knee_name(participant, visit="BaseLine", side="RIGHT", number=0):
    return f"OAI{participant}_{visit}_3_de3d1_SAG_3D_DESS_WE_{side}.nii.gz_{number}.png"


def knees(folder, participants, visits=("BaseLine", "12_Month"), sides=("RIGHT", "LEFT"), count=2):
    folder.mkdir(parents=True, exist_ok=True)
    for seed, participant in enumerate(participants):
        rng = np.random.default_rng(seed)
        for visit in visits:
            for side in sides:
                for number in range(count):
                    pixels = rng.integers(0, 256, (20, 16), dtype=np.uint8)
                    Image.fromarray(pixels).save(folder / knee_name(participant, visit, side, number))


def akoa(root, **options):
    return made.dataset(Akoa, **{"root": root, "resolution": 16, **options})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "OAI9014797_BaseLine_3_de3d1_SAG_3D_DESS_WE_RIGHT.nii.gz_0.png",
            KneeSlice("9014797", "BaseLine", "3_de3d1", "right", 0),
        ),
        (
            "OAI9000099_12_Month_10_de3d1_SAG_3D_DESS_WE_LEFT.nii.gz_159.png",
            KneeSlice("9000099", "12_Month", "10_de3d1", "left", 159),
        ),
        ("oai1_Month_24_3_de3d1_sag_3d_dess_we_left_7.PNG", KneeSlice("1", "Month_24", "3_de3d1", "left", 7)),
        (
            "OAI9014797_BaseLine_3_de3d1_SAG_3D_DESS_RIGHT.nii_0.png",
            KneeSlice("9014797", "BaseLine", "3_de3d1", "right", 0),
        ),
        ("OAI9014797_BaseLine_3_de3d1_SAG_3D_DESS_WE_MIDDLE.nii.gz_0.png", None),
        ("OAI9014797_BaseLine_3_de3d1_SAG_3D_DESS_WE_RIGHT.nii.gz", None),
        ("case_001_slice_0.nii.png", None),
    ],
)
def test_what_the_name_of_a_knee_slice_says(name, expected):
    assert read_name(name) == expected


def test_both_knees_and_all_visits_of_a_participant_stay_in_one_split(tmp_path):
    root = tmp_path / "AKOA_Analysis"
    knees(root / "a", range(9000001, 9000006))
    knees(root / "b" / "c", range(9000006, 9000011), visits=("24_Month",))
    pack = prepare(akoa(root, held_out=0.3), "akoa", cache=tmp_path / "cache", workers=1)
    assert pack.spec == ImageSpec(16, 1, 0)
    train, held = set(pack.split("train").subjects), set(pack.split("held-out").subjects)
    assert (len(train), len(held), train & held) == (7, 3, set())
    assert len(pack) == 5 * 8 + 5 * 4


def test_sides_and_slices_can_be_chosen(tmp_path):
    knees(tmp_path, [9000001], visits=("BaseLine",), count=10)
    assert len(akoa(tmp_path).items()) == 20
    assert len(akoa(tmp_path, side="left").items()) == 10
    chosen = akoa(tmp_path, side="right", slices=[3, 5]).items()
    assert sorted(item.key for item in chosen) == [knee_name(9000001, number=number) for number in (3, 4, 5)]
    with pytest.raises(DataError) as caught:
        akoa(tmp_path, side="left", slices=[40, 60]).items()
    assert "none of the 20 AKOA slices" in str(caught.value)
    assert "dataset.slices = [40, 60]; there are 10 of left knees and 10 of right knees, numbered 0 to 9" in str(
        caught.value
    )
    with pytest.raises(ValueError, match=r"needs \[first, last\]"):
        Akoa.Options(root="x", slices=[5, 3])


def test_left_knees_are_flipped_if_asked_and_that_is_another_pack(tmp_path):
    root = tmp_path / "knees"
    knees(root, [9000001, 9000002], visits=("BaseLine",), count=1)
    plain, flipped = akoa(root), akoa(root, mirror_left=True)
    for item in plain.items():
        before, after = plain.load(item), flipped.load(item)
        left = "LEFT" in item.key
        assert np.array_equal(after, before[:, :, ::-1] if left else before)
        assert not left or not np.array_equal(after, before)
    packs = {
        prepare(akoa(root, **options), "akoa", cache=tmp_path / "cache", workers=1).path
        for options in ({}, {"mirror_left": True}, {"mirror": True})
    }
    assert len(packs) == 2  # mirroring while training needs no pack of its own


def test_knees_that_are_missing_are_told_with_names_layout_and_terms(tmp_path):
    slices(tmp_path, ["777"])
    with pytest.raises(DataError) as caught:
        akoa(tmp_path).items()
    message = str(caught.value)
    assert "OAI<participant>_<visit>_<series>_SAG_3D_DESS_WE_<LEFT or RIGHT>.nii.gz_<slice>.png" in message
    assert "Found: 3 image files" in message and "777" not in message
    assert "https://nda.nih.gov/oai" in message and "data use agreement" in message
    with pytest.raises(DataError, match=r"does not exist.*Expected there: .*nda\.nih\.gov"):
        akoa(tmp_path / "nowhere").items()


def test_participants_leave_no_trace_in_the_pack(tmp_path):
    knees(tmp_path / "knees", [9012345, 9012346])
    next((tmp_path / "knees").rglob("*9012345*")).write_bytes(b"no image")
    pack = prepare(akoa(tmp_path / "knees"), "akoa", cache=tmp_path / "cache", workers=1, skip_bad=True)
    for path in (tmp_path / "cache").rglob("*"):
        assert path.is_dir() or b"901234" not in path.read_bytes()
    assert pack.manifest.bad_files[0].reason.startswith("image 1: is not a PNG")
