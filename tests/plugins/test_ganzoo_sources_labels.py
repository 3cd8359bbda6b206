"""What sources state of classes: labels by any spelling of paths, by arrays of any layout, names, refusals."""

import json
import zipfile

import made_up_sources as made
import numpy as np
import pytest

from ganzoo.data.pack.class_counts import class_counts, empty_classes
from ganzoo.data.pack.export import export
from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import DataError
from ganzoo_images import Folder

CATS_AND_DOGS = {f"{kind}/{number}.png": int(kind == "cat") for kind in ("cat", "dog") for number in range(3)}
PICTURES = dict(zip(CATS_AND_DOGS, made.noise(6, 1), strict=True))


def opened(root, **options):
    return made.dataset(Folder, **{"root": root, "resolution": 16, "channels": 1, "classes": 2, **options})


def labels_of(root, **options):
    return {item.key.replace("\\", "/"): item.label for item in opened(root, **options).items()}


def folder(root, labels, at="dataset.json", below=""):
    files = {f"{below}{path}": made.png(picture) for path, picture in PICTURES.items()}
    files[at] = json.dumps(labels if isinstance(labels, dict) else {"labels": labels}).encode()
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root


def zipped(root):
    path = root.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*.*")):
            archive.write(file, file.relative_to(root))
    return path


@pytest.mark.parametrize(
    ("stated", "at", "below"),
    [
        ("{}", "dataset.json", ""),
        ("./{}", "dataset.json", ""),
        ("ds/train/{}", "dataset.json", ""),  # stated below a folder that is not here
        ("{}", "dataset.json", "images/"),  # images below a folder that is not stated
        ("{}", "ds/dataset.json", "ds/"),  # as `zip -r ds.zip ds` packs it
        ("ds/{}", "ds/dataset.json", "ds/"),
    ],
)
@pytest.mark.parametrize("slash", ["/", "\\"])
def test_keys_match_by_either_slash_and_below_a_common_prefix(tmp_path, stated, at, below, slash):
    labels = [[stated.format(path).replace("/", slash), label] for path, label in CATS_AND_DOGS.items()]
    root = folder(tmp_path / "s", labels, at, below)
    expected = {f"{below}{path}": label for path, label in CATS_AND_DOGS.items()}
    assert labels_of(root) == labels_of(zipped(root)) == expected  # and not that of the folders, which is the reverse


def test_several_label_files_are_each_of_its_own_folder(tmp_path):
    for split in ("train", "test"):
        folder(tmp_path / "s" / split, list(map(list, CATS_AND_DOGS.items())))
    found = labels_of(tmp_path / "s")
    assert len(found) == 12 and all(label == int("cat" in key) for key, label in found.items())


@pytest.mark.parametrize("missing", [6, 2])
def test_labels_of_files_that_are_not_here_are_refused_with_both_counts(tmp_path, missing):
    paths = [*[f"elsewhere{n}.png" for n in range(missing)], *list(CATS_AND_DOGS)[missing:]]
    root = folder(tmp_path / "s", [[path, 0] for path in paths])
    here = "none of which is here" if missing == 6 else "4 of which are here"
    for where in (root, zipped(root)):
        with pytest.raises(DataError, match=f"labels 6 files, {here}: {missing} of the 6 images have no label"):
            opened(where).items()
        dataset = opened(where, classes=0)  # of no matter to one who wants no labels, but said
        assert len(dataset.items()) == 6
        assert here in dataset.left_out(6)[0]


def test_a_label_file_of_another_tool_stops_nobody_who_wants_no_labels(tmp_path):
    root = folder(tmp_path / "s", {"labels": {"0": "background", "1": "tumor"}})  # as nnU-Net and MSD have it
    assert len(opened(root, classes=0).items()) == 6
    with pytest.raises(DataError, match="not a class number"):
        opened(root).items()


def test_classes_without_an_image_are_named_in_the_advice(tmp_path):
    root = folder(tmp_path / "s", [[path, label + 1] for path, label in CATS_AND_DOGS.items()])
    with pytest.raises(DataError, match=r"labels up to 2\. No image has label 0: count the classes from 0 .*= 3"):
        opened(root).items()


def test_names_of_classes_are_those_of_folders_or_of_the_source(tmp_path):
    def names(root, **options):
        dataset = opened(root, **options)
        dataset.items()
        return tuple(dataset.class_names())

    stated = {"labels": list(map(list, CATS_AND_DOGS.items())), "class_names": ["hound", "tom"]}
    root = folder(tmp_path / "s", stated)
    assert names(root) == names(zipped(root)) == ("hound", "tom") and names(root, classes=0) == ()
    assert names(root, classes=3) == ("hound", "tom", "2")
    (root / "dataset.json").unlink()
    assert names(root) == ("cat", "dog")
    pictures = np.stack(list(PICTURES.values()))
    file = tmp_path / "a.npz"
    np.savez(file, images=pictures, labels=np.arange(6) % 2, class_names=np.array(["even", "odd"]))
    assert names(file) == ("even", "odd")


