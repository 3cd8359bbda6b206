"""Examples of each format: small sources that conformance tests read, made in memory."""

from __future__ import annotations

import importlib.util
import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganzoo.data import example_file

_SIDE, _COUNT = 16, 3
Pixels = NDArray[np.uint8]


def pictures() -> list[Pixels]:
    """Return gray noise, uint8 `[16, 16]` each."""
    return list(np.random.default_rng(0).integers(0, 256, (_COUNT, _SIDE, _SIDE), dtype=np.uint8))


def png(picture: Pixels) -> bytes:
    """Return a picture as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def zip_example(folder: Path) -> Path:
    """Write an archive of images and their labels."""
    file = io.BytesIO()
    names = [f"more/{number}.png" for number in range(_COUNT)]
    with zipfile.ZipFile(file, "w") as archive:
        for name, picture in zip(names, pictures(), strict=True):
            archive.writestr(name, png(picture))
        labels = [[name, number % 2] for number, name in enumerate(names)]
        archive.writestr("dataset.json", json.dumps({"labels": labels}))
    return example_file(folder, "images.zip", file.getvalue())


def tar_example(folder: Path) -> Path:
    """Write a shard as WebDataset has it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for number, picture in enumerate(pictures()):
            for name, data in ((f"{number:06}.png", png(picture)), (f"{number:06}.cls", str(number % 2).encode())):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return example_file(folder, "shard-000.tar", file.getvalue())


def array_example(folder: Path) -> Path:
    """Write an array of images."""
    return example_file(folder, "images.npy", npy(np.stack(pictures())))


def npy(array: NDArray[np.generic]) -> bytes:
    """Return an array as the bytes of an .npy file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


def nifti_example(folder: Path) -> Path | None:
    """Write a volume; None without nibabel."""
    if importlib.util.find_spec("nibabel") is None:
        return None
    import nibabel

    image: Any = nibabel.Nifti1Image  # it has no types
    volume = image(np.stack(pictures(), axis=2), np.eye(4))
    return example_file(folder, "head.nii", volume.to_bytes()).parent


def dicom_example(folder: Path) -> Path | None:
    """Write the files of a series; None without pydicom."""
    if importlib.util.find_spec("pydicom") is None:
        return None
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    for number, picture in enumerate(pictures(), start=1):
        made: Any = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = CTImageStorage
        made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = f"1.2.3.4.{number}"
        made.PatientID, made.StudyInstanceUID, made.SeriesInstanceUID = "made-up", "1.2.3", "1.2.3.4"
        made.InstanceNumber, made.ImageOrientationPatient = number, [1, 0, 0, 0, 1, 0]
        made.Rows, made.Columns = picture.shape
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.BitsAllocated = made.BitsStored = 8
        made.HighBit, made.PixelRepresentation = 7, 0
        made.PixelData = picture.tobytes()
        file = io.BytesIO()
        made.save_as(file, enforce_file_format=True)
        example_file(folder, f"{number}.dcm", file.getvalue())
    return folder


def arrow_example(folder: Path) -> Path | None:
    """Write what `datasets.Dataset.save_to_disk` writes; None without pyarrow."""
    if importlib.util.find_spec("pyarrow") is None:
        return None
    import pyarrow

    pa: Any = pyarrow  # it has no types
    table, sink = _table(pa), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    name = "data-00000-of-00001.arrow"
    example_file(folder, name, sink.getvalue().to_pybytes())
    example_file(folder, "state.json", json.dumps({"_data_files": [{"filename": name}]}).encode())
    example_file(folder, "dataset_info.json", b"{}")
    return folder


def parquet_example(folder: Path) -> Path | None:
    """Write what the Hub serves; None without pyarrow."""
    if importlib.util.find_spec("pyarrow") is None:
        return None
    import pyarrow
    import pyarrow.parquet

    pa: Any = pyarrow
    file = io.BytesIO()
    pa.parquet.write_table(_table(pa), file)
    return example_file(folder, "data/train.parquet", file.getvalue()).parents[1]


def _table(pa: Any) -> Any:
    features = {"image": {"_type": "Image"}, "label": {"names": ["even", "odd"], "_type": "ClassLabel"}}
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = [{"bytes": png(picture), "path": f"{number}.png"} for number, picture in enumerate(pictures())]
    columns = {"image": pa.array(cells, kind), "label": pa.array([number % 2 for number in range(_COUNT)], pa.int64())}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.table(columns).replace_schema_metadata(metadata)


def lmdb_example(folder: Path) -> Path | None:
    """Write an LMDB of images at two resolutions; None without the library that writes it."""
    if importlib.util.find_spec("lmdb") is None:
        return None
    import lmdb

    environment = lmdb.open(str(folder), map_size=2**20)
    with environment.begin(write=True) as transaction:
        for number, picture in enumerate(pictures()):
            for side in (_SIDE // 2, _SIDE):
                step = _SIDE // side
                transaction.put(f"{side}-{number:05d}".encode(), png(np.ascontiguousarray(picture[::step, ::step])))
        transaction.put(b"length", str(_COUNT).encode())
    environment.close()
    return folder


def tfrecords_example(folder: Path, of: Callable[[bytes], int]) -> Path | None:
    """Write NVIDIA's TFRecords of one level, with checksums by `of`; None without the library of these."""
    if importlib.util.find_spec("crc32c") is None:
        return None
    records = b""
    for picture in pictures():
        data = _example({"shape": (1, *picture.shape), "data": picture.tobytes()})
        head = struct.pack("<Q", len(data))
        records += head + struct.pack("<I", of(head)) + data + struct.pack("<I", of(data))
    return example_file(folder, "toy-r04.tfrecords", records).parent


def _example(features: Mapping[str, Sequence[int] | bytes]) -> bytes:
    """Return a tf.train.Example, in the wire format of protocol buffers."""
    pairs = b""
    for name, value in features.items():
        kind, inside = (1, _field(1, value)) if isinstance(value, bytes) else (3, _field(1, bytes(value)))
        pairs += _field(1, _field(1, name.encode()) + _field(2, _field(kind, inside)))
    return _field(1, pairs)


def _field(number: int, body: bytes) -> bytes:
    """Return a field of bytes: its number, how long it is, seven bits to a byte, and what is in it."""
    length, size = b"", len(body)
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + body
