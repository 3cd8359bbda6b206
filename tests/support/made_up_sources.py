"""Small sources of every kind, written by the formats' own libraries; each with the pictures that it holds."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ganzoo import ImageDataset
from ganzoo.data import build_dataset
from ganzoo_sources import ganzoo_sources

FORMATS = {cls.name: cls for cls in ganzoo_sources()}
SIDE = 16
LEVELS = (3, 4)


def dataset(cls: type[ImageDataset], **options: object) -> ImageDataset:
    """Return a dataset that may open sources of all built-in formats."""
    return build_dataset(cls, cls.Options(**options), FORMATS)


def noise(count: int = 4, channels: int = 3, side: int = SIDE, seed: int = 0) -> list[np.ndarray]:
    """Return uint8 pictures `[H, W, C]`, or `[H, W]` of one channel."""
    shape = (side, side, channels) if channels > 1 else (side, side)
    return list(np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8))


def png(picture: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def folder(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    root.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        (root / f"{number:03}.png").write_bytes(png(picture))
    return root


def rare_tiffs(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write gray pictures with 16 bits and opacity, which Pillow alone reads wrongly."""
    import tifffile

    root.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        deep = np.stack([picture.astype(np.uint16) * 257, np.full(picture.shape, 65535, np.uint16)], axis=2)
        tifffile.imwrite(root / f"{number:03}.tif", deep, photometric="minisblack", extrasamples=["unassalpha"])
    return root


def zipped(root: Path, pictures: Sequence[np.ndarray], labels: Sequence[int] | None = None) -> Path:
    root.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(root.with_suffix(".zip"), "w") as archive:
        names = [f"00000/img{number:08}.png" for number in range(len(pictures))]
        for name, picture in zip(names, pictures, strict=True):
            archive.writestr(name, png(picture))
        content = {"labels": None if labels is None else [list(pair) for pair in zip(names, labels, strict=True)]}
        archive.writestr("dataset.json", json.dumps(content))
    return root.with_suffix(".zip")


def npy(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    np.save(root.with_suffix(".npy"), np.stack(pictures))
    return root.with_suffix(".npy")


def npz(root: Path, pictures: Sequence[np.ndarray], **more: np.ndarray) -> Path:
    np.savez(root.with_suffix(".npz"), images=np.stack(pictures), **more)
    return root.with_suffix(".npz")


def compressed_npz(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    np.savez_compressed(root.with_suffix(".npz"), np.stack(pictures))
    return root.with_suffix(".npz")


def lmdb(root: Path, pictures: Sequence[np.ndarray], sides: Sequence[int] = (8, SIDE)) -> Path:
    import lmdb as library

    environment = library.open(str(root), map_size=2**26)
    with environment.begin(write=True) as transaction:
        for number, picture in enumerate(pictures):
            for side in sides:
                small = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BOX))
                transaction.put(f"{side}-{number:05d}".encode(), png(small))
        transaction.put(b"length", str(len(pictures)).encode())
    environment.close()
    return root


def tfrecords(root: Path, pictures: Sequence[np.ndarray], labels: np.ndarray | None = None) -> Path:
    from tfrecord.writer import TFRecordWriter

    root.mkdir(parents=True)
    for level in LEVELS:
        writer = TFRecordWriter(str(root / f"toy-r{level:02}.tfrecords"))
        for picture in pictures:
            small = np.asarray(Image.fromarray(picture).resize((2**level, 2**level), Image.Resampling.BOX))
            planes = small[None] if small.ndim == 2 else small.transpose(2, 0, 1)
            writer.write({"shape": (list(planes.shape), "int"), "data": (planes.tobytes(), "byte")})
        writer.close()
    if labels is not None:
        with (root / "toy-rxx.labels").open("wb") as file:
            np.save(file, labels)
    return root


def nifti(root: Path, pictures: Sequence[np.ndarray], suffix: str = ".nii") -> Path:
    """Write one volume whose axial slices, shown as radiologists do, are the pictures."""
    import nibabel

    volume = np.stack([picture.T[::-1, ::-1] for picture in pictures], axis=2)
    root.mkdir(parents=True)
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), root / f"head{suffix}")
    return root


