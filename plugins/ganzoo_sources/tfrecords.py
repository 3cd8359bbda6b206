"""TFRecords format: NVIDIA's multi-resolution files for ProGAN and StyleGAN (`NAME-r08.tfrecords` has 256x256)."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import ComponentOptions, DataError
from ganzoo.data import (
    MAX_PIXELS,
    Entry,
    Picture,
    Source,
    SourceOptions,
    file_fingerprint,
    inside_root,
    place_of,
    require_extra,
    subject_in_row,
)
from ganzoo.text import literal, reason_of
from ganzoo_sources.levels import best_level
from ganzoo_sources.numpy_files import map_npy
from ganzoo_sources.tfexample import parse_example

SUFFIX = ".tfrecords"
_LEVEL = re.compile(r"(.*)-r(\d\d)\.tfrecords", re.ASCII)
_HEAD = struct.Struct("<QI")
_CHECK = 4
_MAX_RECORD = 4 * MAX_PIXELS + 2**16


class TFRecordSource(Source):
    """NVIDIA's TFRecords of raw pixels, at the stored resolution that suits best; labels from `NAME-rXX.labels`."""

    name = "tfrecords"
    suffixes = (SUFFIX,)

    @classmethod
    def example_root(cls, folder: Path) -> Path | None:
        from ganzoo_sources.examples import tfrecords_example

        return tfrecords_example(folder, masked_crc32c)

    def __init__(self, options: ComponentOptions, root: Path, reading: SourceOptions) -> None:
        super().__init__(options, root, reading)
        self._folder = root if root.is_dir() else root.parent
        self._places: dict[str, list[tuple[int, int]]] = {}

    @classmethod
    def recognizes_folder(cls, names: Collection[str]) -> bool:
        return any(name.endswith(SUFFIX) for name in names)

    def entries(self) -> Sequence[Entry]:
        entries: list[Entry] = []
        for stem, name in self._files():
            places = self._index(name)
            labels = self._labels(stem, len(places))
            fingerprint = file_fingerprint(self._folder / name)
            entries += [
                Entry(
                    f"{name}#{number}",
                    fingerprint,
                    None if labels is None else int(labels[number]),
                    subject_in_row(self.reading.per_subject, number, stem),
                )
                for number in range(len(places))
            ]
        return entries

    def picture(self, key: str) -> Picture:
        file_name, number = place_of(key)
        name = literal(key)
        places = self._index(file_name)
        if number >= len(places):
            raise DataError(f"{name}: the file has only {len(places)} records")
        offset, size = places[number]
        with (self._folder / file_name).open("rb") as file:
            file.seek(offset)
            data, check = file.read(size), file.read(_CHECK)
        if len(data) != size or len(check) != _CHECK:
            raise DataError(f"{name}: is cut off")
        if struct.unpack("<I", check)[0] != masked_crc32c(data):
            raise DataError(f"{name}: does not agree with its checksum")
        return _pixels(data, name)

    def _files(self) -> list[tuple[str, str]]:
        """Return, for each set in the folder, its stem and the file of the resolution that suits."""
        if self.root.is_file():
            match = _LEVEL.fullmatch(self.root.name)
            return [(match[1] if match else self.root.stem, self.root.name)]
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.endswith(SUFFIX))
        except OSError as error:
            raise DataError(f"{literal(str(self._folder))} cannot be listed: {error.strerror}") from error
        levels: dict[str, dict[int, str]] = {}
        for name in names:
            match = _LEVEL.fullmatch(name)
            levels.setdefault(match[1] if match else name, {})[2 ** int(match[2]) if match else 0] = name
        return [(stem, found[best_level(list(found), self.reading.resolution)]) for stem, found in levels.items()]

    def _index(self, file_name: str) -> list[tuple[int, int]]:
        """Return where each record's data lie, by hopping from header to header."""
        if file_name not in self._places:
            name = literal(file_name)
            try:
                with inside_root(self, self._folder / file_name).open("rb") as file:
                    self._places[file_name] = _hop(file, os.fstat(file.fileno()).st_size, name)
            except OSError as error:
                raise DataError(f"{name}: {error.strerror}") from error
        return self._places[file_name]

    def _labels(self, stem: str, count: int) -> NDArray[Any] | None:
        """Return the class of each record: NVIDIA stores numbers or one-hot rows, in a file in numpy's format."""
        paths = sorted(self._folder.glob(f"{_escaped(stem)}-rxx.labels"))
        if not paths:
            return None
        stored = map_npy(inside_root(self, paths[0]))
        name = literal(paths[0].name)
        if stored.ndim not in (1, 2) or len(stored) < count or stored.dtype.kind not in "iuf":
            raise DataError(f"{name}: is {stored.dtype}{list(stored.shape)}; it must have a row for {count} images")
        if stored.ndim == 1:
            labels = stored
        else:
            if ((stored != 0).sum(axis=1) != 1).any():
                raise DataError(f"{name}: has rows that are not one-hot; only classes can be read")
            labels = stored.argmax(axis=1)
        if not np.isfinite(labels).all() or (labels < 0).any():
            raise DataError(f"{name}: has labels that are no class numbers from 0 on")
        return labels[:count].astype(np.int64)


def _hop(file: Any, size: int, name: str) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    offset = 0
    while offset < size:
        file.seek(offset)
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise DataError(f"{name}: is cut off after {len(places)} records")
        length, check = _HEAD.unpack(head)
        if check != masked_crc32c(head[:8]):
            raise DataError(f"{name}: is damaged after {len(places)} records, or no TFRecord file")
        if length > _MAX_RECORD:
            raise DataError(f"{name}: record {len(places)} has {length} bytes, more than an image can have")
        places.append((offset + _HEAD.size, length))
        offset += _HEAD.size + length + _CHECK
    if offset != size:
        raise DataError(f"{name}: is cut off in record {len(places) - 1}")
    return places


def _pixels(data: bytes, name: str) -> NDArray[np.uint8]:
    try:
        features = parse_example(data)
    except ValueError as error:
        raise DataError(f"{name}: is no tf.train.Example: it {reason_of(error)}") from error
    shape, pixels = features.get("shape"), features.get("data")
    if not isinstance(shape, list) or not isinstance(pixels, bytes) or len(shape) != 3:
        raise DataError(
            f"{name}: has the features {', '.join(literal(key) for key in features) or 'none'}; expected are 'shape' "
            "(channels, height, width) and 'data' (raw pixels)"
        )
    channels, height, width = shape
    if min(shape) < 1 or channels not in (1, 3, 4) or channels * height * width != len(pixels):
        raise DataError(f"{name}: states the shape {shape} for {len(pixels)} bytes")
    return np.moveaxis(np.frombuffer(pixels, np.uint8).reshape(channels, height, width), 0, 2)


def masked_crc32c(data: bytes) -> int:
    """Return the CRC-32C as TFRecords store it: rotated right by 15 bits, plus a constant.

    Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/hash/crc32c.h (Mask).
    """
    library = require_extra("crc32c", "tfrecord", "TFRecords")
    crc: int = library.crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _escaped(stem: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", stem)
