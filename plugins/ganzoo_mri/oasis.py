"""OASIS brain slices, as the PNG files that courses hand out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganzoo import DataError, ImageDataset, ImageSpec, Item
from ganzoo.data import ImageFile, ImageTree, ReadingRule, find_images, read_image

_SLICE = re.compile(r"case_(\d+)_slice_(\d+)(?:\.nii)?\.png", re.ASCII)
_MASK = re.compile(r"seg_\d+_slice_\d+(?:\.nii)?\.png", re.ASCII)
_SPLIT_FOLDER = re.compile(r"keras_png_slices_(train|validate|test)")


class Oasis(ImageDataset):
    """Brain MRI slices of OASIS-1, split by subject; segmentation masks are left out.

    Paper: Marcus et al. 2007, Open Access Series of Imaging Studies (OASIS): Cross-sectional MRI Data in Young,
    Middle Aged, Nondemented, and Demented Older Adults, doi:10.1162/jocn.2007.19.9.1498.
    """

    name = "oasis"
    where_to_get = (
        "OASIS is open after registration: https://sites.wustl.edu/oasisbrains/ (read the data use terms there: "
        "no attempt to identify anybody, and the acknowledgement). Publications acknowledge: 'Data were provided "
        "by OASIS: Cross-Sectional: Principal Investigators: D. Marcus, R. Buckner, J. Csernansky, J. Morris; "
        "P50 AG05681, P01 AG03991, P01 AG026276, R01 AG021910, P20 MH071616, U24 RR021382.'"
    )
    expected: ClassVar[str] = (
        "folders keras_png_slices_train, keras_png_slices_validate and keras_png_slices_test with files "
        "case_<subject>_slice_<k>.nii.png, or one folder of such files"
    )

    class Options(ImageDataset.Options):
        """Where the slices are."""

        root: Path = Field(description="Folder with keras_png_slices_{train,validate,test}, or with the slices.")
        follow_links: bool = Field(default=False, description="Follow links that lead out of root.")

    @classmethod
    def spec_of(cls, options: Any) -> ImageSpec:
        return ImageSpec(options.resolution, channels=1)

    def items(self) -> Sequence[Item]:
        try:
            tree = find_images(self.options.root, follow_links=self.options.follow_links)
        except DataError as error:
            raise DataError(f"{error}. Expected there: {self.expected}. {self.where_to_get}") from error
        items = [item for file in tree.files if (item := _item(file))]
        if not items:
            raise DataError(
                f"no OASIS slices in {str(self.options.root)!r} (dataset.root). Expected: {self.expected}. "
                f"Found: {_found(tree)}. {self.where_to_get}"
            )
        return items

    def load(self, item: Item) -> NDArray[np.uint8]:
        rule = ReadingRule(self.options.resolution, channels=1)
        return read_image(self.options.root.expanduser() / item.key, rule, called=item.key)


def _item(file: ImageFile) -> Item | None:
    match = _SLICE.fullmatch(file.path.name)
    if match is None:
        return None
    folders = file.path.parts[:-1]
    split = next((found[1] for folder in reversed(folders) if (found := _SPLIT_FOLDER.fullmatch(folder))), None)
    return Item(key=file.key, subject=match[1], split=split, fingerprint=file.fingerprint)


def _found(tree: ImageTree) -> str:
    """Say what is there instead, by counts: names of medical files are nobody's business."""
    masks = sum(_MASK.fullmatch(file.path.name) is not None for file in tree.files)
    if not masks:
        return tree.found()
    return f"{masks} segmentation masks (seg_*), which are no images, among {tree.found()}"
