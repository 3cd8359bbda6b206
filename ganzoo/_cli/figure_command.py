"""Command of a figure: made from the figure's options, and from those that all figures of its base share."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ganzoo._cli.code_options import allowing_changed_code, taking_plugin_files
from ganzoo._cli.completion import run_folders
from ganzoo._cli.figure_parameters import Parameter, parameters_of
from ganzoo._cli.metavars import name_values
from ganzoo._cli.options import SharingGPUs, SharingProcesses
from ganzoo._registry.blame import blaming
from ganzoo.contracts.figures import FILMS, Drawing, DrawsSeveral, Figure, RunsFigure, TargetsFigure
from ganzoo.contracts.reporter import SILENT, Reporter
from ganzoo.errors import GanzooError
from ganzoo.figures import ViewOptions

_FEW = 24  # fewer images than these are not worth a line of progress
_BY_FILE_NAME = "still"
_RUN = Annotated[Path, typer.Argument(help="The run's folder, trained here or imported.", autocompletion=run_folders)]
_RUNS = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUNS", help="Runs, or folders of runs, drawn in the same charts.", autocompletion=run_folders
    ),
]
_GENERATORS = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUNS",
        help="A run's folder, trained here or imported; several, or a folder of runs.",
        autocompletion=run_folders,
    ),
]
_IMAGES = Annotated[list[Path] | None, typer.Argument(help="Image files, or folders of them.")]


def figure_command(figure: type[Figure]) -> Any:
    """Return the command that draws a figure."""
    own, view = _own_options(figure), _view_options(figure)

    def command(**given: Any) -> None:
        _run(figure, {key: _taken(given, each) for key, each in own.items()}, _viewed(given, view), given)

    signature = [_runs_argument(figure)]
    if issubclass(figure, TargetsFigure):
        signature.append(_positional("images", _IMAGES, None))
    signature += [each.signature for each in (*own.values(), *view.values())]
    signature.append(_positional("out", Annotated[Path | None, typer.Option(help=_out_help(figure))], None))
    if figure.shares_images:
        signature += [_positional("processes", SharingProcesses, None), _positional("gpus", SharingGPUs, None)]
    command.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in signature}
    command.__doc__ = inspect.getdoc(figure)
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(figure.name)(name_values(taking_plugin_files(allowing_changed_code(command))))
    return typer.main.get_command(app)


def _runs_argument(figure: type[Figure]) -> inspect.Parameter:
    if issubclass(figure, RunsFigure):
        return _positional("runs", _RUNS)
    return _positional("runs", _GENERATORS) if issubclass(figure, DrawsSeveral) else _positional("run", _RUN)


def _own_options(figure: type[Figure]) -> dict[str, Parameter]:
    hidden = {_BY_FILE_NAME, *(TargetsFigure.model_fields if issubclass(figure, TargetsFigure) else ())}
    return parameters_of({name: field for name, field in figure.model_fields.items() if name not in hidden})


def _view_options(figure: type[Figure]) -> dict[str, Parameter]:
    """Return the shared options that a figure takes, none of which has the name of one of its own."""
    if issubclass(figure, RunsFigure):
        return {}
    shared = {name: field for name, field in ViewOptions.model_fields.items() if name not in figure.without}
    return parameters_of(shared)


def _positional(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _taken(given: Mapping[str, Any], parameter: Parameter) -> Any:
    return parameter.value(given[parameter.signature.name])


def _viewed(given: Mapping[str, Any], view: Mapping[str, Parameter]) -> dict[str, Any]:
    found = {name: _taken(given, each) for name, each in view.items()}
    return {name: value for name, value in found.items() if value is not None}


def _out_help(figure: type[Figure]) -> str:
    if not figure.suffixes:
        return "Folder for the files. [default: in <run>/figures]"
    return f"File: {', '.join(figure.suffixes)}. [default: <run>/figures/{figure.name}{figure.suffixes[0]}]"


def _run(figure: type[Figure], options: dict[str, Any], view: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Make the figure of its options, draw it, and write it where it was asked for, else into the run's folder."""
    out: Path | None = given["out"]
    if _BY_FILE_NAME in figure.model_fields and out is not None:
        options[_BY_FILE_NAME] = out.suffix.lower() not in FILMS
    if issubclass(figure, TargetsFigure):
        options["images"] = given["images"] or ()
    with blaming("figure", figure):
        made = figure(**options)
    _check_out(out, figure)
    from ganzoo._cli.terminal import Terminal

    terminal = Terminal()
    drawn, folder = (_drawn_together if figure.shares_images else _drawn)(made, view, given, terminal)
    if drawn.summary:
        terminal.info(drawn.summary)
    target = out or folder / "figures" / f"{drawn.name}{(*figure.suffixes, '')[0]}"
    with blaming("figure", figure):
        written = list(drawn.write(target))
    for path in written:
        terminal.info(f"wrote {path}")


