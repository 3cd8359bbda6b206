from pathlib import Path

from ganzoo import WatchedRun
from ganzoo.testing import conformance
from your_part import YourPart


class InMemory:
    """A file that keeps what is written."""

    def __init__(self):
        self.text = ""

    def append(self, data):
        self.text += data.decode()

    def close(self):
        self.text += "closed"


test_conformance = conformance("your-part")  # one test for each promise of the contract


def test_each_value_is_a_line():
    file, callback = InMemory(), YourPart(YourPart.Options())
    callback.on_begin(WatchedRun("a-s0", Path("a-s0"), {}, 0, 64, lambda name: file))
    callback.on_values(32, {"loss/D": 1.5, "loss/G": 0.5})
    callback.on_scores(64, {"FD-lite0": 80.0})
    callback.on_end("finished")
    assert file.text == "images,name,value\n32,loss/D,1.5\n32,loss/G,0.5\n64,FD-lite0,80.0\nclosed"
