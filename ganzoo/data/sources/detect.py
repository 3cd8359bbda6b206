"""What a root is, judged by content."""

from __future__ import annotations

import struct
import zipfile
from collections import Counter
from pathlib import Path

from ganzoo.data.images.find import is_image_file, walk
from ganzoo.data.pack.manifest import DIGESTS, MANIFEST
from ganzoo.data.sources.array import ArraySource, is_array
from ganzoo.data.sources.arrow import SPLITS_FILE, STATE, ArrowSource
from ganzoo.data.sources.btree import MAGIC, MAGIC_OFFSET
from ganzoo.data.sources.dicom import DicomSource, is_dicom
from ganzoo.data.sources.folder import FolderSource
from ganzoo.data.sources.lmdb import DATA_FILE, LmdbSource
from ganzoo.data.sources.nifti import NiftiSource, is_nifti
from ganzoo.data.sources.options import SourceOptions
from ganzoo.data.sources.source import Source
from ganzoo.data.sources.tfrecords import SUFFIX as TFRECORDS
from ganzoo.data.sources.tfrecords import TFRecordSource
from ganzoo.data.sources.zipped import ZipSource
from ganzoo.errors import DataError
from ganzoo.text import literal

_KINDS = (
    FolderSource,
    ZipSource,
    ArraySource,
    LmdbSource,
    TFRecordSource,
    NiftiSource,
    DicomSource,
    ArrowSource,
)
SOURCES: dict[str, type[Source]] = {cls.kind: cls for cls in _KINDS}
_BY_FILES = {"nifti": is_nifti, "dicom": is_dicom, "array": is_array}
_ZIP_STARTS = (b"PK\3\4", b"PK\5\6")


def open_source(options: SourceOptions) -> Source:
    """Return the source that `options.root` is: the kind that `options.source` names, or the one it looks like.

    Raises:
        DataError: The root does not exist, or is a file of no known kind.
    """
    root = options.root.expanduser()
    if not root.exists():
        raise DataError(f"{literal(str(root))} does not exist; set dataset.root to where the images are")
    kind: str = options.source
    if kind == "auto":
        kind, root = _looked_at(root, options.follow_links)
    elif kind in ("folder", "arrow") and not root.is_dir():
        raise DataError(f"{literal(str(root))} is not a folder, as dataset.source = {kind!r} needs")
    elif kind == "zip" and root.is_dir():
        raise DataError(f"{literal(str(root))} is a folder, not a zip; name the archive in dataset.root")
    return SOURCES[kind](root, options)


def _looked_at(root: Path, follow_links: bool) -> tuple[str, Path]:
    if root.is_dir():
        return _kind_of_folder(root, follow_links)
    kind = _kind_of_file(root)
    if kind is None:
        raise DataError(
            f"{literal(str(root))}: is a file that is no archive, array, database or volume of a known kind; "
            "set dataset.root to the folder that holds the images"
        )
    return kind, root


def _kind_of_file(path: Path) -> str | None:
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise DataError(f"{literal(str(path))}: {error.strerror}") from error
    if start.startswith(_ZIP_STARTS):
        return "array" if path.suffix.lower() == ".npz" or _holds_arrays(path) else "zip"
    if start[MAGIC_OFFSET : MAGIC_OFFSET + 4] == struct.pack("<I", MAGIC):
        return "lmdb"
    by_name = {".zip": "zip", ".npy": "array", ".npz": "array", ".mdb": "lmdb", TFRECORDS: "tfrecords"}
    if start.startswith(b"\x93NUMPY"):
        return "array"
    if is_nifti(path):
        return "nifti"
    return "dicom" if is_dicom(path) else by_name.get(path.suffix.lower())


def _holds_arrays(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _kind_of_folder(root: Path, follow_links: bool) -> tuple[str, Path]:
    if (root / MANIFEST).is_file() and (root / DIGESTS).is_file():
        raise DataError(f"{literal(str(root))} is a prepared pack, no source: let dataset.pack name it")
    if kind := _marked(root):
        return kind, root
    found: Counter[str] = Counter()
    archives = []
    for path in walk(root, follow_links, []):
        if is_image_file(path):
            return "folder", root
        found.update(kind for kind, fits in _BY_FILES.items() if fits(path))
        if path.suffix.lower() == ".zip":
            archives.append(path)
    if found:
        return next(kind for kind in _BY_FILES if found[kind]), root
    return ("zip", archives[0]) if len(archives) == 1 else ("folder", root)


def _marked(root: Path) -> str | None:
    if (root / DATA_FILE).is_file():
        return "lmdb"
    if (root / SPLITS_FILE).is_file() or (root / STATE).is_file():
        return "arrow"
    return "tfrecords" if next(root.glob(f"*{TFRECORDS}"), None) else None
