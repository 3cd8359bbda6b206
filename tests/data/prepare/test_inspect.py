"""What a pack is checked for: duplicates across splits, odd images, disjoint subjects."""

import made_up_sources as made
import numpy as np
import pytest
from made_up_images import noise, pack_of
from PIL import Image

from ganzoo.data.prepare.duplicates import near_pairs, perceptual_hashes, thumbnails
from ganzoo.data.prepare.inspect import inspect, intensities
from ganzoo.data.prepare.quality_checks import histograms, quality_checks


def split_pack(tmp_path, train, test, **options):
    images = np.concatenate([train, test])
    splits = ["train"] * len(train) + ["test"] * len(test)
    return pack_of(tmp_path / "pack", images, splits=splits, subjects=[f"s{i}" for i in range(len(images))], **options)


def blurred(image):
    """A near twin: brighter, less contrast, coded as JPEG."""
    from io import BytesIO

    buffer = BytesIO()
    Image.fromarray(np.round(10 + image[0] * 0.9).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return np.asarray(Image.open(buffer))[None]


@pytest.mark.parametrize("resolution", [16, 32, 64])
def test_equal_and_nearly_equal_images_across_splits_are_found(tmp_path, resolution):
    train, test = noise(60, resolution), noise(30, resolution, seed=1)
    test[3], test[7] = train[10], train[11]
    for place in (20, 21, 22, 23):
        test[place] = blurred(train[place])
    found = inspect(split_pack(tmp_path, train, test))
    (duplicates,) = found.duplicates
    assert (duplicates.one, duplicates.other) == ("train", "test")
    assert len(duplicates.exact) == 2 and found.repeats == 2
    assert len(duplicates.near) == 4 and not {tuple(p) for p in duplicates.near} & {tuple(p) for p in duplicates.exact}


def test_images_that_differ_are_no_twins(tmp_path):
    found = inspect(split_pack(tmp_path, noise(200, 32), noise(100, 32, seed=1)))
    assert [(len(duplicates.exact), len(duplicates.near)) for duplicates in found.duplicates] == [(0, 0)]


def test_every_pair_is_compared():
    thumbs = thumbnails(noise(300, 32))
    hashes = perceptual_hashes(thumbs)
    order = np.random.default_rng(0).permutation(300)
    pairs = near_pairs((hashes, hashes[order]), (thumbs, thumbs[order]))
    assert {(i, int(order[j])) for i, j in pairs.tolist()} == {(i, i) for i in range(300)}


def test_hashes_have_64_bits_and_do_not_see_brightness():
    images = noise(50, 64, 3)
    hashes = perceptual_hashes(thumbnails(images))
    assert hashes.dtype == np.uint64 and len(set(hashes.tolist())) == 50
    brighter = np.round(images * 0.5 + 100).astype(np.uint8)
    distance = np.bitwise_count(hashes ^ perceptual_hashes(thumbnails(brighter)))
    assert distance.max() <= 6
    between = np.bitwise_count(hashes[:, None] ^ hashes[None])[np.triu_indices(50, 1)]
    assert 20 < between.mean() < 40


def knee(seed):
    """Bright in the middle, black around."""
    places = np.linspace(-1, 1, 64)
    shape = np.exp(-3 * (places[:, None] ** 2 + places[None] ** 2))
    grain = np.random.default_rng(seed).normal(0, 12, (64, 64))
    return np.clip(230 * shape + grain, 0, 255).astype(np.uint8)[None]


def test_odd_images_are_flagged_and_others_are_not():
    images = np.stack([knee(seed) for seed in range(40)])
    images[3] = 7
    images[5] = np.where(images[5] > 60, 255, images[5])
    images[8] = 255 - images[8]
    images[9] = np.where(images[9] > 140, 170, np.where(images[9] > 60, 85, 0))
    found = quality_checks(histograms(images), thumbnails(images))
    assert {kind: places.tolist() for kind, places in found.items()} == {
        "constant": [3],
        "saturated": [5],
        "mask-like": [9],
        "inverted": [8],
    }


def test_small_photographs_before_a_white_wall_are_no_masks_and_small_labels_are():
    generator = np.random.default_rng(0)
    photographs = 255 - generator.integers(0, 4, (6, 3, 32, 32))
    photographs[..., 10:22, 10:22] = generator.normal(120, 40, (6, 3, 12, 12)).clip(0, 255)
    labels = np.zeros((2, 1, 32, 32), np.uint8)
    labels[..., 8:24, 8:24] = generator.integers(1, 5, (2, 1, 16, 16))
    for images, found in ((photographs.astype(np.uint8), 0), (labels, 2)):
        assert len(quality_checks(histograms(images), thumbnails(images))["mask-like"]) == found


def test_histograms_count_every_channel(tmp_path):
    images = noise(5, 16, 3)
    counts = histograms(images)
    for image, count in zip(images, counts, strict=True):
        np.testing.assert_array_equal(count, np.bincount(image.ravel(), minlength=256))
    pack = pack_of(tmp_path / "pack", images)
    np.testing.assert_array_equal(intensities(pack), counts.sum(axis=0))
    np.testing.assert_array_equal(inspect(pack).histogram, counts.sum(axis=0))


def test_overlapping_splits_are_refused_wherever_they_come_from(tmp_path):
    pack = split_pack(tmp_path, noise(6, 8), noise(4, 8, seed=1))
    assert pack.overlaps() == []
    pack._subjects = np.zeros(10, np.int64)
    assert pack.overlaps() == ["splits 'train' and 'test' share 1 subjects"]
    assert pack.verify() == [f"{pack.path}: splits 'train' and 'test' share 1 subjects"]


def test_flags_are_few_on_real_brains(tmp_path):
    import os
    from pathlib import Path

    from ganzoo_images import Folder

    if not os.environ.get("GANZOO_DATA"):
        pytest.skip("GANZOO_DATA names no folder of real images")
    from ganzoo.data.prepare.job import PreparationOptions
    from ganzoo.data.prepare.prepare import prepare_at

    root = Path(os.environ["GANZOO_DATA"], "oasis")
    dataset = made.dataset(Folder, root=root, resolution=64, channels=1, held_out=0.3, keep_masks=True)
    pack = prepare_at(dataset, "folder", tmp_path / "pack", PreparationOptions(workers=1))
    found = inspect(pack)
    # The folder holds one segmentation, and slices of one brain lie on both sides: both must be seen.
    assert [len(found.quality_checks[kind]) for kind in ("constant", "saturated", "mask-like", "inverted")] == [
        0,
        0,
        1,
        0,
    ]
    assert len(np.unique(found.duplicates[0].near[:, 1])) > 50


def test_empty_slices_are_no_twins(tmp_path):
    train, test = noise(12, 16), noise(8, 16, seed=1)
    train[:3], test[:2] = 0, 0
    found = inspect(split_pack(tmp_path, train, test))
    assert len(found.duplicates[0].exact) == 0 and len(found.quality_checks["constant"]) == 5 and found.repeats == 4
