"""Experiment: what runs share that differ in nothing but the seed."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
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
    code of parts and core is one, by package: seeds of different code are different experiments. So `acme:soft` is
    `soft`: recipes write the distribution once another one offers a part of that name, and train the same as before.
    """
    plain = _plain_names(record.recipe)
    kept = {key: _renamed(value, plain) for key, value in record.recipe.items() if key not in _PEOPLE_AND_PLACES}
    for section, dropped in (("dataset", {"root"}), ("training", _BOOKKEEPING | _LENGTH)):
        table = kept.get(section)
        if isinstance(table, dict):
            kept[section] = {key: value for key, value in table.items() if key not in dropped}
    if isinstance(listed := kept.get("regularizers"), list):
        named = {str(each.get("name")): each for each in listed if isinstance(each, dict)}
        kept["regularizers"] = named if len(named) == len(listed) else listed
    return kept | ({"code": code} if (code := code_fields(record)) else {})


def plain_name(name: str) -> str:
    """Return a part's name without the distribution that a recipe wrote before it."""
    return name.rpartition(":")[2]


def _plain_names(recipe: Mapping[str, Any]) -> dict[str, str]:
    """Return the names that a recipe wrote with their distribution, each with the one without.

    Names that parts of several distributions have in this recipe stay as they are.
    """
    pins = recipe.get("parts")
    kinds = [list(names) for names in pins.values() if isinstance(names, Mapping)] if isinstance(pins, Mapping) else []
    shared = {name for names in kinds for name in _shared(names)}
    return {name: plain_name(name) for names in kinds for name in names if ":" in name and name not in shared}


def _shared(names: list[str]) -> Iterator[str]:
    """Yield those names of one kind that others have too, but for the distribution."""
    count = Counter(map(plain_name, names))
    return (name for name in names if count[plain_name(name)] > 1)


def _renamed(section: Any, names: Mapping[str, str]) -> Any:
    """Return a section of a recipe, and of the parts that its options name, with other names of its parts."""
    if isinstance(section, list):
        return [_renamed(each, names) for each in section]
    if not isinstance(section, Mapping):
        return section
    renamed = {key: _renamed(value, names) for key, value in section.items()}
    if isinstance(name := renamed.get("name"), str):
        renamed["name"] = names.get(name, name)
    return renamed


def experiment_id(record: RunRecord) -> str:
    """Return the hash that all seeds of one experiment share; a run without a recipe is one of its own."""
    fields = training_fields(record) if record.recipe else {"name": record.name}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
