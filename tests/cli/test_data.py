"""`ganzoo data` as people use it, and recipes that use what it prepared."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from command_line import ganzoo
from made_up_akoa import write_akoa
from made_up_images import noise
from PIL import Image
from training_world import recipe_of, start

from ganzoo._runs.record import read_record
from ganzoo.data.pack.pack import Pack
from ganzoo.errors import DataError

PHANTOM = ("--resolution", "16", "--set", "count=60", "--set", "held_out=0.2")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def prepare(out, *more, name="phantom", options=PHANTOM):
    return ganzoo("data", "prepare", name, "--out", str(out), *options, "--workers", "1", *more)


def read(path):
    with Image.open(path) as image:
        return np.asarray(image)


def folder_of(path, count=20, side=16):
    for number, image in enumerate(noise(count, side)):
        (path / f"p{number // 4}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[0]).save(path / f"p{number // 4}" / f"{number}.png")
    return path


def test_prepare_check_show_and_export(tmp_path):
    made = prepare(tmp_path / "pack")
    assert made.code == 0, made.err
    pack = Pack.open(tmp_path / "pack")
    assert f"pack {tmp_path / 'pack'}: 60 images, hash {pack.manifest.hash}" in made.out
    assert "stored as raw" in made.out and "instead of deflate" in made.out and made.out.count("images/s read") == 2
    assert f'pack = "{tmp_path / "pack"}"' in made.out
    checked = ganzoo("data", "check", "pack")
    assert checked.code == 0
    for said in ("no subject is in two splits", "duplicates", "constant", "held-out        12 images\n"):
        assert said in checked.out
    shown = ganzoo("data", "show", "pack", "--sheet", "sheet.png")
    assert shown.code == 0 and pack.manifest.hash in shown.out and "intensities" in shown.out
    assert read("sheet.png").shape == (4 * 18 + 2, 16 * 18 + 2)  # three rows of train, one of held-out
    exported = ganzoo("data", "export", "pack", "--out", "pngs")
    assert exported.code == 0 and "60 images in pngs" in exported.out
    index = json.loads(Path("pngs/dataset.json").read_text())
    assert index["labels"] is None and index["pack"] == pack.manifest.hash
    stored = {split.images(np.arange(len(split))).tobytes() for split in map(pack.split, pack.splits)}
    files = {
        name: b"".join(read(path).tobytes() for path in sorted(Path("pngs", name).rglob("*.png")))
        for name in pack.splits
    }
    assert set(files.values()) == stored
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "cache") == ["pack", "pngs", "sheet.png"]


@pytest.mark.ci
def test_preparing_twice_gives_the_same_hash(tmp_path):
    folder_of(tmp_path / "images")
    options = ("--source", str(tmp_path / "images"), "--resolution", "8", "--set", "channels=1")
    one = prepare(tmp_path / "one", name="folder", options=options)
    (tmp_path / "images").rename(tmp_path / "moved")
    other = prepare(tmp_path / "two", name="folder", options=("--source", str(tmp_path / "moved"), *options[2:]))
    assert one.code == other.code == 0, other.err
    assert Pack.open(tmp_path / "one").manifest.hash == Pack.open(tmp_path / "two").manifest.hash
    assert (
        prepare(tmp_path / "two", name="folder", options=("--source", str(tmp_path / "moved"), *options[2:])).code == 0
    )


def test_subjects_come_from_names(tmp_path):
    folder_of(tmp_path / "images")
    options = ("--source", "images", "--resolution", "8", "--set", "channels=1", "--set", "held_out=0.4")
    assert prepare("pack", "--subject-pattern", r"^(p\d+)/", name="folder", options=options).code == 0
    pack = Pack.open(Path("pack"))
    assert [len(pack.split(name)) for name in pack.splits] == [12, 8]
    wrong = prepare("other", "--subject-pattern", "nobody(x)", name="folder", options=options)
    assert wrong.code == 2 and "finds no subject" in wrong.err and not Path("other").exists()


def test_an_exported_zip_is_nvidias_layout(tmp_path):
    options = ("--resolution", "16", "--set", "count=12", "--set", "classes=2", "--set", "channels=3")
    assert prepare("pack", "--storage", "deflate", options=options).code == 0
    for name in ("a.zip", "b.zip"):
        assert ganzoo("data", "export", "pack", "--out", name).code == 0
    assert Path("a.zip").read_bytes() == Path("b.zip").read_bytes()
    split = Pack.open(Path("pack")).split("train")
    with zipfile.ZipFile("a.zip") as archive:
        assert archive.testzip() is None
        labels = dict(json.loads(archive.read("dataset.json"))["labels"])
        for number, (name, label) in enumerate(sorted(labels.items())):
            assert name == f"00000/img{number:08d}.png" and label == split.classes[number]
            image = np.asarray(Image.open(BytesIO(archive.read(name))))
            np.testing.assert_array_equal(image.transpose(2, 0, 1), split.images(np.array([number]))[0])
    again = ganzoo("data", "export", "pack", "--out", "a.zip")
    assert again.code == 3 and "exists already" in again.err
    assert ganzoo("data", "export", "pack", "--out", "c", "--split", "test").code == 2 and not Path("c").exists()


def test_a_data_set_says_where_to_get_it():
    shown = ganzoo("data", "show", "oasis")
    assert shown.code == 0
    for said in ("https://sites.wustl.edu/oasisbrains/", "acknowledge", "case_", "ganzoo data prepare oasis --source"):
        assert said in shown.out


@pytest.mark.ci
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("data", "prepare", "phantm", "--out", "x"), "phantm"),
        (("data", "prepare", ".", "--out", "x"), "where images are is said by --source ."),
        (("data", "prepare", "phantom", "--out", "x", "--resolution", "17"), "power of two"),
        (("data", "prepare", "phantom", "--out", "x", "--set", "cout=3"), "did you mean 'count'"),
        (("data", "prepare", "phantom", "--out", "x", "--storage", "zip"), "choose raw"),
        (("data", "prepare", "folder", "--out", "x"), "folder needs --source PATH"),
        (("data", "prepare", "akoa", "--out", "x"), "https://nda.nih.gov/oai"),
        (("data", "prepare", "folder", "--out", "x", "--source", "nowhere"), "nowhere"),
        (("data", "check", "nowhere"), "nowhere is not a prepared dataset"),
        (("data", "show", "nothing-like-this"), "there is no pack at nothing-like-this"),
        (
            ("data", "show", "."),
            "it has no manifest.json. Name the folder that ganzoo data prepare wrote; if these are",
        ),
        (("data", "export", "nowhere", "--out", "y"), "is not a prepared dataset"),
    ],
)
def test_mistakes_are_said_and_leave_nothing(tmp_path, arguments, said):
    outcome = ganzoo(*arguments)
    assert outcome.code == 2 and said in outcome.err and "Traceback" not in outcome.err
    assert not Path("x").exists() and not Path("y").exists()


def test_a_damaged_pack_does_not_pass_the_check():
    prepare("pack")
    path = Path("pack/images-8.npy")
    data = bytearray(path.read_bytes())
    data[-5] ^= 4
    path.write_bytes(data)
    for command in (("check", "pack"), ("show", "pack"), ("export", "pack", "--out", "pngs")):
        outcome = ganzoo("data", *command)
        assert outcome.code == 2 and "images-8.npy: its content changed" in outcome.err
    assert not Path("pngs").exists() and not Path("pack-sheet.png").exists()


def test_the_recipe_that_prepare_prints_uses_the_pack(tmp_path):
    folder_of(tmp_path / "images", count=60)
    options = ("--source", "images", "--resolution", "16", "--set", "channels=1", "--set", "held_out=0.2")
    made = prepare("pack", "--set", "shares={test=0.2}", "--set", "window=[0, 255]", name="folder", options=options)
    printed = tomllib.loads(made.out.partition("a recipe uses it by:\n")[2])
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    run = start(tmp_path / "run", recipe_of(SMALL, printed))
    assert read_record(run.record).status == "finished"


def test_an_array_of_floats_without_a_range_is_refused_once(tmp_path):
    np.save(tmp_path / "floats.npy", np.full((50, 16, 16), np.nan, np.float32))
    made = prepare("pack", name="folder", options=("--source", "floats.npy", "--resolution", "16"))
    assert made.code == 2 and made.err.count("does not say which value is black") == 1
    assert "floats.npy: an array of float32" in made.err and "--set 'window=[low,high]'" in made.err


def test_files_that_are_skipped_are_listed(tmp_path):
    write_akoa(tmp_path / "knees", participants=3, slices=2, resolution=16)
    bad = sorted((tmp_path / "knees").iterdir())[3]
    bad.write_bytes(b"")
    made = prepare("pack", "--skip-bad", name="akoa", options=("--source", "knees", "--resolution", "16"))
    assert made.code == 0 and f"left out        1 file that cannot be used:\n  {bad.name}: is empty" in made.out
    shown = ganzoo("data", "show", "pack")
    assert "left out        1 file: image 1" in shown.out and "OAI9" not in shown.out


def test_a_pack_is_no_source():
    prepare("pack")
    outcome = prepare("again", name="folder", options=("--source", "pack", "--resolution", "16"))
    assert outcome.code == 2 and "pack is a prepared pack, no source: let dataset.pack name it" in outcome.err


@pytest.mark.ci
def test_labels_that_are_not_used_are_told():
    made = prepare("pack", options=("--resolution", "16", "--set", "count=12", "--set", "classes=2"))
    assert made.code == 0 and ganzoo("data", "export", "pack", "--out", "set.zip").code == 0
    plain = prepare("plain", name="folder", options=("--source", "set.zip", "--resolution", "16"))
    assert "labels of 2 classes that the source states; dataset.classes = 2 uses them" in plain.out
    used = prepare("used", "--set", "classes=2", name="folder", options=("--source", "set.zip", "--resolution", "16"))
    assert "left out" not in used.out


@pytest.mark.ci
def test_images_that_are_not_used_are_counted(tmp_path):
    write_akoa(tmp_path / "knees", participants=3, slices=2, resolution=16)
    for name in ("Figure_1.png", "OAI12_BaseLine_RIGHT.png"):
        Image.fromarray(noise(1, 16)[0, 0]).save(tmp_path / "knees" / name)
    made = prepare("pack", name="akoa", options=("--source", "knees", "--resolution", "16"))
    assert made.code == 0 and "left out        2 of 14 images, by their names or by the options" in made.out
    right = prepare("right", "--set", "side=right", name="akoa", options=("--source", "knees", "--resolution", "16"))
    assert "left out        8 of 14 images" in right.out
    every = prepare("every", name="folder", options=("--source", "knees", "--resolution", "16"))
    assert "left out" not in every.out


def test_slices_that_are_left_out_are_counted(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    for number in (1, 2):
        volume = np.random.default_rng(number).normal(100, 10, (16, 16, 8)).astype(np.float32)
        volume[:, :, :3] = 0
        nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / f"OAS1_000{number}_MR1.nii")
    options = ("--source", ".", "--resolution", "16", "--set", "frame=16")
    made = prepare("pack", name="oasis", options=options)
    assert made.code == 0 and "left out        6 of 16 slices" in made.out
    assert len(Pack.open(Path("pack"))) == 10 and Pack.open(Path("pack")).manifest.settings["foreground"] == 0.01
    every = prepare("every", "--set", "foreground=0", name="oasis", options=options)
    assert "left out" not in every.out and len(Pack.open(Path("every"))) == 16


# --- recipes that use a pack


PACKED = {"dataset": {"name": "phantom", "resolution": 16, "count": 60, "held_out": 0.2, "pack": "pack"}}
SMALL = {
    "generator": {"name": "dcgan", "width": 4, "kernel": 4, "latents": "normal"},
    "discriminator": {"name": "dcgan", "width": 4, "kernel": 4, "normalization": "none"},
    "loss": {"name": "logistic"},
    "training": {"total_kimg": 0.016, "batch_size": 8},
    "scoring": {"split": "held-out"},
}


def test_a_recipe_trains_from_a_pack_as_from_the_source(tmp_path):
    prepare("pack")
    packed = start(tmp_path / "a", recipe_of(SMALL, PACKED))
    plain = {"dataset": {key: value for key, value in PACKED["dataset"].items() if key != "pack"}}
    sourced = start(tmp_path / "b", recipe_of(SMALL, plain))
    one, other = read_record(packed.record), read_record(sourced.record)
    assert one.dataset == other.dataset and one.dataset.images == {"train": 48, "held-out": 12}
    assert [score.value for score in one.scores] == [score.value for score in other.scores]
    assert one.scores[0].protocol["split"] == "held-out"
    assert recipe_of(SMALL, PACKED).training_hash == recipe_of(SMALL, plain).training_hash


def test_a_pack_of_other_settings_is_refused(tmp_path):
    prepare("pack")
    for change, said in (
        ({"held_out": 0.1}, r"dataset\.held_out = 0\.1, but the pack has 0\.2"),
        ({"resolution": 32}, r"dataset\.resolution = 32, but the pack has 16"),
        ({"pack": "nowhere"}, "nowhere is not a prepared dataset"),
    ):
        with pytest.raises(DataError, match=said):
            start(tmp_path / "runs", recipe_of(SMALL, {"dataset": PACKED["dataset"] | change}))
    assert not (tmp_path / "runs").exists()


def test_another_split_can_train(tmp_path):
    prepare("pack")
    swapped = {"training": {"split": "held-out"}, "scoring": {"split": "train"}}
    run = start(tmp_path / "runs", recipe_of(SMALL, PACKED, swapped))
    assert read_record(run.record).scores[0].protocol["split"] == "train"
    held_out = {image.tobytes() for image in Pack.open(Path("pack")).split("held-out").images(np.arange(12))}
    reals = read(run.samples / "reals.png")
    places = [(y, x) for y in range(2, reals.shape[0], 18) for x in range(2, reals.shape[1], 18)]
    tiles = {reals[y : y + 16, x : x + 16].tobytes() for y, x in places}
    assert len(tiles & held_out) == 12
    with pytest.raises(DataError, match=r"training\.split: .* no images in split 'test' \(it has train, held-out\)"):
        start(tmp_path / "other", recipe_of(SMALL, PACKED, {"training": {"split": "test"}}))


# --- the set on the front page, made up


@pytest.mark.ci
def test_made_up_knees_are_akoas_and_never_cross_splits(tmp_path):
    assert write_akoa(tmp_path / "knees", participants=8, visits=2, slices=2, resolution=32) == 64
    options = ("--source", "knees", "--resolution", "32", "--set", "held_out=0.25", "--set", "mirror_left=true")
    assert prepare("pack", name="akoa", options=options).code == 0
    pack = Pack.open(Path("pack"))
    assert {name: len(pack.split(name)) for name in pack.splits} == {"train": 48, "held-out": 16}
    assert pack.overlaps() == [] and len(np.unique(pack.split("held-out").subjects)) == 2
    assert pack.manifest.settings["mirror_left"] is True and "mirror" not in pack.manifest.settings
    everything = b"".join(path.read_bytes() for path in pack.path.iterdir() if not path.name.startswith("images"))
    assert b"OAI" not in everything and b"9000" not in everything  # no participant is named in a pack


def test_without_data_akoa_is_explained():
    outcome = ganzoo("data", "prepare", "akoa", "--source", "nowhere", "--resolution", "32", "--out", "x")
    assert outcome.code == 2
    for said in ("Osteoarthritis Initiative", "https://nda.nih.gov/oai", "ganzoo data prepare akoa"):
        assert said in outcome.err


# --- when the machine fails


@pytest.mark.ci
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_leaves_no_pack(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("may not mount here")
    try:
        options = ("--resolution", "32", "--set", "count=80")
        outcome = prepare(disk / "pack", options=options)
        assert outcome.code == 1 and "disk full" in outcome.err and "Traceback" not in outcome.err
        assert not (disk / "pack").exists() and not list(disk.rglob(".tmp-*"))
        prepare("pack", options=options)
        for target in ("all.zip", "all"):
            outcome = ganzoo("data", "export", "pack", "--out", str(disk / target))
            assert outcome.code == 1 and "disk full" in outcome.err
            assert not (disk / target).exists()
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        assert prepare(disk / "pack", options=options).code == 0  # goes on with what it had
        assert Pack.open(disk / "pack").manifest == Pack.open(Path("pack")).manifest
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a read-only disk")
def test_a_read_only_target_is_said(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("may not mount here")
    try:
        outcome = prepare(disk / "pack")
        assert outcome.code == 2 and "Read-only file system" in outcome.err
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow  # tests/data/prepare kills the same work without the command line
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_while_preparing_or_exporting_it_leaves_nothing_half(tmp_path):
    from ganzoo.data.pack.export import export
    from ganzoo.data.pack.format import PackFormat
    from ganzoo.data.prepare.job import PreparationOptions
    from ganzoo.data.prepare.prepare import prepare_at
    from ganzoo_images import Phantom

    dataset = Phantom(Phantom.Options(count=100, resolution=16))
    pack_format = PackFormat(storage="deflate", shard_bytes=4000)
    expected = prepare_at(dataset, "phantom", tmp_path / "good", PreparationOptions(workers=1, pack_format=pack_format))
    dice, kills = random.Random(2), 0
    for number in range(8):
        out = tmp_path / f"pack{number // 4}"

        def work(out=out):
            prepare_at(dataset, "phantom", out, PreparationOptions(workers=1, pack_format=pack_format))
            export(expected, out.with_suffix(f".{os.getpid()}.zip"))

        child = os.fork()
        if child == 0:
            try:
                work()
            finally:
                os._exit(0)
        time.sleep(dice.uniform(0.0, 0.4))
        os.kill(child, signal.SIGKILL)
        kills += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        if out.exists():
            assert Pack.open(out).verify() == [] and Pack.open(out).manifest == expected.manifest
        for archive in tmp_path.glob("*.zip"):
            assert zipfile.ZipFile(archive).testzip() is None
    assert kills
    last = prepare_at(dataset, "phantom", out, PreparationOptions(workers=1, pack_format=pack_format))
    assert last.manifest == expected.manifest


def test_the_command_answers_at_once():
    code = "import sys; from ganzoo._cli.app import app; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
