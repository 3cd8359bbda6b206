from __future__ import annotations

import contextlib
import hashlib
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ganzoo._cli.fetch import published_by
from ganzoo.errors import GanzooError, WeightsError
from ganzoo.weights.download import fetch
from ganzoo.weights.find import PublishedWeights

CONTENT = random.Random(0).randbytes(300_000)


class Server(ThreadingHTTPServer):
    """Serves `content`, but breaks off after `cut` bytes; `length` says whether it states how long it is."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.cut, self.length, self.status = CONTENT, None, True, 200
        self.asked = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/weights.pth"


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server

    def do_GET(self):
        server = self.server
        server.asked += 1
        if server.status != 200:
            self.send_error(server.status)
            return
        self.send_response(200)
        if server.length:
            self.send_header("Content-Length", str(len(server.content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the other end hangs up when it has seen enough
            self.wfile.write(server.content if server.cut is None else server.content[: server.cut])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    serving = Server()
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


def published(server, content=CONTENT):
    return PublishedWeights("weights.pth", server.url, hashlib.sha256(content).hexdigest(), len(content), "NOWHERE")


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_is_fetched_once(server, tmp_path):
    told = []
    path = fetch(published(server), tmp_path / "new", progress=lambda done, total: told.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert fetch(published(server), tmp_path / "new") == path
    assert server.asked == 1
    assert names(tmp_path / "new") == ["weights.pth"]


@pytest.mark.parametrize("seed", range(8))
def test_what_breaks_off_leaves_nothing_and_is_fetched_by_the_same_command(server, tmp_path, seed):
    server.cut = random.Random(seed).randrange(len(CONTENT))
    with pytest.raises(WeightsError, match=r"broke off after about [\d,]+ of 300,000 bytes.*Run the same"):
        fetch(published(server), tmp_path)
    assert names(tmp_path) == []
    server.cut = None
    assert fetch(published(server), tmp_path).read_bytes() == CONTENT
    assert names(tmp_path) == ["weights.pth"]


@pytest.mark.parametrize(
    "content",
    [CONTENT[:-1] + b"x", CONTENT + b"more", b"<html>Not found</html>" * 20_000],
    ids=["other", "longer", "html"],
)
def test_wrong_content_is_refused_and_nothing_is_left(server, tmp_path, content):
    server.content = content
    with pytest.raises(WeightsError, match=r"what was downloaded is not weights\.pth.*It was deleted"):
        fetch(published(server), tmp_path)
    assert names(tmp_path) == []


def test_a_damaged_file_is_replaced(server, tmp_path):
    (tmp_path / "weights.pth").write_bytes(b"damaged")
    assert fetch(published(server), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_server_that_refuses_is_named(server, tmp_path, status):
    server.status = status
    with pytest.raises(WeightsError, match=f"cannot download http://127.*the server answers {status}"):
        fetch(published(server), tmp_path)
    assert not (tmp_path / "weights.pth").exists()


def test_no_server_is_one_message(server, tmp_path):
    with pytest.raises(WeightsError, match=r"cannot download .*Is there a connection\?"):
        fetch(published(server), tmp_path, url="http://127.0.0.1:9/weights.pth")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "weights.pth"])
def test_other_addresses_are_not_opened(server, tmp_path, url):
    with pytest.raises(GanzooError, match="only http and https"):
        fetch(published(server), tmp_path, url=url)


def test_two_downloads_of_one_file_do_not_mix(server, tmp_path):
    second = []

    def again(done, total):
        if not second:
            second.append(None)
            second.append(fetch(published(server), tmp_path))

    assert fetch(published(server), tmp_path, progress=again).read_bytes() == CONTENT
    assert second[1].read_bytes() == CONTENT and names(tmp_path) == ["weights.pth"]


def test_a_file_without_end_is_refused_early(server, tmp_path):
    server.content, server.length = CONTENT * 20, False
    with pytest.raises(WeightsError, match="is not weights"):
        fetch(published(server), tmp_path)
    assert names(tmp_path) == []


def test_others_may_read_what_was_fetched_as_the_umask_says(server, tmp_path):
    (tmp_path / "own").write_bytes(b"")
    path = fetch(published(server), tmp_path)
    assert path.stat().st_mode == (tmp_path / "own").stat().st_mode


def test_extractors_that_publish_weights_are_found_by_what_they_offer():
    ((default, weights),) = published_by([])
    assert weights.file_name.startswith("weights-inception")
    assert published_by([default]) == [(default, weights)]
    with pytest.raises(WeightsError, match=r"'random-features' has no weights to fetch; .*inception-v3-compat, vgg16"):
        published_by(["random-features"])


def test_the_command_fetches_and_says_so(server, tmp_path, monkeypatch, capsys):
    from ganzoo._cli.fetch import fetch_weights
    from ganzoo._registry.registry import Registry

    cls = Registry.discover().part("extractor", "inception-v3-compat").cls
    monkeypatch.setattr(cls, "published", published(server))
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    fetch_weights(None, None, None)
    assert (tmp_path / "weights" / "weights.pth").read_bytes() == CONTENT
    assert "is complete and has the right SHA-256" in capsys.readouterr().out
