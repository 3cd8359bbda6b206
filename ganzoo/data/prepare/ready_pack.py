"""Ready pack: a prepared pack that is used in place of a source, held against the dataset's options."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ganzoo.contracts.datasets import ImageDataset
from ganzoo.data.pack.manifest import read_manifest
from ganzoo.data.pack.open import is_url, open_pack
from ganzoo.data.pack.pack import Pack
from ganzoo.data.prepare.job import CODE, settings_of
from ganzoo.errors import DataError


def ready_pack(dataset: ImageDataset, name: str, cache: Path) -> Pack:
    """Return the pack that the option `pack` names, if it is what the recipe's other options say.

    A pack in a folder is compared with its checksums as a whole; the files of a remote one when they are fetched.

    Raises:
        DataError: It is damaged, or of another dataset, shape or settings.
    """
    location: str = dataset.options.pack
    pack = open_pack(location, cache)
    if not is_url(location) and (problems := pack.verify()):
        raise DataError(f"{'; '.join(problems)}. Prepare it again, or fetch it again")
    _hold_against(pack, dataset, name, location)
    return pack


def kept_pack(cache: Path, fingerprint: str) -> Pack | None:
    """Return the intact pack of these very images in the cache, if it is there, whatever became of their source."""
    for folder in sorted((cache / "packs").glob("[!.]*")):
        with suppress(DataError):
            if read_manifest(folder).fingerprint == fingerprint and not (pack := Pack.open(folder)).verify():
                return pack
    return None


def _hold_against(pack: Pack, dataset: ImageDataset, name: str, location: str) -> None:
    own = name.rpartition(":")[2]
    if pack.name.rpartition(":")[2] != own:
        raise DataError(f"dataset.pack: {location} was prepared from {pack.name!r}, not from {own!r}")
    asked, has = settings_of(dataset), pack.manifest.settings
    # Whichever code prepared it: what it holds is what counts, and its fingerprint is what a run remembers.
    differing = sorted(key for key in {*asked, *has} - {CODE} if asked.get(key) != has.get(key))
    spec, wanted = pack.spec, type(dataset).spec_of(dataset.options)
    if not differing and spec == wanted:
        return
    lines = [f"  dataset.{key} = {asked.get(key)!r}, but the pack has {has.get(key)!r}" for key in differing]
    if not lines:
        lines = [f"  the recipe's images are {wanted}, those of the pack {spec}"]
    raise DataError(
        "\n".join([f"dataset.pack: {location} was prepared with other settings than the recipe's:", *lines])
        + "\nChange the recipe, or prepare the pack again"
    )
