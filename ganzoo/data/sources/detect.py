"""Detection: which source format a root has, judged by content, or stated by the option `source`."""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ganzoo.contracts.source_options import SourceOptions
from ganzoo.contracts.sources import FoundFile, Source
from ganzoo.data.images.find import walk
from ganzoo.data.pack.manifest import DIGESTS, MANIFEST
from ganzoo.data.sources.unclaimed import PACKED, UnclaimedFolder, packed_advice
from ganzoo.errors import DataError, PluginError
from ganzoo.text import literal

Formats = Mapping[str, type[Source[Any]]]
"""Source formats by `distribution:name`, or by any name that is theirs alone."""


def open_source(options: SourceOptions, formats: Formats) -> Source[Any]:
    """Open the source that `options.root` is: in the format that `options.source` names, or that it is found to have.

    Args:
        options: Where the images are, and how they are read.
        formats: The formats that there are.

    Raises:
        DataError: The root does not exist, has no known format or has two, or there is no such format.
    """
    root = options.root.expanduser()
    if not root.exists():
        raise DataError(f"{literal(str(root))} does not exist; set dataset.root to where the images are")
    if not formats:
        raise DataError(
            f"{literal(str(root))} cannot be read: there is no source format. Install a plugin that offers some; in "
            "Python, ganzoo.data.build_dataset gives a dataset those that it may open"
        )
    if options.source_format is None:
        return _detected(root, options, formats)
    cls = _stated(options.source_format, formats)
    _refuse_wrong_root(cls, root)
    return cls(_own_options(cls, options), root, options)


