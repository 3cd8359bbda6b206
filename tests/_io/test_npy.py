"""Foreign `.npy` files are numbers or a clear refusal; own ones are whole."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import torch

from ganzoo._io.npy import read_floats, read_labels, writing_floats
from ganzoo.errors import DataError

VALUES = np.random.RandomState(0).standard_normal((4, 6))


def saved(folder, array, **options):
    path = folder / "file.npy"
    np.save(path, array, **options)
    return path


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_floats_of_every_layout_are_read(tmp_path, dtype, order):
    array = np.asarray(VALUES.astype(dtype), order=order)
    found = read_floats(saved(tmp_path, array), (None, 6), "latents")
    assert found.dtype == torch.float32
    assert np.array_equal(found.numpy(), array.astype(np.float32))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.arange(6), r"holds int64; latents are floats. Save them with .astype\(np.float32\)"),
        (VALUES.astype(complex), "holds complex128; latents are floats"),
        (np.array(["a"]), "holds <U1"),
        (np.zeros(3, dtype=[("a", "f4")]), "latents are floats"),
        (VALUES[:, :5], r"has shape \[4, 5\]; latents have \[any, 6\]"),
        (VALUES[0], r"has shape \[6\]; latents have \[any, 6\]"),
        (np.float64(3.0), r"has shape \[\]"),
        (np.zeros((0, 6)), r"is empty: its shape is \[0, 6\]"),
        (VALUES * np.nan, "NaN, infinite"),
        (VALUES * 1e300, "too large for float32"),
    ],
)
def test_what_holds_something_else_is_refused(tmp_path, array, message):
    with pytest.raises(DataError, match=message):
        read_floats(saved(tmp_path, array), (None, 6), "latents")


def test_objects_are_never_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (print, ("executed",))

    path = saved(tmp_path, np.array([Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="objects, which are never read"):
        read_floats(path, (None, 6), "latents")


def test_files_cut_off_anywhere_are_refused(tmp_path):
    path = saved(tmp_path, VALUES)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(DataError, match="npy"):
            read_floats(path, (None, 6), "latents")


HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s)}"


@pytest.mark.parametrize(
    "header",
    [
        HEADER % "1000000000000, 6",
        HEADER % "99999999999999999999999999, 6",
        HEADER % "-1, 6",
        HEADER % "10**9, 6",
        HEADER % "True, 6",
        HEADER.replace("<f4", "O") % "1, 6",
        HEADER.replace("<f4", "|V0") % "1, 6",
        "[" * 110,
        "\0",
    ],
)
def test_headers_that_lie_are_refused(tmp_path, header):
    text = header.ljust(118) + "\n"
    path = tmp_path / "file.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + b"\0" * 24)
    with pytest.raises(DataError, match=r"file\.npy"):
        read_floats(path, (None, 6), "latents")


def test_other_files_are_told_apart(tmp_path):
    np.savez(tmp_path / "file.npz", VALUES)
    with pytest.raises(DataError, match=r"is no \.npy file; save latents with np\.save"):
        read_floats(tmp_path / "file.npz", (None, 6), "latents")
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_floats(tmp_path / "none.npy", (None, 6), "latents")
    with pytest.raises(DataError, match="cannot be read: it is a folder"):
        read_floats(tmp_path, (None, 6), "latents")


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_labels_may_be_class_numbers(tmp_path, dtype):
    labels = read_labels(saved(tmp_path, np.array([2, 0], dtype)), 2, 3)
    assert labels.tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize("dtype", [np.float64, np.int32, bool])
def test_labels_may_be_written_out(tmp_path, dtype):
    labels = read_labels(saved(tmp_path, np.eye(3, dtype=dtype)[:2]), 2, 3)
    assert labels.dtype == torch.float32
    assert labels.tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([0, 3]), "has classes 0 to 3, but the network has 0 to 2"),
        (np.array([-1, 0]), "has classes -1 to 0"),
        (np.array([0]), "has 1 labels, but there are 2 images"),
        (np.array([0.0, 1.0]), r"holds float64 of shape \[2\]; labels are numbers of shape \[2, 3\], or whole class"),
        (np.eye(4), r"has shape \[4, 4\]; labels have \[2, 3\]"),
        (np.array([True, False]), "holds bool"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, array, message):
    with pytest.raises(DataError, match=message):
        read_labels(saved(tmp_path, array), 2, 3)


def test_what_is_written_in_parts_is_read_as_one(tmp_path):
    values = torch.from_numpy(VALUES).float()
    path = tmp_path / "new" / "file.npy"
    with writing_floats(path, (4, 6)) as write:
        write(values[:1])
        write(values.t()[:, 1:].t())
    assert np.array_equal(np.load(path, allow_pickle=False), VALUES.astype(np.float32))


def test_what_fails_half_way_leaves_the_old_file(tmp_path):
    path = saved(tmp_path, VALUES)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="moon"), writing_floats(path, (4, 6)) as write:
        write(torch.zeros(2, 6))
        raise ValueError("moon")
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["file.npy"]
