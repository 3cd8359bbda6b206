"""Volumes through the contracts of images: a made-up plugin of 3-D convolutions trains, resumes, scores and ranks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import volume_dcgan as volumes
from command_line import Outcome, ganzoo
from installed_plugin import write_metadata
from PIL import Image
from training_world import hashes

from ganzoo._inference.run import Run
from ganzoo._runs.directory import RunDirectory
from ganzoo.contracts.component import ImageSpec
from ganzoo.data import Pack
from ganzoo.errors import DataError
from ganzoo.figures.targets import read_targets
from ganzoo.testing import check_dataset, check_discriminator, check_extractor, check_generator

RECIPE = """
title = "Shells in three dimensions"

[dataset]
name = "ellipsoids"
held_out = 0.25

[generator]
name = "volume-dcgan"
width = 4

[discriminator]
name = "volume-dcgan"
width = 4

[loss]
name = "logistic"

[[regularizers]]
name = "r1"
gamma = 1.0

[training]
total_kimg = 0.064
batch_size = 8
log_kimg = 0.016
checkpoint_kimg = 0.032

[scoring]
generated = 24
metrics = ["fid"]
extractor = { name = "volume-features" }
"""


@dataclass(frozen=True)
class World:
    """A folder in which two seeds of the recipe were trained, and one of them again, broken off and resumed."""

    folder: Path
    trained: Outcome

    @property
    def recipe(self) -> str:
        return str(self.folder / "shells.toml")

    def run(self, name: str = "shells-s0", runs: str = "runs") -> Path:
        return self.folder / runs / name

    def record(self, run: Path) -> dict[str, Any]:
        record = json.loads((run / "record.json").read_text("utf-8"))
        return record.get("content", record)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("volumes")
    (folder / "site").mkdir()
    write_metadata(folder / "site", "volume-dcgan", "1.0", {"ganzoo": {"volumes": "volume_dcgan"}})
    (folder / "shells.toml").write_text(RECIPE, "utf-8")
    sys.path.append(str(folder / "site"))
    try:
        yield World(folder, trained(folder, "runs"))
    finally:
        sys.path.remove(str(folder / "site"))


def trained(folder: Path, runs: str, *more: str) -> Outcome:
    done = ganzoo("run", str(folder / "shells.toml"), "--runs", str(folder / runs), "--device", "cpu", *more)
    assert done.code == 0, done.err
    return done


@pytest.mark.parametrize("cls", [volumes.VolumeGenerator, volumes.VolumeDiscriminator])
def test_networks_keep_their_contract(cls):
    check = check_generator if cls is volumes.VolumeGenerator else check_discriminator
    check(cls, resolution=16)


def test_dataset_and_extractor_keep_theirs():
    check_dataset(volumes.Ellipsoids)
    check_extractor(volumes.RandomVolumeFeatures, side=16)


@pytest.mark.parametrize(("slices", "expected"), [(16, [16, 8, 4]), (4, [4, 4, 4]), (10, [10, 5, 5])])
def test_volumes_may_be_thinner_than_wide(slices, expected):
    spec = ImageSpec(16, slices)
    assert volumes.depths_of(spec) == expected
    generator = volumes.VolumeGenerator(volumes.GeneratorOptions(width=4), spec)
    made = generator(torch.randn(2, 32), torch.zeros(2, 0))
    assert made.shape == (2, slices, 16, 16)
    assert volumes.VolumeDiscriminator(volumes.NetworkOptions(width=4), spec)(made, torch.zeros(2, 0)).shape == (2,)


def test_slices_are_an_axis_that_is_convolved():
    """What moves along it moves in the maps too, as it does not where slices are channels to a 2-D convolution."""
    critic = volumes.VolumeDiscriminator(volumes.NetworkOptions(width=4), ImageSpec(16, 16))
    images = torch.randn(1, 16, 16, 16)
    first = critic.convolutions[0]
    maps, moved = (first(each.unsqueeze(1)) for each in (images, images.roll(2, 1)))
    torch.testing.assert_close(moved[:, :, 2:-1], maps[:, :, 1:-2])


@pytest.mark.ci
def test_a_pack_of_volumes_keeps_the_two_of_a_subject_together(world):
    done = ganzoo("data", "prepare", "ellipsoids", "--set", "held_out=0.25", "--out", str(world.folder / "pack"))
    assert done.code == 0, done.err
    pack = Pack.open(world.folder / "pack")
    assert pack.spec == ImageSpec(16, 16)
    subjects = {name: set(pack.split(name).subjects.tolist()) for name in ("train", "held-out")}
    assert not subjects["train"] & subjects["held-out"]
    assert len(pack) == 2 * len(subjects["train"] | subjects["held-out"])
    shown = ganzoo("data", "show", str(world.folder / "pack"), "--sheet", str(world.folder / "sheet.png"))
    assert "48 of 16x16, 16 channels" in shown.out
    refused = ganzoo("data", "export", str(world.folder / "pack"), "--out", str(world.folder / "png"))
    assert (refused.code, "16 channels cannot be written as PNG" in refused.err) == (2, True)


@pytest.mark.ci
def test_it_trains_with_r1_and_ema(world):
    record = world.record(world.run())
    assert (record["status"], record["images_seen"]) == ("finished", 64)
    assert record["plugins"]["volume-dcgan"] == "1.0"
    lines = [json.loads(line) for line in (world.run() / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert lines[-1]["discriminator/r1"] > 0


@pytest.mark.ci
def test_it_resumes_bit_for_bit(world):
    trained(world.folder, "again", "--set", "training.total_kimg=0.032")
    run = world.run(runs="again")
    done = ganzoo("resume", str(run), "--set", "training.total_kimg=0.064")
    assert done.code == 0, done.err
    assert hashes(RunDirectory(run)) == hashes(RunDirectory(world.run()))


@pytest.mark.ci
def test_samples_are_volumes_and_pictures_show_the_central_slice(world):
    raw, sheet = world.folder / "volumes.npy", world.folder / "grid.png"
    done = ganzoo("sample", str(world.run()), "--count", "4", "--raw", str(raw), "--out", str(sheet))
    assert done.code == 0, done.err
    found = np.load(raw)
    assert found.shape == (4, 16, 16, 16)
    with Image.open(sheet) as image:
        assert image.mode == "L"
        first = np.asarray(image)[2:18, 2:18]
    assert np.abs(first - (found[0, 8] + 1) * 127.5).max() <= 1


@pytest.mark.ci
def test_it_is_scored_by_features_of_volumes_and_ranked(world):
    """In one table with the built-in generator of images, to which slices are channels."""
    flat = [f"generator.{key}" for key in ("name=dcgan", "width=4", "max_width=8", "latent_dim=8")]
    trained(world.folder, "runs", "--name", "flat", *(word for key in flat for word in ("--set", key)))
    done = ganzoo("compare", str(world.folder / "runs"), "--format", "json")
    (table,) = json.loads(done.out)["tables"]
    (rows,) = (section["rows"] for section in table["sections"])
    found = {row["generator"]: row["estimates"]["fid"]["mean"] for row in rows}
    scores = {run: world.record(world.run(run))["scores"][-1] for run in ("shells-s0", "flat-s0")}
    assert found == {"volume-dcgan": scores["shells-s0"]["value"], "dcgan": scores["flat-s0"]["value"]}
    assert {score["label"] for score in scores.values()} == {"FD-volume"}


@pytest.mark.ci
@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("scoring.extractor.name=random-features", "sees images of 1 or 3 channels, and these have 16"),
        ("augmentation.name=ada", "need images of 1 or 3 channels, but these have 16"),
    ],
)
def test_parts_of_images_alone_refuse_volumes_by_name(world, override, said):
    done = ganzoo("check", world.recipe, "--set", override)
    assert done.code == 2
    assert said in done.err


@pytest.mark.ci
def test_a_critic_that_reads_features_of_images_refuses_volumes(world):
    text = RECIPE.replace('[discriminator]\nname = "volume-dcgan"\nwidth = 4', '[discriminator]\nname = "projected"')
    (world.folder / "projected.toml").write_text(text, "utf-8")
    done = ganzoo("check", str(world.folder / "projected.toml"))
    assert done.code == 2
    assert "discriminator 'projected': extractor" in done.err


@pytest.mark.ci
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["explore", "neighbors", "{run}", "--extractor", "random-features"], 3),
        (["score", "{run}", "--dataset", "ellipsoids", "--set", "scoring.extractor.name=random-features"], 2),
    ],
)
def test_an_extractor_of_images_that_is_named_later_is_refused_too(world, command, code):
    done = ganzoo(*(word.format(run=world.run()) for word in command))
    assert done.code == code
    assert "extractor 'random-features' sees images of 1 or 3 channels, and these have 16" in done.err


@pytest.mark.ci
def test_no_picture_is_read_as_a_volume(world):
    Image.new("L", (16, 16)).save(world.folder / "gray.png")
    opened = Run(world.run()).generator(device="cpu")
    with pytest.raises(DataError, match="this generator's images have 16 channels; in Python give an array"):
        read_targets(opened, [world.folder / "gray.png"])
    assert read_targets(opened, np.zeros((1, 16, 16, 16), np.uint8)).names == ["0"]
