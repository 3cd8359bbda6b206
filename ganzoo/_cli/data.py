"""`ganzoo data`: prepare packs, check them, show them, export them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganzoo._cli.lazy_command import WholeLines
from ganzoo._cli.options import Overrides, SkipBad
from ganzoo.text import counted

if TYPE_CHECKING:
    from ganzoo._registry.registry import Registry
    from ganzoo.contracts.datasets import ImageDataset
    from ganzoo.data.pack.pack import Pack

data = typer.Typer(
    name="data",
    cls=WholeLines,
    help="Prepare packs of images, check, show and export them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
PackArgument = Annotated[str, typer.Argument(help="A pack: its folder, or a URL such as s3://bucket/pack.")]


@data.command()
def prepare(
    name: Annotated[str, typer.Argument(help="A dataset: `ganzoo plugins` lists them.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the pack.")],
    source: Annotated[Path | None, typer.Option("--source", help="Where the images are.")] = None,
    resolution: Annotated[int | None, typer.Option("--resolution", min=1, help="Resolution of the images.")] = None,
    subject_pattern: Annotated[
        str | None, typer.Option("--subject-pattern", help="Regular expression whose first group is the subject.")
    ] = None,
    set_: Overrides = None,
    storage: Annotated[str, typer.Option("--storage", help="raw, or deflate: smaller and slower.")] = "raw",
    pyramid: Annotated[
        bool, typer.Option("--pyramid/--no-pyramid", help="Store lower resolutions too, for progressive growing.")
    ] = True,
    shard_mb: Annotated[
        int,
        typer.Option(
            "--shard-mb", min=0, help="Split the pack into files of this many MB; 0: one file per resolution."
        ),
    ] = 0,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Number of processes. [default: one per core]")
    ] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Prepare a dataset as a pack.

    A pack is written whole or not at all; an interrupted preparation is resumed.
    """
    from ganzoo._cli.data_report import (
        say_bad,
        say_changes,
        say_inspection,
        say_left_out,
        say_sizes,
        say_subjects,
        say_use,
    )
    from ganzoo._cli.terminal import Terminal
    from ganzoo.data.pack.format import PackFormat
    from ganzoo.data.pack.storage import storage_called
    from ganzoo.data.prepare.inspect import inspect
    from ganzoo.data.prepare.job import PreparationOptions
    from ganzoo.data.prepare.prepare import prepare_at

    pack_format = PackFormat(storage_called(storage), pyramid, shard_mb * 10**6)
    given = {"resolution": resolution, "subject_pattern": subject_pattern}
    dataset = _dataset(name, source, {key: value for key, value in given.items() if value is not None}, set_ or [])
    terminal = Terminal()
    progress = terminal.progress(f"preparing {name}")
    preparation = PreparationOptions(skip_bad, workers, progress, pack_format, partial(say_bad, terminal))
    pack = prepare_at(dataset, name, out, preparation)
    terminal.info(f"pack {out}: {counted(len(pack), 'image')}, hash {pack.manifest.hash}")
    say_left_out(terminal, dataset, pack)
    say_changes(terminal, pack)
    say_subjects(terminal, dataset)
    say_sizes(terminal, pack)
    say_inspection(terminal, pack, inspect(pack, terminal.progress("inspecting")))
    say_use(terminal, dataset, name, out)


@data.command()
def check(pack: PackArgument) -> None:
    """Verify a pack and report duplicates and suspicious images.

    Every file is compared with its checksum, and the splits must be disjoint.
    """
    from ganzoo._cli.data_report import say_inspection
    from ganzoo._cli.terminal import Terminal
    from ganzoo.data.prepare.inspect import inspect

    terminal = Terminal()
    opened = _open_verified(pack, fetch=True)
    files = len(opened.manifest.files)
    terminal.info(f"{pack}: all {files} files are as they were written; hash {opened.manifest.hash}")
    terminal.info("no subject is in two splits" if len(opened.splits) > 1 else "there is one split")
    say_inspection(terminal, opened, inspect(opened, terminal.progress("inspecting")))