def nifti_gz(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    return nifti(root, pictures, ".nii.gz")


def analyze(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write the same volume as OASIS-1 is distributed: its first axis points to the left."""
    import nibabel

    root.mkdir(parents=True)
    volume = np.stack([picture.T[:, ::-1] for picture in pictures], axis=2)
    nibabel.AnalyzeImage(volume, None).to_filename(root / "head.hdr")
    return root


def mgz(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write the same volume as FreeSurfer does."""
    import nibabel

    root.mkdir(parents=True)
    volume = np.stack([picture.T[::-1, ::-1] for picture in pictures], axis=2)
    nibabel.MGHImage(volume, np.eye(4)).to_filename(root / "head.mgz")
    return root


def dicom(root: Path, pictures: Sequence[np.ndarray], **tags: object) -> Path:
    root.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        dicom_file(picture, InstanceNumber=number + 1, **tags).save_as(root / f"{number}.dcm", enforce_file_format=True)
    return root


def dicom_file(picture: np.ndarray, **tags: object):
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    file = Dataset()
    file.file_meta = FileMetaDataset()
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.file_meta.MediaStorageSOPClassUID = file.SOPClassUID = CTImageStorage
    file.file_meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID = generate_uid()
    file.PatientID, file.PatientName = "SECRET-123", "Doe^Jane"
    file.StudyInstanceUID, file.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    file.Rows, file.Columns = picture.shape[:2]
    file.SamplesPerPixel = 3 if picture.ndim == 3 else 1
    file.PhotometricInterpretation = "RGB" if picture.ndim == 3 else "MONOCHROME2"
    if picture.ndim == 3:
        file.PlanarConfiguration = 0
    file.BitsAllocated = file.BitsStored = 8 * picture.dtype.itemsize
    file.HighBit = file.BitsStored - 1
    file.PixelRepresentation = int(picture.dtype.kind == "i")
    file.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    file.PixelData = np.ascontiguousarray(picture).tobytes()
    for name, value in tags.items():
        setattr(file, name, value)
    return file


def arrow(root: Path, pictures: Sequence[np.ndarray], labels: Sequence[int] | None = None) -> Path:
    """Write what `datasets.Dataset.save_to_disk` writes: an Arrow stream beside `state.json`."""
    import pyarrow as pa

    features: dict[str, object] = {"image": {"_type": "Image"}}
    image_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = [pa.array([{"bytes": png(picture), "path": None} for picture in pictures], image_type)]
    fields = [pa.field("image", image_type)]
    if labels is not None:
        features["label"] = {"names": [str(label) for label in range(max(labels) + 1)], "_type": "ClassLabel"}
        columns.append(pa.array(labels, pa.int64()))
        fields.append(pa.field("label", pa.int64()))
    schema = pa.schema(fields, {"huggingface": json.dumps({"info": {"features": features}})})
    root.mkdir(parents=True)
    name = "data-00000-of-00001.arrow"
    with pa.OSFile(str(root / name), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(pa.Table.from_arrays(columns, schema=schema), max_chunksize=3)
    (root / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}], "_split": None}))
    (root / "dataset_info.json").write_text(json.dumps({"features": features}))
    return root


def parquet(
    root: Path, pictures: Sequence[np.ndarray], labels: Sequence[object] | None = None, file: str = "data/train.parquet"
) -> Path:
    """Write what the Hub serves: Parquet with the schema of `datasets` beside it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    features: dict[str, object] = {"image": {"_type": "Image"}}
    cells = [{"bytes": png(picture), "path": f"{number}.png"} for number, picture in enumerate(pictures)]
    columns = {"id": pa.array(range(len(cells))), "image": pa.array(cells)}
    if labels is not None:
        columns["label"] = pa.array(labels)
        if isinstance(labels[0], int):
            features["label"] = {"names": [f"class-{n}" for n in range(max(labels) + 1)], "_type": "ClassLabel"}
    table = pa.table(columns).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, root / file, row_group_size=2, write_page_checksum=True)
    return root


def tarred(
    root: Path, pictures: Sequence[np.ndarray], labels: Sequence[object] | None = None, suffix: str = ".tar"
) -> Path:
    """Write a shard as WebDataset has it: files of a sample share the name up to the first dot."""
    import tarfile

    path = root.with_suffix(suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz" if suffix.endswith("gz") else "w") as archive:
        for number, picture in enumerate(pictures):
            members = {f"{number:06}.png": png(picture), f"{number:06}.json": b"{}"}
            if labels is not None:
                members[f"{number:06}.cls"] = str(labels[number]).encode()
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, BytesIO(data))
    return path


def tarred_gz(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    return tarred(root, pictures, suffix=".tar.gz")


MAKERS: dict[str, Callable[[Path, Sequence[np.ndarray]], Path]] = {
    "folder": folder,
    "zip": zipped,
    "npy": npy,
    "npz": npz,
    "npz-compressed": compressed_npz,
    "lmdb": lmdb,
    "tfrecords": tfrecords,
    "nifti": nifti,
    "nifti-gz": nifti_gz,
    "nifti-analyze": analyze,
    "nifti-mgz": mgz,
    "dicom": dicom,
    "arrow": arrow,
    "parquet": parquet,
    "tar": tarred,
    "tar-gz": tarred_gz,
}
GRAY_ONLY = ("nifti", "nifti-gz", "nifti-analyze", "nifti-mgz")
