"""Crate: `ro-crate-metadata.json`, which says who made the files of a folder out of what, by RO-Crate 1.1.

Source: Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process/0.5): a `CreateAction` per run, its instrument the
software, its objects recipe and data, its results the files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganzoo._publish.checksums import files_of
from ganzoo._publish.contents import Contents
from ganzoo._publish.names import GENERATOR, RUNS
from ganzoo._publish.sample_set import SAMPLES
from ganzoo._publish.terms import dataset_name, is_spdx
from ganzoo._runs.record import RunRecord
from ganzoo._version import __version__

CRATE = "ro-crate-metadata.json"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_SOFTWARE = "https://pypi.org/project/ganzoo-toolkit/"
_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".toml": "application/toml",
    ".md": "text/markdown",
    ".html": "text/html",
    ".png": "image/png",
    ".yaml": "application/yaml",
    ".cff": "application/yaml",
    ".safetensors": "application/octet-stream",
}
Entity = dict[str, Any]


def crate(contents: Contents, folder: Path) -> dict[str, Any]:
    """Return the crate of a filled folder as JSON-LD."""
    names = [name for name in files_of(folder) if name != CRATE]
    actions = [_action(contents, run.record, names) for run in contents.runs]
    authors = [{"@id": f"#author-{number}", "@type": "Person", "name": name} for number, name in _numbered(contents)]
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {
                "@id": CRATE,
                "@type": "CreativeWork",
                "conformsTo": _ids(["https://w3id.org/ro/crate/1.1"])[0],
                "about": {"@id": "./"},
            },
            _root(contents, names, actions, authors),
            {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
            *_software(contents),
            *_license(contents),
            *_data(contents),
            *authors,
            *actions,
            *(_file(name, folder) for name in names),
        ],
    }


def _numbered(contents: Contents) -> list[tuple[int, str]]:
    return list(enumerate(contents.labels.authors, 1))


def _root(contents: Contents, names: list[str], actions: list[Entity], authors: list[Entity]) -> Entity:
    labels = contents.labels
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": labels.title,
        "description": "Weights, scores, samples and records of generative adversarial networks, made with ganzoo.",
        "datePublished": labels.date,
        "license": {"@id": _license(contents)[0]["@id"]},
        "conformsTo": {"@id": _PROFILE},
        "hasPart": _ids(names),
        "mentions": _ids([action["@id"] for action in actions]),
        **({"author": _ids([author["@id"] for author in authors])} if authors else {}),
    }


def _software(contents: Contents) -> list[Entity]:
    """Return the software that trained the runs, an entity a version."""
    versions = dict.fromkeys(_version_of(run.record) for run in contents.runs)
    return [
        {
            "@id": _software_id(version),
            "@type": "SoftwareApplication",
            "name": "ganzoo-toolkit",
            "url": _SOFTWARE,
            "softwareVersion": version,
        }
        for version in versions
    ]


def _version_of(record: RunRecord) -> str:
    return record.versions.get("ganzoo", __version__)


def _software_id(version: str) -> str:
    return f"{_SOFTWARE}{version}/"


def _license(contents: Contents) -> list[Entity]:
    license = contents.terms.weights
    identifier = f"https://spdx.org/licenses/{license}" if is_spdx(license) else "#license"
    return [{"@id": identifier, "@type": "CreativeWork", "name": license, "description": license}]


def _data(contents: Contents) -> list[Entity]:
    """Return the data that were learned from, each once: they are not in the folder."""
    found: dict[str, Entity] = {}
    for run in contents.runs:
        dataset = run.record.dataset
        identifier = _data_id(run.record)
        found[identifier] = {
            "@id": identifier,
            "@type": "Dataset",
            "name": dataset_name(run) or "images",
            "description": "Images that the networks learned from; they are not in this folder.",
            **({"identifier": f"sha256:{dataset.fingerprint}"} if dataset else {}),
        }
    return list(found.values())


def _data_id(record: RunRecord) -> str:
    return f"#data-{record.dataset.fingerprint[:16]}" if record.dataset else "#data"


def _action(contents: Contents, record: RunRecord, names: list[str]) -> Entity:
    own = [name for name in names if name.startswith(f"{RUNS}/{record.name}/")]
    recipe = f"{RUNS}/{record.name}/recipe.toml"
    results = [name for name in own if name != recipe]
    if record.name == contents.main.name:
        results += [name for name in names if name == GENERATOR or name.startswith(f"{SAMPLES}/")]
    failed = record.status in ("diverged", "failed")
    return {
        "@id": f"#run-{record.name}",
        "@type": "CreateAction",
        "name": f"Training of {record.name}",
        "description": f"{record.images_seen:,} real images shown to the discriminator in {record.seconds:,.0f} s",
        "instrument": {"@id": _software_id(_version_of(record))},
        "object": _ids([*([recipe] if recipe in own else []), _data_id(record)]),
        "result": _ids(results),
        "actionStatus": f"http://schema.org/{'Failed' if failed else 'Completed'}ActionStatus",
    }


def _file(name: str, folder: Path) -> Entity:
    path = folder / name
    form = _TYPES.get(path.suffix, "text/plain")
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "encodingFormat": form,
        "contentSize": str(path.stat().st_size),
    }


def _ids(identifiers: list[str]) -> list[Entity]:
    return [{"@id": identifier} for identifier in identifiers]
