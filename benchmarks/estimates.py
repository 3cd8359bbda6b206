"""How near `ganzoo init` and a run's line after 5 % come to the processor hours that the run really takes.

    OMP_NUM_THREADS=1 python benchmarks/estimates.py FOLDER ...                  # an hour each
    OMP_NUM_THREADS=1 python benchmarks/estimates.py FOLDER ... --share 0.1      # a tenth of the images each

For each folder (and, unless `--given-only`, a zip of color images and a folder of DICOM series, both made here of
random shapes) `ganzoo init` writes a recipe for an hour on this machine, and `ganzoo run` trains it exactly as it is
written, but for `training.total_kimg` where `--share` is below 1. The truth is what the kernel counts of that process
and its children, from its first instruction to its last: libraries imported, images prepared, the score, the curves.
Both estimates are compared with it. The exit code is 1 where the line after 5 % is off by more than `--within`.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganzoo._start.init import init_recipe
from ganzoo.contracts.reporter import SILENT

_LINE = re.compile(r"5% done: .* which is ([0-9.e-]+) processor hours")


@dataclass(frozen=True)
class Row:
    """What one folder's estimates and run came to, in processor hours; `early` None: nothing was said after 5 %."""

    name: str
    what: str
    at_start: float
    early: float | None
    truth: float
    exit_code: int

    def __str__(self) -> str:
        early = f"{self.early:.4f} {_off(self.early, self.truth)}" if self.early is not None else "—"
        start = f"{self.at_start:.4f} {_off(self.at_start, self.truth)}"
        failed = f", exit code {self.exit_code}" if self.exit_code else ""
        return f"| {self.name} | {self.what} | {start} | {early} | {self.truth:.4f}{failed} |"


def _off(estimate: float, truth: float) -> str:
    return f"({estimate / truth - 1:+.0%})"


def shapes(number: int, side: int, channels: int) -> NDArray[np.uint8]:
    """Return an image of a bright disk on noise, [side, side, channels]."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[:side, :side] / side
    center, radius = random.uniform(0.3, 0.7, 2), random.uniform(0.1, 0.3)
    inside = ((y - center[0]) ** 2 + (x - center[1]) ** 2 < radius**2)[:, :, None]
    color = random.integers(80, 220, channels)
    return (random.integers(0, 30, (side, side, channels)) + inside * color).astype(np.uint8)


def make_zip(path: Path, count: int = 600, side: int = 96) -> Path:
    """Write a zip of color PNGs."""
    from PIL import Image

    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            buffer = BytesIO()
            Image.fromarray(shapes(number, side, 3)).save(buffer, "png")
            archive.writestr(f"photos/{number:04d}.png", buffer.getvalue())
    return path


def make_dicom(folder: Path, patients: int = 8, slices: int = 24, side: int = 128) -> Path:
    """Write a folder of CT series, a patient each."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    for patient in range(patients):
        (folder / f"PAT{patient:03d}").mkdir(parents=True)
        for number in range(slices):
            file = Dataset()
            file.file_meta = FileMetaDataset()
            file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            file.file_meta.MediaStorageSOPClassUID = file.SOPClassUID = CTImageStorage
            uid = f"1.2.3.{patient + 1}.{number + 1}"
            file.file_meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID = uid
            file.PatientID, file.PatientName, file.Modality = f"P{patient:03d}", "", "CT"
            file.ImageType, file.StudyInstanceUID = ["ORIGINAL", "PRIMARY", "AXIAL"], f"1.2.3.{patient + 1}"
            file.SeriesInstanceUID, file.InstanceNumber = f"1.2.3.{patient + 1}.999", number + 1
            file.ImagePositionPatient, file.ImageOrientationPatient = [0, 0, 3 * number], [1, 0, 0, 0, 1, 0]
            file.SliceThickness, file.PixelSpacing = 3, [1, 1]
            file.SamplesPerPixel, file.PhotometricInterpretation, file.Rows, file.Columns = 1, "MONOCHROME2", side, side
            file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 16, 15, 1
            file.RescaleIntercept, file.RescaleSlope, file.RescaleType = -1024, 1, "HU"
            pixels = shapes(100 * patient + number, side, 1)[:, :, 0].astype(np.int16)
            file.PixelData = (pixels * 8).tobytes()
            file.save_as(folder / f"PAT{patient:03d}/{number:03d}.dcm", enforce_file_format=True)
    return folder


def measured(images: Path, work: Path, hours: float, share: float) -> Row:
    """Write a recipe for images, train it, and return what was estimated and what it took."""
    recipe = work / f"{images.name.partition('.')[0]}.toml"
    written = init_recipe(
        images, recipe, template="quickstart", hours=hours, resolution=None, device="auto", reporter=SILENT
    )
    kimg, pace = written.fit.recipe.total_images / 1000, written.fit.pace
    at_start = (share * pace.seconds + pace.scoring_seconds) * pace.processor_share / 3600
    command = [sys.executable, "-m", "ganzoo", "run", str(recipe), "--runs", str(work / "runs")]
    command += ["--set", f"training.total_kimg={share * kimg:.4g}"] if share != 1 else []
    with open(work / f"{recipe.stem}.log", "w+b") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=work)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        text = log.read().decode(errors="replace")
    if process.returncode:
        print(text[-2000:], file=sys.stderr)
    line = _LINE.search(" ".join(text.split()))
    spec, data = written.fit.inputs.pack.spec, written.fit.data
    what = f"{written.found.count:,} × {spec.resolution}² × {spec.channels}"
    what += f", width {data['generator'].get('width', '?')}, {share * kimg:,.3g} kimg"
    truth = (usage.ru_utime + usage.ru_stime) / 3600
    return Row(recipe.stem, what, at_start, float(line[1]) if line else None, truth, process.returncode)


def machine() -> str:
    """Return what computed, in a line."""
    import torch

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and (name := re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text())):
        model = name[1]
    threads, load = torch.get_num_threads(), os.getloadavg()[0]
    return (
        f"{model}, {os.cpu_count()} cores, {threads} thread(s), torch {torch.__version__}, "
        f"load {load:.1f} at the beginning, {time.strftime('%Y-%m-%d')}"
    )


def main() -> int:
    """Measure each folder and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*", metavar="FOLDER")
    parser.add_argument("--hours", type=float, default=1.0, help="what each recipe is written for (default 1)")
    parser.add_argument("--share", type=float, default=1.0, help="of its total_kimg that is trained (default 1)")
    parser.add_argument("--given-only", action="store_true", help="no zip and no DICOM are made")
    parser.add_argument("--within", type=float, default=0.3, help="what the line after 5%% may be off (default 0.3)")
    arguments = parser.parse_args()
    print(f"{machine()}\n", flush=True)
    print("| images | recipe | at the start | after 5 % | truth, processor hours |\n|---|---|---|---|---|", flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        folders = [path.absolute() for path in arguments.folders]
        if not arguments.given_only:
            folders += [make_zip(work / "photos.zip"), make_dicom(work / "ct")]
        for images in folders:
            rows.append(measured(images, work, arguments.hours, arguments.share))
            print(rows[-1], flush=True)
    wrong = [
        row.name
        for row in rows
        if row.exit_code or row.early is None or abs(row.early / row.truth - 1) > arguments.within
    ]
    if wrong:
        print(f"\nnot within {arguments.within:.0%} after 5 %: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