def _stated(name: str, formats: Formats) -> type[Source[Any]]:
    found = {key: cls for key, cls in formats.items() if name in (key, cls.name)}
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise DataError(f"dataset.source = {name!r} may be {_named(found)}; write one of these")
    near = difflib.get_close_matches(name[:64], [cls.name for cls in formats.values()], n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise DataError(f"dataset.source: there is no source format {name!r}{hint} (installed: {_known(formats)})")


def _own_options(cls: type[Source[Any]], options: SourceOptions) -> Any:
    try:
        return cls.Options.model_validate(options.format_options)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(["dataset.source", *(str(step) for step in first["loc"])])
        raise DataError(f"{where}: {first['msg']}, for source format {cls.name!r}") from None


def _refuse_wrong_root(cls: type[Source[Any]], root: Path) -> None:
    if root.is_dir() and not cls.takes_folders:
        raise DataError(
            f"{literal(str(root))} is a folder, not a file, as dataset.source = {cls.name!r} needs; name the file in "
            "dataset.root"
        )
    if not root.is_dir() and not cls.takes_files:
        raise DataError(f"{literal(str(root))} is not a folder, as dataset.source = {cls.name!r} needs")


def _detected(root: Path, options: SourceOptions, formats: Formats) -> Source[Any]:
    if not root.is_dir():
        return _opened(_format_of_file(root, formats), root, options)
    if (root / MANIFEST).is_file() and (root / DIGESTS).is_file():
        raise DataError(f"{literal(str(root))} is a prepared pack, no source: let dataset.pack name it")
    names = _names(root)
    marked = {
        key: cls for key, cls in formats.items() if cls.takes_folders and _asked(key, cls.recognizes_folder, names)
    }
    return _opened(_only(marked, root), root, options) if marked else _tree_opened(root, options, formats)


def _opened(cls: type[Source[Any]], root: Path, options: SourceOptions) -> Source[Any]:
    return cls(cls.Options.model_validate({}), root, options)


def _names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError as error:
        raise DataError(f"{literal(str(folder))} cannot be listed: {error.strerror}") from error


def _format_of_file(path: Path, formats: Formats) -> type[Source[Any]]:
    """Return the format of a root that is one file: what it holds counts for more than what it is called."""
    found: Formats = {}
    if path.is_file():  # a pipe or a device would wait for ever
        try:
            path.open("rb").close()
        except OSError as error:
            raise DataError(f"{literal(str(path))}: {error.strerror}") from error
        readable = {key: cls for key, cls in formats.items() if cls.takes_files}
        file = FoundFile(path)
        found = _recognizing(readable, file) or _called(readable, file)
    if not found:
        raise DataError(
            f"{literal(str(path))}: is a file of no source format that is installed ({_known(formats)}); set "
            f"dataset.root to the folder that holds the images{packed_advice([_kind_of(path)])}"
        )
    return _only(found, path)


def _tree_opened(root: Path, options: SourceOptions, formats: Formats) -> Source[Any]:
    """Open a folder by the files below it; one file that is a root by itself will do, if it is alone."""
    claims: Formats = {}
    others: Counter[str] = Counter()
    single: list[tuple[type[Source[Any]], Path]] = []
    rivals: Formats = {key: cls for key, cls in formats.items() if cls.takes_folders and cls.reads_trees}
    roots = {key: cls for key, cls in formats.items() if cls.takes_files and not cls.reads_trees}
    volumes = tuple({suffix for cls in rivals.values() if cls.holds_volumes for suffix in cls.suffixes})
    stems: dict[Path, tuple[str, ...]] = {}
    for path in walk(root, options.follow_links, []):
        file = FoundFile(path)
        found = {key: cls for key, cls in rivals.items() if _asked(key, cls.belongs, file)}
        if found and not any(cls.holds_volumes for cls in found.values()) and _is_preview(path, volumes, stems):
            continue
        if found:
            claims, rivals = _highest({**claims, **found}, rivals)
            if claims == rivals:  # none is left that could still object
                break
        elif not claims:
            others[_kind_of(path)] += 1
            single += [(cls, path) for cls in _called(roots, file).values()]
    if claims:
        return _opened(_only(claims, root), root, options)
    if len(single) == 1:
        return _opened(*single[0], options)
    return UnclaimedFolder(root, options, others, _known(formats))


def _kind_of(path: Path) -> str:
    """Return the ending of a file as it is counted: of what is packed both, `.dcm.gz`."""
    endings = path.suffixes[-2:] if path.suffix.lower() in PACKED else path.suffixes[-1:]
    return "".join(endings).lower() or "files without suffix"


def _is_preview(path: Path, volumes: tuple[str, ...], stems: dict[Path, tuple[str, ...]]) -> bool:
    """Whether a file is called after a volume that lies beside it, as pictures that go with volumes are."""
    if path.parent not in stems:
        names = (name.lower() for name in _names(path.parent))
        stems[path.parent] = tuple(
            name.removesuffix(end) for name in names for end in volumes if name.endswith(end) and name != end
        )
    name = path.name.lower()
    return any(name.startswith(stem) and not name[len(stem) :][:1].isalnum() for stem in stems[path.parent])


def _highest(claims: Formats, rivals: Formats) -> tuple[Formats, Formats]:
    """Return those of the highest precedence that has a claim, and all that could still claim the same folder."""
    highest = max(cls.precedence for cls in claims.values())
    claims = {key: cls for key, cls in claims.items() if cls.precedence == highest}
    return claims, {key: cls for key, cls in rivals.items() if cls.precedence >= highest}


def _called(formats: Formats, file: FoundFile) -> dict[str, type[Source[Any]]]:
    return {key: cls for key, cls in formats.items() if cls.suffixes and file.name.endswith(cls.suffixes)}


def _recognizing(formats: Formats, file: FoundFile) -> dict[str, type[Source[Any]]]:
    return {key: cls for key, cls in formats.items() if _asked(key, cls.recognizes, file)}


def _asked(key: str, judge: Callable[[Any], bool], what: Any) -> bool:
    try:
        return judge(what)
    except Exception as error:
        raise PluginError(
            f"source format {key!r} fails to judge what it sees: {type(error).__name__}: {error}. Name the format that "
            "is meant by dataset.source, or fix or remove the plugin"
        ) from error


def _only(found: Formats, root: Path) -> type[Source[Any]]:
    """Return the one format that claims a root. Raises DataError naming all where there are several."""
    if len(found) == 1:
        return next(iter(found.values()))
    raise DataError(
        f"{literal(str(root))} is claimed by several source formats, {_named(found)}: name one in dataset.source"
    )


def _named(formats: Formats) -> str:
    return " and ".join(repr(key) for key in sorted(formats))


def _known(formats: Formats) -> str:
    return ", ".join(sorted({cls.name for cls in formats.values()})) or "none"
