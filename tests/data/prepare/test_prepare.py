"""Preparing: parallel, resumable, whole or not at all."""

import importlib
import os
import random
import shutil
import signal
import sys
import time
import types
from multiprocessing.spawn import get_preparation_data

import made_up_sources as made
import numpy as np
import pytest
from installed_plugin import PARTS, install
from PIL import Image

from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import ImageDataset, Item
from ganzoo.data.pack.pack import Pack
from ganzoo.data.prepare.prepare import prepare
from ganzoo.data.prepare.ready_pack import ready_pack
from ganzoo.data.prepare.workers import main_hidden
from ganzoo.errors import DataError, PluginError, RunError
from ganzoo_images import Folder, Phantom

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


class Toy(ImageDataset):
    """Noise; `behavior` says what its items are and what it does when one is loaded."""

    name = "toy"
    behavior: dict = {}  # noqa: RUF012 - a test sets it as a whole
    loaded: list = []  # noqa: RUF012

    @classmethod
    def spec_of(cls, options):
        return ImageSpec(options.resolution, 1, cls.behavior.get("classes", 0))

    def items(self):
        return self.behavior.get("items", [Item(key=f"{i}.png") for i in range(200)])

    def load(self, item):
        self.loaded.append(item.key)
        if (act := self.behavior.get(item.key)) is not None:
            return act()
        size = (1, self.options.resolution, self.options.resolution)
        seed = int.from_bytes(item.key.encode("utf-8", "surrogatepass"), "big")
        return np.random.default_rng(seed).integers(0, 256, size).astype(np.uint8)


@pytest.fixture
def toy(monkeypatch):
    def make(behavior=None, **options):
        monkeypatch.setattr(Toy, "behavior", behavior or {})
        monkeypatch.setattr(Toy, "loaded", [])
        return Toy(Toy.Options(**{"resolution": 8, **options}))

    return make


def failing(error):
    def act():
        raise error

    return act


def names(cache):
    """What lies in a cache, without lock files."""
    return sorted(path.name for path in (cache / "packs").iterdir() if not path.name.startswith(".lock"))


# --- the usual


def test_a_second_call_opens_what_the_first_prepared(toy, tmp_path):
    dataset = toy()
    progress = []
    first = prepare(dataset, "toy", cache=tmp_path, workers=1, progress=lambda *state: progress.append(state))
    assert progress[-1] == (200, 200)
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)
    assert len(dataset.loaded) == 200
    second = prepare(dataset, "toy", cache=tmp_path, workers=1)
    assert len(dataset.loaded) == 200
    assert (second.path, second.fingerprint) == (first.path, first.fingerprint)
    assert names(tmp_path) == [first.path.name]
    assert first.path.name.startswith("toy-8-")


def test_a_finished_pack_needs_no_writing(toy, tmp_path):
    dataset = toy()
    pack = prepare(dataset, "toy", cache=tmp_path, workers=1)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    prepare(dataset, "toy", cache=tmp_path, workers=1)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert pack.verify() == []


@pytest.mark.ci
def test_processes_prepare_the_same_pack(tmp_path):
    dataset = Phantom(Phantom.Options(count=150, resolution=16, channels=3, classes=2, held_out=0.2))
    one = prepare(dataset, "phantom", cache=tmp_path / "one", workers=1)
    two = prepare(dataset, "phantom", cache=tmp_path / "two", workers=2)
    assert one.fingerprint == two.fingerprint
    assert one.path.name == two.path.name
    assert (one.path / "manifest.json").read_bytes() == (two.path / "manifest.json").read_bytes()


def test_mirroring_shares_a_pack_and_other_options_do_not(toy, tmp_path):
    path = prepare(toy(), "toy", cache=tmp_path, workers=1).path
    assert prepare(toy(mirror=True), "toy", cache=tmp_path, workers=1).path == path
    assert prepare(toy(held_out=0.5), "toy", cache=tmp_path, workers=1).path != path
    assert prepare(toy(resolution=16), "toy", cache=tmp_path, workers=1).path != path


