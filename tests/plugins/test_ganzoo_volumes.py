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


# --- formats


def corner_marked() -> np.ndarray:
    """Return a volume along right, anterior, superior whose values say where they are."""
    x, y, z = np.meshgrid(np.arange(4), np.arange(5), np.arange(6), indexing="ij")
    return (100 * x + 10 * y + z).astype(np.int16)


def stored_as(data: np.ndarray, axes: str) -> np.ndarray:
    turn = nibabel.orientations.ornt_transform(
        nibabel.orientations.axcodes2ornt("RAS"), nibabel.orientations.axcodes2ornt(axes)
    )
    return nibabel.orientations.apply_orientation(data, turn)


@pytest.mark.parametrize(("code", "axes"), [(0, "LAS"), (1, "LSA"), (2, "ASL"), (3, "LPS"), (4, "LIA")])
def test_analyze_volumes_lie_as_their_header_says(tmp_path, code, axes):
    image = nibabel.AnalyzeImage(stored_as(corner_marked(), axes), None)
    image.header["orient"] = bytes([code])
    image.to_filename(tmp_path / "a.hdr")
    source = opened(tmp_path)
    assert source.name == "nifti" and len(source.entries()) == 6
    shown = source.picture("a.hdr#2")
    assert shown.shape == (5, 4) and shown[0, 0] == 342 and shown[-1, -1] == 2
    before = source.entries()[0].fingerprint
    with (tmp_path / "a.img").open("ab") as file:
        file.write(b"more")
    assert source.entries()[0].fingerprint != before


@pytest.mark.parametrize(
    ("code", "reason"),
    [(b"\x05", "'sagittal flipped' .5., which programs read in two ways"), (b"\x07", "does not state")],
)
def test_analyze_with_an_unclear_orientation_is_refused_with_the_remedy(tmp_path, code, reason):
    image = nibabel.AnalyzeImage(corner_marked(), None)
    image.header["orient"] = code
    image.to_filename(tmp_path / "a.img")
    source = opened(tmp_path)
    with pytest.raises(DataError, match=rf"a\.hdr: .*{reason}.*'stored'"):
        source.picture(source.entries()[0].key)
    assert len(opened(tmp_path, orientation="stored").entries()) == 6


@pytest.mark.parametrize("name", ["v.mgz", "v.mgh", "v.hdr", "v.nii"])
def test_each_format_of_volumes_shows_the_same_slices(tmp_path, name):
    affine = np.diag([2.0, 1, 1, 1])
    kind = nibabel.MGHImage if "mg" in name else nibabel.Nifti1Pair if name == "v.hdr" else nibabel.Nifti2Image
    kind(corner_marked(), affine).to_filename(tmp_path / name)
    source = opened(tmp_path)
    assert source.picture(f"{name}#2")[0].tolist() == [342, 242, 142, 42]
    assert source.spacing_for(f"{name}#2") == (1, 2) and len(source.entries()) == 6


def test_files_that_only_bear_the_name_of_a_header_are_no_volumes(tmp_path):
    (tmp_path / "light.hdr").write_bytes(b"#?RADIANCE\n")
    (tmp_path / "light.img").write_bytes(b"x")
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    assert opened(tmp_path).name == "folder"
    (tmp_path / "a.png").unlink()
    assert not opened(tmp_path).entries()


def test_a_volume_that_unpacks_to_too_much_is_refused_by_its_header(tmp_path):
    import gzip
    import tracemalloc

    header = nibabel.Nifti1Header()
    header.set_data_shape((1000, 1000, 1000))
    header.set_data_dtype(np.uint8)
    with gzip.open(tmp_path / "a.nii.gz", "wb", 1) as file:
        file.write(header.binaryblock + b"\0" * 2**20)
    mgh = nibabel.MGHImage(np.zeros((2, 2, 2), np.float32), None).header
    mgh["dims"] = (1000, 1000, 1000, 1)
    with gzip.open(tmp_path / "b.mgz", "wb", 1) as file:
        file.write(mgh.binaryblock + b"\0" * 2**20)
    tracemalloc.start()
    for name, gib in (("a.nii.gz", "0.93"), ("b.mgz", "3.73")):
        source = opened(tmp_path / name)
        with pytest.raises(DataError, match=rf"{name}: 1000 x 1000 x 1000.* {gib} GiB, more than the 0.5 GiB"):
            source.picture(source.entries()[0].key)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()
    header = nibabel.Nifti1Header()
    header.set_data_shape((2, 2, 2))
    with gzip.open(tmp_path / "c.nii.gz", "wb", 1) as file:
        header["vox_offset"] = 2e9
        file.write(header.binaryblock + b"\1\0\0\0" + b"\0" * 100)
    with pytest.raises(DataError, match="would begin at byte 2,000,000,000"):
        opened(tmp_path / "c.nii.gz").picture("c.nii.gz#0")


# --- what is no image of a subject, and who is who


def small(path: Path) -> Path:
    return saved(path, np.arange(8, dtype=np.int16).reshape(2, 2, 2))


def brats(root: Path, count: int = 3) -> Path:
    for number in range(1, count + 1):
        for kind in ("flair", "t1", "t2", "seg"):
            small(root / f"BraTS20_{number:03}" / f"BraTS20_{number:03}_{kind}.nii.gz")
    return root


def test_a_folder_per_patient_is_a_subject_and_segmentations_are_left_out_but_on_request(tmp_path):
    source = opened(brats(tmp_path))
    entries = source.entries()
    assert {entry.subject for entry in entries} == {f"BraTS20_00{number}" for number in (1, 2, 3)}
    assert len(entries) == 3 * 3 * 2 and "seg" not in "".join(entry.key for entry in entries)
    assert source.left_out().startswith("3 volumes that are segmentations") and "keep" in source.left_out()
    assert not source.subject_advice()
    assert len(opened(tmp_path, source={"name": "nifti", "keep": ["segmentation"]}).entries()) == 3 * 4 * 2


