"""Exported file: a generator as `ganzoo export` wrote it, read back with what its metadata say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganzoo._recipe.network_spec import Networks, parse_networks
from ganzoo._recipe.pins import pins_of
from ganzoo._recipe.toml_source import MAX_RECIPE_BYTES, parse
from ganzoo._registry.registry import Registry
from ganzoo._runs.code_change import CodeChange
from ganzoo.contracts.checkpoints import ForeignCheckpoint, ForeignNetwork
from ganzoo.errors import CheckpointError
from ganzoo.interchange import Record

LAYOUT = "ganzoo-export"
_NETWORKS, _VERSION = "networks", "ganzoo"
_WHERE = "what it says of its networks"
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
    networks = parse_networks(metadata[_NETWORKS], _WHERE, registry)
    if networks.generator is None:
        raise CheckpointError("it describes no generator")
    return ForeignCheckpoint(
        networks.spec,
        ForeignNetwork(networks.generator.cls, networks.generator.options, content.mapping),
        images_seen=_images_seen(content),
        resolution=networks.reached,
        alpha=networks.alpha,
        notes=(_RAW,) if metadata.get("weights") == "raw" else (),
    )


def changes_since(content: Record, networks: Networks) -> tuple[CodeChange, ...]:
    """Return what of an exported file's networks is other code here than where it was written."""
    pins = pins_of(parse(_metadata(content)[_NETWORKS], _WHERE), _WHERE)
    found = list[CodeChange]()
    for role, chosen in networks.selections.items():
        code = chosen.part.code
        for name, pin in pins.get(role, {}).items():
            if (pin.version, pin.source) != (code.version, code.source):
                change = {
                    "what": f"{role} '{name}'",
                    "packages": pin.packages,
                    "before": pin.short,
                    "after": code.short,
                }
                found.append(CodeChange(images_seen=_images_seen(content), **change))
    return tuple(found)


def _images_seen(content: Record) -> int:
    seen = _metadata(content).get("images_seen", "0")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 16 else 0


def _is_safetensors(content: Any) -> bool:
    return isinstance(content, Record) and content.is_of("safetensors", "file")


def _metadata(content: Record) -> Mapping[str, str]:
    return content.state if isinstance(content.state, dict) else {}
