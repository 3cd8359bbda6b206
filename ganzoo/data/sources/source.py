"""What every source of images can do: list its images, and decode one."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from ganzoo.contracts.component import PixelArray
from ganzoo.data.images.decode import Picture, ReadingRule, pixels_of, reading
from ganzoo.data.images.intensity_window import Window
from ganzoo.data.sources.options import SourceOptions
from ganzoo.errors import DataError
from ganzoo.text import literal

LABELS_STATED = "labels that the source states"


@dataclass(frozen=True)
class Entry:
    """An image of a source.

    Attributes:
        key: Unique and stable within the source; enough to find the image again.
        fingerprint: Changes when the source changes.
        label: Class that the source states, if any.
        subject: Who it shows, as far as the source says: a volume, a hashed PatientID. Empty: unknown.
        split: Split that the source states, if any.
        together: Equal for images that are best read one after the other, since they share a volume.
    """

    key: str
    fingerprint: str = ""
    label: int | None = None
    subject: str = ""
    split: str | None = None
    together: str = ""


class Source(ABC):
    """One kind of place where images lie. It streams: no more than a volume is in memory at a time.

    Attributes:
        kind: Its name in the option `source`.
    """

    kind: ClassVar[str]

    def __init__(self, root: Path, options: SourceOptions) -> None:
        self.root = root
        self.options = options
        self._owner = os.getpid()

    @abstractmethod
    def entries(self) -> Sequence[Entry]:
        """List the images in a stable order; empty where there are none. Raises DataError."""

    @abstractmethod
    def picture(self, key: str) -> Picture:
        """Decode the image of an entry. Raises DataError naming it."""

    def window_for(self, key: str, rule: ReadingRule) -> Window:
        """Return the window for an image; a volume's is the same for all its slices."""
        return rule.window

    def found(self) -> str:
        """Say what is there, by counts only: for the message that there are no images."""
        return "nothing"

    def left_out(self) -> str:
        """Say what the options have left out when entries were listed, by counts; empty for nothing."""
        return ""

    def read(self, key: str, rule: ReadingRule) -> PixelArray:
        """Return the image of an entry as uint8 `[C, R, R]`. Raises DataError naming it."""
        name = literal(key)
        with reading(name), np.errstate(all="ignore"):  # what overflows is seen to be not finite
            window = self.window_for(key, rule)
            picture = self.picture(key)
            own = ReadingRule(rule.resolution, rule.channels, window, rule.background, rule.resize, rule.shape)
            return pixels_of(picture, own, name)

    def guarded(self, path: Path) -> Path:
        """Return a path, or raise DataError where it is a link that leads out of the root."""
        if path.is_symlink() and not self.options.follow_links:
            folder = self.root if self.root.is_dir() else self.root.parent
            if not path.resolve().is_relative_to(folder.resolve()) and path != self.root:
                raise DataError(
                    f"{literal(path.name)}: is a link that leads out of {literal(str(folder))}; copy the file, or set "
                    "dataset.follow_links = true if you trust it"
                )
        return path

    def forget_if_forked(self) -> bool:
        """Whether this process inherited the source: open files share their position and must be opened anew."""
        forked = self._owner != os.getpid()
        self._owner = os.getpid()
        return forked


def place_of(key: str) -> tuple[str, int]:
    """Split a key `file#number`. Raises DataError."""
    name, _, number = key.rpartition("#")
    if not (number.isascii() and number.isdigit()):
        raise DataError(f"{literal(key)}: is no image of this source")
    return name, int(number)


def subject_in_row(per_subject: int, number: int, where: str) -> str:
    """Return the subject of image `number` where each subject has `per_subject` images in a row."""
    return f"{where}#{number // per_subject}" if per_subject else ""
