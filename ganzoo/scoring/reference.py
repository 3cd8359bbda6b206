"""Reference features, cached by what they are computed from, never by a name.

An entry is a folder `features/<pack fingerprint>/<hash>/` with one safetensors file and a manifest that holds its
SHA-256 and everything the features depend on. An entry that does not agree with its manifest is never used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch
from pydantic import JsonValue
from safetensors import SafetensorError
from safetensors.torch import load, save

from ganzoo._io.atomic import publish_directory, remove_tree, temporary_directory_beside, write_inside, write_json
from ganzoo._io.cache_dir import cache_root, sweep_cache
from ganzoo._io.regular_file import read_regular
from ganzoo.contracts.reporter import Reporter
from ganzoo.errors import GanzooError, RefusedError
from ganzoo.scoring.features import LayerFeatures, layers_for
from ganzoo.scoring.protocol import ScoringProtocol

TENSORS, MANIFEST = "features.safetensors", "MANIFEST.json"


def cached_reference(
    protocol: ScoringProtocol,
    extract: Callable[[], LayerFeatures],
    *,
    device: torch.device | str,
    reporter: Reporter,
    root: Path | None = None,
) -> LayerFeatures:
    """Return the reference's features from the cache, or extract and keep them.

    Args:
        protocol: What is scored.
        extract: Extracts the features; called only when there is no sound entry.
        device: Where features are extracted; those of another kind of device are other entries.
        reporter: Takes a warning when an entry is damaged or cannot be kept.
        root: The cache folder; `cache_root()` if not given.
    """
    key = _key(protocol, device)
    folder = _folder(root or cache_root(), protocol, key)
    if folder.exists():
        try:
            return _read(folder, key, protocol)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            reporter.warning(f"cached reference features in {folder} are damaged ({error}); extracting them again.")
    features = extract()
    try:
        sweep_cache(root or cache_root())
        remove_tree(folder)  # damaged, if there is one
        _write(folder, key, features)
    except GanzooError as error:
        reporter.warning(f"reference features are not kept: {error}")
    return features


def is_cached(protocol: ScoringProtocol, *, device: torch.device | str, root: Path | None = None) -> bool:
    """Whether there is an entry for this reference; it is checked only when it is read."""
    return _folder(root or cache_root(), protocol, _key(protocol, device)).exists()


def _key(protocol: ScoringProtocol, device: torch.device | str) -> dict[str, JsonValue]:
    return {
        "reference_id": protocol.reference_id,
        "layers": list(layers_for(protocol, reference=True)),
        "images": protocol.reference_images,
        "torch": version("torch"),
        "device": torch.device(device).type,
    }


def _folder(root: Path, protocol: ScoringProtocol, key: dict[str, JsonValue]) -> Path:
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return root / "features" / protocol.reference[:32] / digest[:32]


def _read(folder: Path, key: dict[str, JsonValue], protocol: ScoringProtocol) -> LayerFeatures:
    manifest = json.loads(read_regular(folder / MANIFEST))
    # Read once and check what was read, so that nothing can change between the check and the use.
    data = read_regular(folder / TENSORS)
    if manifest["key"] != key:
        raise ValueError("it belongs to other features")
    if hashlib.sha256(data).hexdigest() != manifest["sha256"]:
        raise ValueError("its checksum is wrong")
    features = load(data)
    for layer in layers_for(protocol, reference=True):
        if features[layer].shape[0] != protocol.reference_images:
            raise ValueError(f"layer {layer} has another number of images")
    return features


def _write(folder: Path, key: dict[str, JsonValue], features: LayerFeatures) -> None:
    data = save(features)
    with temporary_directory_beside(folder) as temporary:
        write_inside(temporary, TENSORS, data)
        write_json(temporary / MANIFEST, {"key": key, "sha256": hashlib.sha256(data).hexdigest()})
        try:
            publish_directory(temporary, folder)
        except RefusedError:
            return  # another process was first, with the same content