def test_a_cached_pack_is_of_one_version_of_others_code(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    body = "class Dots(TinyDataset):\n    name = 'dots-of-acme'\n"
    install(site, PARTS + body, module="acme_dots_cached", distribution="acme-dots", version="1.0")
    dots = importlib.import_module("acme_dots_cached").Dots
    dataset = dots(dots.Options(resolution=8, count=12))
    first = prepare(dataset, "dots", cache=tmp_path)
    assert first.manifest.settings["code"]["dataset"].startswith("acme-dots 1.0+")
    assert prepare(dataset, "dots", cache=tmp_path).path == first.path
    (site / "acme_dots-1.0.dist-info").rename(site / "acme_dots-1.1.dist-info")
    metadata = site / "acme_dots-1.1.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("1.0", "1.1"))
    newer = prepare(dataset, "dots", cache=tmp_path)
    assert newer.path != first.path and newer.fingerprint == first.fingerprint
    given = dots(dots.Options(resolution=8, count=12, pack=str(first.path)))
    assert ready_pack(given, "dots", tmp_path).fingerprint == first.fingerprint, "what it holds is what counts"


def test_names_and_order_of_files_do_not_matter_but_pixels_do(toy, tmp_path):
    def fingerprint(keys, change=0):
        def pixels(number):
            return lambda: np.full((1, 8, 8), number + (change if number == 3 else 0), np.uint8)

        behavior = {"items": [Item(key=key) for key in keys]}
        behavior |= {key: pixels(number) for number, key in enumerate(keys)}
        return prepare(
            toy(behavior, held_out=0.3), "toy", cache=tmp_path / str(len(os.listdir(tmp_path))), workers=1
        ).fingerprint

    keys = [f"{i}" for i in range(20)]
    base = fingerprint(keys)
    assert fingerprint([f"renamed/{key}\udcff" for key in keys]) == base
    assert fingerprint([f"{99 - i}" for i in range(20)]) == base
    assert fingerprint(keys, change=100) != base


# --- splits


def test_held_out_takes_whole_subjects_and_the_same_ones_each_time(toy, tmp_path):
    items = [Item(key=f"{s}-{k}", subject=f"subject {s}") for s in range(10) for k in range(5)]
    pack = prepare(toy({"items": items}, held_out=0.3), "toy", cache=tmp_path / "a", workers=1)
    assert len(pack.split("train")) == 35 and len(pack.split("held-out")) == 15
    assert not set(pack.split("train").subjects) & set(pack.split("held-out").subjects)
    again = prepare(toy({"items": items[::-1]}, held_out=0.3), "toy", cache=tmp_path / "b", workers=1)
    assert again.fingerprint == pack.fingerprint
    fewer = prepare(toy({"items": items[:40]}, held_out=0.3), "toy", cache=tmp_path / "c", workers=1)
    kept = {image.tobytes() for image in pack.split("held-out").images(np.arange(15))}
    left = {image.tobytes() for image in fewer.split("held-out").images(np.arange(len(fewer.split("held-out"))))}
    assert len(kept & left) >= 5


def test_a_small_share_holds_out_one_subject_at_least(toy, tmp_path):
    items = [Item(key=f"{s}", subject=f"{s}") for s in range(3)]
    pack = prepare(toy({"items": items}, held_out=0.01), "toy", cache=tmp_path, workers=1)
    assert [len(pack.split(name)) for name in pack.splits] == [2, 1]


def test_one_subject_cannot_be_divided(toy, tmp_path):
    items = [Item(key=f"{k}", subject="only") for k in range(5)]
    with pytest.raises(DataError, match=r"dataset\.held_out = 0\.5 needs two subjects"):
        prepare(toy({"items": items}, held_out=0.5), "toy", cache=tmp_path, workers=1)


def test_copies_of_a_picture_stay_in_one_split(toy, tmp_path):
    items = [Item(key=f"{k}") for k in range(40)]
    behavior = {"items": items} | {
        f"{k}": (lambda number=k % 20: np.full((1, 8, 8), number, np.uint8)) for k in range(40)
    }
    pack = prepare(toy(behavior, held_out=0.5), "toy", cache=tmp_path, workers=1)
    values = [set(pack.split(name).images(np.arange(20))[:, 0, 0, 0].tolist()) for name in pack.splits]
    assert not values[0] & values[1] and values[0] | values[1] == set(range(20))


def test_a_subject_in_two_splits_is_refused(toy, tmp_path):
    items = [Item(key="a", subject="s", split="train"), Item(key="b", subject="s", split="test")]
    with pytest.raises(DataError, match=r"'b' is in split 'test', but other images of the same subject are in"):
        prepare(toy({"items": items}), "toy", cache=tmp_path, workers=1)


def test_nothing_left_to_train_on_is_said(toy, tmp_path):
    with pytest.raises(DataError, match="no image of 'toy' is left for the split 'train'"):
        prepare(toy({"items": [Item(key="a", split="test")]}), "toy", cache=tmp_path, workers=1)


# --- bad files


def test_all_bad_files_are_named_at_once_and_can_be_skipped(toy, tmp_path):
    bad = {f"{i}.png": failing(DataError(f"{i}.png: is empty")) for i in (3, 7, 150)}
    dataset = toy(bad)
    with pytest.raises(DataError) as caught:
        prepare(dataset, "toy", cache=tmp_path, workers=1)
    message = str(caught.value)
    assert message.startswith("3 of 200 images of 'toy' cannot be used:")
    assert all(f"{i}.png: is empty" in message for i in (3, 7, 150)) and "--skip-bad" in message
    assert all(name.startswith(".work-") for name in names(tmp_path))
    loaded = len(dataset.loaded)
    pack = prepare(dataset, "toy", cache=tmp_path, workers=1, skip_bad=True)
    assert len(dataset.loaded) == loaded  # what was prepared before is used
    assert pack.bad_files == ("150.png", "3.png", "7.png") and len(pack) == 197
    with pytest.raises(DataError, match="3 of 200"):  # the pack is there now, but was not asked for
        prepare(dataset, "toy", cache=tmp_path, workers=1)


def test_a_long_list_is_cut_and_a_reason_that_many_share_is_given_once(toy, tmp_path):
    bad = {f"{i}.png": failing(DataError(f"{i}.png: is odd in way {i}")) for i in range(50)}
    with pytest.raises(DataError, match="and 30 more"):
        prepare(toy(bad), "toy", cache=tmp_path, workers=1)
    lacking = {f"{i}.png": failing(DataError(f"{i}.png: reading it needs tifffile: pip install it")) for i in range(50)}
    with pytest.raises(DataError, match=r"0.png, 1.png, 10.png and 47 more: reading it needs tifffile") as caught:
        prepare(toy(lacking), "toy", cache=tmp_path / "other", workers=1)
    assert str(caught.value).count("pip install") == 1


def test_only_bad_files_cannot_be_skipped(toy, tmp_path):
    bad = {"items": [Item(key="a")], "a": failing(DataError("a: is empty"))}
    with pytest.raises(DataError, match="nothing left to train on"):
        prepare(toy(bad), "toy", cache=tmp_path, workers=1, skip_bad=True)


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (lambda: np.zeros((8, 8), np.uint8), r"returned uint8\[8, 8\] for '3\.png' instead of uint8\[1, 8, 8\]"),
        (lambda: np.zeros((1, 8, 8)), r"returned float64"),
        (lambda: None, r"returned NoneType"),
        (failing(KeyError("oops")), r"failed on '3\.png': KeyError: 'oops'"),
    ],
)
def test_a_data_set_that_breaks_its_contract_is_named(toy, tmp_path, result, said):
    with pytest.raises(PluginError, match=said):
        prepare(toy({"3.png": result}), "toy", cache=tmp_path, workers=1, skip_bad=True)


