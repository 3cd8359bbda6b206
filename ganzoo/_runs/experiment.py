"""Experiment: what runs share that differ in nothing but the seed."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from ganzoo._runs.code import code_fields
from ganzoo._runs.record import RunRecord

_PEOPLE_AND_PLACES = frozenset({"title", "paper", "notes", "seed", "scoring", "published", "parts"})
_BOOKKEEPING = frozenset(
    {"log_kimg", "samples_kimg", "preview_images", "snapshot_kimg", "score_kimg", "checkpoint_kimg", "keep_checkpoints"}
)
_LENGTH = frozenset({"total_kimg", "epochs"})
_SEED_SUFFIX = re.compile(r"-s\d+(-\d+)?$")


def without_seed(name: str) -> str:
    """Return a run's name without its seed."""
    return _SEED_SUFFIX.sub("", name)


def training_fields(record: RunRecord) -> dict[str, Any]:
    """Return all fields that decide what is learned up to some image, but the seed: what one row of a table shares.

    The length is none of them: a run that went on has learned the same until then. Penalties go by their names. The
    code of parts and core is one, by package: seeds of different code are different experiments.
    """
    kept = {key: value for key, value in record.recipe.items() if key not in _PEOPLE_AND_PLACES}
    for section, dropped in (("dataset", {"root"}), ("training", _BOOKKEEPING | _LENGTH)):
        table = kept.get(section)
        if isinstance(table, dict):
            kept[section] = {key: value for key, value in table.items() if key not in dropped}
    if isinstance(listed := kept.get("regularizers"), list):
        named = {str(each.get("name")): each for each in listed if isinstance(each, dict)}
        kept["regularizers"] = named if len(named) == len(listed) else listed  # type: ignore[assignment]
    return kept | ({"code": code} if (code := code_fields(record)) else {})


def experiment_id(record: RunRecord) -> str:
    """Return the hash that all seeds of one experiment share; a run without a recipe is one of its own."""
    fields = training_fields(record) if record.recipe else {"name": record.name}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
