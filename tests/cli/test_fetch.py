from __future__ import annotations

import hashlib
import random
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ganzoo._cli.fetch import published_by
from ganzoo.errors import GanzooError, RefusedError, WeightsError
from ganzoo.weights.download import fetch
from ganzoo.weights.find import PublishedWeights

CONTENT = random.Random(0).randbytes(300_000)


class Server(ThreadingHTTPServer):
    """Serves `content`, but breaks off after `cut` bytes; `ranges` says whether it can continue."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.cut, self.ranges, self.status = CONTENT, None, True, 200
        self.asked = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/weights.pth"


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server

    def do_GET(self):
        server = self.server
        wanted = self.headers.get("Range")
        server.asked.append(wanted)
        if server.status != 200:
            self.send_error(server.status)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and server.ranges else 0
        if start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if server.cut is None else body[: server.cut])

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
    assert server.asked == [None]
    assert names(tmp_path / "new") == ["weights.pth"]


def break_off_and_continue(server, folder, seed):
    """Cut each answer at a random byte until the file is whole."""
    rng = random.Random(seed)
    server.ranges = rng.random() < 0.7
    server.cut = rng.randrange(len(CONTENT))
    with pytest.raises(WeightsError, match=r"broke off after [\d,]+ of 300,000 bytes.*Run the same command again"):
        fetch(published(server), folder)
    assert names(folder) == ["weights.pth.part"]
    assert (folder / "weights.pth.part").read_bytes() == CONTENT[: server.cut]
    kept = server.cut
    server.cut = None
    assert fetch(published(server), folder).read_bytes() == CONTENT
    assert names(folder) == ["weights.pth"]
    assert server.asked[1] == (f"bytes={kept}-" if kept else None)


@pytest.mark.parametrize("seed", range(20))
def test_what_breaks_off_has_no_final_name_and_is_continued(server, tmp_path, seed):
    break_off_and_continue(server, tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 120))
def test_what_breaks_off_has_no_final_name_and_is_continued_many_times(server, tmp_path, seed):
    break_off_and_continue(server, tmp_path, seed)


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


def test_a_part_of_something_else_is_not_completed_to_a_wrong_file(server, tmp_path):
    (tmp_path / "weights.pth.part").write_bytes(b"something else")
    with pytest.raises(WeightsError, match="is not"):
        fetch(published(server), tmp_path)
    assert names(tmp_path) == []
    assert fetch(published(server), tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_begun_anew(server, tmp_path):
    (tmp_path / "weights.pth.part").write_bytes(CONTENT + b"more")
    assert fetch(published(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == [None]


def test_a_whole_part_needs_no_connection(server, tmp_path):
    (tmp_path / "weights.pth.part").write_bytes(CONTENT)
    assert fetch(published(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == []


def test_a_server_that_has_less_than_we_have_makes_us_begin_anew(server, tmp_path):
    (tmp_path / "weights.pth.part").write_bytes(CONTENT[:1000])
    server.content = CONTENT[:500]
    with pytest.raises(WeightsError, match="the server answers 416"):
        fetch(published(server), tmp_path)
    server.content = CONTENT
    assert fetch(published(server), tmp_path).read_bytes() == CONTENT


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
    refused = []

    def second(done, total):
        if not refused:
            with pytest.raises(RefusedError, match="another process is downloading") as caught:
                fetch(published(server), tmp_path)
            refused.append(caught.value)

    assert fetch(published(server), tmp_path, progress=second).read_bytes() == CONTENT
    assert refused


def test_extractors_that_publish_weights_are_found_by_what_they_offer():
    ((default, weights),) = published_by([])
    assert weights.file_name.startswith("weights-inception")
    assert published_by([default]) == [(default, weights)]
    with pytest.raises(WeightsError, match=r"'random-features' has no weights to fetch; these have: inception"):
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
