"""Exported file: a generator as `ganzoo export` wrote it, read back with what its metadata say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganzoo._recipe.network_spec import parse_networks
from ganzoo._recipe.toml_source import MAX_RECIPE_BYTES
from ganzoo._registry.registry import Registry
from ganzoo.contracts.checkpoints import ForeignCheckpoint, ForeignNetwork
from ganzoo.errors import CheckpointError
from ganzoo.interchange import Record

LAYOUT = "ganzoo-export"
_NETWORKS, _VERSION = "networks", "ganzoo"
_RAW = "its weights are those of the raw generator: the file has no EMA"


def is_export(content: Any) -> bool:
    """Whether it is a safetensors file whose metadata describe networks."""
    return _is_safetensors(content) and {_NETWORKS, _VERSION} <= _metadata(content).keys()


def is_checkpoint_part(content: Any) -> bool:
    """Whether it is a safetensors file without metadata, as each part of a run's checkpoint is."""
    return _is_safetensors(content) and not _metadata(content)


def read_export(content: Record, registry: Registry) -> ForeignCheckpoint:
    """Return the generator of a file for which `is_export` holds.

    Raises:
        CheckpointError: It describes no generator.
        RunError: It names a part that is not installed, or options that the part does not have.
    """
    metadata = _metadata(content)
    if len(metadata[_NETWORKS]) > MAX_RECIPE_BYTES:
        raise CheckpointError("what it says of its networks is larger than any export writes")
    networks = parse_networks(metadata[_NETWORKS], "what it says of its networks", registry)
    if networks.generator is None:
        raise CheckpointError("it describes no generator")
    seen = metadata.get("images_seen", "0")
    return ForeignCheckpoint(
        networks.spec,
        ForeignNetwork(networks.generator.cls, networks.generator.options, content.mapping),
        images_seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 16 else 0,
        resolution=networks.reached,
        alpha=networks.alpha,
        notes=(_RAW,) if metadata.get("weights") == "raw" else (),
    )


def _is_safetensors(content: Any) -> bool:
    return isinstance(content, Record) and content.is_of("safetensors", "file")


def _metadata(content: Record) -> Mapping[str, str]:
    return content.state if isinstance(content.state, dict) else {}