def test_names_and_counts_of_classes_go_through_packs_and_out_again(tmp_path):
    root = folder(tmp_path / "s", [[path, 2 * label] for path, label in CATS_AND_DOGS.items()])
    stated = json.loads((root / "dataset.json").read_text()) | {"class_names": ["hound", "wolf", "tom"]}
    (root / "dataset.json").write_text(json.dumps(stated))
    pack = prepare(opened(root, classes=3), "pets", cache=tmp_path / "cache", workers=1)
    assert pack.class_names == ("hound", "wolf", "tom") and class_counts(pack) == [3, 0, 3]
    assert empty_classes(pack) == "class 1 (wolf) of 3 has no image"
    export(pack, tmp_path / "out.zip")
    again = prepare(opened(tmp_path / "out.zip", classes=3), "pets", cache=tmp_path / "cache", workers=1)
    assert again.class_names == pack.class_names and again.fingerprint == pack.fingerprint
    (root / "dataset.json").write_text(json.dumps(stated | {"class_names": ["dog", "wolf", "cat"]}))
    renamed = prepare(opened(root, classes=3), "pets", cache=tmp_path / "cache", workers=1)
    assert renamed.class_names[0] == "dog" and renamed.fingerprint == pack.fingerprint


@pytest.mark.parametrize("prefix", ["", "ds/"])
def test_class_folders_are_found_below_splits_and_below_one_folder(tmp_path, prefix):
    root = tmp_path / "s"
    for split in ("train", "val", "test"):
        for path, picture in PICTURES.items():
            (root / prefix / split / path).parent.mkdir(parents=True, exist_ok=True)
            (root / prefix / split / path).write_bytes(made.png(picture))
    if prefix:  # one folder of all: below it lie three classes, as far as anybody can know
        assert {item.label for item in opened(root, classes=3).items()} == {0, 1, 2}
        root = root / "ds" / "train"
        assert set(labels_of(root.parent / "train")) == set(CATS_AND_DOGS)
        return
    for where in (root, zipped(root)):
        items = opened(where).items()
        assert {(item.split, item.label) for item in items} == {
            (split, label) for split in ("train", "validate", "test") for label in (0, 1)
        }
        assert all(item.label == int("dog" in item.key) for item in items)


# --- arrays


def splits_of(file, **options):
    return [(item.split, item.label) for item in opened(file, **options).items()]


def test_layouts_of_npz_files_that_people_have_are_known(tmp_path):
    pictures = np.stack(list(PICTURES.values()))
    column = np.array([[1], [0], [1]], np.uint8)
    files = {
        "medmnist": {
            **{f"{split}_images": pictures[2 * n : 2 * n + 2] for n, split in enumerate(("train", "val", "test"))},
            **{f"{split}_labels": column[:2] for split in ("train", "val", "test")},
        },
        "keras": {"x_train": pictures[:3], "y_train": column, "x_test": pictures[3:], "y_test": column[:, 0]},
        "savez": {"arr_0": pictures, "arr_1": np.array([0, 1] * 3)},
        "one-hot": {"images": pictures, "labels": np.eye(2)[[0, 1] * 3]},
        "whole": {"images": pictures, "labels": np.array([0.0, 1.0] * 3)},
        "column": {"images": pictures, "labels": np.array([[0], [1]] * 3, np.uint8)},
        "named": {"X": pictures, "y": np.array([0, 1] * 3), "z": np.zeros(3)},
    }
    for name, arrays in files.items():
        np.savez(tmp_path / f"{name}.npz", **arrays)
    split = [("train", 1), ("train", 0), ("validate", 1), ("validate", 0), ("test", 1), ("test", 0)]
    assert splits_of(tmp_path / "medmnist.npz") == split
    keras = [("train", 1), ("train", 0), ("train", 1), ("test", 1), ("test", 0), ("test", 1)]
    assert splits_of(tmp_path / "keras.npz") == keras
    plain = [(None, 0), (None, 1)] * 3
    for name in ("savez", "one-hot", "whole", "column"):
        assert splits_of(tmp_path / f"{name}.npz") == plain, name
    source = {"name": "array", "images": "X", "labels": "y"}
    assert splits_of(tmp_path / "named.npz", source=source) == plain
    dataset = opened(tmp_path / "medmnist.npz")
    loaded = [dataset.load(item)[0] for item in dataset.items()]
    np.testing.assert_array_equal(np.stack(loaded), pictures)
    with pytest.raises(DataError, match=r"needs an array called 'images'; it has: X, y, z.*source\.images=NAME"):
        opened(tmp_path / "named.npz").items()
    with pytest.raises(DataError, match="has no array 'Q'; it has: X, y, z"):
        opened(tmp_path / "named.npz", source={"name": "array", "images": "Q"}).items()


def test_labels_that_are_no_class_of_each_image_stop_those_alone_who_want_them(tmp_path):
    pictures = np.stack(list(PICTURES.values()))
    for labels, said in (
        (np.ones((6, 14), np.uint8), "with rows that are not one-hot"),
        (np.full(6, 0.5), "not all whole numbers"),
        (np.full(6, -1), "classes count from 0 on"),
        (np.zeros(5, int), "one for each of 6 images"),
        (np.array(["a"] * 6), "one for each of 6 images"),
    ):
        np.savez(tmp_path / "a.npz", images=pictures, labels=labels)
        assert len(opened(tmp_path / "a.npz", classes=0).items()) == 6
        with pytest.raises(DataError, match=said):
            opened(tmp_path / "a.npz").items()
