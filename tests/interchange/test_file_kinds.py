"""What is no checkpoint is called what it is."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save

from ganzoo.errors import CheckpointError
from ganzoo.interchange import parse, read_content, state_dicts

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 363963008\n"


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.pkl"))
    return file.getvalue()


def saved(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


KINDS = {
    "pointer": (LFS, "a Git LFS pointer, not the file of 364.0 MB that it stands for: run `git lfs pull`"),
    "page": (b"\n<!-- a -->\n<HTML><head><title>Drive\x1b &amp; Co\n</title>", r"an HTML page ('Drive\x1b & Co')"),
    "doctype": (b"<!DOCTYPE html>\n<p>", "an HTML page, as servers send"),
    "xml": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "an XML page"),
    "json": (b'{"message": "Not Found"}', "JSON text"),
    "empty": (b"", "it is empty"),
    "zeros": (bytes(5000), "zeros alone"),
    "gzip": (gzip.compress(b"abc"), "a gzip archive: unpack it first"),
    "tar": (tarred(), "a tar archive: unpack it first"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file"),
    "npy": (b"\x93NUMPY\x01\0", "an array of numpy"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(90), "a PNG image"),
    "onnx": (b"\x08\x0a\x12\x07pytorch\x1a\x062.13.0", "an ONNX graph"),
    "program": (b"#!/usr/bin/env python\nimport torch\n", "text of a program"),
    "packed": (zipped({"weights/": b"", "weights/ffhq.pkl": b"x"}), "archive of weights/ffhq.pkl, not one of torch.sa"),
    "document": (zipped({f"word/{n}.xml": b"x" for n in range(5)}), "word/0.xml, word/1.xml, word/2.xml and 2 more"),
    "script": (zipped({"m/data.pkl": b"N.", "m/constants.pkl": b"N."}), "a program of TorchScript"),
    "nothing": (zipped({}), "a zip archive of nothing"),
    "cut": (saved({"a": torch.zeros(500)})[:1500], "a zip archive that ends too early"),
    "safetensors": (save({"a": torch.zeros(9)})[:30], "a safetensors file that ends too early"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_checkpoint_is_called_what_it_is(kind, tmp_path):
    data, expected = KINDS[kind]
    (tmp_path / "file.pkl").write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        read_content(tmp_path / "file.pkl")
    assert expected in str(caught.value) and str(caught.value).isprintable()


def test_safetensors_are_read_with_their_metadata():
    state = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.int64)}
    content = parse(save(state, {"made by": "a test"}))
    assert content.state == {"made by": "a test"}
    assert all(torch.equal(state_dicts(content)[""][name], value) for name, value in state.items())


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}},  # four terabytes
        {"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}} | {"b": {"dtype": "F32", "shape": [2]}},
        {"a": {"dtype": "F32", "shape": [0, 2**62, 2**62], "data_offsets": [0, 0]}},
        {"a": {"dtype": "Q99", "shape": [2], "data_offsets": [0, 8]}},
        [1, 2],
    ],
)
def test_headers_of_safetensors_ask_for_no_memory(header):
    text = json.dumps(header).encode()
    with pytest.raises(CheckpointError, match=r"safetensors|pickles"):
        parse(struct.pack("<Q", len(text)) + text + bytes(8))


ARRAYS = {
    "weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "layers/0/bias": np.asfortranarray(np.arange(6.0).reshape(3, 2)),
    "steps": np.array(7, dtype=">i8"),
    "mask": np.array([True, False]),
    "empty": np.zeros((0, 3), np.float16),
}


def npz(arrays, save_arrays=np.savez) -> bytes:
    file = io.BytesIO()
    save_arrays(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("save_arrays", [np.savez, np.savez_compressed])
def test_npz_files_are_read_as_tensors_by_name(save_arrays):
    (found,) = state_dicts(parse(npz(ARRAYS, save_arrays))).values()
    assert found.keys() == ARRAYS.keys()
    for name, value in ARRAYS.items():
        assert found[name].shape == value.shape and np.array_equal(found[name].numpy(), value)


def test_objects_of_npz_files_stay_packed():
    found = parse(npz({"plain": np.ones(2), "objects": np.array([{"a": 1}], dtype=object)}))
    assert torch.equal(found["plain"], torch.ones(2, dtype=torch.float64))
    assert not isinstance(found["objects"], torch.Tensor)


def header(text: bytes, body: bytes = bytes(8)) -> bytes:
    return zipped({"a.npy": b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text + body})


@pytest.mark.parametrize(
    "data",
    [
        header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627775,)}"),
        header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}"),
        header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2)}"),
        header(b"{'descr': '<f4', 'shape': (2,)}"),
        header(b"__import__('os').abort()"),
        header(b"[" * 5000),
        header(b"")[:-1],
        zipped({"a.npy": b"\x93NUMPY\x01"}),
        zipped({"a.npy": b"\x93NUMPY\x01\0\xff"}),
        zipped({"a.npy": b"something else"}),
    ],
)
def test_damaged_npz_files_are_refused(data):
    with pytest.raises(CheckpointError):
        parse(data)
