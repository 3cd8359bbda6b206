"""Export: a pack as ordinary image files again, a folder of PNGs, or a zip in NVIDIA's layout."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from PIL import Image

from ganzoo._io.atomic import (
    atomic_stream,
    make_folder,
    publish_directory,
    shown,
    temporary_directory_beside,
    write_inside,
)
from ganzoo.contracts.component import PixelArray
from ganzoo.data.pack.pack import Pack
from ganzoo.errors import DataError, RefusedError

INDEX = "dataset.json"
_MOMENT = (1980, 1, 1, 0, 0, 0)  # the same pack gives the same zip, byte for byte


class _Sink(Protocol):
    def __call__(self, name: str, data: bytes) -> None: ...


def export(
    pack: Pack, target: Path, splits: Sequence[str] = (), progress: Callable[[int, int], None] | None = None
) -> int:
    """Write the images as PNGs, with `dataset.json`: labels as NVIDIA's tools read them, subjects and splits beside.

    Args:
        pack: The pack.
        target: A new folder, or a new file whose name ends in `.zip`.
        splits: Which splits; all if none is named. Where there are several, each has a folder.
        progress: Called with the number of images done and of all.

    Returns:
        How many images were written.

    Raises:
        RefusedError: There is something at `target`.
        DataError: The pack has no such split, or images of a kind that PNG cannot hold.
    """
    if target.exists() or target.is_symlink():
        raise RefusedError(f"{shown(target)} exists already and is not replaced")
    if pack.spec.channels not in (1, 3, 4):
        raise DataError(
            f"images of {pack.spec.channels} channels cannot be written as PNG, which has 1, 3 or 4; read the pack by "
            f"ganzoo.data.Pack instead"
        )
    names = tuple(splits) or pack.splits
    total = sum(len(pack.split(name)) for name in names)

    def write(sink: _Sink) -> None:
        for done, (name, data) in enumerate(_files(pack, names), start=1):
            sink(name, data)
            if progress:
                progress(min(done, total), total)

    if target.suffix.lower() == ".zip":
        _to_zip(target, write, total * (pack.spec.channels * pack.spec.resolution**2 + 300))
    else:
        _to_folder(target, write)
    return total


def _files(pack: Pack, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    labels: list[list[object]] = []
    subjects: dict[str, int] = {}
    number = 0
    for name in names:
        split = pack.split(name)
        within = 0
        for images in split.in_order():
            for image in images:
                folder = f"{name}/" if len(names) > 1 else ""
                path = f"{folder}{number // 1000:05d}/img{number:08d}.png"
                labels.append([path, int(split.classes[within])])
                subjects[path] = int(split.subjects[within])
                yield path, png_of(image)
                number, within = number + 1, within + 1
    index: dict[str, object] = {"labels": labels if pack.spec.label_dim else None}
    if pack.class_names:
        index["class_names"] = pack.class_names
    index |= {"subjects": subjects, "pack": pack.manifest.hash}
    yield INDEX, json.dumps(index).encode()


def png_of(image: PixelArray) -> bytes:
    """Return an image `[C, R, R]` of 1, 3 or 4 channels as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0)).save(buffer, format="PNG")
    return buffer.getvalue()


def _to_folder(target: Path, write: Callable[[_Sink], None]) -> None:
    with temporary_directory_beside(target) as folder:

        def sink(name: str, data: bytes) -> None:
            path = folder / name
            make_folder(path.parent)
            write_inside(path.parent, path.name, data)

        write(sink)
        publish_directory(folder, target)


class _Appender(io.RawIOBase):
    """A file that only grows, as zipfile needs one."""

    def __init__(self, append: Callable[[bytes], None]) -> None:
        self._append = append

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]
        self._append(chunk)
        return len(chunk)


def _to_zip(target: Path, write: Callable[[_Sink], None], size: int) -> None:
    with (
        atomic_stream(target, size) as append,
        zipfile.ZipFile(_Appender(append), "w", zipfile.ZIP_STORED) as archive,  # PNGs are packed already
    ):
        write(lambda name, data: archive.writestr(zipfile.ZipInfo(name, _MOMENT), data))
