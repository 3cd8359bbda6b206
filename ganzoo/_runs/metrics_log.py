"""Metrics log: what was measured while training, a line per moment in `metrics.jsonl`."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path

from ganzoo._io.append_file import AppendFile
from ganzoo._io.atomic import atomic_write
from ganzoo._io.os_errors import shown
from ganzoo._io.regular_file import open_regular, read_regular
from ganzoo.errors import RunError

Moment = dict[str, float]
MOST_DRAWN = 1200
"""How many moments are drawn of a training: more than a chart has pixels."""
_ADDING_UP = ("images_seen", "seconds")
SELECTION = "selection/"
"""What keys of scores that choose the best snapshot begin with; then follows the name under which each is shown."""


class MetricsLog:
    """The lines of one run: they only grow, and a resumed run continues at the checkpoint's own line.

    Opening cuts a torn end that a kill left. Close it, or use it in a `with` block.
    """

    def __init__(self, path: Path) -> None:
        self._file = AppendFile(path)
        self._restart(_whole_lines(path.read_bytes()))

    def __enter__(self) -> MetricsLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def offset(self) -> int:
        """Length of the log in bytes: what a checkpoint keeps, for `truncate_to`."""
        return self._file.offset

    @property
    def sha256(self) -> str:
        """SHA-256 of the log up to `offset`, 64 hex digits."""
        return self._digest.hexdigest()

    def position(self) -> dict[str, str | int]:
        """Return what a checkpoint's state keeps under `metrics`: `verify` checks the log against it.

        What was appended is forced to the disk first, so that no checkpoint outlives its metrics.
        """
        self._file.sync()
        return {"offset": self.offset, "sha256": self.sha256}

    def append(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Add a line. `images_seen` never falls, and no value comes twice at the same count.

        Raises:
            RunError: The disk is full, or the order is broken.
        """
        again = self._last_keys.intersection(values) if images_seen == self._last_seen else set()
        if images_seen < self._last_seen or again:
            what = f"{sorted(again)} twice" if again else f"after {self._last_seen:,}"
            raise RunError(f"{shown(self._file.path)}: metrics at {images_seen:,} images have {what}.")
        line = _line(images_seen, values)
        self._file.append(line)
        self._digest.update(line)
        self._remember(images_seen, values)

    def truncate_to(self, offset: int, sha256: str | None = None) -> str | None:
        """Forget what was measured after a checkpoint.

        Args:
            offset: Length of the log at the checkpoint, in bytes.
            sha256: What the log's SHA-256 was there. A log that was changed since is put aside, and a new one started.

        Returns:
            A complaint if the log is not what it was, else None.
        """
        complaint = None
        if offset > self.offset:
            complaint = (
                f"{shown(self._file.path)} has {self.offset:,} bytes, the checkpoint {offset:,}: "
                "some metrics before the checkpoint are lost."
            )
        content = self._file.path.read_bytes()
        self._restart(_whole_lines(content[:offset]))
        if complaint is None and sha256 not in (None, self.sha256):
            aside = self._file.path.with_name("metrics.changed.jsonl")
            atomic_write(aside, content)
            self._restart(b"")
            complaint = (
                f"{shown(self._file.path)} was changed since the checkpoint: what it holds is kept as {aside.name}, "
                "and a new log is started."
            )
        return complaint

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _restart(self, kept: bytes) -> None:
        if len(kept) != self._file.offset:
            self._file.truncate(len(kept))
        self._digest = hashlib.sha256(kept)
        self._last_seen, self._last_keys = -1, set[str]()
        for moment in _moments(kept[-65536:]):
            self._remember(int(moment.pop("images_seen")), moment)

    def _remember(self, images_seen: int, values: Mapping[str, float]) -> None:
        if images_seen != self._last_seen:
            self._last_keys = set()
        self._last_seen = images_seen
        self._last_keys |= set(values)


def _line(images_seen: int, values: Mapping[str, float]) -> bytes:
    numbers = {key: number if math.isfinite(number) else str(number) for key, number in values.items()}
    return json.dumps({"images_seen": images_seen, **numbers}, allow_nan=False).encode("ascii") + b"\n"


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _moments(data: bytes) -> list[Moment]:
    moments = (_moment(line) for line in _whole_lines(data).splitlines())
    return [moment for moment in moments if moment]


def _moment(line: bytes) -> Moment | None:
    try:
        moment = {key: float(value) for key, value in json.loads(line).items()}
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        return None
    return moment if "images_seen" in moment else None


def read_metrics(path: Path) -> list[Moment]:
    """Return all whole lines as `{"images_seen": ..., name: value}`; a torn or damaged line is left out.

    Values that were not finite are read as `nan` and `inf`. No lock is needed beside a run that still writes.
    """
    try:
        return _moments(read_regular(path))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"{shown(path)} cannot be read: {error.strerror}.") from error


def read_course(path: Path, most: int = MOST_DRAWN) -> list[Moment]:
    """Return what `read_metrics` does, neighbors taken together to their means where there are more than `most`.

    So much memory is enough for any training: a run that draws its curves again and again does not grow with its log.
    """
    moments: list[Moment] = []
    waiting: list[Moment] = []
    together = 1
    try:
        with open(open_regular(path), "rb") as file:
            for line in file:
                if line.endswith(b"\n") and (moment := _moment(line)):
                    waiting.append(moment)
                if len(waiting) == together:
                    moments.append(_mean(waiting))
                    waiting = []
                if len(moments) > most:
                    moments, together = [_mean(moments[at : at + 2]) for at in range(0, len(moments), 2)], 2 * together
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"{shown(path)} cannot be read: {error.strerror}.") from error
    return [*moments, *([_mean(waiting)] if waiting else [])]


def _mean(moments: list[Moment]) -> Moment:
    """Return the mean of each value, where the last of the moments was: counts and times add up over the lines."""
    values: dict[str, list[float]] = {}
    for moment in moments:
        for key, value in moment.items():
            values.setdefault(key, []).append(value)
    last = {key: values[key][-1] for key in _ADDING_UP if key in values}
    return {key: sum(each) / len(each) for key, each in values.items()} | last
