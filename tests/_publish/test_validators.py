"""What a published folder says of itself passes the validators of those who read it; .ci/run installs them beside."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from training_world import DCGAN, merged, recipe_of, start

import ganzoo

VALIDATORS = os.environ.get("GANZOO_VALIDATORS")
JUDGE = """
import json, pathlib, sys
import mlcroissant, yaml
from huggingface_hub import ModelCard
from huggingface_hub._eval_results import parse_eval_result_entries
from rocrate.rocrate import ROCrate
from runcrate.report import dump_crate_actions

folder = pathlib.Path(sys.argv[1])
crate = ROCrate(folder)
actions = [entity for entity in crate.get_entities() if entity.type == "CreateAction"]
dump_crate_actions(str(folder))
card = ModelCard.load(folder / "README.md").data
entries = parse_eval_result_entries(yaml.safe_load((folder / ".eval_results/ganzoo.yaml").read_text()))
croissant = mlcroissant.Dataset(jsonld=str(folder / "croissant.json")).metadata
print(json.dumps({
    "actions": len(actions),
    "results": sorted(entity.id for action in actions for entity in action["result"]),
    "parts": sorted(part.id for part in crate.root_dataset["hasPart"]),
    "license": card.license,
    "library": card.library_name,
    "values": [result.metric_value for result in card.eval_results],
    "entries": [(entry.dataset_id, entry.value) for entry in entries],
    "problems": sorted(croissant.issues.errors),
    "files": len(croissant.distribution),
}))
"""


@pytest.mark.skipif(not VALIDATORS, reason="GANZOO_VALIDATORS names no Python with the validators, see .ci/run")
def test_crate_card_croissant_and_citation_pass_their_validators(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    recipe = merged(DCGAN, {"dataset": {**DCGAN["dataset"], "held_out": 0.3}})
    for seed in (3, 4):
        start(tmp_path / "runs", recipe_of(recipe, {"seed": seed, "title": 'Odd: "title" # 1\\'}))
    asked = {"dataset_id": "acme/phantoms", "authors": ("Doe, Jane", "The team: all"), "license": "MIT"}
    folder = ganzoo.publish(tmp_path / "runs", tmp_path / "pub", **asked).path
    python = Path(str(VALIDATORS))
    judged = subprocess.run([python, "-c", JUDGE, folder], capture_output=True, text=True, cwd=tmp_path)
    assert judged.returncode == 0, judged.stderr[-2000:]
    said = json.loads(judged.stdout.splitlines()[-1])
    assert said["actions"] == 2 and "generator.safetensors" in said["results"]
    assert {"README.md", "report.html", "samples/grid.png"} <= set(said["parts"])
    (score,) = ganzoo.open(tmp_path / "runs" / "tiny-s3").scores
    assert said["license"] == "mit" and said["library"] == "ganzoo" and said["values"] == [score.value]
    assert said["entries"] == [["acme/phantoms", score.value]]
    assert not said["problems"] and said["files"] > 3
    for command in (
        [python.with_name("cffconvert"), "--validate", "-i", folder / "CITATION.cff"],
        [python.with_name("mlcroissant"), "validate", "--jsonld", folder / "croissant.json"],
        ["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0 and "WARNING" not in done.stderr, done.stdout + done.stderr
