"""Packs in every format hold the same images: raw or deflated, whole or in shards, at every resolution."""

import json
import shutil

import numpy as np
import pytest
from made_up_images import dataset_of, noise, pack_of

from ganzoo.data.pack.area_average import lower_resolutions, pyramid, shrunk
from ganzoo.data.pack.format import PackFormat
from ganzoo.data.pack.pack import Pack
from ganzoo.data.pack.storage import Level, encode, footer, images_of
from ganzoo.data.pack.storage_cost import storage_costs
from ganzoo.data.prepare.job import PreparationOptions
from ganzoo.data.prepare.prepare import prepare_at
from ganzoo.errors import DataError, RefusedError

FORMATS = [
    PackFormat(),
    PackFormat(pyramid=False),
    PackFormat(shard_bytes=5000),
    PackFormat(storage="deflate"),
    PackFormat(storage="deflate", shard_bytes=3000),
]


def area_means(images, resolution):
    """Independent: exact means of blocks as rational numbers, rounded half up."""
    step = images.shape[-1] // resolution
    out = np.zeros((*images.shape[:2], resolution, resolution), np.uint8)
    for row in range(resolution):
        for column in range(resolution):
            block = images[:, :, row * step : (row + 1) * step, column * step : (column + 1) * step]
            sums = block.astype(object).sum(axis=(2, 3))
            out[:, :, row, column] = (2 * sums + step * step) // (2 * step * step)
    return out


@pytest.mark.parametrize("pack_format", FORMATS, ids=str)
def test_every_format_holds_the_same_images(tmp_path, pack_format):
    images = noise(23, 32, 3)
    pack = pack_of(tmp_path / "pack", images, pack_format, held_out=0.3)
    assert pack.verify() == []
    found = np.concatenate([pack.split(name).images(np.arange(len(pack.split(name)))) for name in pack.splits])
    assert sorted(image.tobytes() for image in found) == sorted(image.tobytes() for image in images)
    split = pack.split("train")
    indices = np.random.default_rng(1).integers(0, len(split), 40)
    for side in (32, 16, 8, 4, 2, 1):
        np.testing.assert_array_equal(split.at(indices, side), area_means(split.images(indices), side))
    assert tuple(pack.levels) == ((32, 16, 8, 4) if pack_format.pyramid else (32,))


def test_fingerprints_do_not_depend_on_the_form_but_hashes_do(tmp_path):
    packs = [pack_of(tmp_path / str(number), noise(23, 32), pack_format) for number, pack_format in enumerate(FORMATS)]
    assert len({pack.fingerprint for pack in packs}) == 1
    assert len({pack.manifest.hash for pack in packs}) == len(FORMATS)


def test_a_hash_is_the_same_wherever_it_was_prepared_and_another_for_any_change(tmp_path):
    def hash_of(name, images=None, pack_format=None, **content):
        images = noise(12, 16) if images is None else images
        return pack_of(tmp_path / name, images, pack_format, **content).manifest.hash

    base = hash_of("here")
    assert hash_of("elsewhere/deep/there") == base
    changed = noise(12, 16)
    changed[3, 0, 5, 5] ^= 1
    others = [
        hash_of("pixel", changed),
        hash_of("split", held_out=0.2),
        hash_of("seed", split_seed=1),
        hash_of("labels", labels=[i % 2 for i in range(12)]),
        hash_of("subjects", subjects=["a"] * 6 + ["b"] * 6),
        hash_of("format", pack_format=PackFormat(pyramid=False)),
    ]
    assert len({base, *others}) == 7


def test_early_phases_read_few_bytes(tmp_path):
    pack = pack_of(tmp_path / "pack", noise(8, 64))
    read = []
    data = pack.files.data
    pack.files.data = lambda name: (read.append(name), data(name))[1]
    pack.split("train").at(np.arange(8), 4)
    assert read == ["images-4.npy"]
    assert pack.manifest.files["images-4.npy"].size < 8 * 16 + 200


def test_a_pyramid_is_exact_at_the_extremes():
    for value in (0, 1, 127, 128, 254, 255):
        images = np.full((1, 1, 1024, 1024), value, np.uint8)
        assert [set(level.ravel().tolist()) for level in pyramid(images)] == [{value}] * 8
    checker = np.zeros((1, 1, 8, 8), np.uint8)
    checker[..., ::2] = 1  # a mean of one half is rounded up
    assert next(pyramid(checker)).min() == 1
    images = noise(2, 256, 3)
    for side, level in zip(lower_resolutions(256), pyramid(images), strict=True):
        np.testing.assert_array_equal(level, shrunk(images, side))
    assert lower_resolutions(24) == (12, 6) and lower_resolutions(4) == ()


