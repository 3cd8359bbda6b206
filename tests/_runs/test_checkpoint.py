import json
import os
import random
import resource
import signal
import stat
import threading
import time
from pathlib import Path

import pytest
import torch
from forked import forked

from ganzoo._io.atomic import sweep_temporaries
from ganzoo._runs.checkpoint import newest_good, prune, read_checkpoint, write_checkpoint
from ganzoo._runs.manifest import damage, list_checkpoints
from ganzoo.errors import RunError

STATE = {"recipe_hash": "ab", "counters": {"steps": 12}, "ratio": 0.1, "none": None, "list": [1, "é"]}


def tensors(seed=0):
    rng = torch.Generator().manual_seed(seed)
    return {
        "generator": {"weight": torch.randn(5, 3, generator=rng), "steps": torch.tensor(7), "empty": torch.zeros(0, 2)},
        "ema": {"half": torch.randn(4, generator=rng).bfloat16(), "mask": torch.tensor([True, False])},
        "generator_optimizer": {"0.exp_avg": torch.randn(6, generator=rng).double()},
        "penalties": {},
    }


def equal(one, other):
    assert one.keys() == other.keys()
    for part, named in one.items():
        assert named.keys() == other[part].keys()
        for name, tensor in named.items():
            assert tensor.dtype == other[part][name].dtype
            assert torch.equal(tensor, other[part][name])


def test_round_trip_bit_for_bit(tmp_path):
    path = write_checkpoint(tmp_path / "checkpoints", 1234, tensors(), STATE)
    assert path == tmp_path / "checkpoints" / "0000001234"
    found = read_checkpoint(path)
    equal(found.tensors, tensors())
    assert (found.images_seen, found.state) == (1234, STATE)
    assert json.loads((path / "MANIFEST.json").read_text())["files"].keys() == set(os.listdir(path)) - {"MANIFEST.json"}


def test_views_tied_and_channels_last_weights(tmp_path):
    base = torch.arange(24.0).reshape(2, 3, 2, 2)
    named = {"a": base, "tied": base, "view": base[1:], "last": base.contiguous(memory_format=torch.channels_last)}
    parameter = {"p": torch.nn.Parameter(base * 2)}
    found = read_checkpoint(write_checkpoint(tmp_path, 0, {"g": named, "h": parameter}, {}))
    equal(found.tensors, {"g": named, "h": {"p": base * 2}})


def test_modes_follow_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        path = write_checkpoint(tmp_path, 1, tensors(), {})
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o640}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.complex64])
def test_what_is_not_finite_is_never_written(tmp_path, value, dtype):
    bad = {"ema": {"w": torch.tensor([0.0, value]).to(dtype)}}
    with pytest.raises(RunError, match=r"ema\.w holds inf or nan at 64 images"):
        write_checkpoint(tmp_path, 64, tensors() | bad, {})
    assert os.listdir(tmp_path) == []


def test_sparse_tensors_and_odd_names_are_refused(tmp_path):
    with pytest.raises(RunError, match="dense"):
        write_checkpoint(tmp_path, 1, {"g": {"w": torch.eye(3).to_sparse()}}, {})
    with pytest.raises(RunError, match="cannot name a part"):
        write_checkpoint(tmp_path, 1, {"../g": {"w": torch.eye(3)}}, {})
    with pytest.raises(RunError, match="JSON"):
        write_checkpoint(tmp_path, 1, {}, {"x": float("nan")})
    assert os.listdir(tmp_path) == []


def test_the_same_again_is_left_and_another_replaces(tmp_path):
    path = write_checkpoint(tmp_path, 5, tensors(), {"seconds": 1.0})
    write_checkpoint(tmp_path, 5, tensors(), {"seconds": 2.0})
    assert read_checkpoint(path).state == {"seconds": 1.0}
    write_checkpoint(tmp_path, 5, tensors(seed=1), {"seconds": 3.0})
    equal(read_checkpoint(path).tensors, tensors(seed=1))
    (path / "state.json").write_text("{}")
    write_checkpoint(tmp_path, 5, tensors(seed=1), {"seconds": 4.0})
    assert read_checkpoint(path).state == {"seconds": 4.0}
    assert os.listdir(tmp_path) == ["0000000005"]


