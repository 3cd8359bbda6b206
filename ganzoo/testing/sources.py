"""Conformance of source formats."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganzoo._io.atomic import atomic_write
from ganzoo._registry.registry import Registry
from ganzoo.contracts.entries import Entry, StatedClasses
from ganzoo.contracts.sources import FoundFile, Source
from ganzoo.data import ReadingRule, SourceOptions, open_source, read_entry
from ganzoo.data.pack.manifest import SPLITS
from ganzoo.errors import DataError
from ganzoo.testing.failure import Judge
from ganzoo.testing.options import check_component

_AUTO = "auto"
_READ = 8
_RESOLUTION = 16
_STRANGERS = {"empty": b"", "text": b"nothing but a line of text\n", "noise": random.Random(0).randbytes(1000)}


def check_source(
    cls: type[Source[Any]], root: Path | None = None, options: Any = None, reading: SourceOptions | None = None
) -> None:
    """Check that a source format keeps its contract; of its images, the first eight are read.

    Args:
        cls: The format.
        root: A small source of that format; without one, only what needs none is checked.
        options: The format's own options to test it with; their defaults if None.
        reading: How images are read, where `root` needs more than the defaults, such as a window.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "source")
    options = check_component(cls, Source, options, judge)
    _check_class(cls, judge)
    _check_strangers(cls, judge)
    if root is not None:
        reading = (reading or SourceOptions(root=root)).model_copy(update={"root": root})
        _check_detection(cls, reading, judge)
        _check_images(lambda where: cls(options, where, reading.model_copy(update={"root": where})), root, judge)


def _check_class(cls: type[Source[Any]], judge: Judge) -> None:
    judge.require(cls.name != _AUTO, f"may not be called {_AUTO!r}: dataset.source has a meaning of its own for that")
    suffixes = cls.suffixes
    judge.require(
        isinstance(suffixes, tuple) and all(suffix and suffix == suffix.lower() for suffix in suffixes),
        f"suffixes must be a tuple of endings in lower case, found {suffixes!r}",
    )
    judge.require(cls.takes_files or cls.takes_folders, "takes neither files nor folders")
    judge.require(cls.takes_folders or not cls.reads_trees, "reads_trees, but does not take folders")
    found: Any = sys.modules.get(cls.__module__)
    for step in cls.__qualname__.split("."):
        found = getattr(found, step, None)
    judge.require(found is cls, "cannot be found by its name in its module; processes that prepare images need that")


def _check_strangers(cls: type[Source[Any]], judge: Judge) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for what, content in _STRANGERS.items():
            path = Path(folder, what)
            atomic_write(path, content)
            with judge.doing(f"judging a file of {what}"):
                claims = cls.recognizes(FoundFile(path)) or (cls.reads_trees and cls.belongs(FoundFile(path)))
            judge.require(not claims, f"claims a file of {what} that has no suffix")
        with judge.doing("judging the names in a folder"):
            claims = cls.recognizes_folder(frozenset(_STRANGERS))
        judge.require(not claims, "claims a folder of files that are not of its format")


def _check_detection(cls: type[Source[Any]], reading: SourceOptions, judge: Judge) -> None:
    """Check that the format, and of all that are installed no other, claims the source."""
    installed = {key: other for key, other in Registry.discover().source_formats.items() if other is not cls}
    for formats in ({"tested": cls}, {"tested": cls, **installed}):
        with judge.doing(f"detecting the format of {reading.root.name}"):
            found = type(open_source(reading.model_copy(update={"source": _AUTO}), formats))
        judge.require(found is cls, f"does not claim {reading.root.name}; it was taken for {found.name!r}")


def _check_images(build: Callable[[Path], Source[Any]], root: Path, judge: Judge) -> None:
    with judge.doing("listing its images"):
        source = build(root)
        entries, repeated = list(source.entries()), list(build(root).entries())
    judge.require(entries, "lists no images")
    judge.require(entries == repeated, "lists its images differently the second time; sort them")
    _check_entries(entries, judge)
    with judge.doing("saying what was found and left out"):
        judge.require(isinstance(source.found(), str) and isinstance(source.left_out(), str), "must say it as text")
    with judge.doing("saying what it states of classes"):
        judge.require(isinstance(source.classes(), StatedClasses), "classes() must return ganzoo.data.StatedClasses")
    other = build(root)
    for entry in entries[:_READ]:
        _check_image(source, other, entry, judge)
    _check_unknown_key(source, judge)
    _check_moved(build, root, entries, judge)


def _check_entries(entries: Sequence[Entry], judge: Judge) -> None:
    judge.require(all(isinstance(entry, Entry) for entry in entries), "entries must be ganzoo.Entry")
    judge.require(len({entry.key for entry in entries}) == len(entries), "gives one key to two images")
    for entry in entries:
        judge.require(entry.fingerprint, f"{entry.key!r} has no fingerprint; packs would not notice that it changes")
        judge.require(
            entry.split in (None, *SPLITS),
            f"{entry.key!r} is of split {entry.split!r}; it must be None or one of {', '.join(SPLITS)}",
        )
        judge.require(entry.label is None or entry.label >= 0, f"{entry.key!r} has label {entry.label!r}")


def _check_image(source: Source[Any], other: Source[Any], entry: Entry, judge: Judge) -> None:
    """Check that an image is the same in another process, which opens the source for itself."""
    rule = ReadingRule(_RESOLUTION, 3, source.reading.window)
    with judge.doing(f"reading {entry.key!r}"):
        images = [read_entry(which, entry.key, rule) for which in (source, other, source)]
    judge.require(
        all(np.array_equal(images[0], image) for image in images[1:]), f"reads {entry.key!r} differently another time"
    )


def _check_unknown_key(source: Source[Any], judge: Judge) -> None:
    try:
        read_entry(source, "no such image", ReadingRule(_RESOLUTION, 3, source.reading.window))
    except DataError:
        return
    except Exception as error:
        judge.require(False, f"raises {type(error).__name__} for a key that it has not; raise ganzoo.DataError")
    judge.require(False, "reads a key that it has not; raise ganzoo.DataError")


def _check_moved(build: Callable[[Path], Source[Any]], root: Path, entries: Sequence[Entry], judge: Judge) -> None:
    """Check that keys say nothing of where the source lies: the same source by another path has the same images."""
    elsewhere = Path(os.path.relpath(root, os.path.curdir)) if root.is_absolute() else root.absolute()
    with judge.doing("listing its images under another path"):
        keys = [entry.key for entry in build(elsewhere).entries()]
    judge.require(keys == [entry.key for entry in entries], "gives other keys where the source lies elsewhere")
