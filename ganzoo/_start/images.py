"""Images of a folder or file that nobody has described: how many, how large, gray or color, whose, of which classes."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry
from ganzoo.contracts.datasets import Item
from ganzoo.data import SourceDataset, build_dataset
from ganzoo.errors import DataError, GanzooError

_OPENED = 200  # images of which sizes and colors are looked at, evenly over all
_THUMBNAIL = 32
_MOST_CLASSES = 1000
_FOREGROUND = 0.1  # of a slice: those above the head show nothing
# How files of several images of one person are usually called: the number of the person follows a word that
# says so, comes first, or is the first of several behind any word, as where masks lie beside the images.
_SUBJECT_PATTERNS = (
    r"(?:case|subject|subj|sub|patient|pat|participant|person|volume|vol)[-_]?([A-Za-z0-9]+)",
    r"(?:^|/)([A-Za-z]*[0-9]{3,})_",
    r"(?:^|/)[A-Za-z]+[-_]([A-Za-z]*[0-9]+)[-_]",
    r"^([^/]+)/",
)


@dataclass(frozen=True)
class FoundImages:
    """What was found.

    Attributes:
        dataset: What a recipe calls the dataset that reads them.
        options: Its options that are not the defaults, as plain data, without the resolution.
        count: How many images there are.
        smallest: Shorter side of the smallest of those opened, in pixels.
        median: The median of the shorter sides.
        largest: The largest of them.
        opened: How many were opened.
        channels: 1 where all of those are gray, else 3.
        classes: Names of the classes, where labels or folders state them.
        subjects: How many people or other subjects, where names or the format tell.
        subject_advice: What may be wrong with the subjects, and what would do; empty for nothing.
        left_out: What is there and not used, such as masks: one line each.
        unreadable: Why some could not be opened: one line each.
    """

    dataset: str
    options: dict[str, Any]
    count: int
    smallest: int
    median: int
    largest: int
    opened: int
    channels: int
    classes: tuple[str, ...]
    subjects: int
    subject_advice: str
    left_out: tuple[str, ...]
    unreadable: tuple[str, ...]


def look_at(root: Path, registry: Registry) -> FoundImages:
    """List the images of a folder, archive or file, and open some of them.

    Raises:
        DataError: There are none, or none can be read.
    """
    part = _reader(registry)
    options: dict[str, Any] = {"root": str(root)}
    dataset = _dataset(part, options, registry)
    if dataset.source.holds_volumes:
        options |= {"foreground": _FOREGROUND}
        dataset = _dataset(part, options, registry)
    items = dataset.items()
    step = max(1, -(-len(items) // _OPENED))
    sides, unreadable, is_gray = list[int](), list[str](), True
    for item in items[::step]:
        try:
            pixels = dataset.load(item)
        except DataError as error:
            unreadable.append(str(error))
            continue
        if original := dataset.last_original:
            sides.append(min(original.height, original.width))
        is_gray = is_gray and bool((pixels[0] == pixels[-1]).all() and (pixels[0] == pixels[len(pixels) // 2]).all())
    if not sides:
        raise DataError(f"none of the images in {root} can be read; the first: {unreadable[0]}")
    options |= {"channels": 1 if is_gray else 3}
    subjects, pattern = _subjects(items)
    classes, dataset = _classes(part, options, items, dataset, registry)
    if pattern == _SUBJECT_PATTERNS[-1] and classes:  # a folder is one or the other
        subjects, pattern = 0, ""
    options |= {"subject_pattern": pattern} if pattern else {}
    options |= {"classes": len(classes)} if classes else {}
    middle = int(statistics.median(sides))
    return FoundImages(
        registry.name_of(part), options, len(items), min(sides), middle, max(sides), len(sides),
        options["channels"], classes, subjects, dataset.subject_advice(),
        tuple(dataset.left_out(len(items))), tuple(unreadable),
    )  # fmt: skip


def _reader(registry: Registry) -> Part:
    """Return the dataset for images of any kind. Raises DataError where none is installed."""
    parts = registry.defaults("dataset")
    if not parts:
        raise DataError("no installed dataset reads images of any kind; install one whose `default_place` is set")
    return parts[0]


def _dataset(part: Part, options: dict[str, Any], registry: Registry) -> SourceDataset[Any]:
    given = options | {"resolution": _THUMBNAIL}
    validated = part.cls.Options.model_validate(given, context={"part": registry.part})
    dataset = build_dataset(part.cls, validated, registry.source_formats)
    if not isinstance(dataset, SourceDataset):
        raise DataError(f"{part.origin}: dataset '{part.name}' has a `default_place` but is no SourceDataset")
    return dataset


def _subjects(items: Sequence[Item]) -> tuple[int, str]:
    """Return how many subjects there are, and the pattern that finds them where the source does not state them."""
    stated = {item.subject for item in items if item.subject}
    if stated:
        return (len(stated), "") if len(stated) < len(items) else (0, "")
    for pattern in _SUBJECT_PATTERNS:
        found = [re.search(pattern, item.key) for item in items]
        names = {match[1] for match in found if match}
        if all(found) and 2 <= len(names) <= len(items) / 2:
            return len(names), pattern
    return 0, ""


def _classes(
    part: Part, options: dict[str, Any], items: Sequence[Item], dataset: SourceDataset[Any], registry: Registry
) -> tuple[tuple[str, ...], SourceDataset[Any]]:
    """Return the names of the classes that the source or its folders state, and the dataset that uses them, if any."""
    stated = dataset.source.classes()
    if stated.complaint or "classes" not in part.cls.Options.model_fields:
        return (), dataset
    labels = {entry.label for entry in dataset.entries() if entry.label is not None}
    folders = {str(PurePosixPath(item.key).parent) for item in items}
    count = max(labels) + 1 if labels else len(folders)
    if not 2 <= count <= min(_MOST_CLASSES, len(items) // 10):
        return (), dataset
    labeled = _dataset(part, options | {"classes": count}, registry)
    try:
        labeled.items()
    except GanzooError:  # folders that are no classes: splits, nested ones
        return (), dataset
    return tuple(labeled.class_names()) or tuple(map(str, range(count))), labeled
