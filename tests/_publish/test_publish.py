"""A published folder: whole, anonymous, verified, imported and scored again to the same bits; what is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from training_world import DCGAN, recipe_of, start
from typer.testing import CliRunner

import ganzoo
from ganzoo._cli.app import app
from ganzoo._inference.run import Run
from ganzoo._publish.agreement import agreement_of
from ganzoo._publish.checksums import write_sums
from ganzoo._publish.import_published import import_published
from ganzoo._publish.rescore import rescore
from ganzoo._registry.registry import Registry
from ganzoo._runs.record import read_record, write_record
from ganzoo._runs.verify import verify_run
from ganzoo.errors import GanzooError, RefusedError, RunError

HELD_OUT = {"dataset": {**DCGAN["dataset"], "held_out": 0.3}, "generator": DCGAN["generator"]}
HELD_OUT |= {"discriminator": DCGAN["discriminator"], "loss": DCGAN["loss"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two seeds of a tiny network on phantoms, published, and the folder taken elsewhere."""
    root = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANZOO_CACHE", str(root / "cache"))
        patch.setenv("SOURCE_DATE_EPOCH", "1800000000")
        for seed in (3, 4):
            start(root / "author" / "runs", recipe_of(HELD_OUT, {"seed": seed}))
        asked = {"title": "Phantoms", "dataset_id": "acme/phantoms", "authors": ("Doe, Jane",)}
        published = ganzoo.publish(root / "author/runs", root / "author/pub", **asked)
        shutil.copytree(published.path, root / "elsewhere/pub")
        for run in published.runs:  # what was tested is on record from now on, and is not tested again
            verdict = published.path / "runs" / run / "figures/memorization.json"
            (root / "author/runs" / run / "figures").mkdir()
            shutil.copy(verdict, root / "author/runs" / run / "figures/memorization.json")
        yield root, published


@pytest.fixture
def folder(world, tmp_path):
    return Path(shutil.copytree(world[0] / "elsewhere/pub", tmp_path / "pub"))


@pytest.mark.ci
def test_a_folder_holds_what_its_card_says(world, folder):
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"README.md", "recipe.toml", "generator.safetensors", "CITATION.cff", "ro-crate-metadata.json"} <= names
    assert {"croissant.json", "BOARD.json", "SHA256SUMS", ".eval_results/ganzoo.yaml", "samples/seed-0063.png"} <= names
    assert not [name for name in names if "reals" in name], "real images are nobody's to pass on"
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=True)
    assert checked.stdout.count(": OK") == len(names) - 1
    main = world[1].main
    score = read_record(folder / "runs" / main / "record.json").scores[-1]
    card = (folder / "README.md").read_text()
    assert f"value: {score.value!r}" in card and score.protocol_id in card and 'license: "cc0-1.0"' in card
    assert (
        '"id": "acme/phantoms"' not in card
        and 'id: "acme/phantoms"' in (folder / ".eval_results/ganzoo.yaml").read_text()
    )
    with safe_open(folder / "generator.safetensors", "pt") as file:
        metadata = file.metadata()
    assert metadata["run"] == main and metadata["protocol_id"] == score.protocol_id
    assert "root" not in metadata["recipe"] and str(world[0]) not in "".join(metadata.values())
    lines = "\n".join(world[1].lines)
    assert "hf upload" in lines


