"""Choice of importers: which one reads a file, and which other one the discriminator that it leaves to them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ganzoo._inference.exported_file import is_checkpoint_part
from ganzoo._io.os_errors import shown
from ganzoo._registry.blame import foreign_code
from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry
from ganzoo.contracts.checkpoints import ForeignCheckpoint, ForeignNetwork
from ganzoo.errors import CheckpointError, PluginError
from ganzoo.interchange import Record
from ganzoo.text import clip, literal

_SHOWN = 300


def importer_of(content: Any, path: Path, registry: Registry) -> Part:
    """Return the one importer that reads a file. Raises CheckpointError where none does, or two do."""
    importers = registry.parts("importer")
    known = [importer for importer in importers if _asked(importer, "recognizes", content)]
    if len(known) == 1:
        return known[0]
    if known:
        both = " and ".join(f"'{importer.name}' of {importer.origin}" for importer in known)
        raise CheckpointError(f"{shown(path)} is recognized by {both}: remove one of the two")
    if reason := next(filter(None, (_asked(importer, "refusal", content) for importer in importers)), None):
        raise CheckpointError(f"{shown(path)} is {line_of(reason)}")
    if is_checkpoint_part(content) and (path.parent / "MANIFEST.json").is_file():
        raise CheckpointError(
            f"{shown(path)} is a part of a run's checkpoint: name the run's folder to `ganzoo sample`"
        )
    names = ", ".join(importer.name for importer in importers) or "none is installed"
    raise CheckpointError(
        f"{shown(path)} holds {_described(content)}: no installed importer reads that ({names}){registry.suspicion()}"
    )


def read_whole(importer: Part, content: Any, registry: Registry) -> tuple[ForeignCheckpoint, str]:
    """Read a file, with the discriminator of another layout that its importer leaves to the others.

    Args:
        importer: Who recognizes the file.
        content: What is in it.
        registry: The parts that are installed.

    Returns:
        What was read, and the code of those who read it where it is not ganzoo's own.
    """
    found: ForeignCheckpoint = importer.cls.read(content)
    code = foreign_code(importer.cls)
    if not found.discriminator_elsewhere or found.discriminator is not None:
        return found, code
    why = "no importer that is installed knows it"
    for other in (part for part in registry.parts("importer") if part.cls is not importer.cls):
        try:
            read: ForeignNetwork | None = other.cls.read_discriminator(content, found.images)
        except Exception as error:  # the generators are good all the same, and the next one may know it
            why = f"'{other.name}': {line_of(error) or type(error).__name__}"
            continue
        if read is not None:
            noted = _with_note(found, f"its discriminator was read by '{other.name}'")
            codes = filter(None, (code, foreign_code(other.cls)))
            return replace(noted, discriminator=read), "; ".join(codes)
    return _with_note(found, f"its discriminator was not read: {why}"), code


def _with_note(found: ForeignCheckpoint, note: str) -> ForeignCheckpoint:
    return replace(found, notes=(*found.notes, note))


def _asked(importer: Part, question: str, content: Any) -> Any:
    """Return what an importer says of a file; its failure names its plugin."""
    try:
        return getattr(importer.cls, question)(content)
    except Exception as error:
        raise PluginError(
            f"importer '{importer.name}' of {importer.origin} fails to judge a file: {type(error).__name__}: "
            f"{line_of(error)}; update or remove '{importer.origin.distribution}'"
        ) from error


def _described(content: Any) -> str:
    if isinstance(content, Record) and content.mapping:
        content = content.mapping
    if isinstance(content, dict):
        keys = ", ".join(clip(literal(str(key)), 40) for key in list(content)[:6]) or "nothing"
        return f"a dictionary of {keys}{', ...' if len(content) > 6 else ''}"
    name = getattr(content, "name", "")
    module = getattr(content, "module", "")
    what = f"{module}.{name}" if name and module else type(content).__name__
    return f"'{clip(literal(what), 80)}'"


def line_of(error: Exception | str) -> str:
    """Return an error's text on one line, clipped."""
    return clip(literal(" ".join(str(error).split())), _SHOWN)
