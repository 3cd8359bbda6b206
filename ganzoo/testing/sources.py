"""Sources: the properties of source formats; of a source's images, the first eight are read."""

from __future__ import annotations

import os
import random
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ganzoo._io.atomic import atomic_write
from ganzoo._registry.registry import Registry
from ganzoo.contracts.entries import Entry, StatedClasses
from ganzoo.contracts.sources import FoundFile, Source
from ganzoo.data import ReadingRule, SourceOptions, open_source, read_entry
from ganzoo.data.pack.manifest import SPLITS
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import NotAsked, doing, require
from ganzoo.testing.folder_order import turned_folders
from ganzoo.testing.options import check_importable
from ganzoo.testing.other_process import check_hashes
from ganzoo.testing.properties import Case, Property, Suite, gate
from ganzoo.testing.source_files import FILES
from ganzoo.testing.trial import Trial, require_all

_AUTO = "auto"
_READ = 8
_RESOLUTION = 16
_OTHERS = ("README.md", "LICENSE", "meta.json", "labels.csv", "images", "train", "test", "0001.png")
_STRANGERS = {"empty": b"", "text": b"nothing but a line of text\n", "noise": random.Random(0).randbytes(1000)}


@dataclass(eq=False)
class SourceCase(Case):
    """A source format under test.

    Attributes:
        own_root: A small source of that format; None: what its `example_root` writes.
        reading: How images are read, where the root needs more than the defaults, such as a window.
    """

    kind: ClassVar[str] = "source"
    base: ClassVar[type] = Source

    own_root: Path | None = None
    reading: SourceOptions | None = None

    @cached_property
    def root(self) -> Path:
        """A small source. Raises NotAsked where there is none."""
        root = self.own_root
        if root is None:
            with doing("example_root(folder)"):
                root = self.cls.example_root(self.folder)
        if root is None:
            raise NotAsked("no source of its format was given: let the classmethod example_root(folder) write one")
        return Path(root)

    def reading_at(self, root: Path) -> SourceOptions:
        """Return how images are read at a root."""
        return (self.reading or SourceOptions(root=root)).model_copy(update={"root": root})

    def source(self, root: Path | None = None) -> Source[Any]:
        """Open the root anew, by its own path or another."""
        where = root or self.root
        with doing("opening it"):
            source: Source[Any] = self.cls(self.options, where, self.reading_at(where))
        return source

    @cached_property
    def entries(self) -> list[Entry]:
        """The images, as they are listed."""
        with doing("listing its images"):
            return list(self.source().entries())


def _check_statements(case: SourceCase) -> None:
    cls = case.cls
    require(cls.name != _AUTO, f"may not be called {_AUTO!r}: dataset.source has a meaning of its own for that")
    suffixes = cls.suffixes
    require(
        isinstance(suffixes, tuple) and all(suffix and suffix == suffix.lower() for suffix in suffixes),
        f"suffixes must be a tuple of endings in lower case, found {suffixes!r}",
    )
    require(cls.takes_files or cls.takes_folders, "takes neither files nor folders")
    require(cls.takes_folders or not cls.reads_trees, "reads_trees, but does not take folders")


def _check_strangers(case: SourceCase) -> None:
    cls = case.cls
    with tempfile.TemporaryDirectory() as folder:
        for what, content in _STRANGERS.items():
            path = Path(folder, what)
            atomic_write(path, content)
            with doing(f"judging a file of {what}"):
                claims = cls.recognizes(FoundFile(path)) or (cls.reads_trees and cls.belongs(FoundFile(path)))
            require(not claims, f"claims a file of {what} that has no suffix")
        with doing("judging the names in a folder"):
            claims = cls.recognizes_folder(frozenset(_STRANGERS)) or cls.recognizes_folder(frozenset(_OTHERS))
        require(not claims, "claims a folder of files that are not of its format")


def _check_detection(case: SourceCase) -> None:
    """Check that the format, and of all that are installed no other, claims the source."""
    cls, reading = case.cls, case.reading_at(case.root)
    installed = {key: other for key, other in Registry.discover().source_formats.items() if other is not cls}
    for formats in ({"tested": cls}, {"tested": cls, **installed}):
        with doing(f"detecting the format of {reading.root.name}"):
            found = type(open_source(reading.model_copy(update={"source": _AUTO}), formats))
        require(found is cls, f"does not claim {reading.root.name}; it was taken for {found.name!r}")


