"""Source formats: folders and zips of image files, arrays, databases, volumes."""

from __future__ import annotations

from ganzoo import hookimpl
from ganzoo.data import Source
from ganzoo_sources.array import ArraySource
from ganzoo_sources.arrow import ArrowSource
from ganzoo_sources.dicom import DicomSource
from ganzoo_sources.folder import FolderSource
from ganzoo_sources.lmdb import LmdbSource
from ganzoo_sources.nifti import NiftiSource
from ganzoo_sources.parquet import ParquetSource
from ganzoo_sources.tarred import TarSource
from ganzoo_sources.tfrecords import TFRecordSource
from ganzoo_sources.zipped import ZipSource


@hookimpl
def ganzoo_sources() -> list[type[Source]]:
    """Offer the formats."""
    return [
        FolderSource,
        ZipSource,
        TarSource,
        ArraySource,
        LmdbSource,
        TFRecordSource,
        NiftiSource,
        DicomSource,
        ArrowSource,
        ParquetSource,
    ]
