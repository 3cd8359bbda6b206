"""Datasets by every route that people have them: archives, arrays, volumes, records; and no subject in two splits."""

from __future__ import annotations

import os
import re
from pathlib import Path

import made_up_sources as made
import numpy as np
import pytest
from PIL import Image

from ganzoo.data import Batches
from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import DataError
from ganzoo_faces import Ffhq
from ganzoo_images import Folder, Phantom
from ganzoo_mri import Akoa, Oasis

REAL = pytest.mark.skipif("GANZOO_DATA" not in os.environ, reason="GANZOO_DATA names no folder of real images")


def oasis(root, **options):
    return made.dataset(Oasis, **{"root": root, "resolution": 16, **options})


def akoa(root, **options):
    return made.dataset(Akoa, **{"root": root, "resolution": 16, **options})


def ffhq(root, **options):
    return made.dataset(Ffhq, **{"root": root, "resolution": 16, **options})


def named(folder: Path, names, seed=0) -> Path:
    folder.mkdir(parents=True)
    for name, picture in zip(names, made.noise(len(names), 1, seed=seed), strict=True):
        (folder / name).write_bytes(made.png(picture))
    return folder


def zipped(folder: Path) -> Path:
    import zipfile

    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder.parent).as_posix())
    return folder.with_suffix(".zip")


def volumes(folder: Path, names, shape=(20, 24, 5)) -> Path:
    import nibabel

    folder.mkdir(parents=True)
    for seed, name in enumerate(names):
        data = np.random.default_rng(seed).random(shape, np.float32)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), folder / name)
    return folder


def knee(participant, side="RIGHT", number=0, visit="BaseLine"):
    return f"OAI{participant}_{visit}_3_de3d1_SAG_3D_DESS_WE_{side}.nii.gz_{number}.png"


KNEES = [
    knee(900 + person, side, number, visit)
    for person in range(8)
    for side in ("LEFT", "RIGHT")
    for number in range(2)
    for visit in ("BaseLine", "12_Month")
]
BRAINS = [f"case_{subject:03}_slice_{k}.nii.png" for subject in range(8) for k in range(4)]


def every_route(folder: Path):
    """Give each dataset by each route, with what says whom an image shows."""
    pictures = made.noise(32, 1, seed=9)
    knees = named(folder / "knees", KNEES)
    yield akoa(knees, held_out=0.3), 8
    yield akoa(zipped(knees), held_out=0.3), 8
    names = [
        f"OAI{900 + n}_BaseLine_3_de3d1_SAG_3D_DESS_WE_{side}.nii.gz" for n in range(4) for side in ("LEFT", "RIGHT")
    ]
    yield akoa(volumes(folder / "knee-volumes", names), held_out=0.3), 4
    yield akoa(made.npy(folder / "knees-array", pictures), per_subject=4, held_out=0.3), 8
    brains = named(folder / "brains", BRAINS)
    yield oasis(brains, held_out=0.3), 8
    yield oasis(zipped(brains), held_out=0.3), 8
    scans = [f"OAS1_000{n}_MR{scan}/aligned_norm.nii.gz" for n in range(4) for scan in (1, 2)]
    yield oasis(volumes(folder / "scans", scans), held_out=0.3), 4
    subjects = np.repeat(np.arange(8), 4)
    yield oasis(made.npz(folder / "brains-array", pictures, subjects=subjects), held_out=0.3), 8
    faces = named(folder / "faces", [f"{n:05}.png" for n in (0, 7, 59_999, 60_000, 69_999)])
    yield ffhq(faces), 5
    yield ffhq(zipped(faces)), 5
    yield ffhq(faces, split="by-share", held_out=0.3), 5
    records = made.tfrecords(folder / "ffhq-records", made.noise(6))
    yield ffhq(records, numbering="positions", split="by-share", held_out=0.3), 6
    people = made.dataset(
        Folder, root=knees, resolution=16, channels=1, subject_pattern=r"OAI(\d+)", held_out=0.2, shares={"test": 0.2}
    )
    yield people, 8
    yield made.dataset(Folder, root=folder / "scans", resolution=16, channels=1, held_out=0.3), 8
    yield Phantom(Phantom.Options(count=12, resolution=16, held_out=0.3)), 12


def test_no_subject_is_in_two_splits_whichever_the_data_set_and_the_route(tmp_path):
    seen = set()
    for number, (dataset, people) in enumerate(every_route(tmp_path)):
        pack = prepare(dataset, dataset.name, cache=tmp_path / f"cache{number}", workers=1)
        subjects = {name: set(pack.split(name).subjects.tolist()) for name in pack.splits}
        assert len(subjects) >= 2 and all(subjects.values())
        assert sum(len(each) for each in subjects.values()) == len(set().union(*subjects.values())) == people
        drawn = Batches(pack.split("train"), 0, mirror=False).at(0, 2 * len(pack.split("train")), 16)[0]
        others = [pack.split(name) for name in pack.splits if name != "train"]
        kept = {image.tobytes() for split in others for image in split.images(np.arange(len(split)))}
        shown = {((image + 1) * 127.5).round().numpy().astype(np.uint8).tobytes() for image in drawn}
        assert not shown & kept  # what training sees is never what scoring holds out
        seen.add(dataset.name)
    assert seen == {"akoa", "oasis", "ffhq", "folder", "phantom"}


# --- akoa


