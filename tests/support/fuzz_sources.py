"""Sources to fuzz: one of every format, each with pictures in it."""

from __future__ import annotations

import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import made_up_sources as made
import numpy as np
from damage import damaged
from fuzzing import refused
from PIL import Image

from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import DataError
from ganzoo_images import Folder

PACKED = 25  # every so many inputs a whole pack is made
Files = dict[str, bytes]


class SourceTarget:
    """A source whose file, or one of whose files, is damaged."""

    def __init__(self, name: str, root: str, files: Files, donors: Sequence[bytes]) -> None:
        self.name, self._root, self._files, self._donors = name, root, files, donors

    def attempt(self, root: Path, number: int, rng: random.Random) -> str:
        victim = rng.choice(sorted(self._files))
        for path, data in self._files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(damaged(rng, data, rng.choice(self._donors)) if path == victim else data)
        dataset = made.dataset(
            Folder,
            root=root / self._root,
            resolution=16,
            channels=1,
            source=rng.choice(("auto", "auto", _stated(self.name))),
            classes=rng.choice((0, 2)),
            window=rng.choice(((0, 255), "range")),
        )
        return _read(dataset, root / "cache", rng.randrange(PACKED) == 0)


def source_targets(folder: Path, seed: int) -> list[SourceTarget]:
    """Write one source of each kind, and return them as targets."""
    pictures = made.noise(3, 1, seed=seed)
    sources = {}
    for kind, maker in MAKERS.items():
        (folder / kind).mkdir(parents=True)
        sources[kind] = contents(maker(folder / kind / "s", pictures))
    donors = [data for _, files in sources.values() for data in files.values()]
    return [SourceTarget(kind, *sources[kind], donors) for kind in sorted(sources)]


def contents(root: Path) -> tuple[str, Files]:
    """Return the name of a source's root, and its files by path below the folder that holds it."""
    paths = [path for path in [root, *root.rglob("*")] if path.is_file() and path.name != "lock.mdb"]
    return root.name, {str(path.relative_to(root.parent)): path.read_bytes() for path in paths}


