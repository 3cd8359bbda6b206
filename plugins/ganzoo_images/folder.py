"""Images of any kind: a folder, an archive, an array, a database, volumes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeInt, field_validator

from ganzoo import DataError, ImageSpec, Item
from ganzoo.data import Entry, SourceDataset, SourceOptions, example_images, item_of
from ganzoo_images.layout import class_folders, stated_splits
from ganzoo_images.masks import masks_among

_LISTED_CLASSES = 20
_IMAGES_OF_A_CLASS = 10  # folders with fewer each are hardly classes


class FolderOptions(SourceOptions):
    """Where the images are, and how they are read."""

    channels: Literal[1, 3] = Field(
        default=3, description="1: grayscale; 3: RGB. Files of the other kind are converted."
    )
    classes: NonNegativeInt = Field(
        default=0,
        description="How many classes there are: as the source states labels (dataset.json, an array of labels), "
        "else each folder in root is one. 0: no labels.",
    )
    subject_pattern: str | None = Field(
        default=None,
        description="Regular expression whose first group, searched in the path below root, is the subject: "
        "images of one subject stay in one split. Default: each volume or patient, else each image, is its own.",
    )

    keep_masks: bool = Field(
        default=False,
        description="Use segmentation masks too: files called as an image beside them, but for a word such as `seg` or "
        "`mask`.",
    )

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


class Folder(SourceDataset[FolderOptions]):
    """Any images: files, a zip or tar of them, arrays, LMDB, TFRecords, NIfTI, DICOM or a Hugging Face dataset."""

    name = "folder"
    default_place = 1
    _stated = _masks = 0
    _folders: tuple[str, ...] = ()
    _names: tuple[str, ...] = ()
    where_to_get = (
        "Put PNG, JPEG, WEBP, TIFF, BMP or GIF files into the folder, at any depth; or let dataset.root name a zip or "
        "tar of them (WebDataset's shards too), an array (.npy, .npz), a folder with an LMDB, NVIDIA TFRecords, NIfTI "
        "volumes or DICOM files, Parquet of the Hugging Face Hub or what its save_to_disk wrote. "
        "Terms are those of your images' makers."
    )

    Options = FolderOptions

    @classmethod
    def example_options(cls, folder: Path) -> FolderOptions:
        names = [f"{number}.png" for number in range(6)]
        return FolderOptions(root=example_images(folder, names), resolution=32)

    @classmethod
    def spec_of(cls, options: FolderOptions) -> ImageSpec:
        return ImageSpec(options.resolution, options.channels, options.classes)

    def items(self) -> Sequence[Item]:
        entries = self._images(self.entries())
        if not entries:
            raise DataError(self.nothing_found("no images"))
        self._stated = max((entry.label + 1 for entry in entries if entry.label is not None), default=0)
        splits = (
            stated_splits([entry.key for entry in entries]) if self.source.has_file_names else [None] * len(entries)
        )
        labels = self._labels(entries, any(splits)) if self.options.classes else [None] * len(entries)
        if not self._stated and self.source.has_file_names and not any(entry.subject for entry in entries):
            folders = set(class_folders([entry.key for entry in entries], in_splits=any(splits)))
            self._folders = () if "" in folders else tuple(sorted(folders))
        return [
            item_of(entry, subject=self._subject(entry), label=label, split=entry.split or split)
            for entry, label, split in zip(entries, labels, splits, strict=True)
        ]

    def class_names(self) -> Sequence[str]:
        return self._names

    def left_out(self, used: int) -> list[str]:
        lines = super().left_out(used + self._masks)
        if self._masks:
            lines.append(f"{self._masks:,} segmentation masks, by their names (dataset.keep_masks = true uses them)")
        if not self.options.classes and (complaint := self.source.classes().complaint):
            lines.append(f"labels, which nothing asks for: {complaint}")
        elif not self.options.classes and self._stated:
            lines.append(
                f"labels of {self._stated} classes that the source states; dataset.classes = {self._stated} uses them"
            )
        elif not self.options.classes and 1 < len(self._folders) <= self._listed // _IMAGES_OF_A_CLASS:
            count, shown = len(self._folders), ", ".join(self._folders[:_LISTED_CLASSES])
            more = ", ..." if count > _LISTED_CLASSES else ""
            lines.append(
                f"names of {count} folders ({shown}{more}); if these are classes, dataset.classes = {count} uses them"
            )
        return lines

    def subject_advice(self) -> str:
        if self.options.subject_pattern is not None or not (advice := super().subject_advice()):
            return ""
        return f"{advice}; or let dataset.subject_pattern say what in a path below root names the person"

    def _images(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries that are no masks. Volumes are none: their format leaves segmentations out by itself."""
        if self.options.keep_masks or not self.source.has_file_names or self.source.holds_volumes:
            return entries
        masks = masks_among([entry.key for entry in entries])
        self._masks = len(masks)
        return [entry for entry in entries if entry.key not in masks] if masks else entries

    def _labels(self, entries: Sequence[Entry], in_splits: bool) -> Sequence[int | None]:
        stated = self.source.classes()
        if stated.complaint:
            raise DataError(f"{stated.complaint}; mend it, or set dataset.classes = 0 to train without labels")
        if all(entry.label is None for entry in entries):
            folders = class_folders([entry.key for entry in entries], in_splits=in_splits)
            numbers = self._class_numbers(folders)
            self._names = tuple(numbers)
            return [numbers[folder] for folder in folders]
        without = sum(entry.label is None for entry in entries)
        if without:
            raise DataError(
                f"{str(self.options.root)!r} states labels, but not for {without} of its {len(entries)} images: "
                "add them, or set dataset.classes = 0"
            )
        labels = {entry.label or 0 for entry in entries}
        if max(labels) >= self.options.classes:
            raise DataError(
                f"dataset.classes = {self.options.classes}, but {str(self.options.root)!r} states labels up to "
                f"{max(labels)}. {self._advice(labels)}"
            )
        self._names = self._named(stated.names)
        return [entry.label for entry in entries]

    def _advice(self, labels: set[int]) -> str:
        empty = sorted(set(range(max(labels))) - labels)
        if not empty:
            return f"Set classes = {max(labels) + 1}"
        shown = ", ".join(str(label) for label in empty[:_LISTED_CLASSES])
        more = f" and {len(empty) - _LISTED_CLASSES} more" if len(empty) > _LISTED_CLASSES else ""
        return (
            f"No image has label {shown}{more}: count the classes from 0 without a gap, or set classes = "
            f"{max(labels) + 1}, of which {len(empty)} then {'has' if len(empty) == 1 else 'have'} no image"
        )

    def _named(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return a name for each class: those that the source gives, and numbers for the others."""
        if len(set(names)) != len(names) or not names:
            return ()
        numbered = [str(number) for number in range(len(names), self.options.classes)]
        return (*names, *numbered)[: self.options.classes]

    def _class_numbers(self, folders: Sequence[str]) -> dict[str, int]:
        names = sorted(set(folders))
        if "" in names:
            count = sum(not folder for folder in folders)
            raise DataError(
                f"dataset.classes = {self.options.classes}, but {count} images are directly in "
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

    def _subject(self, entry: Entry) -> str:
        if self.options.subject_pattern is None:
            return entry.subject
        match = re.search(self.options.subject_pattern, entry.key)
        if match is None or not match[1]:
            raise DataError(
                f"dataset.subject_pattern = {self.options.subject_pattern!r} finds no subject in {entry.key!r}; it "
                "must match the path below root of every image"
            )
        return match[1]