def test_knees_come_out_the_same_from_folder_zip_and_array(tmp_path):
    root = named(tmp_path / "knees", KNEES)
    plain = akoa(root)
    packed = akoa(zipped(root))
    images = {item.key: plain.load(item) for item in plain.items()}
    assert len(images) == 64
    for item in packed.items():
        np.testing.assert_array_equal(packed.load(item), images[item.key.removeprefix("knees/")])
    mirrored = akoa(zipped(root), mirror_left=True, side="left")
    for item in mirrored.items():
        np.testing.assert_array_equal(mirrored.load(item), images[item.key.removeprefix("knees/")][..., ::-1])


def test_knee_volumes_are_cut_in_sagittal_slices_and_known_by_their_names(tmp_path):
    name = "OAI9000001_BaseLine_3_de3d1_SAG_3D_DESS_WE_LEFT.nii.gz"
    items = akoa(volumes(tmp_path / "v", [name]), slices=[3, 5]).items()
    assert [item.key for item in items] == [f"{name}#{number}" for number in (3, 4, 5)]
    assert {item.subject for item in items} == {"9000001"}
    with pytest.raises(DataError, match="no AKOA slices"):
        akoa(volumes(tmp_path / "w", ["knee.nii.gz"])).items()


@pytest.mark.parametrize("dataset", [akoa, oasis])
def test_arrays_that_say_nothing_of_subjects_are_refused(tmp_path, dataset):
    root = made.npy(tmp_path / "a", made.noise(6, 1))
    with pytest.raises(DataError, match=r"two splits: add an array 'subjects'.*dataset\.per_subject"):
        dataset(root).items()
    assert len({item.subject for item in dataset(root, per_subject=3).items()}) == 2
    if dataset is akoa:
        with pytest.raises(DataError, match="no names that say side and slice"):
            akoa(root, side="left", per_subject=3).items()


# --- oasis


def test_both_scans_of_a_subject_are_one_subject_and_masks_are_left_out(tmp_path):
    names = ["OAS1_0001_MR1/norm.nii.gz", "OAS1_0001_MR2/norm.nii.gz", "OAS1_0001_MR1/seg4.nii.gz", "other.nii"]
    items = oasis(volumes(tmp_path / "v", names), plane="axial").items()
    assert {(item.key.partition("#")[0], item.subject) for item in items} == {
        ("OAS1_0001_MR1/norm.nii.gz", "OAS1_0001"),
        ("OAS1_0001_MR2/norm.nii.gz", "OAS1_0001"),
        ("other.nii", "other"),
    }


PNG_SCALE = 548.17  # the factor by which the slices of subjects 401 and 402 were made from their volumes


@pytest.mark.ci
@REAL
@pytest.mark.parametrize(("volume", "subject", "top"), [("A", 401, 150), ("B", 402, 156)])
def test_volumes_look_like_the_slices_that_were_made_from_them(tmp_path, volume, subject, top):
    data = Path(os.environ["GANZOO_DATA"])
    root = data / "nifti" / f"oasis_{volume}.nii.gz"
    exact = oasis(root, resolution=256, window=[0, 255 / PNG_SCALE], foreground=0)
    usual = oasis(root, resolution=256)
    items = {int(item.key.rpartition("#")[2]): item for item in exact.items()}
    assert len(items) == 192
    for k in (0, 40, 80, 99):
        png = np.asarray(Image.open(data / "oasis" / f"case_{subject}_slice_{k}.nii.png")).astype(float)
        found = exact.load(items[top - k])[0].astype(float)
        assert np.abs(found - png).max() <= 2.5 and np.abs(found - png).mean() < 0.1
        by_default = usual.load(items[top - k])[0].astype(float)
        assert np.corrcoef(by_default.ravel(), png.ravel())[0, 1] > 0.98
        turned = [np.rot90(png, quarter) for quarter in (1, 2, 3)] + [png[::-1], png[:, ::-1]]
        assert all(np.corrcoef(by_default.ravel(), other.ravel())[0, 1] < 0.97 for other in turned)
    kept = {int(item.key.rpartition("#")[2]) for item in usual.items()}
    dark = [number for number, item in items.items() if not usual.load(item).any()]
    assert dark and not kept & set(dark) and 140 < len(kept) < 160 and kept >= set(range(40, 170))


# --- ffhq


def test_faces_come_from_a_zip_of_dataset_tool_and_from_records(tmp_path):
    pictures = made.noise(6)
    packed = ffhq(made.zipped(tmp_path / "z", pictures))
    assert [item.subject for item in packed.items()] == [f"{n:05}" for n in range(6)]
    records = made.tfrecords(tmp_path / "r", pictures)
    with pytest.raises(DataError, match=r"does not say which photograph is which.*numbering = 'positions'"):
        ffhq(records).items()
    for options in ({"numbering": "positions"}, {"split": "all"}):
        dataset = ffhq(records, **options)
        images = np.stack([dataset.load(item) for item in dataset.items()])
        np.testing.assert_array_equal(images, np.stack(pictures).transpose(0, 3, 1, 2))
    assert {item.split for item in ffhq(records, split="all").items()} == {"train"}


@pytest.mark.parametrize("cls", [Akoa, Oasis, Ffhq, Folder])
def test_what_a_data_set_is_and_where_it_is_had_is_said_in_full(cls):
    text = cls.where_to_get
    assert len(text) > 150 and re.search(r"terms|license|agreement", text, re.IGNORECASE)
    if cls is not Folder:
        assert "https://" in text and cls.expected
