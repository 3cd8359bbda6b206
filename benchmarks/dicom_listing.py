"""How long a folder of one-image DICOM series, as sets of X-rays are, takes to list: at first, and from the cache.

    python benchmarks/dicom_listing.py [--files 20000] [--read 500]

Files of 64x64 pixels, one series and study each, three of a patient, are made in a temporary folder. Wall and processor
seconds are printed of the first listing, which reads each header once, of the next one, which reads none, and of
reading the pixels of some files, with how often files were opened.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np

from ganzoo.data import ReadingRule, SourceOptions, open_source, read_entry
from ganzoo_sources import ganzoo_sources
from ganzoo_sources.dicom_files import DicomFiles

opened: Counter[str] = Counter()


def one_file() -> bytes:
    """Return a file whose UIDs and PatientID hold the number 00000, to be replaced."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

    file = Dataset()
    file.file_meta = FileMetaDataset()
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.file_meta.MediaStorageSOPClassUID = file.SOPClassUID = ComputedRadiographyImageStorage
    file.file_meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID = "1.2.3.00000.1"
    file.ImageType, file.StudyDate, file.Modality, file.Manufacturer = ["ORIGINAL", "PRIMARY"], "20200101", "CR", "none"
    file.PatientName, file.PatientID, file.PatientSex, file.BodyPartExamined = "Doe", "P00000", "O", "CHEST"
    file.StudyInstanceUID, file.SeriesInstanceUID, file.InstanceNumber = "1.2.3.00000.2", "1.2.3.00000.3", 1
    file.SamplesPerPixel, file.PhotometricInterpretation, file.Rows, file.Columns = 1, "MONOCHROME2", 64, 64
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 12, 11, 0
    file.PixelSpacing = [0.14, 0.14]
    file.PixelData = np.random.default_rng(0).integers(0, 4096, (64, 64), dtype=np.uint16).tobytes()
    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def make(folder: Path, count: int) -> None:
    """Write `count` files."""
    folder.mkdir()
    whole = one_file()
    for number in range(count):
        patient = whole.replace(b"P00000", b"P%05d" % (number // 3))
        (folder / f"{number:05d}.dcm").write_bytes(patient.replace(b".00000.", b".%05d." % number))


def timed(what: str, count: int, call: Callable[[], object]) -> None:
    """Print how long a call takes and how many files it opened."""
    opened.clear()
    wall, processor = time.perf_counter(), time.process_time()
    call()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(
        f"{what:<34} {wall:7.1f} s, {processor:6.1f} s of processor time, {opened.total():,} files opened for "
        f"{count:,}, none more than {max(opened.values(), default=0)} times"
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--read", type=int, default=500)
    arguments = parser.parse_args()
    original = DicomFiles.open

    def counted(files: DicomFiles, name: str) -> object:
        opened[name] += 1
        return original(files, name)

    DicomFiles.open = counted
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GANZOO_CACHE"] = str(Path(folder, "cache"))
        root = Path(folder, "series")
        make(root, arguments.files)
        formats = {cls.name: cls for cls in ganzoo_sources()}
        options = SourceOptions(root=root, resolution=64)
        for what in ("list, each header once", "list again, headers from the cache"):
            timed(what, arguments.files, lambda: open_source(options, formats).entries())
        source = open_source(options, formats)
        keys = [entry.key for entry in source.entries()][: arguments.read]
        timed("read pixels", len(keys), lambda: [read_entry(source, key, ReadingRule(64, 1, "range")) for key in keys])


if __name__ == "__main__":
    main()
