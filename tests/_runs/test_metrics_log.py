import hashlib
import math
import random
import tracemalloc

import pytest

from ganzoo._runs.metrics_log import MetricsLog, read_course, read_metrics
from ganzoo.errors import RunError


def test_lines_are_read_back(tmp_path):
    with MetricsLog(tmp_path / "m.jsonl") as log:
        log.append(64, {"loss": 0.5, "bad": float("nan"), "up": float("inf")})
        log.append(128, {"loss": 0.25})
    first, second = read_metrics(tmp_path / "m.jsonl")
    assert first["loss"] == 0.5
    assert math.isnan(first["bad"])
    assert first["up"] == math.inf
    assert second == {"images_seen": 128, "loss": 0.25}


def test_a_resumed_log_equals_an_unbroken_one(tmp_path):
    def write(log, start, end):
        for step in range(start, end):
            log.append(step * 64, {"loss": 1 / (step + 1)})

    with MetricsLog(tmp_path / "whole.jsonl") as log:
        write(log, 0, 20)
        unbroken = log.position()
    with MetricsLog(tmp_path / "resumed.jsonl") as log:
        write(log, 0, 10)
        offset = log.offset
        write(log, 10, 15)
    with MetricsLog(tmp_path / "resumed.jsonl") as log:
        assert log.truncate_to(offset) is None
        write(log, 10, 20)
        assert log.position() == unbroken
    assert unbroken["sha256"] == hashlib.sha256((tmp_path / "whole.jsonl").read_bytes()).hexdigest()
    assert (tmp_path / "whole.jsonl").read_bytes() == (tmp_path / "resumed.jsonl").read_bytes()


def test_every_torn_tail_is_ignored_and_mended(tmp_path):
    path = tmp_path / "m.jsonl"
    with MetricsLog(path) as log:
        for step in range(5):
            log.append(step, {"loss": step / 3})
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for length in range(len(whole) - len(lines[-1]), len(whole)):
        path.write_bytes(whole[:length])
        assert [moment["images_seen"] for moment in read_metrics(path)] == [0, 1, 2, 3]
        with MetricsLog(path) as log:
            log.append(4, {"loss": 4 / 3})
        assert path.read_bytes() == whole


def test_images_never_fall_and_no_value_comes_twice(tmp_path):
    path = tmp_path / "m.jsonl"
    with MetricsLog(path) as log:
        log.append(10, {"loss": 1.0})
        log.append(10, {"fid": 40.0})
        with pytest.raises(RunError, match="twice"):
            log.append(10, {"loss": 1.0})
        with pytest.raises(RunError, match="after 10"):
            log.append(9, {"loss": 1.0})
    with MetricsLog(path) as log, pytest.raises(RunError, match="twice"):
        log.append(10, {"fid": 1.0})
    assert len(read_metrics(path)) == 2


def test_a_log_shorter_than_the_checkpoint_says_so(tmp_path):
    with MetricsLog(tmp_path / "m.jsonl") as log:
        log.append(1, {"a": 1.0})
        complaint = log.truncate_to(10_000)
        assert complaint is not None
        assert "some metrics before the checkpoint are lost" in complaint
        log.append(2, {"a": 1.0})


def test_damaged_lines_do_not_stop_a_reader(tmp_path):
    rng = random.Random(0)
    path = tmp_path / "m.jsonl"
    with MetricsLog(path) as log:
        for step in range(20):
            log.append(step, {"loss": step / 3})
    whole = path.read_bytes()
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        assert len(read_metrics(path)) >= 18
    path.write_bytes(b"[" * 100_000 + b"\n[1]\n7\nnull\n" + whole)
    assert len(read_metrics(path)) == 20


def test_a_missing_log_is_empty(tmp_path):
    assert read_metrics(tmp_path / "none.jsonl") == []


def test_a_log_that_was_changed_is_put_aside(tmp_path):
    path = tmp_path / "metrics.jsonl"
    with MetricsLog(path) as log:
        log.append(410, {"loss": 1.0})
        position = log.position()
    path.write_bytes(path.read_bytes().replace(b"410", b"420"))
    with MetricsLog(path) as log:
        complaint = log.truncate_to(int(position["offset"]), str(position["sha256"]))
        assert "changed" in complaint
        log.append(416, {"loss": 0.5})
    assert [moment["images_seen"] for moment in read_metrics(path)] == [416]
    assert [moment["images_seen"] for moment in read_metrics(tmp_path / "metrics.changed.jsonl")] == [420]


def test_a_long_course_is_read_in_bounded_memory_as_means_of_neighbors(tmp_path):
    with MetricsLog(tmp_path / "metrics.jsonl") as log:
        for number in range(1, 501):
            log.append(8 * number, {"loss": float(number), "seconds": 2.0 * number})
            if number % 100 == 0:
                log.append(8 * number, {"selection/FID": 10.0 - number / 100})
    path = tmp_path / "metrics.jsonl"
    assert read_course(path, most=1000) == read_metrics(path)
    course = read_course(path, most=60)
    assert 25 <= len(course) <= 61
    assert [moment["images_seen"] for moment in course] == sorted(moment["images_seen"] for moment in course)
    assert (course[-1]["images_seen"], course[-1]["seconds"]) == (4000, 1000.0)
    for moment in course[:-1]:
        assert moment["loss"] <= moment["images_seen"] / 8 <= moment["loss"] + 16
    assert [moment["selection/FID"] for moment in course if "selection/FID" in moment] == [9.0, 8.0, 7.0, 6.0, 5.0]
    tracemalloc.start()
    read_course(path, most=60)
    _, course_peak = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    read_metrics(path)
    _, whole_peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert course_peak < whole_peak / 3