def _drawn_together(
    figure: Figure, view: dict[str, Any], given: Mapping[str, Any], terminal: Reporter
) -> tuple[Drawing, Path]:
    """Return the same, its images made by as many processes as are asked for; all but the first end here."""
    from ganzoo._cli.processes import start_together
    from ganzoo._training.place import place_of_process

    start_together(given["processes"], given["gpus"])
    if place_of_process() is None:
        return _drawn(figure, view, given, terminal)
    from ganzoo._inference.sharing import sharing_images
    from ganzoo._training.together import do_together
    from ganzoo.layers.ranks import Ranks

    def work(device: str, ranks: Ranks) -> tuple[Drawing, Path]:
        with sharing_images(ranks):
            return _drawn(figure, view | {"device": device}, given, SILENT if ranks.rank else terminal)

    return do_together("cuda" if given["gpus"] else view.get("device", "auto"), work)


def _drawn(figure: Figure, view: dict[str, Any], given: Mapping[str, Any], terminal: Reporter) -> tuple[Drawing, Path]:
    """Return what was drawn, and the folder that it belongs to."""
    if isinstance(figure, RunsFigure):
        from ganzoo._inference.drawing import drawn_from

        runs = _found(given["runs"])
        return drawn_from(figure, runs), runs[0] if len(runs) == 1 else Path()
    paths = _each_of(given["runs"]) if isinstance(figure, DrawsSeveral) else [given["run"]]
    show, count = terminal.progress("drawing"), len(paths)

    def progress(done: int, total: int, facts: Any = None, /) -> None:
        if total >= _FEW:
            show(done, total)

    from ganzoo import api

    if count == 1:
        run = api.open(paths[0])
        drawn: Drawing = run.draw(figure, **view, progress=progress)
        return drawn, run.path
    from ganzoo._inference.drawing import draw_several

    generators = [api.open(path).generator(**view, progress=progress) for path in paths]
    return draw_several(figure, generators), Path()


def _found(paths: list[Path]) -> list[Path]:
    from ganzoo._runs.directory import find_runs

    runs = find_runs(paths)
    if not runs:
        raise GanzooError(f"there are no runs in {', '.join(map(str, paths))}")
    return runs


def _each_of(paths: list[Path]) -> list[Path]:
    """Return the runs that paths are or contain, each once; what holds none is opened, which says what is wrong."""
    from ganzoo._runs.directory import find_runs

    found = [run for path in paths for run in (find_runs([path]) if path.is_dir() else []) or [path]]
    return list({run.resolve(): run for run in found}.values())


def _check_out(out: Path | None, figure: type[Figure]) -> None:
    """Raise GanzooError, before any work, for a file that could not be written afterwards."""
    if out is None:
        return
    if figure.suffixes and out.suffix.lower() not in figure.suffixes:
        raise GanzooError(f"--out '{out}': should end in {', '.join(figure.suffixes)}")
    if out.suffix.lower() == ".pdf":
        from ganzoo.plotting.pdf import require_installed

        require_installed()
    if not figure.suffixes and out.exists() and not out.is_dir():
        raise GanzooError(f"--out '{out}': is a file; name a folder")