def test_a_damaged_newest_gives_way_to_the_one_before_and_says_so(tmp_path):
    for images in (64, 128, 192):
        write_checkpoint(tmp_path, images, tensors(images), {})
    (tmp_path / "0000000192" / "generator.safetensors").write_bytes(b"")
    (tmp_path / "0000000128" / "MANIFEST.json").unlink()
    found, reports = newest_good(tmp_path)
    assert found is not None
    assert found.images_seen == 64
    assert [("192" in reports[0]), ("128" in reports[1]), len(reports)] == [True, True, 2]
    assert newest_good(tmp_path / "none") == (None, [])


def test_pruning_keeps_the_newest_intact_and_the_protected(tmp_path):
    for images in range(1, 8):
        write_checkpoint(tmp_path, images, tensors(images), {})
    (tmp_path / "0000000006" / "state.json").write_text("{}")
    (tmp_path / ".tmp-000000000000dead").mkdir()
    removed = prune(tmp_path, keep=2, protected={2})
    assert [int(path.name) for path in list_checkpoints(tmp_path)] == [7, 6, 5, 2]
    assert sorted(int(path.name) for path in removed) == [1, 3, 4]
    assert not (tmp_path / ".tmp-000000000000dead").exists()


def test_nothing_is_pruned_before_newer_ones_verify(tmp_path):
    for images in range(1, 4):
        write_checkpoint(tmp_path, images, tensors(images), {})
    for images in (2, 3):
        (tmp_path / f"{images:010d}" / "state.json").write_text("{}")
    assert prune(tmp_path, keep=1) == []
    assert prune(tmp_path, keep=0) == []


def test_a_thousand_flipped_bits_and_cuts_are_all_found(tmp_path):
    path = write_checkpoint(tmp_path, 64, tensors(), STATE)
    originals = {file: file.read_bytes() for file in path.iterdir()}
    rng = random.Random(20)
    for attempt in range(1000):
        file = rng.choice(sorted(originals))
        data = bytearray(originals[file])
        if attempt % 5 == 0:
            del data[rng.randrange(len(data)) :]
        else:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        file.write_bytes(data)
        with pytest.raises(RunError):
            read_checkpoint(path)
        assert damage(path)
        file.write_bytes(originals[file])
    assert damage(path) == []


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "sub/file", ".hidden", "a\\u0000b"])
def test_a_manifest_cannot_name_files_elsewhere(tmp_path, name):
    from ganzoo._runs.manifest import FileEntry, Manifest, write_manifest

    folder = tmp_path / "0000000001"
    folder.mkdir()
    write_manifest(folder, Manifest(images_seen=1, files={name: FileEntry.of(b"x")}))
    with pytest.raises(RunError, match="cannot be part"):
        read_checkpoint(folder)


def test_links_missing_files_strangers_and_newer_formats_are_told(tmp_path):
    from ganzoo._runs.signed_json import seal

    path = write_checkpoint(tmp_path, 1, tensors(), {})
    (path / "stranger").touch()
    assert "not part of the checkpoint" in damage(path)[0]
    (path / "stranger").unlink()
    content = (path / "state.json").read_bytes()
    (tmp_path / "state").write_bytes(content)
    (path / "state.json").unlink()
    assert "cannot be read" in damage(path)[0]
    (path / "state.json").symlink_to(tmp_path / "state")
    assert "cannot be read" in damage(path)[0]
    for content, said in (
        ({"format": 4, "images_seen": 1, "files": {}}, "format 4.* newer ganzoo"),
        ({"format": 2, "images_seen": 1, "files": {}}, "format 2.* is older: train"),
        ({"format": 3, "images_seen": -1, "files": {}}, "no manifest of a checkpoint"),
    ):
        (path / "MANIFEST.json").write_bytes(seal(content))
        with pytest.raises(RunError, match=said):
            read_checkpoint(path)
    (path / "MANIFEST.json").unlink()
    os.rename(path, tmp_path / "0000000009")
    assert "cannot be read" in damage(tmp_path / "0000000009")[0]


def test_a_checkpoint_under_another_name_is_not_believed(tmp_path):
    os.rename(write_checkpoint(tmp_path, 1, tensors(), {}), tmp_path / "0000000009")
    with pytest.raises(RunError, match="not of this folder"):
        read_checkpoint(tmp_path / "0000000009")