@pytest.mark.parametrize(
    ("behavior", "kind", "said"),
    [
        ({"items": []}, DataError, "has no images"),
        ({"items": [Item(key="a"), Item(key="a")]}, PluginError, "the same key"),
        ({"items": [Item(key="a", split="dev")]}, PluginError, "split 'dev'; splits are called train, validate"),
        ({"items": [Item(key="a", label=1)]}, PluginError, "promises 0 classes"),
        ({"items": [Item(key="a")], "classes": 2}, PluginError, "has no label"),
        ({"items": [Item(key="a", label=2)], "classes": 2}, PluginError, "has label 2"),
    ],
)
def test_items_are_checked(toy, tmp_path, behavior, kind, said):
    with pytest.raises(kind, match=said):
        prepare(toy(behavior), "toy", cache=tmp_path, workers=1)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_said(toy, tmp_path):
    (tmp_path / "packs").write_text("in the way")
    with pytest.raises(Exception, match=r"packs.*[Nn]ot a directory|packs.*File exists") as caught:
        prepare(toy(), "toy", cache=tmp_path, workers=1)
    assert caught.value.exit_code in (1, 2)


# --- changes of the source and of the pack


def folder_of(path, count=30):
    path.mkdir()
    for number in range(count):
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(path / f"{number}.png")
    return made.dataset(Folder, root=path, resolution=8, channels=1)