def test_deflated_images_come_back_in_any_order():
    images = noise(9, 16, 3)
    images[0] = 0
    images[1] = np.random.default_rng(0).integers(0, 256, images[1].shape)
    blobs = [encode(image) for image in images]
    data = np.frombuffer(b"".join(blobs) + footer([len(blob) for blob in blobs]), np.uint8)
    level = Level(16, 3, 9, 9, "deflate")
    rows = np.array([8, 0, 3, 3, 1])
    np.testing.assert_array_equal(images_of(data, level, 0, rows), images[rows])
    for damaged in (data[:-1], data[:20], data[:0], np.roll(data, 1), data[::-1].copy()):
        with pytest.raises(ValueError, match=r"too short|no sense|cannot be|reshape"):
            images_of(damaged, level, 0, np.arange(9))


def test_what_storage_costs_is_measured(tmp_path):
    pack = pack_of(tmp_path / "pack", noise(20, 32), PackFormat(storage="deflate"))
    raw, deflate = storage_costs(pack)
    assert raw.size == 20 * (32**2 + 16**2 + 8**2 + 4**2)
    assert deflate.size == sum(m.size for n, m in pack.manifest.files.items() if n.startswith("images"))
    assert raw.images_per_second > deflate.images_per_second > 0


def test_the_same_pack_is_not_prepared_twice_and_nothing_is_replaced(tmp_path):
    images = noise(6, 8)
    pack = pack_of(tmp_path / "pack", images)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert pack_of(tmp_path / "pack", images).manifest == pack.manifest
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    for content, pack_format in (
        ({"held_out": 0.5}, None),
        ({}, PackFormat(storage="deflate")),
        ({}, PackFormat(shard_bytes=64)),
    ):
        with pytest.raises(RefusedError, match="of another source or other settings"):
            pack_of(tmp_path / "pack", images, pack_format, **content)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="is not a prepared dataset"):
        pack_of(tmp_path / "file", images)
    assert (tmp_path / "file").read_text() == "mine"


def test_an_interrupted_preparation_goes_on_beside_its_target(tmp_path):
    dataset = dataset_of(noise(200, 8))
    loaded = []
    load = dataset.load
    dataset.load = lambda item: (loaded.append(item.key), load(item))[1]

    class Stop(BaseException):
        pass

    def stop(done, total):
        if done > 80:
            raise Stop

    with pytest.raises(Stop):
        prepare_at(dataset, "made-up", tmp_path / "pack", PreparationOptions(workers=1, progress=stop))
    assert [path.name[:6] for path in tmp_path.iterdir()] == [".work-"]
    prepare_at(dataset, "made-up", tmp_path / "pack", PreparationOptions(workers=1))
    assert len(loaded) == 200
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]


def test_files_that_a_manifest_must_not_name_are_refused(tmp_path):
    from ganzoo.data.pack.manifest import Manifest

    pack = pack_of(tmp_path / "pack", noise(6, 8))
    plain = pack.manifest.model_dump(mode="json")
    plain["files"]["../../outside"] = plain["files"].pop("images-4.npy")
    (tmp_path / "pack" / "manifest.json").write_text(json.dumps(Manifest.model_validate(plain).as_json()))
    with pytest.raises(DataError, match="lists other files"):
        Pack.open(tmp_path / "pack")


def test_a_shard_that_is_missing_is_named(tmp_path):
    pack = pack_of(tmp_path / "pack", noise(23, 32), PackFormat(shard_bytes=5000))
    shutil.copytree(pack.path, tmp_path / "copy")
    (tmp_path / "copy" / "images-32-00002.npy").unlink()
    with pytest.raises(DataError, match=r"images-32-00002\.npy"):
        Pack.open(tmp_path / "copy")


# --- splits by shares


def test_shares_and_seed_decide_which_subjects_go_where(tmp_path):
    images = noise(60, 8)
    subjects = [f"s{i // 3}" for i in range(60)]
    shares = {"shares": {"validate": 0.2, "test": 0.1}, "held_out": 0.3}
    pack = pack_of(tmp_path / "a", images, subjects=subjects, **shares)
    counts = {name: len(np.unique(pack.split(name).subjects)) for name in pack.splits}
    assert counts == {"train": 8, "validate": 4, "test": 2, "held-out": 6}
    assert pack.overlaps() == []
    other = pack_of(tmp_path / "b", images, subjects=subjects, split_seed=7, **shares)
    assert {name: len(np.unique(other.split(name).subjects)) for name in other.splits} == counts
    assert other.fingerprint != pack.fingerprint


def test_every_side_gets_a_subject_or_it_is_said(tmp_path):
    images = noise(8, 8)
    shares = {"shares": {"validate": 0.01, "test": 0.01}, "held_out": 0.9}
    pack = pack_of(tmp_path / "a", images, subjects=[f"s{i // 2}" for i in range(8)], **shares)
    assert [len(pack.split(name)) for name in pack.splits] == [2, 2, 2, 2]
    with pytest.raises(DataError, match=r"needs four subjects at least, and there is 3"):
        pack_of(tmp_path / "b", images, subjects=["a", "b", "c", "c", "c", "c", "c", "c"], **shares)
