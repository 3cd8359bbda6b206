"""Packs on disk: what they promise, and that damage is noticed."""

import json
import random
import shutil

import numpy as np
import pytest
from made_up_images import noise, pack_of

from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import ImageDataset, Item
from ganzoo.data.pack.format import PackFormat
from ganzoo.data.pack.manifest import content_fingerprint
from ganzoo.data.pack.pack import Pack
from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import DataError


class Toy(ImageDataset):
    """Noise with labels, subjects and stated splits."""

    name = "toy"

    @classmethod
    def spec_of(cls, options):
        return ImageSpec(options.resolution, 3, 2)

    def items(self):
        splits = [None, "train", "test"]
        return [Item(key=f"{i}", subject=f"s{i // 2}", label=i % 2, split=splits[i // 2 % 3]) for i in range(24)]

    def load(self, item):
        size = (3, self.options.resolution, self.options.resolution)
        return np.random.default_rng(int(item.key)).integers(0, 256, size).astype(np.uint8)


@pytest.fixture
def pack(tmp_path):
    return prepare(Toy(Toy.Options(resolution=8, held_out=0.25)), "toy", cache=tmp_path, workers=1)


def test_a_pack_holds_what_the_data_set_has(pack):
    dataset = Toy(Toy.Options(resolution=8))
    expected = {dataset.load(item).tobytes(): item for item in dataset.items()}
    assert pack.splits == ("train", "test", "held-out")
    assert len(pack) == 24
    seen = 0
    for name in pack.splits:
        split = pack.split(name)
        images, labels = split.images(np.arange(len(split))), split.labels(np.arange(len(split)))
        assert images.shape == (len(split), 3, 8, 8) and images.dtype == np.uint8
        for image, label in zip(images, labels, strict=True):
            item = expected[image.tobytes()]
            assert label.tolist() == [1 - item.label, item.label]
            assert item.split in (None, name)
            seen += 1
    assert seen == 24
    assert [len(pack.split(name)) for name in pack.splits] == [14, 8, 2]


def test_subjects_never_cross_splits_and_are_opaque(pack):
    parts = [set(pack.split(name).subjects.tolist()) for name in pack.splits]
    assert set.union(*parts) == set(range(12))
    assert sum(len(part) for part in parts) == 12
    assert b"s11" not in b"".join(path.read_bytes() for path in pack.path.iterdir() if path.name != "images-8.npy")


def test_an_unknown_split_says_which_there_are(pack):
    with pytest.raises(DataError, match=r"no split 'validate', only train, test, held-out"):
        pack.split("validate")


def test_a_pack_opens_again_and_verifies(pack):
    again = Pack.open(pack.path)
    assert again.fingerprint == pack.fingerprint
    assert again.spec == ImageSpec(8, 3, 2)
    assert again.verify() == []


def test_a_pack_can_be_moved(pack, tmp_path):
    shutil.copytree(pack.path, tmp_path / "elsewhere")
    assert Pack.open(tmp_path / "elsewhere").fingerprint == pack.fingerprint


def test_the_fingerprint_follows_pixels_labels_splits_and_shape():
    spec, splits = ImageSpec(8, 1, 2), {"train": 2, "validate": 0, "test": 0, "held-out": 1}
    digests = np.arange(96, dtype=np.uint8).reshape(3, 32)
    labels = np.array([0, 1, 0])
    base = content_fingerprint(spec, splits, digests, labels)
    changed = digests.copy()
    changed[1, 5] ^= 1
    others = [
        content_fingerprint(spec, splits, changed, labels),
        content_fingerprint(spec, splits, digests, np.array([0, 0, 0])),
        content_fingerprint(spec, {**splits, "train": 1, "held-out": 2}, digests, labels),
        content_fingerprint(ImageSpec(16, 1, 2), splits, digests, labels),
    ]
    assert len({base, *others}) == 5


@pytest.mark.parametrize(
    "name", ["images-8.npy", "images-4.npy", "labels.npy", "subjects.npy", "digests.npy", "manifest.json"]
)
def test_any_flipped_bit_is_noticed(pack, name):
    path = pack.path / name
    good = path.read_bytes()
    rng = random.Random(0)
    for _ in range(25):
        data = bytearray(good)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        try:
            problems = Pack.open(pack.path).verify()
        except DataError as error:
            problems = [str(error)]
        # A changed blank in JSON is no damage: it means the same.
        assert problems or json.loads(data) == json.loads(good)


@pytest.mark.parametrize(
    "name", ["images-8.npy", "images-4.npy", "labels.npy", "subjects.npy", "digests.npy", "manifest.json"]
)
def test_missing_and_shortened_files_are_noticed_on_opening(pack, name):
    path = pack.path / name
    data = path.read_bytes()
    for content in (data[: len(data) // 2], b""):
        path.write_bytes(content)
        with pytest.raises(DataError, match="is damaged"):
            Pack.open(pack.path)
    path.unlink()
    with pytest.raises(DataError, match=name.replace(".", r"\.")):
        Pack.open(pack.path)


def test_hostile_manifests_are_refused(pack):
    path = pack.path / "manifest.json"
    plain = json.loads(path.read_text())
    for content in ("[]", "3", "null", "{}", "[" * 100_000, json.dumps({**plain, "resolution": 2**40})):
        path.write_text(content)
        with pytest.raises(DataError, match="damaged"):
            Pack.open(pack.path)


@pytest.mark.parametrize("storage", ["raw", "deflate"])
def test_images_have_any_number_of_channels(tmp_path, storage):
    images = noise(6, 8, channels=16)
    pack_of(tmp_path / "pack", images, PackFormat(storage))
    pack = Pack.open(tmp_path / "pack")
    assert pack.spec == ImageSpec(8, 16)
    found = pack.split("train").images(np.arange(6))
    assert {each.tobytes() for each in found} == {each.tobytes() for each in images}


def test_images_of_one_gray_level_are_deflated_to_no_more_than_is_plausible(tmp_path):
    """Deflate at its best: what it makes of an image that nothing could make smaller is still believed."""
    pack_of(tmp_path / "pack", np.zeros((2, 4, 512, 512), np.uint8), PackFormat("deflate", pyramid=False))
    pack = Pack.open(tmp_path / "pack")
    (stored,) = (mark.size for name, mark in pack.manifest.files.items() if name.startswith("images"))
    assert 2 * 4 * 512**2 / stored > 900


@pytest.mark.parametrize("storage", ["raw", "deflate"])
def test_more_channels_than_the_files_can_hold_are_refused(tmp_path, storage):
    pack_of(tmp_path / "pack", noise(6, 8), PackFormat(storage, pyramid=False))
    stated = Pack.open(tmp_path / "pack").manifest
    for channels, said in ((0, "its images have 0 channels"), (10**5, "too small for 6 images of 100000 channels")):
        changed = stated.model_copy(update={"channels": channels})
        (tmp_path / "pack" / "manifest.json").write_text(json.dumps(changed.as_json()))
        with pytest.raises(DataError, match=said):
            Pack.open(tmp_path / "pack")


def test_a_folder_that_is_no_pack_is_named(tmp_path):
    with pytest.raises(DataError, match="is not a prepared dataset"):
        Pack.open(tmp_path)