def test_a_changed_file_gives_another_pack_and_a_renamed_root_the_same_fingerprint(tmp_path):
    dataset = folder_of(tmp_path / "images")
    first = prepare(dataset, "folder", cache=tmp_path / "cache", workers=1)
    Image.fromarray(np.full((8, 8), 99, np.uint8)).save(tmp_path / "images" / "3.png")
    changed = prepare(dataset, "folder", cache=tmp_path / "cache", workers=1)
    assert changed.path != first.path and changed.fingerprint != first.fingerprint
    (tmp_path / "images").rename(tmp_path / "renamed")
    moved = made.dataset(Folder, root=tmp_path / "renamed", resolution=8, channels=1)
    assert prepare(moved, "folder", cache=tmp_path / "cache", workers=1).fingerprint == changed.fingerprint


def test_a_damaged_pack_is_never_used(toy, tmp_path):
    pack = prepare(toy(), "toy", cache=tmp_path, workers=1)
    path = pack.path / "images-8.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"images-8\.npy: its content changed.*Delete"):
        prepare(toy(), "toy", cache=tmp_path, workers=1)


# --- interruptions


class Stop(BaseException):
    """Stands for Ctrl-C, which is a BaseException too."""


def test_an_interrupted_preparation_goes_on_where_it_stopped(toy, tmp_path):
    dataset = toy()

    def stop(done, _):
        if done > 80:
            raise Stop

    with pytest.raises(Stop):
        prepare(dataset, "toy", cache=tmp_path, workers=1, progress=stop)
    assert [name[:6] for name in names(tmp_path)] == [".work-"]
    loaded = len(dataset.loaded)
    assert 80 < loaded < 200
    pack = prepare(dataset, "toy", cache=tmp_path, workers=1)
    assert len(dataset.loaded) == 200
    assert names(tmp_path) == [pack.path.name]
    clean = prepare(toy(), "toy", cache=tmp_path / "clean", workers=1)
    assert pack.fingerprint == clean.fingerprint