def test_segmentations_alone_are_what_was_asked_for(tmp_path):
    small(tmp_path / "labelsTr" / "hippocampus_001.nii.gz")
    assert len(opened(tmp_path).entries()) == 2
    small(tmp_path / "imagesTr" / "hippocampus_001.nii.gz")
    assert {entry.key for entry in opened(tmp_path).entries()} == {f"imagesTr/hippocampus_001.nii.gz#{n}" for n in "01"}
    image = nibabel.Nifti1Image(np.ones((2, 2, 2), np.int16), np.eye(4))
    image.header.set_intent("label")
    nibabel.save(image, tmp_path / "imagesTr" / "atlas.nii.gz")
    assert len(opened(tmp_path).entries()) == 2


@pytest.mark.parametrize(
    ("names", "subjects"),
    [
        (["sub-01/anat/sub-01_T1w.nii", "sub-01/ses-2/anat/T1w.nii", "sub-02/a.nii"], "sub-01 sub-01 sub-02"),
        (["sub-01_T1w.nii.gz", "sub-01_T2w.nii.gz", "sub-10_T1w.nii.gz"], "sub-01 sub-01 sub-10"),
        (["bert/mri/orig.mgz", "bert/mri/T1.mgz", "ernie/mri/orig.mgz"], "bert bert ernie"),
        (["p1/flair.nii", "p1/t1.nii", "p2/flair.nii", "p2/t1.nii"], "p1 p1 p2 p2"),
        (["T1/a.nii", "T1/b.nii", "T2/a.nii", "T2/b.nii"], "a b a b"),
        (["siteA/001.nii", "siteA/002.nii", "siteB/001.nii"], "siteA/001 siteA/002 siteB/001"),
        (["healthy/x1.nii", "healthy/x2.nii", "sick/x3.nii"], "healthy/x1 healthy/x2 sick/x3"),
        (["imagesTr/BR_1_0000.nii", "imagesTr/BR_1_0001.nii", "imagesTr/BR_2_0000.nii"], "BR_1 BR_1 BR_2"),
        (["OAS1_0001_MR1/a.img", "OAS1_0001_MR2/a.img"], "OAS1_0001_MR1 OAS1_0001_MR2"),
        (["t1.nii"], "t1"),
    ],
)  # fmt: skip
def test_who_is_who_is_learned_from_paths(names, subjects):
    from ganzoo_sources.volume_names import subjects_of

    assert [subjects_of(names)[0][name] for name in names] == subjects.split()


def test_volumes_of_which_nothing_says_whose_they_are_are_said_to_be(tmp_path):
    for number in (1, 2):
        small(tmp_path / f"x{number}.nii")
    source = opened(tmp_path)
    assert {entry.subject for entry in source.entries()} == {"x1", "x2"}
    assert "each counts as a subject by itself" in source.subject_advice()


def oasis_disc(root: Path) -> Path:
    for subject in ("0001", "0002"):
        base = f"OAS1_{subject}_MR1"
        for folder, name in (
            ("RAW", f"{base}_mpr-1_anon"),
            ("PROCESSED/MPRAGE/SUBJ_111", f"{base}_mpr_n4_anon_sbj_111"),
            ("PROCESSED/MPRAGE/T88_111", f"{base}_mpr_n4_anon_111_t88_gfc"),
            ("PROCESSED/MPRAGE/T88_111", f"{base}_mpr_n4_anon_111_t88_masked_gfc"),
            ("FSL_SEG", f"{base}_mpr_n4_anon_111_t88_masked_gfc_fseg"),
        ):
            path = root / base / folder / f"{name}.hdr"
            path.parent.mkdir(parents=True, exist_ok=True)
            nibabel.AnalyzeImage(corner_marked(), None).to_filename(path)
            Image.new("L", (4, 4)).save(path.with_name(f"{name}_tra_90.gif"))
    return root


def test_oasis_as_it_is_distributed_is_read_from_one_volume_per_scan(tmp_path):
    from ganzoo_mri import Oasis

    dataset = made.dataset(Oasis, root=oasis_disc(tmp_path), resolution=8, foreground=0)
    items = dataset.items()
    assert {item.subject for item in items} == {"OAS1_0001", "OAS1_0002"} and len(items) == 2 * 6
    assert all("t88_masked_gfc.hdr" in item.key for item in items)
    said = " ".join(dataset.left_out(len(items)))
    assert "2 volumes that are segmentations" in said and "10 image files beside volumes" in said
    assert "36 of 48 images" in said
    assert opened(tmp_path).name == "nifti" and opened(tmp_path, source="folder").entries()


def test_splits_of_volumes_of_which_nothing_says_whose_they_are_ask_for_a_pattern(tmp_path, capsys):
    from ganzoo._cli.data_report import say_subjects
    from ganzoo._cli.terminal import Terminal
    from ganzoo.data.prepare.prepare import prepare
    from ganzoo_images import Folder

    for number in (1, 2, 3):
        saved(tmp_path / "in" / f"x{number}.nii", np.arange(8, dtype=np.int16).reshape(2, 2, 2) * number)
    dataset = made.dataset(Folder, root=tmp_path / "in", resolution=4, channels=1, held_out=0.4, window=(0, 30))
    prepare(dataset, "folder", cache=tmp_path, workers=1)
    say_subjects(Terminal(), dataset)
    said = capsys.readouterr()
    assert "dataset.subject_pattern" in said.out + said.err
