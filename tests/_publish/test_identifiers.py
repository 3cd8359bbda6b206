"""What tells a machine, a user or a patient is found in text, in binary files, in pictures, and inside pages."""

import base64
import io
import os

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ganzoo._publish.identifiers import Secrets, distinctive, identifiers_in

SECRETS = Secrets(
    frozenset({"/odd/place/of/mine"}),
    (("the host", "node-17"), ("the user", "jdoe42"), ("the user", "adam")),
    distinctive({"OAS1_0042", "12", "MRN-0098213"}),
)


def picture(text: str, packed: bool) -> bytes:
    buffer, info = io.BytesIO(), PngInfo()
    info.add_text("comment", text, zip=packed)
    Image.new("L", (4, 4)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"see /home/me/x.png", "path of a machine"),
        (b'{"root": "C:\\\\Users\\\\Jane\\\\data"}', "path of a machine"),
        (b"\xff\xfe\x00/scratch/me\x00\xff", "path of a machine"),
        (b"in /odd/place/of/mine/", "path of this machine"),
        (b"trained on node-17 today", "the host"),
        (b"by JDoe42", "the user"),
        (b"/adam/runs", "the user"),
        (b"case OAS1_0042_MR1_slice_3.png", "patient: OAS1_0042"),
        (b"\x00\xffMRN-0098213\x00\xfe", "patient: MRN-0098213"),
        (picture("node-17", packed=False), "the host"),
        (picture("node-17 " * 40, packed=True), "the host"),
        (
            b"<img src='data:image/png;base64," + base64.b64encode(picture("MRN-0098213 " * 9, packed=True)) + b"'>",
            "patient",
        ),
    ],
)
def test_identifiers_are_found(tmp_path, data, told):
    (tmp_path / "file").write_bytes(data)
    assert told in "\n".join(identifiers_in(tmp_path, SECRETS))


def test_what_tells_nobody_apart_passes(tmp_path):
    text = (
        "optimizer adam, 12 subjects, root = data/oasis, https://host/data/x, a/home/b, and/or, </title>, 0000000012, "
        "<svg viewBox='0 0 1 1'/>, ganzoo run, OAS1, 1/2, C:"
    )
    (tmp_path / "README.md").write_text(text)
    (tmp_path / "weights.safetensors").write_bytes(os.urandom(2_000_000))
    assert identifiers_in(tmp_path, SECRETS) == []
    (tmp_path / "adam@node").write_text("")
    assert "the user" in identifiers_in(tmp_path, SECRETS)[0], "names of files tell as well"
