"""Every source format gives the very pixels that were put into it, as a pack and one by one."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import made_up_sources as made
import numpy as np
import pytest
from PIL import Image

from ganzoo.data import ReadingRule, SourceOptions, open_source, read_entry
from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import DataError
from ganzoo_images import Folder
from ganzoo_sources.btree import KeyFile
from ganzoo_sources.tfrecords import masked_crc32c

REAL = pytest.mark.skipif("GANZOO_DATA" not in os.environ, reason="GANZOO_DATA names no folder of real images")


def opened(root, **options):
    return open_source(SourceOptions(root=root, **options), made.FORMATS)


def pixels(source, channels, resolution=made.SIDE):
    rule = ReadingRule(resolution, channels, source.reading.window)
    return np.stack([read_entry(source, entry.key, rule) for entry in source.entries()])


def planes(pictures):
    return np.stack([picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1) for picture in pictures])


def folder(root, **options):
    return made.dataset(Folder, **{"root": root, "resolution": made.SIDE, **options})


# --- all kinds


@pytest.mark.parametrize("kind", made.MAKERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_pixels_are_those_that_were_stored(tmp_path, kind, channels):
    if channels == 3 and kind in made.GRAY_ONLY:
        pytest.skip("volumes are gray")
    pictures = made.noise(5, channels)
    source = opened(made.MAKERS[kind](tmp_path / "source", pictures), resolution=made.SIDE)
    np.testing.assert_array_equal(pixels(source, channels), planes(pictures))
    entries = source.entries()
    assert len({entry.key for entry in entries}) == 5 and entries == opened(source.root, resolution=16).entries()
    assert all(entry.fingerprint for entry in entries)


@pytest.mark.parametrize("kind", made.MAKERS)
def test_a_pack_of_any_source_holds_the_same_pixels_whichever_process_reads(tmp_path, kind):
    pictures = made.noise(60, 1)
    root = made.MAKERS[kind](tmp_path / "source", pictures)
    workers = 2 if kind == "zip" else 1  # starting processes takes seconds
    pack = prepare(folder(root, channels=1), "folder", cache=tmp_path / "cache", workers=workers)
    images = pack.split("train").images(np.arange(60))
    assert {image.tobytes() for image in images} == {picture.tobytes() for picture in pictures}


def test_each_kind_has_a_maker():
    kinds = {kind.partition("-")[0] for kind in made.MAKERS}
    assert {{"npy": "array", "npz": "array"}.get(kind, kind) for kind in kinds} == set(made.FORMATS)


@pytest.mark.parametrize("kind", made.MAKERS)
def test_a_source_holds_no_more_than_a_picture_in_memory(tmp_path, kind):
    pictures = made.noise(3, 1)
    source = opened(made.MAKERS[kind](tmp_path / "source", pictures), resolution=made.SIDE)
    rule = ReadingRule(made.SIDE, 1)
    for entry in source.entries():
        read_entry(source, entry.key, rule)
    held = [value for value in vars(source).values() if isinstance(value, np.ndarray)]
    assert not held


@pytest.mark.parametrize("kind", sorted(made.FORMATS))
def test_a_kind_that_is_asked_for_and_not_there_is_a_clear_error(tmp_path, kind):
    (tmp_path / "notes.txt").write_text("nothing")
    for root in (tmp_path, tmp_path / "notes.txt"):
        dataset = folder(root, source=kind)
        with pytest.raises(DataError, match=rf"{tmp_path.name}|notes\.txt"):
            for item in dataset.items():
                dataset.load(item)


def test_a_missing_root_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere does not exist; set dataset\.root"):
        opened(tmp_path / "nowhere")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DataError, match=r"a\.txt: is a file of no source format that is installed"):
        opened(tmp_path / "a.txt")


def test_a_missing_library_is_named_with_its_pip_line(tmp_path, monkeypatch):
    import sys

    for kind, module, extra in (
        ("tiff", "tifffile", "tiff"),
        ("nifti", "nibabel", "nifti"),
        ("dicom", "pydicom", "dicom"),
        ("nifti-mgz", "nibabel", "nifti"),
        ("arrow", "pyarrow", "arrow"),
        ("parquet", "pyarrow.parquet", "arrow"),
        ("tfrecords", "crc32c", "tfrecord"),
    ):
        make = made.rare_tiffs if kind == "tiff" else made.MAKERS[kind]
        root = make(tmp_path / kind, made.noise(6, 1))
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            with pytest.raises(DataError, match=rf"needs {module.partition('.')[0]}: pip .*\[{extra}\]'") as told:
                prepare(folder(root, channels=1), "folder", cache=tmp_path / "cache", workers=1)
            assert str(told.value).count("pip install") == 1, kind


def test_links_that_lead_out_are_refused_unless_followed(tmp_path):
    outside = made.npy(tmp_path / "secret", made.noise(2, 1))
    for kind, name in (("array", "a.npy"), ("lmdb", "data.mdb"), ("tfrecords", "a-r04.tfrecords"), ("dicom", "a.dcm")):
        root = tmp_path / kind
        root.mkdir()
        (root / name).symlink_to(outside)
        with pytest.raises(DataError, match=r"lead[s]? out of .*follow_links"):
            opened(root, source=kind).entries()
    assert len(opened(tmp_path / "array", follow_links=True).entries()) == 2


# --- labels and subjects


def test_labels_that_a_source_states_are_used(tmp_path):
    pictures, labels = made.noise(6, 3), [2, 0, 1, 2, 1, 0]
    one_hot = np.eye(3, dtype=np.float32)[labels]
    roots = [
        made.zipped(tmp_path / "zip", pictures, labels),
        made.npz(tmp_path / "npz", pictures, labels=np.array(labels)),
        made.tfrecords(tmp_path / "one-hot", pictures, one_hot),
        made.tfrecords(tmp_path / "numbers", pictures, np.array(labels)),
        made.arrow(tmp_path / "arrow", pictures, labels),
    ]
    for root in roots:
        dataset = folder(root, classes=3)
        by_pixels = {dataset.load(item).tobytes(): item.label for item in dataset.items()}
        assert [by_pixels[plane.tobytes()] for plane in planes(pictures)] == labels
        assert all(item.label is None for item in folder(root).items())
        with pytest.raises(DataError, match=r"states labels up to 2\. Set classes = 3"):
            folder(root, classes=2).items()


def test_subjects_that_a_source_states_are_kept_together(tmp_path):
    pictures = made.noise(12, 1)
    stated = made.npz(tmp_path / "a", pictures, subjects=np.repeat(["x", "y", "z"], 4))
    beside = made.npy(tmp_path / "b", pictures)
    np.save(tmp_path / "b.subjects.npy", np.repeat([7, 8, 9], 4))
    for dataset in (folder(stated), folder(beside), folder(made.npy(tmp_path / "c", pictures), per_subject=4)):
        assert [len({item.subject for item in dataset.items()[start : start + 4]}) for start in (0, 4, 8)] == [1] * 3
        assert len({item.subject for item in dataset.items()}) == 3
    np.save(tmp_path / "b.subjects.npy", np.arange(5))
    with pytest.raises(DataError, match="one for each of 12 images"):
        folder(beside).items()


def test_splits_of_a_dataset_dict_are_kept(tmp_path):
    for name, seed in (("train", 1), ("validation", 2), ("test", 3), ("extra", 4)):
        made.arrow(tmp_path / "d" / name, made.noise(2, 3, seed=seed))
    (tmp_path / "d" / "dataset_dict.json").write_text('{"splits": ["train", "validation", "test", "extra"]}')
    splits = [item.split for item in folder(tmp_path / "d").items()]
    assert splits == ["train"] * 2 + ["validate"] * 2 + ["test"] * 2 + [None] * 2


def test_of_several_stored_resolutions_the_one_that_suits_is_read(tmp_path):
    pictures = made.noise(3, 3)
    for root in (made.lmdb(tmp_path / "lmdb", pictures), made.tfrecords(tmp_path / "records", pictures)):
        for wanted, stored in ((4, 8), (8, 8), (16, 16), (32, 16)):
            key = opened(root, resolution=wanted).entries()[0].key
            assert f"{stored}-00000" == key or f"r{stored.bit_length() - 1:02}.tfrecords#0" in key


# --- arrays


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float16", ">f8", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_any_kind_go_through_the_window(tmp_path, dtype, order):
    values = np.linspace(0, 1, 2 * 16 * 16).reshape(2, 16, 16)
    top = {"uint8": 255, "uint16": 4095, "int16": 1000}.get(dtype, 1)
    array = np.asarray((values * top).round() if top > 1 else values, order=order).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    source = opened(tmp_path / "a.npy", window=(0, top))
    expected = array.astype(np.float64) / top * 255
    assert np.abs(pixels(source, 1)[:, 0] - expected).max() <= 0.51


def test_floats_without_a_stated_range_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.linspace(-1, 1, 256, dtype=np.float32).reshape(1, 16, 16))
    with pytest.raises(DataError, match=r"first image has -1 to 1\); state it: dataset\.window = \[low, high\]"):
        pixels(opened(tmp_path / "a.npy"), 1)
    assert pixels(opened(tmp_path / "a.npy", window=(-1, 1)), 1).ravel()[[0, -1]].tolist() == [0, 255]


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 3, 8, 8)), "transpose it to N x H x W x C"),
        (np.zeros((2, 8, 8, 5)), "C of 1, 3 or 4"),
        (np.zeros(8), "is an array of 8"),
        (np.zeros((2, 0, 8)), "have no pixels"),
        (np.zeros((2, 8, 8), complex), "holds complex128"),
        (np.array([["a", "b"]]), "not intensities"),
        (np.array([{"a": 1}], object), "holds object"),
    ],
)
def test_arrays_of_a_wrong_shape_or_kind_are_refused(tmp_path, array, said):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(DataError, match=said):
        opened(tmp_path / "a.npy").entries()


def test_an_array_that_lies_about_its_size_is_refused_without_asking_for_memory(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 8, 8), np.uint8))
    data = (tmp_path / "a.npy").read_bytes()
    lying = data.replace(b"(2, 8, 8), }      ", b"(2, 8, 8000000), }")
    assert len(lying) == len(data) and lying != data
    for content in (lying, data[:-1], data + b"x", data[:20]):
        (tmp_path / "a.npy").write_bytes(content)
        with pytest.raises(DataError, match=r"promises|no array"):
            opened(tmp_path / "a.npy").entries()


def test_an_npz_is_told_by_its_arrays(tmp_path):
    pictures = np.stack(made.noise(2, 1))
    np.savez(tmp_path / "a.npz", x_train=pictures)
    assert len(opened(tmp_path / "a.npz").entries()) == 2
    np.savez(tmp_path / "a.npz", left=pictures, right=pictures)
    with pytest.raises(DataError, match="needs an array called 'images'; it has: left, right"):
        opened(tmp_path / "a.npz").entries()
    np.savez(tmp_path / "a.npz", images=pictures)
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[300] ^= 1
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(DataError, match="is damaged"):
        opened(tmp_path / "a.npz").entries()


def test_images_of_30000_pixels_a_side_are_refused_before_they_ask_for_memory(tmp_path):
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|u1", "fortran_order": False, "shape": (1, 30_000, 30_000)}
        )
        file.truncate(file.tell() + 900_000_000)  # sparse: it takes no disk
    with pytest.raises(DataError, match="more than 64 million pixels"):
        opened(tmp_path / "a.npy").entries()
    made.dicom(tmp_path / "d", made.noise(1, 1), Rows=30_000, Columns=30_000)
    with pytest.raises(DataError, match="is 30000x30000, more than 64 million pixels"):
        pixels(opened(tmp_path / "d"), 1)


# --- LMDB


def test_the_reader_of_lmdb_finds_what_the_library_wrote(tmp_path):
    import lmdb

    rng = np.random.default_rng(0)
    pairs = {f"{n}-{n * n:05d}".encode(): rng.bytes(int(rng.integers(0, 9000))) for n in range(700)}
    environment = lmdb.open(str(tmp_path), map_size=2**26)
    for start in range(0, 700, 100):
        with environment.begin(write=True) as transaction:
            for key, value in list(pairs.items())[start : start + 100]:
                transaction.put(key, value)
    with environment.begin(write=True) as transaction:
        transaction.delete(b"5-00025")
    environment.close()
    file = KeyFile(tmp_path / "data.mdb")
    assert file.count == 699 and file.get(b"5-00025") is None and file.get(b"") is None and file.get(b"zzz") is None
    assert all(file.get(key) == value for key, value in pairs.items() if key != b"5-00025")


def test_an_lmdb_of_another_layout_is_refused(tmp_path):
    import lmdb

    with lmdb.open(str(tmp_path / "a")) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"x", b"y")
    with pytest.raises(DataError, match=r"has no key 'length'\. Expected is the layout of rosinality"):
        opened(tmp_path / "a").entries()
    with lmdb.open(str(tmp_path / "a")) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"length", b"1000000000")
    with pytest.raises(DataError, match="says it has b'1000000000' images, and has 2 keys"):
        opened(tmp_path / "a").entries()


def test_an_image_that_an_lmdb_lacks_is_named(tmp_path):
    import lmdb

    root = made.lmdb(tmp_path / "a", made.noise(5))
    with lmdb.open(str(root)) as environment, environment.begin(write=True) as transaction:
        transaction.delete(b"16-00003")
    with pytest.raises(DataError, match=r"1 of 5 .*\n  16-00003: is not in the database"):
        prepare(folder(root), "folder", cache=tmp_path / "cache", workers=1)
    pack = prepare(folder(root), "folder", cache=tmp_path / "cache", workers=1, skip_bad=True)
    assert len(pack) == 4 and pack.bad_files == ("16-00003",)


# --- TFRecords


def test_checksums_of_records_are_masked_as_tensorflow_masks_them():
    crc = 0x8A9136AA  # of 32 zeros: RFC 3720, B.4
    assert masked_crc32c(bytes(32)) == ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32


def test_a_record_that_fails_its_checksum_is_named_and_the_others_are_used(tmp_path):
    root = made.tfrecords(tmp_path / "a", made.noise(4))
    path = root / "toy-r04.tfrecords"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 + 99] ^= 4
    path.write_bytes(data)
    pack = prepare(folder(root), "folder", cache=tmp_path / "cache", workers=1, skip_bad=True)
    assert len(pack) == 3 and "does not agree with its checksum" in pack.manifest.bad_files[0].reason


@pytest.mark.parametrize("cut", [5, 14, 600])
def test_a_tfrecord_file_that_is_cut_off_is_refused(tmp_path, cut):
    root = made.tfrecords(tmp_path / "a", made.noise(4))
    path = root / "toy-r04.tfrecords"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DataError, match="is cut off"):
        opened(root, resolution=16).entries()


def test_other_tfrecords_are_refused_by_what_they_hold(tmp_path):
    from tfrecord.writer import TFRecordWriter

    writer = TFRecordWriter(str(tmp_path / "x-r04.tfrecords"))
    writer.write({"image/encoded": (b"abc", "byte"), "height": (5, "int")})
    writer.write({"shape": ([3, 100, 100], "int"), "data": (b"abc", "byte")})
    writer.close()
    source = opened(tmp_path)
    for entry, said in zip(source.entries(), ("features .*image/encoded", "states the shape"), strict=True):
        with pytest.raises(DataError, match=said):
            read_entry(source, entry.key, ReadingRule(8, 3))


# --- volumes


def volume(root: Path, affine=None, **options):
    """Save a volume whose value says where it is: 100 R + 10 A + S."""
    import nibabel

    x, y, z = np.meshgrid(np.arange(4), np.arange(5), np.arange(6), indexing="ij")
    image = nibabel.Nifti1Image((100 * x + 10 * y + z).astype(np.int16), np.eye(4) if affine is None else affine)
    nibabel.save(image, root / "v.nii")
    return opened(root, resolution=8, **options)


@pytest.mark.parametrize("stored", ["RAS", "LPS", "LIA", "PSR", "SAL", "IRP"])
def test_a_slice_looks_the_same_however_its_volume_is_stored(tmp_path, stored):
    import nibabel

    x, y, z = np.meshgrid(np.arange(4), np.arange(5), np.arange(6), indexing="ij")
    image = nibabel.Nifti1Image((100 * x + 10 * y + z).astype(np.int16), np.eye(4))
    turn = nibabel.orientations.ornt_transform(
        nibabel.orientations.axcodes2ornt("RAS"), nibabel.orientations.axcodes2ornt(stored)
    )
    nibabel.save(image.as_reoriented(turn), tmp_path / "v.nii.gz")
    axial = opened(tmp_path).picture("v.nii.gz#2")
    assert axial.shape == (5, 4) and axial[0, 0] == 342 and axial[-1, -1] == 2  # front and right are up and left
    sagittal = opened(tmp_path, plane="sagittal").picture("v.nii.gz#3")
    assert sagittal.shape == (6, 5) and sagittal[0, 0] == 345 and sagittal[-1, 0] == 340 and sagittal[0, -1] == 305
    coronal = opened(tmp_path, plane="coronal").picture("v.nii.gz#1")
    assert coronal.shape == (6, 4) and coronal[0, 0] == 315 and coronal[-1, -1] == 10
    lying = opened(tmp_path, orientation="LA").picture("v.nii.gz#2")
    assert lying.shape == (4, 5) and lying[0, 0] == 302 and lying[-1, -1] == 42


def test_slices_can_be_chosen_by_number_and_by_foreground(tmp_path):
    assert [entry.key for entry in volume(tmp_path, slices=(2, 9)).entries()] == [f"v.nii#{n}" for n in (2, 3, 4, 5)]
    import nibabel

    data = np.zeros((8, 8, 4), np.float32)
    data[:4, :4, 1] = 1
    data[:, :, 2] = 1
    nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), tmp_path / "v.nii")
    assert [entry.key[-1] for entry in opened(tmp_path, foreground=0.2).entries()] == ["1", "2"]
    assert [entry.key[-1] for entry in opened(tmp_path, foreground=0.3).entries()] == ["2"]


def test_all_slices_of_a_volume_share_a_window_and_a_subject(tmp_path):
    source = volume(tmp_path)
    images = pixels(source, 1, 4)
    assert images[0].max() < images[-1].max() == 255 and images[0].min() < images[-1].min()
    assert {(entry.subject, entry.together) for entry in source.entries()} == {("v", "v.nii")}
    low, high = source.window_for("v.nii#0", ReadingRule(8, 1, "percentile"))
    everything = np.array([[100 * x + 10 * y + z for z in range(6)] for x in range(4) for y in range(5)])
    assert [low, high] == np.percentile(everything, [0.5, 99.5]).tolist()


def test_intensities_are_scaled_as_the_header_says(tmp_path):
    import nibabel

    image = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    image.header.set_slope_inter(0.5, -3)
    nibabel.save(image, tmp_path / "v.nii.gz")
    found = opened(tmp_path).picture("v.nii.gz#0")
    expected = np.asarray(nibabel.load(tmp_path / "v.nii.gz").dataobj)[::-1, ::-1, 0].T
    np.testing.assert_allclose(found, expected)


def test_a_frame_is_cut_out_or_filled_up_around_the_center(tmp_path):
    rule = ReadingRule(8, 1, (0, 510))
    picture = read_entry(volume(tmp_path, frame=8), "v.nii#2", rule)[0]
    assert (picture[:, :2] == 0).all() and picture[1, 2] == 171
    picture = read_entry(volume(tmp_path, frame=2), "v.nii#2", ReadingRule(2, 1, (0, 510)))[0]
    assert picture.tolist() == [[116, 66], [111, 61]]


def test_a_volume_without_an_orientation_can_be_shown_as_stored(tmp_path):
    import nibabel

    data = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nibabel.save(nibabel.Nifti1Image(data, None), tmp_path / "v.nii")
    with pytest.raises(DataError, match=r"v\.nii: does not state its orientation.*orientation = 'stored'"):
        prepare(folder(tmp_path, channels=1), "folder", cache=tmp_path / "cache", workers=1)
    np.testing.assert_array_equal(opened(tmp_path, orientation="stored").picture("v.nii#1"), data[:, :, 1].T)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"orientation": "PP"}, "is not in the axial plane"),
        ({"orientation": "SL"}, "is not in the axial plane"),
        ({"orientation": "IL", "plane": "sagittal"}, "is not in the sagittal plane"),
        ({"orientation": "xx"}, "is not in the axial plane"),
        ({"slices": [5, 2]}, "first <= last"),
        ({"plane": "oblique"}, "axial"),
    ],
)
def test_options_of_volumes_are_checked(options, said):
    with pytest.raises(ValueError, match=said):
        SourceOptions(root="x", **options)


def test_volumes_that_are_none_are_named(tmp_path):
    import nibabel

    made.nifti(tmp_path / "v", made.noise(3, 1))
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4, 7), np.int16), np.eye(4)), tmp_path / "v" / "time.nii")
    whole = (tmp_path / "v" / "head.nii").read_bytes()
    (tmp_path / "v" / "cut.nii").write_bytes(whole[:-40])
    (tmp_path / "v" / "empty.nii.gz").write_bytes(b"")
    huge = bytearray(whole)
    struct.pack_into("<3h", huge, 42, 32767, 32767, 32767)
    (tmp_path / "v" / "huge.nii").write_bytes(huge)
    with pytest.raises(DataError) as caught:
        prepare(folder(tmp_path / "v", channels=1), "folder", cache=tmp_path / "cache", workers=1)
    lines = str(caught.value).splitlines()
    assert [line.strip().partition(":")[0].partition("#")[0] for line in lines[1:-1]] == (
        ["cut.nii"] * 3 + ["empty.nii.gz", "huge.nii", "time.nii"]
    )
    assert "GiB" in lines[5] and "take one time point" in lines[6]


# --- DICOM


def test_dicom_is_rescaled_windowed_and_inverted(tmp_path):
    ramp = np.linspace(0, 4000, 256).round().astype(np.int16).reshape(16, 16)
    tags = {"RescaleSlope": 1, "RescaleIntercept": -1024, "WindowCenter": 40, "WindowWidth": 400}
    made.dicom(tmp_path / "a", [ramp], **tags)
    real = ramp.astype(float) - 1024
    low, high = 40 - 0.5 - 399 / 2, 40 - 0.5 + 399 / 2
    expected = np.clip((real - low) / (high - low) * 255, 0, 255)
    found = pixels(opened(tmp_path / "a", window="header"), 1)[0, 0]
    assert np.abs(found - expected).max() <= 0.51
    made.dicom(tmp_path / "b", [ramp], PhotometricInterpretation="MONOCHROME1", **tags)
    np.testing.assert_allclose(pixels(opened(tmp_path / "b", window="header"), 1)[0, 0], 255 - found, atol=1)
    whole = pixels(opened(tmp_path / "b", window=(-1024, 2976)), 1)[0, 0]
    assert whole[0, 0] == 255 and whole[-1, -1] == 0
    made.dicom(tmp_path / "c", [ramp])
    with pytest.raises(DataError, match="states no window of its own"):
        pixels(opened(tmp_path / "c", window="header"), 1)


def test_dicom_slices_of_a_series_share_a_window_and_series_do_not(tmp_path):
    dark, bright = np.full((8, 8), 100, np.uint16), np.full((8, 8), 300, np.uint16)
    made.dicom(tmp_path / "a", [dark, bright])
    made.dicom_file(dark, SeriesInstanceUID="9.9").save_as(tmp_path / "a" / "other.dcm", enforce_file_format=True)
    assert pixels(opened(tmp_path / "a"), 1, 8).mean(axis=(1, 2, 3)).tolist() == [0, 255, 0]
    assert len({entry.together for entry in opened(tmp_path / "a").entries()}) == 2


@pytest.mark.parametrize(
    ("cosines", "turned"),
    [
        ([1, 0, 0, 0, 1, 0], lambda p: p),
        ([-1, 0, 0, 0, 1, 0], lambda p: p[:, ::-1]),
        ([1, 0, 0, 0, -1, 0], lambda p: p[::-1]),
        ([0, 1, 0, 1, 0, 0], lambda p: p.T),
        ([0, 1, 0, 0, 0, -1], lambda p: p),  # sagittal: right is posterior, down is inferior
        ([0, 1, 0, 0, 0, 1], lambda p: p[::-1]),
        ([0.98, 0.17, 0, 0, 0.17, -0.98], lambda p: p),  # coronal, a little oblique
    ],
)
def test_dicom_is_shown_the_same_way_however_it_was_stored(tmp_path, cosines, turned):
    picture = made.noise(1, 1)[0]
    made.dicom(tmp_path / "a", [picture], ImageOrientationPatient=cosines)
    found = opened(tmp_path / "a").picture("0.dcm#0")
    np.testing.assert_array_equal(found, turned(picture))


def test_dicom_without_an_orientation_can_be_shown_as_stored(tmp_path):
    made.dicom(tmp_path / "a", made.noise(1, 1), ImageOrientationPatient=None)
    with pytest.raises(DataError, match="does not state its orientation"):
        opened(tmp_path / "a").picture("0.dcm#0")
    assert opened(tmp_path / "a", orientation="stored").picture("0.dcm#0").shape == (16, 16)


def test_frames_of_a_multi_frame_file_are_images(tmp_path):
    frames = np.stack(made.noise(3, 1))
    made.dicom_file(frames[0], NumberOfFrames=3, PixelData=frames.tobytes()).save_as(
        tmp_path / "a.dcm", enforce_file_format=True
    )
    np.testing.assert_array_equal(pixels(opened(tmp_path), 1)[:, 0], frames)


def test_patients_are_known_by_a_hash_and_leave_no_trace(tmp_path):
    for number in range(3):
        made.dicom(tmp_path / "s" / str(number), made.noise(2, 1, seed=number), PatientID=f"SECRET-{number}")
    dataset = folder(tmp_path / "s", channels=1, held_out=0.3)
    subjects = [item.subject for item in dataset.items()]
    assert len(set(subjects)) == 3 and not any("SECRET" in subject for subject in subjects)
    pack = prepare(dataset, "folder", cache=tmp_path / "cache", workers=1)
    assert len(pack.split("held-out")) == 2
    for path in (tmp_path / "cache").rglob("*"):
        assert path.is_dir() or not any(word in path.read_bytes() for word in (b"SECRET", b"Doe"))


# --- images of other kinds


def test_of_a_gif_the_first_frame_is_read(tmp_path):
    frames = [Image.fromarray(picture).convert("P") for picture in made.noise(3, 1)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(pixels(opened(tmp_path), 1)[0, 0], np.asarray(frames[0].convert("L")))


def test_tiffs_that_pillow_does_not_know_are_read_by_tifffile(tmp_path):
    import tifffile

    rng = np.random.default_rng(0)
    deep = rng.integers(0, 65536, (16, 16), dtype=np.uint16)
    color = rng.integers(0, 65536, (16, 16, 3), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "deep.tif", deep)
    tifffile.imwrite(tmp_path / "double.tif", deep.astype(np.float64))
    tifffile.imwrite(tmp_path / "rgb16.tif", color, photometric="rgb")
    found = dict(zip(("deep", "double", "rgb16"), pixels(opened(tmp_path, window=(0, 65535)), 3), strict=True))
    assert np.abs(found["deep"][0] - deep / 257).max() <= 0.51
    np.testing.assert_array_equal(found["double"], found["deep"])
    assert np.abs(found["rgb16"] - color.transpose(2, 0, 1) / 257).max() <= 0.51
    tifffile.imwrite(tmp_path / "five.tif", rng.integers(0, 9, (16, 16, 5), dtype=np.uint16))
    tifffile.imwrite(tmp_path / "stack.tif", rng.random((6, 16, 16)))
    for name in ("five.tif", "stack.tif"):
        with pytest.raises(DataError, match=rf"{name}: (has 5 channels|holds)"):
            read_entry(opened(tmp_path), name, ReadingRule(16, 3))


# --- real images


@REAL
def test_real_faces_are_the_same_through_folder_zip_array_and_database(tmp_path):
    root = Path(os.environ["GANZOO_DATA"]) / "ffhq"
    pictures = [np.asarray(Image.open(path)) for path in sorted(root.glob("*.jpg"))[:2]]
    expected = planes(pictures)
    for kind in ("folder", "zip", "npy", "npz-compressed", "arrow"):
        source = opened(made.MAKERS[kind](tmp_path / kind, pictures), resolution=256)
        np.testing.assert_array_equal(pixels(source, 3, 256), expected)
    source = opened(made.lmdb(tmp_path / "lmdb", pictures, sides=(8, 256)), resolution=256)
    np.testing.assert_array_equal(pixels(source, 3, 256), expected)
    source = opened(root, resolution=128)
    half = np.stack([read_entry(source, entry.key, ReadingRule(128, 3)) for entry in source.entries()[:2]])
    blocks = expected.reshape(2, 3, 128, 2, 128, 2).astype(int).sum(axis=(3, 5))
    np.testing.assert_array_equal(half, (blocks + 2) // 4)


@REAL
def test_real_class_folders_become_labels():
    dataset = folder(Path(os.environ["GANZOO_DATA"]) / "cifar10", classes=10, resolution=32)
    item = dataset.items()[-1]
    path = dataset.options.root / item.key
    np.testing.assert_array_equal(dataset.load(item), np.asarray(Image.open(path)).transpose(2, 0, 1))
    assert item.label == 9 and item.key.startswith("truck/")


# --- memory


def anonymous_bytes() -> int:
    """Return the memory of this process that is its own: neither shared nor mapped from files."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon:")))


def bmp(picture: np.ndarray) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "BMP")
    return buffer.getvalue()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("kind", ["zip", "npy", "npz-compressed", "lmdb", "tfrecords", "arrow", "nifti"])
def test_a_source_larger_than_what_it_may_hold_is_streamed(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(made, "png", bmp)  # quick to write, and as large as its pixels
    side, count = 512, 160
    pictures = [np.full((side, side), number, np.uint8) for number in range(count)]
    if kind == "lmdb":
        root = made.lmdb(tmp_path / "large", pictures, sides=(side,))
    elif kind == "tfrecords":
        monkeypatch.setattr(made, "LEVELS", (9,))
        root = made.tfrecords(tmp_path / "large", pictures)
    else:
        root = made.MAKERS[kind](tmp_path / "large", pictures)
    del pictures
    source = opened(root, resolution=side, window=(0, 255))
    rule = ReadingRule(side, 1, (0, 255))
    entries = source.entries()
    read_entry(source, entries[0].key, rule)  # libraries are loaded now
    before = anonymous_bytes()
    values = [int(read_entry(source, entry.key, rule)[0, 5, 5]) for entry in entries]
    assert values == list(range(count))
    assert anonymous_bytes() - before < 16 * 2**20 < count * side * side / 2
