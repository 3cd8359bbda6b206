"""Sources: formats in which images lie on a disk, each recognized by content, listed, and read image by image."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from ganzoo.contracts.component import Component, OptionsT
from ganzoo.contracts.entries import Entry, StatedClasses
from ganzoo.contracts.reading import Picture, ReadingRule, Window
from ganzoo.contracts.source_options import SourceOptions

_START_BYTES = 512


@dataclass(frozen=True)
class FoundFile:
    """A file that formats judge by its name, and by how it begins, which is read when first asked for."""

    path: Path

    @property
    def name(self) -> str:
        """Its name without folders, in lower case."""
        return self.path.name.lower()

    @cached_property
    def start(self) -> bytes:
        """Its first 512 bytes, fewer where it is shorter; nothing of what cannot be read, as pipes and devices."""
        with suppress(OSError):
            if self.path.is_file():
                with self.path.open("rb") as file:
                    return file.read(_START_BYTES)
        return b""


class Source(Component[OptionsT], ABC):
    """One source format; an instance is a root that is read in it. No more than a volume is in memory at a time.

    The core judges which format a root has: a file by `recognizes`, else by its name; a folder by `recognizes_folder`,
    else by the files below it. A root that two formats claim is refused, and the dataset's option `source` decides.

    Attributes:
        suffixes: How names of such files end, in lower case: `(".nii", ".nii.gz")`.
        takes_files: Whether a root can be one file; `takes_folders` says the same of folders.
        reads_trees: Whether a folder with such files at any depth is a source of this format.
        precedence: Of formats with files in one folder, that of the highest is taken; equal ones are refused.
        has_file_names: Whether keys begin with names of files that people gave, so that a dataset may learn from them.
        holds_volumes: Whether images are slices of volumes, and subjects those of the volumes.
    """

    suffixes: ClassVar[tuple[str, ...]] = ()
    takes_files: ClassVar[bool] = True
    takes_folders: ClassVar[bool] = True
    reads_trees: ClassVar[bool] = False
    precedence: ClassVar[int] = 0
    has_file_names: ClassVar[bool] = False
    holds_volumes: ClassVar[bool] = False

    def __init__(self, options: OptionsT, root: Path, reading: SourceOptions) -> None:
        self.options = options
        self.root = root
        self.reading = reading
        self._owner = os.getpid()

    @classmethod
    def recognizes(cls, file: FoundFile) -> bool:
        """Whether a file is of this format by its content."""
        return False

    @classmethod
    def belongs(cls, file: FoundFile) -> bool:
        """Whether a file below a folder is of this format, where it `reads_trees`: by its name, or else by content."""
        return (bool(cls.suffixes) and file.name.endswith(cls.suffixes)) or cls.recognizes(file)

    @classmethod
    def recognizes_folder(cls, names: Collection[str]) -> bool:
        """Whether a folder is of this format by the names that lie directly in it."""
        return False

    @classmethod
    def example_root(cls, folder: Path) -> Path | None:
        """Write a small source of this format into an empty folder, to test it with, and return its root; or None."""
        return None

    @abstractmethod
    def entries(self) -> Sequence[Entry]:
        """List the images in a stable order; empty where there are none. Raises DataError."""

    @abstractmethod
    def picture(self, key: str) -> Picture:
        """Decode the image of an entry, before `spacing` and `frame` are applied. Raises DataError naming it."""

    def classes(self) -> StatedClasses:
        """Return what is stated of classes, after entries were listed."""
        return StatedClasses()

    def window_for(self, key: str, rule: ReadingRule) -> Window:
        """Return the window for an image; a volume's is the same for all its slices."""
        return rule.window

    def spacing_for(self, key: str) -> tuple[float, float] | None:
        """Return how far apart rows and columns are, of the image as `picture` gives it; None where nothing says so."""
        return None

    def found(self) -> str:
        """Say what is there, by counts only: for the message that there are no images."""
        return "nothing"

    def left_out(self) -> str:
        """Say what the options have left out when entries were listed, by counts; empty for nothing."""
        return ""

    def subject_advice(self) -> str:
        """Say what may be wrong with the subjects of the entries, and what would do; empty for nothing."""
        return ""

    def forget_if_forked(self) -> bool:
        """Whether this process inherited the source: open files share their position and must be opened again."""
        owner, self._owner = self._owner, os.getpid()
        return owner != self._owner