def test_damaged_leftovers_are_made_again(toy, tmp_path):
    dataset = toy({"199.png": failing(PluginError("stop"))})
    with pytest.raises(PluginError):
        prepare(dataset, "toy", cache=tmp_path, workers=1)
    rng = random.Random(0)
    chunks = sorted((tmp_path / "packs").glob(".work-*/*.chunk"))
    assert chunks
    for path in chunks:
        data = bytearray(path.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data[: rng.choice([len(data), len(data) // 2, 0])])
    pack = prepare(toy(), "toy", cache=tmp_path, workers=1)
    assert pack.fingerprint == prepare(toy(), "toy", cache=tmp_path / "clean", workers=1).fingerprint


def test_mending_one_file_repeats_only_its_chunk(toy, tmp_path):
    items = [Item(key=f"{i}.png", fingerprint="1") for i in range(200)]
    bad = {"items": items, "7.png": failing(DataError("7.png: is empty"))}
    with pytest.raises(DataError):
        prepare(toy(bad), "toy", cache=tmp_path, workers=1)
    mended = [Item(key=item.key, fingerprint="2" if item.key == "7.png" else "1") for item in items]
    dataset = toy({"items": mended})
    prepare(dataset, "toy", cache=tmp_path, workers=1)
    assert 1 <= len(dataset.loaded) < 80


def in_child(work):
    """Fork and run `work` in the child; torch is loaded here already, so this costs milliseconds."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def kill_campaign(tmp_path, rounds, seed):
    dataset = Phantom(Phantom.Options(count=100, resolution=16))
    expected = prepare(dataset, "phantom", cache=tmp_path / "clean", workers=1).fingerprint
    rng = random.Random(seed)
    kills = finished = 0
    while kills < rounds:
        cache = tmp_path / f"cache{finished}"
        child = in_child(lambda cache=cache: prepare(dataset, "phantom", cache=cache, workers=1))
        time.sleep(rng.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        kills += os.WIFSIGNALED(status)
        for path in (cache / "packs").glob("phantom-*"):
            assert Pack.open(path).verify() == []
            assert Pack.open(path).fingerprint == expected
            finished += 1
    pack = prepare(dataset, "phantom", cache=cache, workers=1)
    assert pack.fingerprint == expected
    assert names(cache) == [pack.path.name] or all(name.startswith(".tmp-") for name in names(cache)[:-1])


@pytest.mark.ci
@posix
def test_killed_at_any_moment_it_leaves_no_half_pack(tmp_path, drawn_anew):
    kill_campaign(tmp_path, 1, seed=0)


@posix
@pytest.mark.slow
def test_killed_at_any_moment_it_leaves_no_half_pack_long(tmp_path):
    kill_campaign(tmp_path, 200, seed=1)


@posix
def test_two_processes_at_once_do_not_clash(tmp_path):
    dataset = Phantom(Phantom.Options(count=60, resolution=16))
    children = [in_child(lambda: prepare(dataset, "phantom", cache=tmp_path, workers=1)) for _ in range(3)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert len(names(tmp_path)) == 1
    assert prepare(dataset, "phantom", cache=tmp_path, workers=1).verify() == []


class Dying(Phantom):
    """A dataset whose process is killed, as by a system that is out of memory."""

    name = "dying"

    def load(self, item):
        os.kill(os.getpid(), signal.SIGKILL)


@posix
def test_a_process_that_dies_is_explained(tmp_path):
    with pytest.raises(RunError, match=r"died \(out of memory, or killed.*start again"):
        prepare(Dying(Dying.Options(count=5, resolution=16)), "dying", cache=tmp_path, workers=2)


def test_nothing_of_a_broken_preparation_is_opened_as_a_pack(toy, tmp_path):
    dataset = toy({"0.png": failing(PluginError("stop"))})
    with pytest.raises(PluginError):
        prepare(dataset, "toy", cache=tmp_path, workers=1)
    for path in (tmp_path / "packs").iterdir():
        with pytest.raises(DataError):
            Pack.open(path)
    shutil.rmtree(tmp_path / "packs")


def test_workers_do_not_run_the_program_of_who_calls_again():
    """A script that calls `ganzoo.run` without a guard would begin anew in each of them."""
    script, before = types.ModuleType("__main__"), sys.modules["__main__"]
    script.__file__ = "analysis.py"
    sys.modules["__main__"] = script
    try:
        with main_hidden(int):
            assert "init_main_from_path" not in get_preparation_data("worker")
        assert get_preparation_data("worker")["init_main_from_path"].endswith("analysis.py")
        with main_hidden(type("Mine", (), {"__module__": "__main__"})):  # a part that is defined in the script
            assert "init_main_from_path" in get_preparation_data("worker")
    finally:
        sys.modules["__main__"] = before


def test_what_became_of_images_of_other_shapes_sizes_and_colors_is_counted(tmp_path):
    import made_up_sources as made

    from ganzoo.data.images.original import Changes
    from ganzoo_images import Folder

    (tmp_path / "in").mkdir()
    for name, mode, size in (
        ("a", "RGB", (400, 24)),
        ("b", "L", (64, 64)),
        ("c", "RGB", (64, 32)),
        ("d", "RGB", (64, 64)),
    ):
        Image.effect_noise(size, 40).convert(mode).save(tmp_path / "in" / f"{name}.png")
    pack = prepare(made.dataset(Folder, root=tmp_path / "in", resolution=64), "folder", cache=tmp_path, workers=1)
    assert pack.manifest.stated_subjects == 0
    assert pack.manifest.changes == Changes(
        smallest=(32, 64), largest=(24, 400), reshaped=2, least_kept=0.06, enlarged=2, most_enlarged=2.67, colored=1
    )
    padded = made.dataset(Folder, root=tmp_path / "in", resolution=64, channels=1, shape="pad")
    found = prepare(padded, "folder", cache=tmp_path, workers=1).manifest.changes
    assert (found.least_kept, found.enlarged, found.grayed, found.colored) == (1, 0, 3, 0)
