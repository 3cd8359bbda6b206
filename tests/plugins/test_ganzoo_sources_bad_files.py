"""Odd and hostile sources end in one clear message or in a counted, listed skip."""

from __future__ import annotations

import os
import stat
import zipfile
from io import BytesIO
from pathlib import Path

import made_up_sources as made
import numpy as np
import pytest
from PIL import Image

from ganzoo.data.prepare.prepare import prepare
from ganzoo.errors import DataError
from ganzoo_images import Folder


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def quality_checks() -> dict[str, bytes]:
    """Return files that people have, by what is odd about them."""
    rng = np.random.default_rng(0)
    gray = Image.fromarray(rng.integers(0, 256, (16, 16), dtype=np.uint8))
    color = Image.fromarray(rng.integers(0, 256, (20, 16, 3), dtype=np.uint8))
    alpha = Image.fromarray(rng.integers(0, 256, (16, 16, 4), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = encoded(color)
    bomb = bytearray(encoded(Image.new("1", (64, 64))))
    bomb[16:24] = (30_000).to_bytes(4, "big") * 2
    import zlib

    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    return {
        "gray.png": encoded(gray),
        "color.png": whole,
        "alpha.png": encoded(alpha),
        "palette.png": encoded(color.convert("P")),
        "one-bit.png": encoded(gray.convert("1")),
        "cmyk.jpg": encoded(color.convert("CMYK"), "JPEG"),
        "rotated.jpg": encoded(color, "JPEG", exif=exif),
        "deep.png": encoded(Image.fromarray(rng.integers(0, 65536, (16, 16), dtype=np.uint16))),
        "1x1.png": encoded(Image.new("L", (1, 1), 200)),
        "animated.gif": encoded(gray, "GIF", save_all=True, append_images=[gray.rotate(90)]),
        "png-called.jpg": whole,
        "BAD-animated.png": encoded(gray, save_all=True, append_images=[gray.rotate(90)]),
        "BAD-animated.webp": encoded(gray, "WEBP", save_all=True, append_images=[gray.rotate(90)], lossless=True),
        "BAD-pages.tif": encoded(gray, "TIFF", save_all=True, append_images=[gray]),
        "BAD-empty.png": b"",
        "BAD-truncated.png": whole[: len(whole) // 2],
        "BAD-flipped.png": whole[:60] + bytes([whole[60] ^ 1]) + whole[61:],
        "BAD-text.png": b"not an image",
        "BAD-pdf.png": b"%PDF-1.7 ...",
        "BAD-30000x30000.png": bytes(bomb),
    }


def in_folder(root: Path, files: dict[str, bytes]) -> Path:
    root.mkdir()
    for name, data in files.items():
        (root / name).write_bytes(data)
    return root


def in_zip(root: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(root.with_suffix(".zip"), "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return root.with_suffix(".zip")


def in_lmdb(root: Path, files: dict[str, bytes]) -> Path:
    import lmdb

    with lmdb.open(str(root), map_size=2**24) as environment, environment.begin(write=True) as transaction:
        for number, data in enumerate(files.values()):
            transaction.put(f"16-{number:05d}".encode(), data)
        transaction.put(b"length", str(len(files)).encode())
    return root


def in_arrow(root: Path, files: dict[str, bytes]) -> Path:
    import pyarrow as pa

    column = pa.array([{"bytes": data, "path": name} for name, data in files.items()])
    root.mkdir()
    with pa.OSFile(str(root / "data.arrow"), "wb") as sink:
        table = pa.table({"image": column})
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    (root / "state.json").write_text('{"_data_files": [{"filename": "data.arrow"}]}')
    return root


def dataset(root, **options):
    return made.dataset(Folder, **{"root": root, "resolution": 16, "channels": 3, **options})


@pytest.mark.parametrize("pack_up", [in_folder, in_zip, in_lmdb, in_arrow])
def test_odd_images_are_read_and_bad_ones_listed(tmp_path, pack_up):
    files = quality_checks()
    data = dataset(pack_up(tmp_path / "odd", files))
    bad = [name for name in files if name.startswith("BAD")]
    with pytest.raises(DataError) as caught:
        prepare(data, "odd", cache=tmp_path / "cache", workers=1)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{len(bad)} of {len(files)} images of 'odd' cannot be used:" and len(lines) == len(bad) + 2
    text = str(caught.value)
    for said in (
        "holds 2 images",
        "is empty",
        "damaged or truncated",
        "is not a PNG",
        "has more than 64 million pixels",
    ):
        assert said in text
    pack = prepare(data, "odd", cache=tmp_path / "cache", workers=1, skip_bad=True)
    assert len(pack) == len(files) - len(bad) and len(pack.bad_files) == len(bad) and not pack.verify()
    by_folder = dataset(in_folder(tmp_path / "plain", files))
    good = {by_folder.load(item).tobytes() for item in by_folder.items() if not item.key.startswith("BAD")}
    assert good == {image.tobytes() for image in pack.split("train").images(np.arange(len(pack)))}


@pytest.mark.parametrize("kind", made.MAKERS)
def test_a_source_without_images_says_what_it_found(tmp_path, kind):
    root = made.MAKERS[kind](tmp_path / "source", made.noise(2, 1))
    files = [root] if root.is_file() else [path for path in root.rglob("*") if path.is_file()]
    for path in files:
        path.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        prepare(dataset(root), "empty", cache=tmp_path / "cache", workers=1, skip_bad=True)
    assert any(said in str(caught.value) for said in ("source", "is empty", "0.dcm", "train.parquet"))


# --- archives


def test_names_that_lead_out_of_a_zip_are_refused_and_nothing_is_written(tmp_path):
    for name in ("../../evil.png", "/etc/evil.png", "a/../../evil.png", "..\\evil.png", "C:\\evil.png"):
        root = in_zip(tmp_path / "slip", {"a.png": b"x", name: b"x"})
        with pytest.raises(DataError, match=r"names that lead out of it: .*evil\.png"):
            dataset(root).items()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["slip.zip"]


def test_links_in_a_zip_are_not_followed(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(made.png(made.noise(1, 1)[0]))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("good.png", secret.read_bytes())
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, str(secret))
    pack = prepare(dataset(tmp_path / "a.zip"), "a", cache=tmp_path / "cache", workers=1, skip_bad=True)
    assert len(pack) == 1 and pack.manifest.bad_files[0].reason.startswith("link.png: is a link")


def test_two_files_of_one_name_in_a_zip_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for picture in made.noise(2, 1):
            archive.writestr("same.png", made.png(picture))
    with pytest.raises(DataError, match=r"two files of one name: same\.png"):
        dataset(tmp_path / "a.zip").items()


def test_a_zip_with_a_password_and_a_bomb_are_named(tmp_path):
    root = in_zip(tmp_path / "a", {"a.png": made.png(made.noise(1, 1)[0])})
    data = bytearray(root.read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\1\2") + 8] |= 1
    root.write_bytes(data)
    with pytest.raises(DataError, match=r"a\.png: is encrypted"):
        dataset(root).load(dataset(root).items()[0])
    with (
        zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("b.png", "w") as file,
    ):
        for _ in range(300):
            file.write(bytes(2**20))
    with pytest.raises(DataError, match=r"b\.png: has more than 256 MiB"):
        dataset(tmp_path / "b.zip").load(dataset(tmp_path / "b.zip").items()[0])


def test_a_damaged_member_is_named_by_its_checksum(tmp_path):
    root = in_zip(tmp_path / "a", {f"{n}.png": made.png(p) for n, p in enumerate(made.noise(3, 1))})
    data = bytearray(root.read_bytes())
    data[100] ^= 1
    root.write_bytes(data)
    pack = prepare(dataset(root), "a", cache=tmp_path / "cache", workers=1, skip_bad=True)
    assert len(pack) == 2 and "is damaged in the archive" in pack.manifest.bad_files[0].reason


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"labels": [["a.png", 1.5]]}', "not a class number"),
        ('{"labels": [["a.png", [0, 1]]]}', "not a class number"),
        ('{"labels": [["a.png", -1]]}', "not a class number"),
        ('{"labels": [["a.png"]]}', "must be a list of"),
        ('{"labels": 5}', "must be a list of"),
        ('{"labels": [["a.png", 1], ["a.png", 2]]}', "two labels to 'a.png'"),
        ("[" * 100_000, "is damaged"),
        ("no json", "is damaged"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(tmp_path, content, said):
    image = made.png(made.noise(1, 1)[0])
    for root in (
        in_zip(tmp_path / "a", {"a.png": image, "dataset.json": content.encode()}),
        in_folder(tmp_path / "b", {"a.png": image, "dataset.json": content.encode()}),
    ):
        with pytest.raises(DataError, match=said):
            dataset(root, classes=2).items()


# --- names


def test_names_that_are_not_utf_8_and_names_that_act_are_shown_literally(tmp_path):
    import nibabel

    root = os.fsencode(tmp_path / "v")
    os.mkdir(root)
    nibabel.save(nibabel.Nifti1Image(np.arange(64, dtype=np.int16).reshape(4, 4, 4), np.eye(4)), tmp_path / "good.nii")
    good = (tmp_path / "good.nii").read_bytes()
    for name, data in ((b"\xff.nii", good), (b"\x1b[31mred.nii", good[:-9])):
        with open(os.path.join(root, name), "wb") as file:
            file.write(data)
    data = dataset(tmp_path / "v")
    with pytest.raises(DataError) as caught:
        prepare(data, "v", cache=tmp_path / "cache", workers=1)
    assert r"\x1b[31mred.nii: is damaged or cut off" in str(caught.value) and "\x1b" not in str(caught.value)
    assert len(prepare(data, "v", cache=tmp_path / "cache", workers=1, skip_bad=True)) == 4


def test_a_zip_with_names_of_another_encoding_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number, picture in enumerate(made.noise(2, 1)):
            archive.writestr(f"{number}q.png", made.png(picture))
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(b"0q.", b"0\xff."))
    assert len(prepare(dataset(tmp_path / "a.zip"), "a", cache=tmp_path / "cache", workers=1)) == 2