def mixed_folder(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write each format that Pillow and tifffile read."""
    import tifffile

    root.mkdir(parents=True)
    image = Image.fromarray(pictures[0])
    for suffix in ("png", "jpg", "gif", "webp", "bmp", "tif"):
        image.save(root / f"a.{suffix}")
    image.convert("CMYK").save(root / "cmyk.jpg")
    image.convert("P").save(root / "palette.png", transparency=3)
    image.save(root / "deflated.tif", compression="tiff_deflate")
    deep = np.arange(256, dtype=np.uint16).reshape(16, 16) * 200
    Image.fromarray(deep).save(root / "deep.png")
    tifffile.imwrite(root / "deep.tif", np.stack([deep] * 3, axis=2), photometric="rgb")
    tifffile.imwrite(root / "white-is-zero.tif", deep, photometric="miniswhite")
    tifffile.imwrite(root / "floats.tif", deep.astype(np.float64), compression="zlib")
    (root / "color.png").write_bytes(deep_png(np.stack([deep] * 3, axis=2), 2))
    (root / "alpha.png").write_bytes(deep_png(np.stack([deep] * 2, axis=2), 4))
    return root


def deep_png(array: np.ndarray, color_type: int) -> bytes:
    """Return a PNG of 16 bits, with text beside its pixels."""
    height, width = array.shape[:2]
    pieces = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)),
        (b"zTXt", b"history\0\0" + zlib.compress(bytes(2000))),
        (b"IDAT", zlib.compress(b"".join(b"\0" + row.astype(">u2").tobytes() for row in array))),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in pieces
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def labeled_folder(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write a folder whose `dataset.json` names its classes."""
    made.folder(root, pictures)
    labels = [[f"{number:03}.png", number % 2] for number in range(len(pictures))]
    (root / "dataset.json").write_text(json.dumps({"labels": labels, "class_names": ["cat", "dog"]}))
    return root


def labeled_zip(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write a zip with labels."""
    return made.zipped(root, pictures, [number % 2 for number in range(len(pictures))])


def labeled_parquet(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write Parquet whose schema names its classes."""
    return made.parquet(root, pictures, [number % 2 for number in range(len(pictures))])


def labeled_tar(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write a shard with labels in words."""
    return made.tarred(root, pictures, ["cat", "dog", "cat"])


def split_npz(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write arrays as MedMNIST has them."""
    images, labels = np.stack(pictures), np.arange(len(pictures))[:, None] % 2
    np.savez(root.with_suffix(".npz"), train_images=images, train_labels=labels, test_images=images, test_labels=labels)
    return root.with_suffix(".npz")


def small_lmdb(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write an LMDB without the sparse end of its map."""
    return made.lmdb(root, pictures)


def dicom_kinds(root: Path, pictures: Sequence[np.ndarray]) -> Path:
    """Write DICOM as it comes: frames with their own scaling, a palette, padding, a table, bare, deflated, zipped."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence as Items
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    root.mkdir(parents=True)
    picture, frames = pictures[0], np.stack(pictures)
    groups = Items()
    for slope in range(1, len(frames) + 1):
        scaling, group = Dataset(), Dataset()
        scaling.RescaleSlope, scaling.RescaleIntercept = slope, -slope
        group.PixelValueTransformationSequence = Items([scaling])
        groups.append(group)
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [256, 0, 16], np.arange(256, dtype=np.uint16).tobytes()
    palette: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for color in ("Red", "Green", "Blue"):
        palette[f"{color}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        palette[f"{color}PaletteColorLookupTableData"] = np.arange(256, dtype=np.uint16).tobytes()
    files = {
        "frames": made.dicom_file(
            picture, NumberOfFrames=len(frames), PixelData=frames.tobytes(), PerFrameFunctionalGroupsSequence=groups
        ),
        "palette": made.dicom_file(picture, **palette),
        "padded": made.dicom_file(picture, PixelPaddingValue=7, PixelPaddingRangeLimit=9, PixelSpacing=[2, 1]),
        "table": made.dicom_file(picture, PhotometricInterpretation="MONOCHROME1", VOILUTSequence=Items([table])),
        "deflated": made.dicom_file(picture),
    }
    files["deflated"].file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    for name, file in files.items():
        file.save_as(root / f"{name}.dcm", enforce_file_format=True)
    whole = (root / "padded.dcm").read_bytes()
    (root / "IM1").write_bytes(whole[132:])
    with zipfile.ZipFile(root / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("S/IM1", whole)
    return root


MAKERS: dict[str, Callable[[Path, Sequence[np.ndarray]], Path]] = {
    **made.MAKERS,
    "mixed": mixed_folder,
    "dicom-kinds": dicom_kinds,
    "lmdb": small_lmdb,
    "folder-labeled": labeled_folder,
    "zip-labeled": labeled_zip,
    "parquet-labeled": labeled_parquet,
    "tar-labeled": labeled_tar,
    "npz-split": split_npz,
}


def _stated(kind: str) -> str:
    stem = kind.partition("-")[0]
    return {"npy": "array", "npz": "array", "mixed": "folder"}.get(stem, stem)


def _read(dataset: Folder, cache: Path, pack: bool) -> str:
    """Read all of a damaged source; anything else than a DataError or images is a failure."""
    try:
        items = dataset.items()
    except DataError as error:
        return refused(error)
    bad = 0
    for item in items[:20]:
        try:
            image = dataset.load(item)
            assert image.dtype == np.uint8 and image.shape == (1, 16, 16)
        except DataError as error:
            refused(error)
            bad += 1
    if pack and items:
        _pack(dataset, cache)
    return "some bad" if bad else "read" if items else "nothing"


def _pack(dataset: Folder, cache: Path) -> None:
    try:
        pack = prepare(dataset, "fuzz", cache=cache, workers=1, skip_bad=True)
    except DataError as error:
        refused(error)
        return
    assert pack.verify() == []
    assert len(pack) + len(pack.bad_files) == len(dataset.items())
