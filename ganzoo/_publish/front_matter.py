"""Front matter of a model card, `.eval_results` and `CITATION.cff`: what the Hub and GitHub read of a folder."""

from __future__ import annotations

import re
from typing import Any

from ganzoo._publish.contents import Contents
from ganzoo._publish.terms import dataset_name, is_spdx
from ganzoo._publish.yaml_text import yaml_text
from ganzoo._runs.record import Score
from ganzoo._version import __version__

TASK = "unconditional-image-generation"
# Licenses that the Hub knows by their SPDX identifier in small letters; any other is `other`, with its name.
_ON_THE_HUB = frozenset(
    (
        *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0"),
        *("cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-sa-2.0"),
        *("cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "mpl-2.0", "odbl", "pddl"),
    )
)

_SLUG = re.compile(r"[^a-z0-9.]+")  # the Hub takes names of licenses as one word


def front_matter(contents: Contents) -> str:
    """Return the card's front matter with its lines of dashes."""
    labels, record = contents.labels, contents.record
    data: dict[str, Any] = {
        "library_name": "ganzoo",
        "pipeline_tag": TASK,
        **_license(contents.terms.weights),
        **({"datasets": [labels.dataset_id]} if labels.dataset_id else {}),
        "tags": ["gan", "ganzoo", *_parts(contents)],
        "model-index": [{"name": labels.repository.rpartition("/")[2] or record.name, "results": _results(contents)}],
    }
    return f"---\n{yaml_text(data)}---\n"


def eval_results(contents: Contents) -> str | None:
    """Return `.eval_results/ganzoo.yaml`, an entry a score; None without the dataset's identifier on the Hub."""
    labels = contents.labels
    if not labels.dataset_id:
        return None
    entries = [
        {
            "dataset": {"id": labels.dataset_id, "task_id": score.label.lower().replace(" ", "_")},
            "value": score.value,
            "date": labels.date,
            "notes": f"{score.label}; {counts_of(score)}; ganzoo protocol {score.protocol_id}",
        }
        for score in contents.scores
    ]
    return yaml_text(entries) if entries else None


def citation(contents: Contents) -> str:
    """Return `CITATION.cff`, format 1.2.0."""
    labels = contents.labels
    data: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use these weights or numbers, please cite them as below.",
        "title": labels.title,
        "type": "dataset",
        "authors": [_author(name) for name in labels.authors] or [{"name": "anonymous"}],
        "date-released": labels.date,
        **({"license": contents.terms.weights} if is_spdx(contents.terms.weights) else {}),
        "keywords": ["GAN", *_parts(contents)],
        "abstract": f"Weights, scores and records of generative adversarial networks, made with ganzoo {__version__}.",
    }
    return yaml_text(data)


def counts_of(score: Score) -> str:
    """Return how many images a score is of: `1,000 generated against 500 real images (train), lite0`."""
    protocol = score.protocol
    generated, reference = protocol.get("generated"), protocol.get("reference_images")
    told = [
        f"{count:,} {what}"
        for count, what in ((generated, "generated"), (reference, "real images"))
        if isinstance(count, int)
    ]
    split, extractor = protocol.get("split"), protocol.get("extractor")
    return " against ".join(told) + (f" ({split})" if split else "") + (f", {extractor}" if extractor else "")


def _license(license: str) -> dict[str, str]:
    known = license.lower()
    if known in _ON_THE_HUB:
        return {"license": known}
    return {"license": "other", "license_name": _SLUG.sub("-", known).strip("-")}


def _parts(contents: Contents) -> list[str]:
    recipe = contents.record.recipe
    sections = (recipe.get(kind) for kind in ("generator", "loss"))
    names = [str(section.get("name")) for section in sections if isinstance(section, dict) and section.get("name")]
    return list(dict.fromkeys([*names, *([name] if (name := dataset_name(contents.main)) else [])]))


def _results(contents: Contents) -> list[dict[str, Any]]:
    metrics = [
        {"type": score.label.lower(), "name": score.label, "value": score.value, "verified": False}
        for score in contents.scores
    ]
    name = dataset_name(contents.main) or "unknown"
    dataset = {"name": name, "type": contents.labels.dataset_id or name}
    task = {"type": TASK, "name": "Unconditional Image Generation"}
    return [{"task": task, "dataset": dataset, "metrics": metrics}] if metrics else []


def _author(name: str) -> dict[str, str]:
    family, comma, given = name.partition(",")
    return {"family-names": family.strip(), "given-names": given.strip()} if comma else {"name": name.strip()}
