"""Import: a checkpoint of another code base as an ordinary run, which sampling, scoring and training accept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from ganzoo._inference.choose_importer import importer_of, line_of, read_whole
from ganzoo._inference.exported_file import LAYOUT, changes_since, is_export, read_export
from ganzoo._inference.importable import require_importable
from ganzoo._io.atomic import publish_directory, sha256_of, temporary_directory_beside, write_inside
from ganzoo._io.os_errors import shown
from ganzoo._recipe.network_spec import Images, Networks, Origin
from ganzoo._recipe.selection import Selection
from ganzoo._registry.code import core_source
from ganzoo._registry.registry import Registry
from ganzoo._runs.checkpoint import write_checkpoint
from ganzoo._runs.code_change import CodeChange
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.kept import kept_in
from ganzoo._runs.provenance import library_versions
from ganzoo._runs.record import RunRecord, recipe_hash, write_record
from ganzoo._runs.sealed_toml import seal_toml
from ganzoo.contracts.checkpoints import ForeignCheckpoint, ForeignNetwork
from ganzoo.errors import ChangedCodeError, CheckpointError, GanzooError, PluginError
from ganzoo.interchange import read_content
from ganzoo.text import requirement

_ROLES = {"ema": "EMA generator", "generator": "generator", "discriminator": "discriminator"}


@dataclass(frozen=True)
class Imported:
    """A file as it was understood.

    Attributes:
        networks: What `networks.toml` says.
        tensors: Weights by role (`ema`, and `generator` and `discriminator` where the file has them).
        images_seen: Real images that were shown to the discriminator.
        parameters: Trainable parameters per network.
        code_changes: What of its networks is other code here than where it was written.
    """

    networks: Networks
    tensors: Mapping[str, Mapping[str, Tensor]]
    images_seen: int
    parameters: Mapping[str, int]
    code_changes: tuple[CodeChange, ...] = ()


def import_checkpoint(path: Path, out: Path, registry: Registry) -> tuple[RunDirectory, Imported]:
    """Read `path` and write a run directory at `out`, whole or not at all.

    Raises:
        RefusedError: There is something at `out` already.
        CheckpointError: The file is damaged or hostile, or no importer knows its layout, or two do.
    """
    require_importable(path, out)
    imported = understand(path, registry)
    with temporary_directory_beside(out) as temporary:
        _write(temporary, imported, out.resolve().name)
        publish_directory(temporary, out)
    return RunDirectory.open(out), imported


def understand(path: Path, registry: Registry) -> Imported:
    """Read a file and build the networks that it holds. Raises CheckpointError."""
    content = read_content(path)
    if is_export(content):
        imported = _judged(path, LAYOUT, registry, lambda: (read_export(content, registry), ""))
        return replace(imported, code_changes=changes_since(content, imported.networks))
    importer = importer_of(content, path, registry)
    return _judged(path, importer.name, registry, lambda: read_whole(importer, content, registry))


def _judged(path: Path, layout: str, registry: Registry, read: Callable[[], tuple[ForeignCheckpoint, str]]) -> Imported:
    """Read a checkpoint and build its networks; whatever goes wrong is told of the file and its layout."""
    try:
        foreign, code = read()
        return _built(foreign, Origin(layout=layout, code=code, sha256=sha256_of(path), notes=foreign.notes), registry)
    except PluginError:
        raise
    except ChangedCodeError as error:
        raise ChangedCodeError(f"{shown(path)}: {error}") from None
    except GanzooError as error:
        raise CheckpointError(f"{shown(path)} looks like '{layout}', but {line_of(error)}") from None
    except Exception as error:  # an importer that met what its author did not expect
        raise CheckpointError(f"{shown(path)} looks like '{layout}', but {_unforeseen(error)}") from error


def _unforeseen(error: Exception) -> str:
    """Say what is wrong where options, torch or the importer stumbled."""
    if isinstance(error, MemoryError):
        return "memory ran out"
    if isinstance(error, ValidationError):  # of the options that its sizes would need
        first = error.errors()[0]
        name, wanted = ".".join(map(str, first["loc"])), requirement(first["type"], first["msg"])
        return line_of(f"its sizes are impossible: {name} {wanted}")
    if isinstance(error, RuntimeError | TypeError | IndexError):  # what torch says of tensors
        return "its tensors do not fit each other in shape or type"
    return f"cannot be used ({type(error).__name__}: {line_of(error)})"


def _built(foreign: ForeignCheckpoint, origin: Origin, registry: Registry) -> Imported:
    """Build each network, load its weights, and keep what it then holds."""
    if foreign.ema is None and foreign.discriminator is None:
        raise CheckpointError("it holds neither a generator nor a discriminator")
    found = {"ema": foreign.ema, "generator": foreign.generator, "discriminator": foreign.discriminator}
    networks: dict[str, nn.Module] = {
        role: _network(role, network, foreign) for role, network in found.items() if network is not None
    }
    tensors = {role: network.state_dict() for role, network in networks.items()}
    for role, named in tensors.items():
        _require_finite(role, named)
    described = Networks(
        title=f"imported by {origin.layout}",
        reached=foreign.resolution,
        alpha=foreign.alpha if foreign.resolution else 1.0,
        images=Images(
            resolution=foreign.images.resolution, channels=foreign.images.channels, label_dim=foreign.images.label_dim
        ),
        generator=_selection("generator", foreign.ema, registry) if foreign.ema else None,
        discriminator=_selection("discriminator", foreign.discriminator, registry) if foreign.discriminator else None,
        origin=origin,
    )
    trained = {"generator": networks.get("ema"), "discriminator": networks.get("discriminator")}
    counts = {role: _count(network) for role, network in trained.items() if network is not None}
    return Imported(described, tensors, foreign.images_seen, counts)


def _network(role: str, foreign: ForeignNetwork, checkpoint: ForeignCheckpoint) -> nn.Module:
    """Build a part and fill it; on the meta device first, so that sizes are compared before memory is taken."""
    with torch.device("meta"):
        expected = foreign.cls(foreign.options, checkpoint.images).state_dict()
    for name in sorted(expected.keys() | foreign.weights.keys()):
        here, there = expected.get(name), foreign.weights.get(name)
        if here is None or there is None or here.shape != there.shape:
            sizes = f"{_shape(there)} in the file, {_shape(here)} in the part"
            raise CheckpointError(f"its {_ROLES[role]} does not fit '{foreign.cls.name}': {name} is {sizes}")
    network: nn.Module = foreign.cls(foreign.options, checkpoint.images)
    network.load_state_dict(dict(foreign.weights))
    return network


def _shape(tensor: Tensor | None) -> str:
    return "missing" if tensor is None else str(tuple(tensor.shape))


def _require_finite(role: str, tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(f"the {name} of its {_ROLES[role]} holds inf or nan")


def _count(network: nn.Module) -> int:
    return sum(math.prod(parameter.shape) for parameter in network.parameters())


def _selection(kind: str, foreign: ForeignNetwork, registry: Registry) -> Selection:
    parts = [part for part in registry.parts(kind) if part.cls is foreign.cls]
    if not parts:
        raise PluginError(f"the importer fills {kind} '{foreign.cls.name}', which no installed plugin offers")
    return Selection(parts[0], registry.name_of(parts[0]), foreign.options)


def _write(folder: Path, imported: Imported, name: str) -> None:
    run, networks = RunDirectory(folder), imported.networks
    write_inside(folder, run.networks.name, seal_toml(networks.to_toml()).encode("utf-8"))
    write_inside(folder, run.lock_file.name, b"")
    state = {"images_seen": imported.images_seen, "imported": True}
    write_checkpoint(run.checkpoints, imported.images_seen, imported.tensors, state)
    plain = networks.plain()
    origins = [selection.part.origin for selection in networks.selections.values()]
    record = RunRecord(
        name=name,
        title=networks.title,
        recipe=plain,
        recipe_hash=recipe_hash(plain),
        core_source=core_source(),
        code_changes=imported.code_changes,
        plugins={origin.distribution: origin.version for origin in origins},
        images_seen=imported.images_seen,
        parameters=dict(imported.parameters),
        status="imported",
        versions=library_versions(),
        files={run.networks.name: sha256_of(run.networks)},
        kept=kept_in(run),
    )
    write_record(run.record, record)
