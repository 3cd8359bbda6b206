"""Parquet of the Hugging Face Hub, and tar archives: labels, names, splits, and what is odd or hostile in them."""

import gzip
import io
import tarfile

import made_up_sources as made
import numpy as np
import pytest

from ganzoo.errors import DataError
from ganzoo_images import Folder

PICTURES = made.noise(4, 1)


def opened(root, **options):
    return made.dataset(Folder, **{"root": root, "resolution": 16, "channels": 1, "classes": 0, **options})


def seen(dataset):
    """Return split, label and picture of each item."""
    return [(item.split, item.label, dataset.load(item)[0].tobytes()) for item in dataset.items()]


def plain(labels, split=None):
    return [(split, label, picture.tobytes()) for label, picture in zip(labels, PICTURES, strict=True)]


def message(dataset):
    with pytest.raises(DataError) as caught:
        for item in dataset.items():
            dataset.load(item)
    return str(caught.value)


def archive(path, members):
    """Write a tar of members: bytes, or a TarInfo as it is."""
    with tarfile.open(path, "w") as file:
        for name, data in members.items():
            if isinstance(data, tarfile.TarInfo):
                file.addfile(data)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path


# --- parquet


def test_classes_of_parquet_have_their_names_and_words_are_classes_too(tmp_path):
    root = made.parquet(tmp_path / "numbers", PICTURES, [2, 0, 1, 0])
    dataset = opened(root, classes=3)
    assert seen(dataset) == plain([2, 0, 1, 0]) and dataset.class_names() == ("class-0", "class-1", "class-2")
    words = opened(made.parquet(tmp_path / "words", PICTURES, ["dog", "cat", "dog", "cat"]), classes=2)
    assert seen(words) == plain([1, 0, 1, 0]) and words.class_names() == ("cat", "dog")
    alone = opened(root / "data" / "train.parquet", classes=3)
    assert seen(alone) == plain([2, 0, 1, 0])
    arrow = opened(made.arrow(tmp_path / "arrow", PICTURES, [2, 0, 1, 0]), classes=3)
    assert seen(arrow) == plain([2, 0, 1, 0]) and arrow.class_names() == ("0", "1", "2")


def test_splits_of_parquet_are_those_of_its_names_where_there_are_several(tmp_path):
    root = tmp_path / "hub"
    for file in ("data/train-00000-of-00001.parquet", "data/validation-00000-of-00001.parquet"):
        made.parquet(root, PICTURES, file=file)
    assert {split for split, _, _ in seen(opened(root))} == {"train", "validate"}
    for file in ("default/train/0000.parquet", "default/test/0000.parquet"):
        made.parquet(tmp_path / "converted", PICTURES, file=file)
    assert {split for split, _, _ in seen(opened(tmp_path / "converted"))} == {"train", "test"}
    made.parquet(tmp_path / "one", PICTURES)
    assert {split for split, _, _ in seen(opened(tmp_path / "one"))} == {None}  # so that held_out has subjects to draw


def test_columns_of_other_names_are_named_by_options(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells = [{"bytes": made.png(picture), "path": None} for picture in PICTURES]
    pq.write_table(pa.table({"scan": cells, "kind": [0, 1, 0, 1]}), tmp_path / "a.parquet")
    assert "has no column of images; it has: scan, kind" in message(opened(tmp_path))
    source = {"name": "parquet", "image": "scan", "label": "kind"}
    assert seen(opened(tmp_path, source=source, classes=2)) == plain([0, 1, 0, 1])
    assert "has no column 'sight'" in message(opened(tmp_path, source=source | {"image": "sight"}))
    pq.write_table(pa.table({"image": [{"bytes": None, "path": "a.png"}]}), tmp_path / "a.parquet")
    assert "holds only a path, not the image" in message(opened(tmp_path))
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(40))
    assert "a.parquet: is no Parquet file or a damaged one" in message(opened(tmp_path))


# --- tar


def test_shards_have_labels_beside_the_images_and_splits_by_their_names(tmp_path):
    for name in ("train-000000", "train-000001", "val-000000"):
        made.tarred(tmp_path / "shards" / name, PICTURES, [1, 0, 1, 0])
    dataset = opened(tmp_path / "shards", classes=2)
    expected = plain([1, 0, 1, 0], "train") * 2 + plain([1, 0, 1, 0], "validate")
    assert seen(dataset) == expected and dataset.class_names() == ()
    words = opened(made.tarred(tmp_path / "words", PICTURES, ["dog", "cat", "dog", "cat"]), classes=2)
    assert seen(words) == plain([1, 0, 1, 0]) and words.class_names() == ("cat", "dog")


def test_a_tar_is_a_folder_of_files_too(tmp_path):
    members = {f"./pets/{kind}/{n}.png": made.png(PICTURES[n]) for n, kind in enumerate(("cat", "dog", "cat", "dog"))}
    path = archive(tmp_path / "a.tar", members | {"pets/README": b"pets"})
    dataset = opened(path, classes=2)
    assert {item.key: item.label for item in dataset.items()} == {
        "pets/cat/0.png": 0,
        "pets/cat/2.png": 0,
        "pets/dog/1.png": 1,
        "pets/dog/3.png": 1,
    }
    labels = b'{"labels": [["cat/0.png", 1], ["cat/2.png", 1], ["dog/1.png", 0], ["dog/3.png", 0]]}'
    dataset = opened(archive(tmp_path / "b.tar", members | {"pets/dataset.json": labels}), classes=2)
    assert all(item.label == int("cat" in item.key) for item in dataset.items())
    text = message(opened(archive(tmp_path / "c.tar", {"a.dcm": b"x", "b.txt": b""})))
    assert "no images" in text and "1 .dcm, 1 .txt; unpack the archive: such files are read from a folder" in text


def link(kind, name, target):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_links_devices_and_names_that_lead_out_are_refused(tmp_path):
    image = made.png(PICTURES[0])
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        path = archive(tmp_path / "a.tar", {"a.png": image, "b.png": link(kind, "b.png", "/etc/passwd")})
        assert "b.png: is a link or no plain file" in message(opened(path))
    for name in ("/etc/a.png", "../a.png", "x/../../a.png", "C:\\a.png"):
        assert "names that lead out of it" in message(opened(archive(tmp_path / "a.tar", {name: image})))
    path = archive(tmp_path / "a.tar", {"a.png": image})
    path.write_bytes(path.read_bytes()[:512] + image + bytes(-len(image) % 512) + path.read_bytes())
    assert "holds two files of one name" in message(opened(path))


def test_archives_that_are_cut_off_or_expand_beyond_measure_are_named(tmp_path):
    path = made.tarred(tmp_path / "a", [np.zeros((64, 64), np.uint8) + np.arange(64, dtype=np.uint8), *PICTURES])
    data = path.read_bytes()
    path.write_bytes(data[:600])
    assert "is cut off" in message(opened(path)) or "damaged" in message(opened(path))
    bomb = tmp_path / "bomb.tar.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        for _ in range(70):
            file.write(bytes(2**20))
    assert "expand to more than" in message(opened(bomb))
    bomb.write_bytes(gzip.compress(data)[:-20])
    assert "bomb.tar.gz: is damaged or cut off" in message(opened(bomb))
