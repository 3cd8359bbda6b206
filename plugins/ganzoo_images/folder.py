"""Any folder of image files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, field_validator

from ganzoo import DataError, ImageDataset, ImageSpec, Item
from ganzoo.data import ImageFile, ReadingRule, Window, find_images, read_image

_LISTED_CLASSES = 20


class Folder(ImageDataset):
    """Any tree of PNG, JPEG, WEBP, TIFF or BMP files, with its folders as classes if asked."""

    name = "folder"
    where_to_get = "Put PNG, JPEG, WEBP, TIFF or BMP files into the folder, at any depth."

    class Options(ImageDataset.Options):
        """Where the files are, and how they are read."""

        root: Path = Field(description="The folder that holds the images, at any depth.")
        channels: Literal[1, 3] = Field(
            default=3, description="1: grayscale; 3: RGB. Files of the other kind are converted."
        )
        classes: NonNegativeInt = Field(
            default=0, description="How many folders lie in root, each a class; 0: no labels."
        )
        subject_pattern: str | None = Field(
            default=None,
            description="Regular expression whose first group, searched in the path below root, is the subject: "
            "images of one subject stay in one split. Default: each image is its own.",
        )
        window: Window = Field(
            default="range",
            description="What of 16-bit grayscale becomes black and white: 'range', 'full', 'percentile' or "
            "[low, high].",
        )
        background: int = Field(default=0, ge=0, le=255, description="Gray level behind transparent pixels.")
        follow_links: bool = Field(default=False, description="Follow links that lead out of root.")

        @field_validator("subject_pattern")
        @classmethod
        def _has_a_group(cls, value: str | None) -> str | None:
            if value is None:
                return None
            try:
                groups = re.compile(value).groups
            except re.error as error:
                raise ValueError(f"is no regular expression: {error}") from error
            if not groups:
                raise ValueError("needs a group in parentheses, which is the subject")
            return value

        @field_validator("window")
        @classmethod
        def _rises(cls, value: Window) -> Window:
            if isinstance(value, tuple) and not value[0] < value[1]:
                raise ValueError("needs [low, high] with low < high")
            return value

    @classmethod
    def spec_of(cls, options: Any) -> ImageSpec:
        return ImageSpec(options.resolution, options.channels, options.classes)

    def items(self) -> Sequence[Item]:
        tree = find_images(self.options.root, follow_links=self.options.follow_links)
        if not tree.files:
            raise DataError(
                f"no images in {str(self.options.root)!r} (dataset.root): found {tree.found()}. {self.where_to_get}"
            )
        labels = self._labels(tree.files) if self.options.classes else {}
        return [
            Item(
                key=file.key,
                subject=self._subject(file.key),
                label=labels[_class_of(file)] if labels else None,
                fingerprint=file.fingerprint,
            )
            for file in tree.files
        ]

    def load(self, item: Item) -> NDArray[np.uint8]:
        options = self.options
        rule = ReadingRule(options.resolution, options.channels, options.window, options.background)
        return read_image(options.root.expanduser() / item.key, rule, called=item.key)

    def _labels(self, files: Sequence[ImageFile]) -> dict[str, int]:
        names = sorted({_class_of(file) for file in files})
        if "" in names:
            count = sum(not _class_of(file) for file in files)
            raise DataError(
                f"dataset.classes = {self.options.classes}, but {count} images lie directly in "
                f"{str(self.options.root)!r}: move each into the folder of its class, or set classes = 0"
            )
        if len(names) != self.options.classes:
            shown = ", ".join(repr(name) for name in names[:_LISTED_CLASSES])
            more = f" and {len(names) - _LISTED_CLASSES} more" if len(names) > _LISTED_CLASSES else ""
            raise DataError(
                f"dataset.classes = {self.options.classes}, but {str(self.options.root)!r} has {len(names)} class "
                f"folders with images: {shown}{more}. Set classes = {len(names)}"
            )
        return {name: label for label, name in enumerate(names)}

    def _subject(self, key: str) -> str:
        if self.options.subject_pattern is None:
            return ""
        match = re.search(self.options.subject_pattern, key)
        if match is None or not match[1]:
            raise DataError(
                f"dataset.subject_pattern = {self.options.subject_pattern!r} finds no subject in {key!r}; it must "
                "match the path below root of every image"
            )
        return match[1]


def _class_of(file: ImageFile) -> str:
    """Return the first folder of a path, empty for a file directly in the root."""
    return file.key.partition("/")[0] if "/" in file.key else ""
