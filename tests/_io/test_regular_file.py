"""Plain files are read, and nothing else is waited for."""

from __future__ import annotations

import os

import pytest

from ganzoo._io.atomic import sha256_of
from ganzoo._io.npy import read_floats
from ganzoo._io.regular_file import NotRegularError, open_regular, read_regular
from ganzoo.data.pack.manifest import MANIFEST, read_manifest
from ganzoo.errors import DataError


def test_what_is_no_plain_file_is_said_at_once(tmp_path):
    pipe, link, file = tmp_path / MANIFEST, tmp_path / "link", tmp_path / "file"
    os.mkfifo(pipe)
    file.write_bytes(b"whole")
    link.symlink_to(file)
    assert read_regular(file) == read_regular(link, follow=True) == b"whole"
    for path, said in ((pipe, "a named pipe"), (link, "a link"), (tmp_path, "a folder"), ("/dev/zero", "a device")):
        with pytest.raises(NotRegularError, match=f"it is {said}, not a file"):
            read_regular(path)
    with pytest.raises(NotRegularError, match="a named pipe"):
        open_regular(pipe, os.O_WRONLY | os.O_CREAT)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none")
    with pytest.raises(OSError, match="larger than 4 bytes"):
        read_regular(file, 4)
    with pytest.raises(OSError, match="a named pipe"):
        sha256_of(pipe)
    for read in (lambda: read_floats(pipe, (1,), "latents"), lambda: read_manifest(tmp_path)):
        with pytest.raises(DataError, match="a named pipe"):
            read()
