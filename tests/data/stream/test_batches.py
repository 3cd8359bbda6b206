"""The stream of real images: each position has its image, whatever was asked before."""

import numpy as np
import pytest
import torch

from ganzoo.contracts.component import ImageSpec
from ganzoo.data.pack.pack import PackSplit
from ganzoo.data.stream.batches import Batches
from ganzoo.data.stream.prefetch import Prefetched
from ganzoo.errors import DataError


def split_of(count, resolution=8, channels=1, label_dim=0, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, channels, resolution, resolution)).astype(np.uint8)
    labels = rng.integers(0, label_dim, count) if label_dim else np.full(count, -1)
    return PackSplit("train", ImageSpec(resolution, channels, label_dim), images, labels, np.arange(count))


def test_each_epoch_shows_every_image_once_in_another_order():
    batches = Batches(split_of(50), seed=3, mirror=False)
    epochs = [batches.indices(50 * epoch, 50) for epoch in range(4)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(50))
    assert len({tuple(epoch) for epoch in epochs}) == 4


@pytest.mark.parametrize("mirror", [False, True])
def test_a_position_has_its_image_whatever_the_batch_size_and_history(mirror):
    split = split_of(13, label_dim=3)
    whole, labels = Batches(split, 5, mirror=mirror).at(0, 100, 8)
    pieces = Batches(split, 5, mirror=mirror)
    for position in (97, 0, 40, 12, 13, 77):
        images, some = pieces.at(position, 3, 8)
        torch.testing.assert_close(images, whole[position : position + 3], rtol=0, atol=0)
        torch.testing.assert_close(some, labels[position : position + 3], rtol=0, atol=0)


def test_a_batch_may_be_larger_than_the_data_set():
    images, labels = Batches(split_of(3), 0, mirror=False).at(1, 10, 8)
    assert images.shape == (10, 1, 8, 8) and labels.shape == (10, 0)


def test_seeds_and_streams_are_independent():
    split = split_of(64)
    orders = [
        tuple(Batches(split, seed, mirror=False, stream=stream).indices(0, 64))
        for seed in (0, 1)
        for stream in ("real", "fresh")
    ]
    assert len(set(orders)) == 4


def test_the_order_is_pinned():
    # A change here breaks the resuming of everybody's runs.
    assert Batches(split_of(10), 0, mirror=False).indices(5, 10).tolist() == PINNED


PINNED = [5, 7, 1, 6, 0, 7, 9, 2, 3, 0]


def test_mirroring_flips_half_of_the_images_left_to_right():
    split = split_of(40)
    plain = Batches(split, 1, mirror=False).at(0, 2000, 8)[0]
    mirrored = Batches(split, 1, mirror=True).at(0, 2000, 8)[0]
    same = (plain == mirrored).flatten(1).all(1)
    flipped = (plain.flip(-1) == mirrored).flatten(1).all(1)
    assert (same ^ flipped).all()
    assert 900 < int(flipped.sum()) < 1100
    # Each image is seen both ways over the epochs.
    assert all(0 < flipped[Batches(split, 1, mirror=False).indices(0, 2000) == i].sum() < 50 for i in range(40))


def test_pixels_become_minus_one_to_one():
    split = split_of(1)
    split._images[:] = 0
    split._images[0, 0, 0, 0] = 255
    images = Batches(split, 0, mirror=False).at(0, 1, 8)[0]
    assert images.dtype == torch.float32
    assert images.max() == 1 and images.min() == -1
    assert torch.equal((images.double() * 127.5 + 127.5).round().to(torch.uint8), torch.from_numpy(split._images))


def test_lower_resolutions_are_area_means():
    split = split_of(4, resolution=16, channels=3)
    pixels = split.at(np.arange(4), 4)
    sums = split._images.reshape(4, 3, 4, 4, 4, 4).astype(int).sum(axis=(3, 5))
    np.testing.assert_array_equal(pixels, np.floor(sums / 16 + 0.5).astype(np.uint8))
    assert Batches(split, 0, mirror=True).at(0, 2, 4)[0].shape == (2, 3, 4, 4)
    for resolution in (5, 32, 0):
        with pytest.raises(DataError, match="a resolution that divides 16"):
            split.at(np.arange(2), resolution)


def test_drawing_a_batch_leaves_the_pack_alone():
    split = split_of(6)
    before = split._images.copy()
    Batches(split, 0, mirror=True).at(0, 30, 8)[0].zero_()
    np.testing.assert_array_equal(split._images, before)


def test_labels_are_one_hot():
    split = split_of(30, label_dim=4)
    _, labels = Batches(split, 0, mirror=False).at(0, 30, 8)
    assert labels.dtype == torch.float32 and labels.shape == (30, 4)
    assert (labels.sum(1) == 1).all()
    assert labels.sum(0).tolist() == split.label_counts().tolist()


def test_a_stream_alike_has_another_image_of_the_same_class_at_each_place():
    split = split_of(60, label_dim=3)
    real = Batches(split, seed=3, mirror=False)
    fresh = Batches(split, seed=3, mirror=False, stream="fresh", alike=real)
    ours, theirs = real.indices(7, 600), fresh.indices(7, 600)
    assert (split.classes[ours] == split.classes[theirs]).all()
    assert (ours != theirs).mean() > 0.8
    assert set(theirs) == set(range(60))  # every image of a class may be drawn
    assert (fresh.indices(100, 8) == theirs[93:101]).all()
    plain = split_of(60)
    lone = Batches(plain, seed=3, mirror=False, stream="fresh")
    assert (Batches(plain, 3, mirror=False, stream="fresh", alike=real).indices(0, 90) == lone.indices(0, 90)).all()


def test_no_images_is_an_error():
    with pytest.raises(DataError, match="no images to draw"):
        Batches(split_of(0), 0, mirror=False)


# --- reading ahead


class Counting(Batches):
    """Remembers what was read."""

    def pixels_at(self, position, count, resolution):
        self.__dict__.setdefault("asked", []).append((position, count, resolution))
        return super().pixels_at(position, count, resolution)


def test_reading_ahead_changes_nothing():
    stream = Counting(split_of(20, label_dim=2), 1, mirror=True)
    ahead = Prefetched(stream, pinned=False)
    for position, count, resolution in ((0, 4, 8), (4, 4, 8), (8, 4, 4), (12, 4, 4), (3, 5, 8), (3, 5, 8), (8, 5, 8)):
        images, labels = ahead.at(position, count, resolution)
        expected, classes = Batches(stream.split, 1, mirror=True).pixels_at(position, count, resolution)
        assert images.dtype == torch.uint8 and torch.equal(images, expected) and torch.equal(labels, classes)
    ahead.close()
    assert (4, 4, 8) in stream.asked and stream.asked.count((12, 4, 4)) == 1  # right guesses are read once


def test_what_goes_wrong_ahead_is_raised_when_it_is_asked_for():
    split = split_of(4)
    ahead = Prefetched(Batches(split, 1, mirror=False), pinned=False)
    with pytest.raises(DataError, match="cannot be shown at 5x5"):
        ahead.at(0, 2, 5)
    assert len(ahead.at(0, 2, 8)[0]) == 2
    ahead.close()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_batches_ahead_of_a_gpu_are_pinned():
    ahead = Prefetched(Batches(split_of(20, label_dim=2), 1, mirror=True))
    images, labels = ahead.at(0, 4, 8)
    assert images.is_pinned() and labels.is_pinned() and images.dtype == torch.uint8
    ahead.close()