@pytest.mark.ci
def test_it_is_imported_verified_and_scored_again_to_the_same_bits(world, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    assert ganzoo.verify(folder) == []
    said = CliRunner().invoke(app, ["verify", str(folder), "--rescore"])
    assert said.exit_code == 0 and said.output.count("again, bit for bit") == 2, said.output
    first, other = import_published(folder, tmp_path / "runs")
    run, author = Run(first), Run(world[0] / "author/runs" / first.name)
    assert verify_run(first.path) == [] == verify_run(other.path)
    ours, theirs = (each.generator(device="cpu").generator.state_dict() for each in (run, author))
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    assert run.recipe.training_hash == author.recipe.training_hash
    with pytest.raises(RunError, match="weights of its generator alone"):
        ganzoo.resume(run)
    with pytest.raises(RefusedError, match="exists already"):
        import_published(folder, tmp_path / "runs")
    metrics = 'scoring.metrics=["fid", {name = "kid", subset_size = 4, subsets = 2}]'
    ganzoo.score(run, overrides=[metrics, "scoring.generated=16", "scoring.sampling_seed=7"])
    again = rescore(first.path, [], "cpu", Registry.discover(), ganzoo.SILENT)
    assert again.equal and len(again.scores) == 3, "under each protocol on record, with the options on record"
    board = ganzoo.compare([folder, world[0] / "author/runs"])
    assert len(board.tables) == 1 and len(board.tables[0].rows) == 1, "the same runs, whoever publishes them"


def test_scores_that_the_recipes_own_scoring_would_change_are_made_again(tmp_path, monkeypatch):
    """The published protocol is without the truncation of the recipe's own."""
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    own = {"generator": {"name": "sngan", "width": 4, "latent_dim": 8}, "training": {"total_kimg": 0.008}}
    own |= {"published": {"swd": {"value": 1.0, "source": "s", "scoring": {"generated": 12, "reference_images": 16}}}}
    own |= {"scoring": {"truncation_threshold": 0.3, "weights": "raw", "noise_mode": "random"}}
    run = Run(start(tmp_path / "runs", recipe_of(HELD_OUT, own)).path)
    (found,) = (score for score in ganzoo.score(run, published=True) if score.metric == "swd")
    assert "truncation_threshold" not in found.protocol and found.protocol["weights"] == "ema"
    again = rescore(run.path, [], "cpu", Registry.discover(), ganzoo.SILENT)
    assert again.equal and {each.before.protocol.get("truncation_threshold") for each in again.scores} == {0.3, None}


def test_it_is_trained_again_and_said_since_when_it_differs(world, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(world[0] / "cache"))
    found = ganzoo.reproduce(folder, runs=tmp_path / "reproduced")
    assert found.equal and found.name == world[1].main, found.lines
    author = Path(shutil.copytree(world[0] / "author/runs" / found.name, tmp_path / found.name))
    whole = agreement_of(Run(author), found.run)
    assert whole.equal and len(whole.moments) > len(found.agreement.moments), "it has checkpoints and pictures as well"
    lines = (author / "metrics.jsonl").read_text().splitlines()
    moment = json.loads(lines[-2])
    key = next(key for key in moment if key not in ("images_seen", "seconds"))
    lines[-2] = json.dumps({**moment, key: moment[key] + 1e-7})
    (author / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    until, since, what = agreement_of(Run(author), found.run).first_difference
    assert until < since == moment["images_seen"] and what.startswith(f"metrics: {key} was")
    with pytest.raises(RefusedError, match="something else"):
        ganzoo.reproduce(author, overrides=["training.batch_size=4"])


def test_edits_are_found(folder, tmp_path):
    shared = next((folder / "runs").iterdir())
    record = read_record(shared / "record.json")
    better = tuple(score.model_copy(update={"value": score.value / 2}) for score in record.scores)
    write_record(shared / "record.json", record.model_copy(update={"scores": better}))
    assert any("record.json was changed" in problem for problem in ganzoo.verify(folder))
    with pytest.raises(RunError, match="was changed"):
        import_published(folder, tmp_path / "runs")
    (folder / "SHA256SUMS").unlink()
    write_sums(folder)
    assert any("another content" in problem for problem in ganzoo.verify(folder)), "BOARD.json knows the records"
    (folder / "extra.txt").write_text("x")
    assert any("does not name it" in problem for problem in ganzoo.verify(folder))
    (folder / "extra.txt").unlink()
    shutil.move(folder / "README.md", tmp_path / "README.md")
    (folder / "README.md").symlink_to(tmp_path / "README.md")
    assert any("README.md is reached by a link" in problem for problem in ganzoo.verify(folder))
    (folder / "SHA256SUMS").write_text("0" * 64 + "  ../secret\n")
    assert "damaged" in ganzoo.verify(folder)[0]


def test_equal_runs_give_equal_bytes(world, tmp_path):
    asked = {"title": "Phantoms", "dataset_id": "acme/phantoms", "authors": ("Doe, Jane",)}
    again = ganzoo.publish(world[0] / "author/runs", tmp_path / "pub", **asked)
    sums = [(path / "SHA256SUMS").read_text() for path in (again.path, world[1].path)]
    assert sums[0] == sums[1]


def test_refusals_write_nothing(world, tmp_path, monkeypatch):
    runs, out = world[0] / "author/runs", tmp_path / "pub"
    phantom = Registry.discover().part("dataset", "phantom").cls

    def refused(match, error=RefusedError, **asked):
        with pytest.raises(error, match=match):
            ganzoo.publish(runs, out, **asked)
        assert not out.exists() and not list(tmp_path.glob(".tmp-*"))

    refused("nothing that is made of them", data_license="CC-BY-NC-ND-4.0")
    refused("owner/name", GanzooError, repository="me")
    refused("no finished, scored run is called", GanzooError, main="nobody")
    refused(r"a path of a machine: /home/jane", title="made in /home/jane/gans")
    with monkeypatch.context() as patch:
        patch.setattr(phantom, "license", "")
        refused("--data-license")
        patch.setattr(phantom, "publishing_forbidden", "its terms say so")
        refused("its terms say so", data_license="CC-BY-4.0")
    verdict = runs / world[1].main / "figures/memorization.json"
    before = verdict.read_text()
    verdict.write_text(json.dumps({**json.loads(before), "memorization_report": "copies", "memorization_found": True}))
    refused("may have memorized training images: copies")
    card = (ganzoo.publish(runs, out, anyway=True).path / "README.md").read_text()
    assert "found: copies" in card
    verdict.write_text(before)
    refused_again = CliRunner().invoke(app, ["publish", str(runs), "--out", str(out)])
    assert isinstance(refused_again.exception, RefusedError)
