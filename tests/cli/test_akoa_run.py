"""The recipe on the front page, on made-up knees: it trains, scores, compares; without data it says what is missing."""

import pytest
from command_line import ganzoo
from made_up_akoa import write_akoa

from ganzoo._runs.record import read_record

RECIPE = "stylegan_akoa_rahinge"
SMALL = {
    "dataset.resolution": 32,
    "dataset.held_out": 0.2,
    "training.growth.epochs": "{4=0.2, 8=0.2, 16=0.2, 32=0.2}",
    "training.growth.batch_size": "{4=8, 8=8, 16=8, 32=8}",
    "generator.channel_max": 8,
    "generator.latent_dim": 8,
    "generator.style_dim": 8,
    "discriminator.channel_max": 8,
    "scoring.generated": 16,
    "scoring.split": "held-out",
    "scoring.extractor.name": "random-features",
    "scoring.metrics": '["fid", { name = "kid", subset_size = 4, subsets = 2 }]',
}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def settings(**more):
    return [word for key, value in (SMALL | more).items() for word in ("--set", f"{key}={value}")]


@pytest.mark.ci
def test_the_recipe_trains_scores_and_compares_on_made_up_knees(tmp_path):
    write_akoa(tmp_path / "knees", participants=10, slices=4, resolution=32)
    sourced = ganzoo("run", RECIPE, *settings(**{"dataset.root": "knees"}))
    assert sourced.code == 0, sourced.err
    prepared = ganzoo(
        *("data", "prepare", "akoa", "--source", "knees", "--resolution", "32", "--set", "held_out=0.2"),
        *("--out", "pack", "--workers", "1"),
    )
    assert prepared.code == 0, prepared.err
    packed = ganzoo("run", RECIPE, "--seed", "1", *settings(**{"dataset.pack": "pack"}))
    assert packed.code == 0, packed.err
    table = ganzoo("compare", "runs")
    assert table.code == 0 and RECIPE in table.out and "akoa 32×32×1" in table.out and "held-out" in table.out
    records = [read_record(tmp_path / "runs" / f"{RECIPE}-s{seed}" / "record.json") for seed in (0, 1)]
    assert {record.status for record in records} == {"finished"}
    assert len({record.dataset.fingerprint for record in records}) == 1
    assert records[0].dataset.images == {"train": 64, "held-out": 16}
    assert {score.protocol["split"] for record in records for score in record.scores} == {"held-out"}


def test_without_data_it_stops_at_once_and_says_what_akoa_is(tmp_path):
    outcome = ganzoo("run", RECIPE, *settings())
    assert outcome.code == 2
    for said in ("data/akoa", "does not exist", "ganzoo data show akoa"):
        assert said in outcome.err
    assert not (tmp_path / "runs").exists()
    unscored = {key: value for key, value in SMALL.items() if not key.startswith("scoring")}
    both = ganzoo("run", RECIPE, *(word for item in unscored.items() for word in ("--set", "=".join(map(str, item)))))
    assert both.code == 2 and "ganzoo data show akoa" in both.err
    shown = ganzoo("data", "show", "akoa").out
    assert "Osteoarthritis Initiative" in shown and "https://nda.nih.gov/oai" in shown
