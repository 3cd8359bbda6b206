"""Volumes: the shape of their voxels, backgrounds without values, formats, and who is who in a folder of them."""

from __future__ import annotations

from pathlib import Path

import made_up_sources as made
import nibabel
import numpy as np
import pytest
from PIL import Image

from ganzoo.data import ReadingRule, SourceOptions, open_source, read_entry
from ganzoo.data.images.slice_geometry import squared_image, squared_pixels
from ganzoo.errors import DataError


def opened(root: Path, **options):
    return open_source(SourceOptions(root=root, **options), made.FORMATS)


def saved(path: Path, data: np.ndarray, voxel: tuple[float, float, float] = (1, 1, 1)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(data, np.diag([*voxel, 1])), path)
    return path


# --- geometry


def ball(voxel: tuple[float, float, float], extent: float = 24, radius: float = 9) -> np.ndarray:
    axes = [(np.arange(round(extent / size)) + 0.5) * size - extent / 2 for size in voxel]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    return (x**2 + y**2 + z**2 <= radius**2).astype(np.int16) * 100


@pytest.mark.parametrize("plane", ["sagittal", "coronal", "axial"])
@pytest.mark.parametrize("voxel", [(1, 1, 4), (2, 1, 1), (0.5, 1, 2)])
def test_a_ball_is_round_whatever_its_voxels(tmp_path, plane, voxel):
    saved(tmp_path / "a.nii.gz", ball(voxel), voxel)
    source = opened(tmp_path, plane=plane)
    middle = len(source.entries()) // 2
    shown = read_entry(source, f"a.nii.gz#{middle}", ReadingRule(48, 1, (0, 100)))[0] > 127
    assert shown.mean() == pytest.approx(np.pi * 9**2 / 24**2, abs=0.06)
    assert abs(int(shown.any(axis=0).sum()) - int(shown.any(axis=1).sum())) <= 6


def test_spacing_can_be_ignored_and_is_applied_to_what_is_stored_and_framed(tmp_path):
    saved(tmp_path / "a.nii.gz", ball((1, 1, 4)), (1, 1, 4))
    ignored = opened(tmp_path, plane="sagittal", spacing="ignore")
    assert (read_entry(ignored, "a.nii.gz#12", ReadingRule(6, 1, (0, 100)))[0] > 127).mean() == pytest.approx(2 / 3)
    framed = opened(tmp_path, plane="sagittal", frame=32)
    shown = read_entry(framed, "a.nii.gz#12", ReadingRule(32, 1, (0, 100)))[0]
    assert (shown[:4] == 0).all() and (shown > 127).mean() == pytest.approx(np.pi * 9**2 / 32**2, abs=0.03)
    saved(tmp_path / "a.nii.gz", ball((4, 1, 1)), (4, 1, 1))
    assert opened(tmp_path, orientation="stored").spacing_for("a.nii.gz#3") == (1, 4)


def test_pixels_are_squared_without_new_intensities():
    picture = np.array([[0.0, 8.0], [4.0, 4.0]])
    assert squared_pixels(picture, (2, 1), "p").tolist() == [[0, 8], [1, 7], [3, 5], [4, 4]]
    assert set(np.unique(squared_pixels(picture, (3, 1), "p", "nearest"))) == {0, 4, 8}
    color = np.array([[[0, 9, 0]], [[8, 9, 1]]], np.uint8)
    assert squared_pixels(color, (2, 1), "p")[:, 0, 0].tolist() == [0, 2, 6, 8]
    assert squared_image(Image.new("RGB", (4, 3)), (2, 1), "p").size == (4, 6)
    for unknown in (None, (0, 1), (float("nan"), 1), (1, -1), (1, 1.001)):
        assert squared_pixels(picture, unknown, "p") is picture
    with pytest.raises(DataError, match=r"p: its pixels are 1e\+30 by 1 apart; .* dataset.spacing = 'ignore'"):
        squared_pixels(picture, (1e30, 1), "p")


# --- intensities that are none


def test_backgrounds_that_are_no_numbers_are_refused_with_the_remedy_or_shown_black(tmp_path):
    data = np.linspace(100, 300, 8 * 8 * 4, dtype=np.float32).reshape(8, 8, 4)
    data[:2] = np.nan
    data[7, 7, 0] = np.inf
    saved(tmp_path / "a.nii.gz", data, (1, 2, 1))
    for window in ("range", (0, 700)):
        with pytest.raises(DataError, match=r"not finite .*dataset.non_finite = 'background'"):
            source = opened(tmp_path, window=window)
            read_entry(source, "a.nii.gz#2", source.reading.rule(1))
    source = opened(tmp_path, window="range", non_finite="background", resolution=8)
    shown = read_entry(source, "a.nii.gz#0", source.reading.rule(1))[0]
    assert (shown[:, 6:] == 0).all() and shown[:, :6].mean() > 50  # the body's right is on the left
    low, high = source.window_for("a.nii.gz#0", source.reading.rule(1))
    assert low == data[2, 0, 0] and high == data[7, 7, 3]
    source = opened(tmp_path, window=(0, 700), non_finite=700.0, resolution=8)
    assert (read_entry(source, "a.nii.gz#0", source.reading.rule(1))[0][:, 6:] == 255).all()
