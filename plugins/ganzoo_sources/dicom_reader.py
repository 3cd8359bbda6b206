"""DICOM reader: frames by their keys, and the window of all frames of a series, each read once where memory allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo import DataError
from ganzoo.data import Window, bounds_of, place_of
from ganzoo.text import literal
from ganzoo_sources.dicom_files import DicomFiles
from ganzoo_sources.dicom_frame import Frame, read_frame
from ganzoo_sources.dicom_header import decoding, read_dataset

_SAMPLED = 2**21
_LEAST_SAMPLED = 2**10
_HELD_BYTES = 2**28


class DicomReader:
    """Reads frames; those of the series that was measured last are held while they take less than 256 MiB."""

    def __init__(self, files: DicomFiles) -> None:
        self._files = files
        self._dataset: tuple[str, Any] | None = None
        self._held: dict[str, Frame] = {}

    def frame(self, key: str) -> Frame:
        """Return a frame. Raises DataError."""
        if key not in self._held:
            frame = self._read(key)
            self._held = {key: frame}
        return self._held[key]

    def measured(self, keys: Sequence[str], key: str, window: Window) -> tuple[float, float]:
        """Return which intensity of all frames of a series is black and which white.

        Args:
            keys: The frames; at most two million intensities of them are looked at.
            key: The frame for which this is asked; others that cannot be read are passed over.
            window: The rule.

        Raises:
            DataError: The frame cannot be read, or has intensities that the rule refuses.
        """
        each = max(_SAMPLED // len(keys), _LEAST_SAMPLED)
        samples = [sample for frame in self._all(keys, key) for sample in _sample(frame, window, each)]
        if not samples:
            return 0, 1  # nothing but padding, which is black
        return bounds_of(np.concatenate(samples), window, literal(place_of(key)[0]))

    def _all(self, keys: Sequence[str], own: str) -> Iterator[Frame]:
        size = sum(frame.values.nbytes for frame in self._held.values())
        for key in keys:
            frame = self._held.get(key)
            if frame is None:
                try:
                    frame = self._read(key)
                except DataError:
                    if key == own:
                        raise
                    continue  # it is reported when its own turn comes
                size += frame.values.nbytes
                if size < _HELD_BYTES:
                    self._held[key] = frame
            yield frame

    def _read(self, key: str) -> Frame:
        name, number = place_of(key)
        if self._dataset is None or self._dataset[0] != name:
            self._dataset = None
            with decoding(literal(name)), self._files.open(name) as file:
                self._dataset = name, read_dataset(file, literal(name))
        return read_frame(self._dataset[1], number, literal(key))


def _sample(frame: Frame, window: Window, count: int) -> Iterator[NDArray[Any]]:
    """Give what a window is measured on: of `percentile` some intensities, else the darkest and the brightest."""
    values = frame.shown()
    if values.size:
        thinned = window == "percentile"
        yield values[:: max(1, -(-values.size // count))] if thinned else np.array([values.min(), values.max()])