def _check_listing(case: SourceCase) -> None:
    with doing("listing its images"):
        entries, repeated = case.entries, list(case.source().entries())
    require(entries, "lists no images")
    require(entries == repeated, "lists its images differently the second time; sort them")


def _check_words(case: SourceCase) -> None:
    source = case.source()
    with doing("saying what was found and left out"):
        source.entries()
        require(isinstance(source.found(), str) and isinstance(source.left_out(), str), "must say it as text")
    with doing("saying what it states of classes"):
        require(isinstance(source.classes(), StatedClasses), "classes() must return ganzoo.data.StatedClasses")


def _check_images(case: SourceCase) -> None:
    source, other = case.source(), case.source()
    source.entries()
    for entry in case.entries[:_READ]:
        _check_image(source, other, entry)


def _check_entries(case: SourceCase) -> None:
    entries = case.entries
    require(all(isinstance(entry, Entry) for entry in entries), "entries must be ganzoo.Entry")
    require(len({entry.key for entry in entries}) == len(entries), "gives one key to two images")
    for entry in entries:
        require(entry.fingerprint, f"{entry.key!r} has no fingerprint; packs would not notice that it changes")
        require(
            entry.split in (None, *SPLITS),
            f"{entry.key!r} is of split {entry.split!r}; it must be None or one of {', '.join(SPLITS)}",
        )
        require(entry.label is None or entry.label >= 0, f"{entry.key!r} has label {entry.label!r}")
    source = case.source()
    source.entries()
    names = source.classes().names
    for entry in entries:
        require(
            not names or entry.label is None or entry.label < len(names),
            f"{entry.key!r} has the label {entry.label}, but classes() gives {len(names)} names, of classes 0 to "
            f"{len(names) - 1}: classes are numbered from 0",
        )


def _check_image(source: Source[Any], other: Source[Any], entry: Entry) -> None:
    """Check that an image is the same in another process, which opens the source for itself."""
    rule = ReadingRule(_RESOLUTION, 3, source.reading.window)
    with doing(f"reading {entry.key!r}"):
        images = [read_entry(which, entry.key, rule) for which in (source, other, source)]
    require(
        all(np.array_equal(images[0], image) for image in images[1:]), f"reads {entry.key!r} differently another time"
    )


def _check_file_order(case: SourceCase) -> None:
    with doing("listing its images"), turned_folders():
        turned = list(case.source().entries())
    require(
        turned == case.entries,
        "lists its images in the order in which the file system gives them, which differs from machine to machine; "
        "sort them",
    )


def _check_moved(case: SourceCase) -> None:
    """Check that keys say nothing of where the source lies: the same source by another path has the same images."""
    root = case.root
    elsewhere = Path(os.path.relpath(root, os.path.curdir)) if root.is_absolute() else root.absolute()
    with doing("listing its images under another path"):
        keys = [entry.key for entry in case.source(elsewhere).entries()]
    require(keys == [entry.key for entry in case.entries], "gives other keys where the source lies elsewhere")


SOURCE = Suite(
    SourceCase,
    once=(
        *COMPONENT,
        Property("says what it takes", _check_statements),
        Property("can be found by other processes", lambda case: check_importable(case.cls)),
        Property("claims no stranger", _check_strangers),
        gate("lists its images in one order", _check_listing),
        Property("is recognized, and no other format is", _check_detection),
        Property("its entries have keys, fingerprints and splits", _check_entries),
        Property("says in words what was found", _check_words),
        Property("reads each image twice the same", _check_images),
        Property("its keys are the same elsewhere", _check_moved),
        Property("lists its images in one order on every file system", _check_file_order),
        Property(
            "lists its images in one order in every process",
            lambda case: check_hashes(case, case.root, case.reading_at(case.root)),
            needs="can be found by other processes",
        ),
        *FILES,
    ),
)


def check_source(
    cls: type[Source[Any]], root: Path | None = None, options: Any = None, reading: SourceOptions | None = None
) -> None:
    """Check that a source format keeps its contract; of its images, the first eight are read.

    Args:
        cls: The format.
        root: A small source of that format; if None what its `example_root` writes, without which only what needs no
            source is checked.
        options: The format's own options to test it with; if None its `example_options`, or the defaults.
        reading: How images are read, where `root` needs more than the defaults, such as a window.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(SOURCE, SourceCase(cls, options, own_root=root, reading=reading)))
