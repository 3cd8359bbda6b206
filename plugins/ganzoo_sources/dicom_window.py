"""DICOM window: what a file itself states about black and white. Facts: DICOM PS3.3, C.11.2.1 (windows, tables)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganzoo.data import require_extra
from ganzoo_sources.dicom_header import grouped


@dataclass(frozen=True)
class OwnWindow:
    """The first window of a file, or its table.

    Attributes:
        low: What is black once it is applied.
        high: What is white then.
        sigmoid: Center and width, where the curve is one.
        first: The intensity of the first entry of a table.
        table: Its entries, `[n]`.
    """

    low: float
    high: float
    sigmoid: tuple[float, float] | None = None
    first: int = 0
    table: NDArray[Any] | None = None

    def applied(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return intensities of which `low` is black and `high` white."""
        if self.sigmoid:
            center, width = self.sigmoid
            with np.errstate(over="ignore"):
                bent: NDArray[Any] = 1 / (1 + np.exp(-4 * (values - center) / width))
            return bent
        if self.table is None:
            return values
        places = np.clip(np.rint(values) - self.first, 0, len(self.table) - 1)
        return self.table[places.astype(np.int64)].astype(np.float64)


def stated_window(dataset: Any, number: int) -> OwnWindow | str:
    """Return what a file states for a frame, the first if there are several, or why it cannot be used."""
    center = _first(grouped(dataset, number, "FrameVOILUTSequence", "WindowCenter"))
    width = _first(grouped(dataset, number, "FrameVOILUTSequence", "WindowWidth"))
    function = str(grouped(dataset, number, "FrameVOILUTSequence", "VOILUTFunction") or "LINEAR")
    if center is None or width is None:
        return _stated_table(dataset) or "states no window of its own"
    if function == "LINEAR":
        center, width = center - 0.5, width - 1
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        return f"states a window of the curve {function[:20]!r}, which is not known"
    if not (np.isfinite(center) and 0 < width < np.inf):
        return "states a window without width"
    if function == "SIGMOID":
        return OwnWindow(0, 1, sigmoid=(center, width))
    return OwnWindow(center - width / 2, center + width / 2)


def _stated_table(dataset: Any) -> OwnWindow | None:
    items = dataset.get("VOILUTSequence") or []
    if not items:
        return None
    count, first, bits = (int(value) for value in items[0].LUTDescriptor)
    table = table_of(items[0]["LUTData"].value, count or 2**16)
    return OwnWindow(0, 2**bits - 1, first=first, table=table)


def table_of(data: Any, count: int) -> NDArray[Any]:
    """Return the entries of a table, which are bytes or numbers, whatever the file says that they are."""
    if not isinstance(data, bytes):
        return np.array(data, np.int64).reshape(-1)[:count]
    return np.frombuffer(data, np.uint8 if len(data) < 2 * count else np.uint16)[:count]


def _first(value: Any) -> float | None:
    """Return a number, the first of several; None where there is none."""
    require_extra("pydicom", "dicom", "DICOM files")
    if value is None or isinstance(value, str):
        return None
    values = list(value) if hasattr(value, "__len__") else [value]
    return float(values[0]) if values else None
