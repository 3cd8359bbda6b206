"""A value's label goes with it: no file, figure, log or table shows a published name for other features."""

from __future__ import annotations

import re

import pytest
from command_line import ganzoo

from ganzoo._runs.metrics_log import read_metrics
from ganzoo._runs.record import read_record

PUBLISHED_NAMES = re.compile(rb"(?<![A-Za-z])(FID|KID|CMMD|MIND|PPL)(?![A-Za-z])")
SMALL = {
    "training.total_kimg": 0.064,
    "training.batch_size": 16,
    "training.score_kimg": 0.032,
    "training.snapshot_kimg": 0.032,
    "training.samples_kimg": 0.032,
    "dataset.count": 48,
    "dataset.resolution": 16,
    "generator.width": 4,
    "discriminator.width": 4,
    "scoring.generated": 40,
    "scoring.reference_images": 40,
    "scoring.extractor.name": "random-features",
    "scoring.metrics": '["fid", { name = "kid", subset_size = 20 }]',
}
FORMATS = ("table", "markdown", "csv", "json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a small run is trained, scored, compared and drawn."""
    return tmp_path_factory.mktemp("labels")


@pytest.fixture(scope="module")
def said(folder):
    """What was said on the way."""
    run = "runs/quickstart-s0"
    small = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    lines = [
        ("run", "quickstart", "--device", "cpu", *small),
        ("score", run, "--set", "scoring.generated=44", "--device", "cpu"),
        *(("compare", "runs", *(() if name == "table" else ("--format", name))) for name in FORMATS),
        ("explore", "curves", run, "--out", "curves.svg"),
        ("explore", "timelapse", run, "--out", "timelapse.svg"),
        ("explore", "timelapse", run, "--seeds", "0", "--out", "timelapse.gif"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANZOO_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        done = {" ".join(line): ganzoo(*line) for line in lines}
    assert {line: each.code for line, each in done.items() if each.code} == {}
    return [each.out + each.err for each in done.values()]


@pytest.mark.ci
def test_a_published_name_is_nowhere_where_the_features_are_others(said, folder):
    listed = folder / "cache" / "parts"  # what is installed, which describes parts that have those names
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_relative_to(listed)]
    written = {path: path.read_bytes() for path in files}
    events = [path for path in written if "tensorboard" in path.parts]
    assert events, "TensorBoard's events are part of what is looked through"
    assert b"selection/KD-random" in written[events[0]]
    for name, content in {**written, **{f"said {number}": text.encode() for number, text in enumerate(said)}}.items():
        if not str(name).endswith((".gif", ".png", ".npy", ".bin", ".safetensors")):  # pixels and numbers
            assert not (found := PUBLISHED_NAMES.search(content)), f"{name} shows {found[0]!r}"
    keys = {key for moment in read_metrics(folder / "runs/quickstart-s0/metrics.jsonl") for key in moment}
    assert {"selection/FD-random", "selection/KD-random ×10³"} <= keys
    assert not [key for key in keys if key.endswith(("fid", "kid"))]


def test_a_value_has_one_form_everywhere(said, folder):
    run = folder / "runs/quickstart-s0"
    scores = [score for score in read_record(run / "record.json").scores if score.protocol["generated"] == 44]
    (kernel,) = (score for score in scores if score.metric == "kid")
    shown = f"{kernel.value * 1000:,.{len(kernel.text.partition(' ')[0].partition('.')[2])}f}"
    form = f"{shown} ({kernel.standard_error * 1000:,.{len(shown.partition('.')[2])}f})"
    assert kernel.text == form and str(kernel).startswith(f"KD-random ×10³ {form}")
    assert f"KD-random ×10³ {form}" in said[1]  # ganzoo score
    assert form in said[2] and "KD-random ×10³ ↓" in said[2]  # the table on the terminal
    assert f"| {form} |" in said[3]  # Markdown
    strip = (folder / "timelapse.svg").read_text()
    assert ">KD-random x10^3<" in strip and f">{form}<" in strip  # the figures' font has no ×
    # The log is in the unit of the table: draws differ, sizes do not.
    key, moments = "selection/KD-random ×10³", read_metrics(run / "metrics.jsonl")
    assert [moment[key] for moment in moments if key in moment][-1] == pytest.approx(kernel.value * 1000, rel=0.2)