def test_nothing_in_a_checkpoint_executes(tmp_path):
    """A pickle that would make a file, in place of weights and with a right manifest: it is not even parsed."""
    import pickle

    from ganzoo._runs.manifest import FileEntry, Manifest, write_manifest

    canary = tmp_path / "canary"

    class Payload:
        def __reduce__(self):
            return (os.mkdir, (str(canary),))

    folder = tmp_path / "0000000001"
    folder.mkdir()
    contents = {"generator.safetensors": pickle.dumps(Payload()), "state.json": b"{}"}
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    write_manifest(folder, Manifest(images_seen=1, files={name: FileEntry.of(data) for name, data in contents.items()}))
    with pytest.raises(RunError, match="no checkpoint"):
        read_checkpoint(folder)
    assert not canary.exists()


def test_a_full_disk_leaves_the_others_intact(tmp_path):
    """Files larger than a limit cannot be written: at every size of the limit the older checkpoint survives."""
    write_checkpoint(tmp_path, 1, tensors(), {})

    def fill_the_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        failed = 0
        for size in range(1, 50):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size * 40, resource.RLIM_INFINITY))
            try:
                write_checkpoint(tmp_path, 2, {"g": {"w": torch.zeros(200)}, "d": {"w": torch.ones(300)}}, {})
            except RunError:
                failed += 1
                assert len(list(tmp_path.iterdir())) == 1
            else:
                break
            assert newest_good(tmp_path)[0].images_seen == 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        assert newest_good(tmp_path)[0].images_seen == 2
        print(failed)

    done = forked(fill_the_disk, tmp_path.parent)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


def _write_forever(folder, acknowledge):
    """Write checkpoints that grow in number, telling of each when it is done."""
    images = int(list_checkpoints(folder)[0].name) if list_checkpoints(folder) else 0
    while True:
        images += 64
        fill = {"w": torch.full((20_000,), float(images)), "steps": torch.tensor(images)}
        write_checkpoint(folder, images, {"generator": fill, "ema": fill}, {"images": images})
        os.write(acknowledge, images.to_bytes(8, "big"))
        prune(folder, keep=2)


def _campaign(folder, kills, seed):
    rng = random.Random(seed)
    acknowledged = 0
    for number in range(kills):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                _write_forever(folder, writing)
            finally:
                os._exit(1)
        os.close(writing)
        # On a busy machine a child may not get as far as its first checkpoint: let every other one get there.
        told = os.read(reading, 8) if number % 2 else b""
        time.sleep(0.002 + rng.random() * 0.06)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        with os.fdopen(reading, "rb") as pipe:
            told += pipe.read()
        acknowledged = max([acknowledged, *(int.from_bytes(told[i : i + 8], "big") for i in range(0, len(told), 8))])
        found, reports = newest_good(folder)
        assert reports == []
        assert (found.images_seen if found else 0) >= acknowledged
        if found:
            assert torch.equal(found.tensors["generator"]["w"], torch.full((20_000,), float(found.images_seen)))
    sweep_temporaries(folder)
    assert not [name for name in os.listdir(folder) if name.startswith(".tmp-")]
    return acknowledged


pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def test_twenty_kills_never_lose_an_acknowledged_checkpoint(tmp_path):
    assert _campaign(tmp_path, kills=20, seed=1) > 0


@pytest.mark.slow
def test_two_hundred_kills_never_lose_an_acknowledged_checkpoint(tmp_path):
    assert _campaign(tmp_path, kills=200, seed=2) > 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no second file system")
def test_kills_with_temporary_files_on_another_file_system(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", "/dev/shm")
    assert _campaign(tmp_path, kills=60, seed=3) > 0


def test_readers_beside_a_writer_see_whole_checkpoints(tmp_path):
    stop = threading.Event()
    failures: list[str] = []

    def read():
        while not stop.is_set():
            for path in list_checkpoints(tmp_path):
                try:
                    read_checkpoint(path)
                except RunError as error:
                    if path.exists():
                        failures.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for images in range(1, 40):
            write_checkpoint(tmp_path, images, tensors(images), {})
    finally:
        stop.set()
        reader.join()
    assert failures == []
