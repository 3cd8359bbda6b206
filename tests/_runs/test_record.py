import json
import random

import pytest
from hostile_names import HOSTILE
from made_up_records import record, scores

from ganzoo._runs.plain_data import plain
from ganzoo._runs.record import FORMAT, RunRecord, Score, read_record, recipe_hash, write_record
from ganzoo._runs.signed_json import seal
from ganzoo.errors import GanzooError, RunError


def test_round_trip(tmp_path):
    written = record(git={"commit": "abc", "dirty": True}, peak_memory_bytes=1 << 30, message="a\nb")
    write_record(tmp_path / "record.json", written)
    assert read_record(tmp_path / "record.json") == written


def test_the_file_is_ordinary_json_with_its_checksum_first(tmp_path):
    write_record(tmp_path / "record.json", record())
    text = (tmp_path / "record.json").read_text()
    assert text.startswith('{"checksum": "sha256:')
    assert json.loads(text)["format"] == FORMAT


@pytest.mark.parametrize("name", HOSTILE)
def test_any_text_survives(tmp_path, name):
    written = record(title=name, sections={"loss": {"name": name, name: float("inf")}})
    write_record(tmp_path / "record.json", written)
    assert read_record(tmp_path / "record.json") == written


def test_values_that_json_lacks_become_text():
    assert plain({"a": (1, float("inf"), None), 2: {"b": float("nan")}}) == {"a": [1, "inf", None], "2": {"b": "nan"}}
    with pytest.raises(ValueError, match="finite"):
        Score(metric="fid", label="FID", value=float("nan"), protocol={}, protocol_id="x", images_seen=0)


def test_every_flipped_bit_and_every_cut_is_found(tmp_path):
    path = tmp_path / "record.json"
    write_record(path, record())
    intact = path.read_bytes()
    rng = random.Random(1)
    for _ in range(500):
        damaged = bytearray(intact)
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        with pytest.raises(RunError, match="damaged"):
            read_record(path)
    for length in rng.sample(range(len(intact)), 100):
        path.write_bytes(intact[:length])
        with pytest.raises(RunError, match="damaged"):
            read_record(path)


@pytest.mark.parametrize(
    "body", [{"format": FORMAT + 1}, {"format": 99, "new": 1}, {"format": FORMAT + 1, "recipe": {}, "name": "x"}]
)
def test_a_newer_format_asks_for_a_newer_ganzoo(tmp_path, body):
    (tmp_path / "record.json").write_bytes(seal(body))
    with pytest.raises(GanzooError, match="newer ganzoo"):
        read_record(tmp_path / "record.json")


def test_an_older_format_says_that_it_is_older(tmp_path):
    (tmp_path / "record.json").write_bytes(seal({"format": 1, "name": "a", "recipe": {}}))
    with pytest.raises(GanzooError, match="It is older: train or import the run again"):
        read_record(tmp_path / "record.json")


@pytest.mark.parametrize(
    "body", [{"x": 1}, {"format": FORMAT, "name": "a", "recipe": []}, {"name": "a", "recipe": {}, "x": 1}]
)
def test_another_sealed_file_is_no_record(tmp_path, body):
    (tmp_path / "record.json").write_bytes(seal(body))
    with pytest.raises(RunError, match="not a run record"):
        read_record(tmp_path / "record.json")


def test_a_missing_record_is_named(tmp_path):
    with pytest.raises(RunError, match=r"record\.json cannot be read"):
        read_record(tmp_path / "record.json")


def test_the_recipe_hash_is_that_of_the_training():
    base = record().recipe
    moved = {**base, "title": "other", "dataset": {**base["dataset"], "root": "/else"}, "scoring": {"generated": 5}}
    assert recipe_hash(moved) == recipe_hash(base)
    assert recipe_hash({**base, "seed": 5}) != recipe_hash(base)
    assert recipe_hash({**base, "loss": {"name": "hinge"}}) != recipe_hash(base)


def test_records_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        record().seed = 3
    assert isinstance(record(), RunRecord)
    assert scores()[0].purpose == "report"