@data.command()
def show(
    what: Annotated[str, typer.Argument(help="A pack (folder or URL), or a dataset's name.")],
    sheet: Annotated[Path | None, typer.Option("--sheet", help="PNG file for the contact sheet.")] = None,
) -> None:
    """Show a pack, or where to get a dataset.

    Of a pack, a contact sheet can be written too.
    """
    from ganzoo._cli.data_report import say_dataset, say_histogram, say_pack
    from ganzoo._cli.terminal import Terminal
    from ganzoo.data.pack.open import is_url

    terminal = Terminal()
    if not is_url(what) and not Path(what).exists():
        registry = _registry_with(what, f"; and there is no pack at {what}")
        say_dataset(terminal, registry.part("dataset", what).cls)
        return
    from ganzoo._io.image_grid import write_grid
    from ganzoo.data.prepare.contact_sheet import COLUMNS, contact_sheet
    from ganzoo.data.prepare.inspect import intensities

    pack = _open_verified(what)
    say_pack(terminal, pack)
    say_histogram(terminal, intensities(pack))
    path = sheet or Path(f"{Path(what.rstrip('/')).name}-sheet.png")
    write_grid(path, contact_sheet(pack), COLUMNS)
    terminal.info(f"contact sheet   {path}: rows of {', '.join(pack.splits)}")


@data.command()
def export(
    pack: PackArgument,
    out: Annotated[Path, typer.Option("--out", help="New folder, or new .zip in NVIDIA's layout.")],
    split: Annotated[list[str] | None, typer.Option("--split", help="Only this split; may be repeated.")] = None,
) -> None:
    """Write the images of a pack as PNG files."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo.data.pack.export import export as export_pack

    terminal = Terminal()
    count = export_pack(_open_verified(pack), out, split or (), terminal.progress("exporting"))
    terminal.info(f"{counted(count, 'image')} in {out}")


def _open_verified(location: str, *, fetch: bool = False) -> Pack:
    """Open a pack and compare all of it with its checksums: a damaged one is neither shown nor exported.

    Files of a remote one are compared when they come, so without `fetch` only those come that are needed.
    """
    from ganzoo._io.cache_dir import cache_root
    from ganzoo.data.pack.open import is_url, open_pack
    from ganzoo.errors import DataError

    pack = open_pack(location, cache_root())
    if (fetch or not is_url(location)) and (problems := pack.verify()):
        raise DataError("\n".join(problems))
    return pack


def _registry_with(name: str, otherwise: str) -> Registry:
    """Return what is installed, a dataset of that name in it; `otherwise` ends the message where there is none."""
    from ganzoo._registry.index import discovered, require_known
    from ganzoo.errors import PluginError

    try:
        require_known("dataset", name)
        registry = discovered()
        registry.part("dataset", name)
    except PluginError as error:
        raise PluginError(f"{error}{otherwise}") from None
    return registry


def _dataset(name: str, source: Path | None, given: dict[str, Any], overrides: list[str]) -> ImageDataset:
    """Return a dataset with the options that the command line gives."""
    from pydantic import ValidationError

    from ganzoo._recipe.error_messages import describe
    from ganzoo._recipe.toml_source import apply_override
    from ganzoo.data import build_dataset
    from ganzoo.errors import RecipeError

    registry = _registry_with(name, f"; where images are is said by --source {name}" if Path(name).exists() else "")
    cls = registry.part("dataset", name).cls
    options = dict(given)
    if source is not None:
        options["root" if "root" in cls.Options.model_fields else "source"] = str(source)
    for override in overrides:
        apply_override(options, override.removeprefix("dataset."))
    if "root" not in options and (root := cls.Options.model_fields.get("root")) and root.is_required():
        expected = getattr(cls, "expected", "")
        layout = f" Expected there: {expected}." if expected else ""
        raise RecipeError(f"{name} needs --source PATH: where the images are.{layout} {cls.where_to_get}".rstrip())
    try:
        validated = cls.Options.model_validate(options, context={"part": registry.part})
        return build_dataset(cls, validated, registry.source_formats)
    except ValidationError as error:
        raise RecipeError("\n".join(describe(error, options, registry, cls.Options))) from None
