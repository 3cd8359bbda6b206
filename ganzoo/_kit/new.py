"""New: a package for a part of one's own, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ganzoo._io.atomic import make_folder, publish_directory, shown, temporary_directory_beside, write_inside
from ganzoo._kit.kits import Kit, kit_of
from ganzoo._kit.names import Names, checked_names
from ganzoo._recipe.find_recipe import shipped_recipes
from ganzoo._registry.figures import FigureCatalog
from ganzoo._registry.index import discovered
from ganzoo._registry.plugin_recipes import plugin_recipes
from ganzoo.errors import GanzooError, RefusedError


@dataclass(frozen=True)
class NewPackage:
    """What was written.

    Attributes:
        folder: Its folder.
        summary: What the part is, in a phrase.
        main_file: The file that its author will change first, by path within it.
        steps: Commands that show the part at work, once it is installed.
    """

    folder: Path
    summary: str
    main_file: str
    steps: tuple[str, ...]


def new_package(
    kind: str, name: str, folder: Path | None = None, *, taken_commands: Collection[str] = ()
) -> NewPackage:
    """Write a package with a part of a kind, its recipe and its tests.

    Args:
        kind: The kind of part: `generator`, `metric`, `recipe`.
        name: What part and package are called: `acme`.
        folder: Where to write it; None: a folder of that name, here.
        taken_commands: Commands that there are already.

    Raises:
        GanzooError: There is no such kind, or the name would do harm.
        RefusedError: The folder is there already.
    """
    kit = kit_of(kind)
    place = Path(name) if folder is None else folder
    templates = kit.files()
    names = checked_names(name, templates)
    if os.path.lexists(place):
        raise RefusedError(f"{shown(place)} exists already and is not replaced; name another folder: "
                           f"ganzoo new {kind} {name} FOLDER")  # fmt: skip
    if whose := next(_holders(kit, names, taken_commands), None):
        raise GanzooError(f"there is {whose} called '{name}' already, and of two neither would be found by its name; "
                          f"choose another name, such as my-{name}")  # fmt: skip
    files = {names.put_into(path): names.put_into(text) for path, text in templates.items()}
    _write(place, files)
    steps = tuple(names.put_into(step) for step in kit.steps)
    return NewPackage(place, kit.summary, names.put_into(kit.main_file), steps)


def _holders(kit: Kit, names: Names, taken_commands: Collection[str]) -> Iterator[str]:
    """Yield what has the name already, of all that the package would offer under it."""
    for part in discovered().parts(kit.kind):
        if part.name == names.part:
            yield f"a {kit.kind} of {part.origin.distribution}"
    if "ganzoo.figures" in kit.offers and names.part in FigureCatalog.discover().names:
        yield "a figure"
    if "ganzoo.commands" in kit.offers and names.part in taken_commands:
        yield "a command"
    if "ganzoo.recipes" in kit.offers and names.part in {*shipped_recipes(), *(each.name for each in plugin_recipes())}:
        yield "a recipe"


def _write(place: Path, files: dict[str, str]) -> None:
    with temporary_directory_beside(place) as temporary:
        for path, text in files.items():
            make_folder((temporary / path).parent)
            write_inside(temporary, path, text.encode("utf-8"))
        publish_directory(temporary, place)
