"""DICOM as hospitals write it: what a file states about its pixels is obeyed, and what is no image is left out."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import made_up_sources as made
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian

from ganzoo.data import ReadingRule, SourceOptions, open_source, read_entry
from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import DataError
from ganzoo_images import Folder
from ganzoo_sources import dicom_listing

STORAGE = "1.2.840.10008.5.1.4.1.1."
RAMP = np.arange(256, dtype=np.uint16).reshape(16, 16)


def opened(root, **options):
    return open_source(SourceOptions(root=root, **options), made.FORMATS)


def pixels(source, channels=1, resolution=16):
    rule = ReadingRule(resolution, channels, source.reading.window)
    return np.stack([read_entry(source, entry.key, rule) for entry in source.entries()])


def folder(root, **options):
    return made.dataset(Folder, root=root, resolution=16, channels=1, **options)


def save(path: Path, picture, **tags) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made.dicom_file(picture, **tags).save_as(path, enforce_file_format=True)
    return path


def dataset(**tags):
    made_up = Dataset()
    for name, value in tags.items():
        setattr(made_up, name, value)
    return made_up


def frames_of(frames, **tags):
    frames = np.stack(frames)
    return {"NumberOfFrames": len(frames), "PixelData": frames.tobytes(), **tags}


# --- windows


@pytest.mark.parametrize("window", ["range", "percentile"])
def test_a_window_is_measured_on_all_frames_each_with_its_own_rescaling(tmp_path, window):
    frames = [np.zeros_like(RAMP), RAMP, RAMP]  # every volume begins in air
    groups = [
        dataset(PixelValueTransformationSequence=Sequence([dataset(RescaleSlope=slope, RescaleIntercept=inter)]))
        for slope, inter in ((1, 0), (1, 0), (2, -100))
    ]
    tags = frames_of(frames, PerFrameFunctionalGroupsSequence=Sequence(groups))
    save(tmp_path / "a.dcm", RAMP, **tags)
    values = np.stack([frames[0], frames[1], frames[2] * 2.0 - 100])
    ends = (values.min(), values.max()) if window == "range" else np.percentile(values, (0.5, 99.5))
    expected = np.clip((values - ends[0]) / (ends[1] - ends[0]) * 255, 0, 255)
    assert np.abs(pixels(opened(tmp_path, window=window))[:, 0] - expected).max() <= 0.51


def test_a_window_is_that_of_a_series_wherever_its_files_lie_and_never_of_another_unit(tmp_path):
    dim, bright = np.full_like(RAMP, 100), np.full_like(RAMP, 300)
    save(tmp_path / "a" / "0.dcm", dim)
    save(tmp_path / "b" / "1.dcm", bright)
    save(tmp_path / "b" / "2.dcm", np.full_like(RAMP, 9000), RescaleType="US", RescaleSlope=1, RescaleIntercept=0)
    save(tmp_path / "c" / "3.dcm", RAMP, PatientID="another")  # who anonymizes may repeat numbers
    found = pixels(opened(tmp_path))[:, 0]
    assert found[:3].max(axis=(1, 2)).tolist() == [0, 255, 0]
    np.testing.assert_array_equal(found[3], RAMP)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"WindowCenter": [100, 9], "WindowWidth": [101, 9]}, lambda v: (v - 49.5) / 100),  # the first of several
        ({"WindowCenter": 100, "WindowWidth": 100, "VOILUTFunction": "LINEAR_EXACT"}, lambda v: (v - 50) / 100),
        (
            {"WindowCenter": 100, "WindowWidth": 80, "VOILUTFunction": "SIGMOID"},
            lambda v: 1 / (1 + np.exp(-4 * (v - 100) / 80)),
        ),
        (
            {
                "VOILUTSequence": Sequence(
                    [dataset(LUTDescriptor=[101, 50, 10], LUTData=(np.arange(101) ** 2 // 10).astype("<u2").tobytes())]
                )
            },
            lambda v: np.floor((np.clip(v, 50, 150) - 50) ** 2 / 10) / 1023,
        ),
    ],
)
def test_the_window_that_a_file_states_is_applied_whatever_its_curve(tmp_path, tags, expected):
    save(tmp_path / "a.dcm", RAMP, **tags)
    save(tmp_path / "b.dcm", RAMP, PhotometricInterpretation="MONOCHROME1", **tags)
    shown = np.clip(expected(RAMP.astype(float)) * 255, 0, 255)
    found = pixels(opened(tmp_path, window="header"))[:, 0]
    assert np.abs(found[0] - shown).max() <= 0.51
    assert np.abs(255.0 - found[1] - shown).max() <= 0.51


def test_a_window_that_cannot_be_used_is_refused_by_its_reason(tmp_path):
    for number, (tags, reason) in enumerate(
        [
            ({}, "states no window of its own"),
            ({"WindowCenter": 5, "WindowWidth": 0}, "states a window without width"),
            ({"WindowCenter": 5, "WindowWidth": 9, "VOILUTFunction": "ODD"}, "curve 'ODD', which is not known"),
        ]
    ):
        save(tmp_path / str(number) / "a.dcm", RAMP, **tags)
        with pytest.raises(DataError, match=rf"a\.dcm#0: .*{reason}; set dataset\.window"):
            pixels(opened(tmp_path / str(number), window="header"))


# --- what a file states about its pixels


@pytest.mark.parametrize("window", ["range", (0, 4095), "percentile"])
def test_what_a_frame_reaches_beyond_the_picture_is_black_for_either_kind_of_gray(tmp_path, window):
    high = RAMP * 16
    save(tmp_path / "a.dcm", high)
    save(tmp_path / "b.dcm", 4095 - high, PhotometricInterpretation="MONOCHROME1", SeriesInstanceUID="9")
    found = pixels(opened(tmp_path, frame=24, window=window), resolution=24)[:, 0]
    assert found[0, 12, 12] > 0 and found[1, 12, 12] > 0
    for corner in (np.s_[:4], np.s_[20:], np.s_[:, :4], np.s_[:, 20:]):
        assert found[0][corner].max() == found[1][corner].max() == 0


@pytest.mark.parametrize(
    ("dtype", "tags"),
    [
        (np.int16, {"PixelPaddingValue": -3024}),
        (np.int16, {"PixelPaddingValue": 2**16 - 3024}),  # as some write it, without its sign
        (
            np.int16,
            {"PixelPaddingValue": -3024, "PixelPaddingRangeLimit": -2000, "RescaleIntercept": 7, "RescaleSlope": 1},
        ),
        (np.int16, {"PixelPaddingValue": -3024, "PhotometricInterpretation": "MONOCHROME1"}),
    ],
)
def test_padding_is_left_out_of_the_window_and_shown_black(tmp_path, dtype, tags):
    values = np.linspace(-1000, 430, 256).round().astype(dtype).reshape(16, 16)
    padded = values.copy()
    padded[:3] = -3024
    if "PixelPaddingRangeLimit" in tags:
        padded[0] = -2000
    file = made.dicom_file(padded, **{name: value for name, value in tags.items() if name != "PixelPaddingValue"})
    file.add_new("PixelPaddingValue", "SS" if tags["PixelPaddingValue"] < 0 else "US", tags["PixelPaddingValue"])
    file.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    rest = values[3:].astype(float)
    expected = (rest - rest.min()) / np.ptp(rest) * 255
    found = pixels(opened(tmp_path))[0, 0]
    assert (found[:3] == 0).all()
    assert np.abs(found[3:] - (255 - expected if "Photometric" in "".join(tags) else expected)).max() <= 0.51


def test_a_series_of_nothing_but_padding_is_black(tmp_path):
    save(tmp_path / "a.dcm", np.full_like(RAMP, 7), PixelPaddingValue=7)
    assert not pixels(opened(tmp_path)).any()


def test_unused_bits_and_signs_are_no_part_of_intensities(tmp_path):
    values = (np.arange(256).reshape(16, 16) - 128) * 8
    stored = (values % 4096).astype(np.uint16) | 0xA000  # overlays were kept in the upper bits
    save(tmp_path / "a.dcm", stored, BitsStored=12, HighBit=11, PixelRepresentation=1)
    assert np.abs(pixels(opened(tmp_path, window=(-1024, 1016)))[0, 0] - (values + 1024) / 8).max() <= 0.51


def test_a_palette_gives_its_colors_and_a_missing_one_is_named(tmp_path):
    indices = RAMP.astype(np.uint8)
    tables = {"Red": np.arange(256), "Green": 255 - np.arange(256), "Blue": np.full(256, 77)}
    for name, scale, bits in (("deep", 257, 16), ("said-deep", 1, 16)):
        tags: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
        for color, table in tables.items():
            tags[f"{color}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
            tags[f"{color}PaletteColorLookupTableData"] = (table * scale).astype(np.uint16).tobytes()
        save(tmp_path / name / "a.dcm", indices, **tags)
        found = pixels(opened(tmp_path / name), channels=3)[0]
        np.testing.assert_array_equal(found, np.stack([table.reshape(16, 16) for table in tables.values()]))
    save(tmp_path / "none" / "a.dcm", indices, PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(DataError, match=r"a\.dcm#0: says that it is PALETTE COLOR, and its palette is missing"):
        pixels(opened(tmp_path / "none"), channels=3)


def test_deep_color_has_its_bits_or_the_window_that_is_stated(tmp_path):
    color = np.stack([RAMP * 16] * 3, axis=2)
    save(tmp_path / "a.dcm", color, BitsStored=12, HighBit=11)
    np.testing.assert_allclose(pixels(opened(tmp_path))[0, 0], RAMP, atol=1)
    assert pixels(opened(tmp_path, window=(0, 2040)))[0, 0].ravel()[128] == 255


def test_frames_and_turns_are_for_color_too(tmp_path):
    color = np.stack(made.noise(3, 1), axis=2)
    save(tmp_path / "a.dcm", color, ImageOrientationPatient=[-1, 0, 0, 0, 1, 0])
    np.testing.assert_array_equal(pixels(opened(tmp_path, frame=16), channels=3)[0], color[:, ::-1].transpose(2, 0, 1))
    assert not pixels(opened(tmp_path, frame=24), channels=3, resolution=24)[0, :, :4].any()


def test_pictures_that_have_no_place_in_the_body_are_shown_as_stored(tmp_path):
    picture = made.noise(1, 1)[0]
    for number, sop_class in enumerate(("1.1", "6.1", "7", "1.2")):  # radiograph, ultrasound, capture, mammogram
        save(tmp_path / f"{number}.dcm", picture, SOPClassUID=STORAGE + sop_class, ImageOrientationPatient=None)
    assert (pixels(opened(tmp_path)) == picture).all()


# --- what is no image of the subject


def test_what_is_no_image_is_left_out_by_what_it_says_it_is_counted_and_kept_if_asked(tmp_path):
    mask = (RAMP > 128).astype(np.uint8)
    save(tmp_path / "mr.dcm", RAMP)
    save(tmp_path / "derived.dcm", RAMP, ImageType=["DERIVED", "SECONDARY", "MPR"])
    save(tmp_path / "seg.dcm", mask, SOPClassUID=f"{STORAGE}66.4", SeriesInstanceUID="9")
    save(tmp_path / "seg2.dcm", mask, Modality="SEG", SeriesInstanceUID="9")
    save(tmp_path / "scout.dcm", RAMP, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SeriesInstanceUID="8")
    for number, word in enumerate(("SCREEN SAVE", "CT_SOM5 PROT", "DOSE_INFO")):
        save(tmp_path / f"dose{number}.dcm", RAMP, SOPClassUID=f"{STORAGE}7", ImageType=["DERIVED", "SECONDARY", word])
    save(tmp_path / "rtdose.dcm", RAMP, SOPClassUID=f"{STORAGE}481.2", Modality="RTDOSE")
    for name, sop_class in (("sr", "88.67"), ("pr", "11.1")):
        without = made.dicom_file(RAMP, SOPClassUID=STORAGE + sop_class)
        del without.Rows, without.PixelData
        without.save_as(tmp_path / f"{name}.dcm", enforce_file_format=True)
    source = opened(tmp_path)
    assert [entry.key for entry in source.entries()] == ["derived.dcm#0", "mr.dcm#0"]
    assert source.left_out() == (
        "9 DICOM files that are no images of the subject: 2 segmentations, 1 localizer, 3 reports saved as pictures, "
        '1 dose grid, 2 without pixels (dataset.source = { name = "dicom", keep = ["segmentation", "localizer", '
        '"report", "dose"] } keeps what has pixels)'
    )
    kept = opened(tmp_path, source={"name": "dicom", "keep": ["localizer", "segmentation"]})
    assert len(kept.entries()) == 5 and "2 segm" not in kept.left_out()
    (tmp_path / "mr.dcm").unlink()
    (tmp_path / "derived.dcm").unlink()
    with pytest.raises(DataError, match=r"no images in .* Found: 2 segmentations, 1 localizer"):
        folder(tmp_path).items()


# --- subjects


def test_one_patient_for_all_is_explained_before_anything_is_read_and_studies_can_be_subjects(tmp_path):
    for number in range(4):
        tags = {"PatientID": "ANONYMOUS", "StudyInstanceUID": f"1.{number}", "SeriesInstanceUID": f"2.{number}"}
        save(tmp_path / "s" / f"case{number}.dcm", RAMP[:, ::-1] if number % 2 else RAMP, **tags)
    with pytest.raises(DataError, match="there is 1") as caught:
        prepare(folder(tmp_path / "s", held_out=0.3), "folder", cache=tmp_path / "cache", workers=1)
    assert "All 4 DICOM files state one PatientID, in 4 studies" in str(caught.value)
    assert 'source = { name = "dicom", subject = "study" }' in str(caught.value)
    assert "dataset.subject_pattern" in str(caught.value)
    assert not list((tmp_path / "cache").rglob("*.chunk"))
    by_study = folder(tmp_path / "s", held_out=0.3, source={"name": "dicom", "subject": "study"})
    assert len({item.subject for item in by_study.items()}) == 4 and not by_study.subject_advice()
    by_name = folder(tmp_path / "s", held_out=0.3, subject_pattern=r"(case\d)")
    assert len({item.subject for item in by_name.items()}) == 4 and not by_name.subject_advice()


# --- files as they come


def written(picture, **tags) -> bytes:
    buffer = BytesIO()
    made.dicom_file(picture, **tags).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def test_files_without_preamble_are_read_whatever_they_are_called(tmp_path):
    for name, implicit in (("a.dcm", True), ("b.dcm", False), ("IM0001", True), ("IM0002", False)):
        file = made.dicom_file(RAMP)
        bare = Dataset({element.tag: element for element in file})
        bare.save_as(tmp_path / name, implicit_vr=implicit, little_endian=True)
    whole = written(RAMP)
    (tmp_path / "meta.dcm").write_bytes(whole[132:])
    (tmp_path / "notes").write_text("no DICOM at all")
    found = pixels(opened(tmp_path))
    assert len(found) == 5 and (found[:, 0] == RAMP).all()
    (tmp_path / "c.dcm").write_text("no DICOM at all, but called so")
    with pytest.raises(
        DataError, match=r"c\.dcm: is no DICOM file .* begins neither with a preamble nor with"
    ) as error:
        pixels(opened(tmp_path))
    assert "force" not in str(error.value)


def test_zips_of_dicom_are_read_alone_and_in_folders(tmp_path):
    pictures = made.noise(4, 1)
    (tmp_path / "in" / "more").mkdir(parents=True)
    for name, members in (
        ("in/export.zip", ("S/IM1", "S/1.2.840.7")),
        ("in/more/two.ZIP", ("x.dcm", "__MACOSX/._x.dcm")),
    ):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, member in enumerate(members):
                archive.writestr(member, written(pictures[number + 2 * ("two" in name)], PatientID=f"P{number}"))
            archive.writestr("readme.txt", "not an image")
    save(tmp_path / "in" / "loose.dcm", pictures[3])
    source = opened(tmp_path / "in", window=(0, 255))
    names = [entry.key for entry in source.entries()]
    assert names == ["export.zip/S/1.2.840.7#0", "export.zip/S/IM1#0", "loose.dcm#0", "more/two.ZIP/x.dcm#0"]
    np.testing.assert_array_equal(pixels(source)[:, 0], [pictures[1], pictures[0], pictures[3], pictures[2]])
    alone = folder(tmp_path / "in" / "export.zip")
    assert [item.key for item in alone.items()] == ["S/1.2.840.7#0", "S/IM1#0"]
    pack = prepare(alone, "folder", cache=tmp_path / "cache", workers=1)
    assert len(pack) == 2 and len({*pack.split("train").subjects.tolist()}) == 2


def test_an_export_with_a_viewer_is_dicom_and_not_the_icons_of_the_viewer(tmp_path):
    (tmp_path / "cd" / "viewer").mkdir(parents=True)
    (tmp_path / "cd" / "DICOMDIR").write_bytes(written(RAMP, SOPClassUID="1.2.840.10008.1.3.10"))
    (tmp_path / "cd" / "viewer" / "icon.png").write_bytes(made.png(RAMP.astype(np.uint8)))
    save(tmp_path / "cd" / "IMAGES" / "IM1", RAMP)
    with zipfile.ZipFile(tmp_path / "cd.zip", "w") as archive:
        for path in sorted((tmp_path / "cd").rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(tmp_path))
    assert [entry.key for entry in opened(tmp_path / "cd").entries()] == ["IMAGES/IM1#0"]
    assert [entry.key for entry in opened(tmp_path / "cd.zip").entries()] == ["cd/IMAGES/IM1#0"]


def test_bombs_that_inflate_are_refused_and_honest_deflated_files_read(tmp_path, monkeypatch):
    file = made.dicom_file(RAMP)
    file.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    file.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(pixels(opened(tmp_path))[0, 0], RAMP)
    monkeypatch.setattr("ganzoo_sources.dicom_header.MAX_MEMBER_BYTES", 600)
    with pytest.raises(DataError, match=r"a\.dcm: has more than"):
        pixels(opened(tmp_path))


# --- listing


class Reads:
    """Counts how often files are opened."""

    def __init__(self, monkeypatch):
        from ganzoo_sources.dicom_files import DicomFiles

        self.names: list[str] = []
        original = DicomFiles.open

        def open_counted(files, name):
            self.names.append(name)
            return original(files, name)

        monkeypatch.setattr(DicomFiles, "open", open_counted)

    def since(self) -> int:
        count = len(self.names)
        self.names.clear()
        return count


def test_headers_are_read_once_kept_between_runs_and_read_again_where_a_file_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(dicom_listing, "_WORTH_KEEPING", 5)
    for number in range(12):  # a series each, as sets of X-rays have them
        tags = {"SeriesInstanceUID": f"2.{number}", "PatientID": f"SECRET-{number}", "StudyInstanceUID": f"1.{number}"}
        save(tmp_path / "in" / f"Doe{number:02}.dcm", made.noise(1, 1, seed=number)[0], **tags)
    reads = Reads(monkeypatch)
    source = opened(tmp_path / "in")
    first = source.entries()
    assert reads.since() == 12
    expected = pixels(source)
    assert reads.since() == 12  # every file once for its pixels
    again = opened(tmp_path / "in")
    assert again.entries() == first and reads.since() == 0
    np.testing.assert_array_equal(pixels(again), expected)
    assert reads.since() == 12
    save(tmp_path / "in" / "Doe03.dcm", RAMP, PatientID="changed")
    third = opened(tmp_path / "in").entries()
    assert reads.since() == 1 and third[3].subject != first[3].subject and third[4] == first[4]
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(kept) == 1 and not any(word in kept[0].read_bytes() for word in (b"SECRET", b"Doe"))
    kept[0].write_bytes(kept[0].read_bytes().replace(b"image", b"imagf"))  # a flipped bit is noticed
    assert opened(tmp_path / "in").entries() == third and reads.since() == 12


def test_each_file_of_a_series_is_decoded_once_for_window_and_picture(tmp_path, monkeypatch):
    made.dicom(tmp_path / "a", made.noise(6, 1))
    source = opened(tmp_path / "a")
    source.entries()
    reads = Reads(monkeypatch)
    rule = ReadingRule(16, 1, "range")
    for number in range(6):
        read_entry(source, f"{number}.dcm#0", rule)
    assert reads.since() == 6


def test_slices_are_chosen_by_their_number_in_the_series_and_by_what_they_show(tmp_path):
    for number in range(6):  # named against their order
        picture = np.zeros_like(RAMP) if number in (0, 5) else RAMP + number
        save(tmp_path / f"{9 - number}.dcm", picture, InstanceNumber=number + 1)
    chosen = opened(tmp_path, slices=(1, 2)).entries()
    assert [entry.key for entry in chosen] == ["7.dcm#0", "8.dcm#0"]
    source = opened(tmp_path, foreground=0.1)
    assert [entry.key[0] for entry in source.entries()] == ["5", "6", "7", "8"]
    assert source.left_out().startswith("2 of 6 slices, in which less than 0.1 of the pixels")
