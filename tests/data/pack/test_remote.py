"""Packs behind URLs: fetched when needed, checked, kept within bounds; read by several readers without overlap."""

import http.server
import json
import os
import threading
from functools import partial

import numpy as np
import pytest
from made_up_images import noise, pack_of

from ganzoo.data.pack.format import PackFormat
from ganzoo.data.pack.pack import Pack
from ganzoo.data.pack.remote import LIMIT_VARIABLE, open_remote
from ganzoo.data.prepare.job import PreparationOptions
from ganzoo.data.prepare.prepare import prepare_at
from ganzoo.data.stream.batches import Batches
from ganzoo.data.stream.order import Reader, order_by_files
from ganzoo.errors import DataError

pytest.importorskip("fsspec", reason="needs fsspec: pip install ganzoo-toolkit[remote]")
pytest.importorskip("aiohttp", reason="needs aiohttp: pip install ganzoo-toolkit[remote]")

MANY = {"train": 10**12, "validate": 0, "test": 0, "held-out": 0}
SHARDS = PackFormat(shard_bytes=8 * 32**2)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, remembers which, and cuts off those it is told to."""

    asked: list = []  # noqa: RUF012
    cut: set = set()  # noqa: RUF012

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        self.asked.append(name)
        if name in self.cut:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
            return
        super().do_GET()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path):
    (tmp_path / "www").mkdir()
    Handler.asked, Handler.cut = [], set()
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "www")))
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}", tmp_path / "www"
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def everything(pack):
    return {name: pack.split(name).images(np.arange(len(pack.split(name)))) for name in pack.splits}


@pytest.mark.parametrize("storage", ["raw", "deflate"])
def test_a_pack_over_http_has_the_same_images(server, tmp_path, storage):
    url, www = server
    local = pack_of(www / "pack", noise(40), PackFormat(storage=storage, shard_bytes=8 * 32**2), held_out=0.25)
    pack = open_remote(f"{url}/pack", tmp_path / "cache")
    assert not [name for name in Handler.asked if name.startswith("images")]
    assert (pack.fingerprint, pack.manifest) == (local.fingerprint, local.manifest)
    for name, images in everything(local).items():
        np.testing.assert_array_equal(pack.split(name).images(np.arange(len(images))), images)
    np.testing.assert_array_equal(pack.split("train").at(np.arange(5), 8), local.split("train").at(np.arange(5), 8))
    asked = len(Handler.asked)
    again = open_remote(f"{url}/pack/", tmp_path / "cache")
    everything(again)
    assert Handler.asked[asked:] == ["manifest.json"]  # all else was kept


def test_what_is_kept_stays_within_its_bound(server, tmp_path):
    url, www = server
    local = pack_of(www / "pack", noise(80), SHARDS)
    size = local.manifest.files["images-32-00000.npy"].size
    pack = open_remote(f"{url}/pack", tmp_path / "cache", limit_bytes=3 * size)
    split = pack.split("train")
    rng = np.random.default_rng(0)
    for _ in range(12):
        indices = rng.integers(0, 80, 6)
        np.testing.assert_array_equal(split.images(indices), local.split("train").images(indices))
        assert pack.files.kept_bytes() <= 3 * size
    assert len([name for name in Handler.asked if name.startswith("images")]) > 10
    with pytest.raises(DataError, match=rf"does not fit into.*{LIMIT_VARIABLE}.*--shard-mb"):
        open_remote(f"{url}/pack", tmp_path / "cache", limit_bytes=size - 1)


def test_training_order_fetches_each_file_once_an_epoch(server, tmp_path):
    url, www = server
    local = pack_of(www / "pack", noise(80), SHARDS)
    size = local.manifest.files["images-32-00000.npy"].size
    pack = open_remote(f"{url}/pack", tmp_path / "cache", limit_bytes=5 * size)
    batches = Batches(pack.split("train"), 3, mirror=False)
    seen = np.concatenate([batches.indices(position, 8) for position in range(0, 80, 8)])
    assert sorted(seen) == list(range(80))
    Handler.asked.clear()
    for position in range(0, 80, 8):
        batches.at(position, 8, 32)
    fetched = [name for name in Handler.asked if name.startswith("images-32")]
    assert len(fetched) == len(set(fetched)) == 10
    whole = Batches(pack.split("train"), 3, mirror=False).indices(37, 100)
    pieces = Batches(pack.split("train"), 3, mirror=False)
    for position in (137 - 5, 37, 60, 79):
        np.testing.assert_array_equal(pieces.indices(position, 5), whole[position - 37 : position - 32])


def test_damage_and_cut_connections_leave_nothing(server, tmp_path):
    url, www = server
    pack_of(www / "pack", noise(40), SHARDS)
    pack = open_remote(f"{url}/pack", tmp_path / "cache")
    path = www / "pack" / "images-32-00001.npy"
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(DataError, match=r"images-32-00001\.npy is not what the pack's manifest says"):
        everything(pack)
    Handler.cut = {"images-32-00001.npy"}
    with pytest.raises(DataError, match=r"cannot be read|not what the pack's"):
        everything(pack)
    assert not list((tmp_path / "cache").rglob("*00001*")) and not list((tmp_path / "cache").rglob(".tmp-*"))
    Handler.cut = set()
    path.write_bytes(good)
    np.testing.assert_array_equal(everything(pack)["train"], everything(Pack.open(www / "pack"))["train"])


def test_kept_files_that_were_damaged_here_are_fetched_again(server, tmp_path):
    url, www = server
    local = pack_of(www / "pack", noise(10))
    everything(open_remote(f"{url}/pack", tmp_path / "cache"))
    (kept,) = (tmp_path / "cache").rglob("images-32.npy")
    data = kept.read_bytes()
    kept.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    np.testing.assert_array_equal(
        everything(open_remote(f"{url}/pack", tmp_path / "cache"))["train"], everything(local)["train"]
    )


def test_what_is_no_pack_or_not_there_is_said(server, tmp_path):
    url, www = server
    for location, said in (
        (f"{url}/nothing", "is not a prepared dataset"),
        ("http://127.0.0.1:9/pack", "cannot be re"),
        ("http://", r"^http://: names no place"),
        ("nonsense://x/y", r"packs are not fetched by nonsense://"),
        (f"file://{www}/pack", r"A folder on this machine is named by its path"),
        (f"simplecache::file://{www}", r"not fetched by simplecache::file://"),
        ("ssh://host/pack", r"not fetched by ssh"),
        ("memory://pack", r"not fetched by memory"),
    ):
        with pytest.raises(DataError, match=said):
            open_remote(location, tmp_path / "cache")
    (www / "odd").mkdir()
    (www / "odd" / "manifest.json").write_text("[1]")
    with pytest.raises(DataError, match="damaged"):
        open_remote(f"{url}/odd", tmp_path / "cache")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"files": {}}, "lists 0 files"),
        ({"splits": MANY}, "images are in"),
        ({"splits": MANY, "shards": {32: 10**12 // 9 + 1}}, "labels.npy is too small"),
        ({"splits": {"train": -1, "validate": 41, "test": 0, "held-out": 0}}, "below 0"),
        ({"splits": {"train": 0, "validate": 0, "test": 0, "held-out": 0}}, "0 images"),
        ({"resolution": 2**20, "shards": {2**20: 8}}, "1048576 pixels"),
        ({"channels": 10**9}, "1000000000 channels"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused_before_anything_is_fetched(server, tmp_path, changes, said):
    url, www = server
    local = pack_of(www / "pack", noise(40), SHARDS)
    changed = local.manifest.model_copy(update=changes)
    (www / "pack" / "manifest.json").write_text(json.dumps(changed.as_json()))
    with pytest.raises(DataError, match=said):
        open_remote(f"{url}/pack", tmp_path / "cache")
    assert Handler.asked[-1] == "manifest.json"
    with pytest.raises(DataError, match=said):
        Pack.open(www / "pack")


# --- several readers


@pytest.mark.parametrize(("count", "files", "world"), [(80, 10, 4), (80, 10, 3), (50, 2, 4), (17, 17, 5), (9, 1, 3)])
def test_readers_of_files_share_an_epoch(count, files, world):
    of = np.arange(count) // -(-count // files)
    parts = [order_by_files(of, "key", Reader(rank, world)) for rank in range(world)]
    assert {len(part) for part in parts} == {count // world}
    sets = [set(part.tolist()) for part in parts]
    assert sum(len(each) for each in sets) == len(set.union(*sets))  # nobody reads what another reads
    assert len(set.union(*sets)) >= 0.6 * count
    again = order_by_files(of, "other", Reader(0, world))
    assert world == 1 or count < 10 or again.tolist() != parts[0].tolist()
    if files >= world:
        assert not set(of[parts[0]]) & set(of[parts[1]])


def test_local_readers_take_turns_in_the_stream_of_one(tmp_path):
    split = pack_of(tmp_path / "pack", noise(30, 8)).split("train")
    alone = Batches(split, 5, mirror=True)
    parts = [Batches(split, 5, mirror=True, reader=Reader(rank, 3)) for rank in range(3)]
    taken = np.stack([part.indices(4, 40) for part in parts], axis=1).ravel()
    np.testing.assert_array_equal(taken, alone.indices(12, 120))
    with pytest.raises(DataError, match="fewer than the 31 that read it"):
        Batches(split, 5, mirror=False, reader=Reader(0, 31))
    with pytest.raises(ValueError, match="rank 3 of 3"):
        Reader(3, 3)


# --- object storage


def test_a_pack_in_object_storage(tmp_path, monkeypatch):
    pytest.importorskip("s3fs", reason="needs s3fs: pip install ganzoo-toolkit[test-s3]")
    server = pytest.importorskip("moto.server", reason="needs moto: pip install ganzoo-toolkit[test-s3]")
    import boto3

    running = server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    try:
        host, port = running.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        for name, value in (
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", endpoint),
        ):
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        local = pack_of(tmp_path / "pack", noise(40), SHARDS)
        client = boto3.client("s3", endpoint_url=endpoint)
        client.create_bucket(Bucket="images")
        for path in local.path.iterdir():
            client.upload_file(str(path), "images", f"sets/pack/{path.name}")
        pack = open_remote("s3://images/sets/pack", tmp_path / "cache")
        np.testing.assert_array_equal(everything(pack)["train"], everything(local)["train"])
        with pytest.raises(DataError, match=r"is not a prepared dataset|cannot be read"):
            open_remote("s3://images/sets/none", tmp_path / "cache")
    finally:
        running.stop()


@pytest.mark.ci
def test_two_processes_that_train_read_other_files_of_a_url(server, tmp_path):
    from forked_ranks import Launched, training
    from kill_campaign import the_run
    from training_world import DCGAN, recipe_of, status_of

    url, www = server
    data, settings = DCGAN["dataset"] | {"resolution": 32, "count": 80}, {"total_kimg": 0.08, "checkpoint_kimg": 0.04}
    drawn = recipe_of(DCGAN, {"dataset": data}).dataset.build()
    prepare_at(drawn, "phantom", www / "pack", PreparationOptions(workers=1, pack_format=SHARDS))
    recipe = recipe_of(DCGAN, {"dataset": data | {"pack": f"{url}/pack"}, "training": settings})
    train = training(tmp_path / "runs", recipe)

    def work():
        # As on two machines: each process keeps what it has fetched for itself.
        os.environ["GANZOO_CACHE"] = str(tmp_path / f"cache-{os.environ['RANK']}")
        train()

    launched = Launched(tmp_path / "runs", work, 2)
    assert launched.end() == 0, launched.said()
    assert status_of(the_run(tmp_path / "runs")) == "finished"
    fetched = [_kept(tmp_path / f"cache-{rank}") for rank in range(2)]
    # Five of ten belong to the second; the first draws a grid of reals from any, and reads those of the score.
    assert len(fetched[0] | fetched[1]) == 10 and len(fetched[1]) == 5, fetched
    asked = [name for name in Handler.asked if name.startswith("images-32")]
    assert len(asked) == sum(map(len, fetched))  # each once


def _kept(cache):
    return {path.name for path in cache.rglob("images-32*")}
