"""The command `ganzoo`: it registers all others, and is the one place that catches a GanzooError.

Nothing heavy is imported here: `ganzoo --help` answers at once, and each command imports what it runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, NoReturn

import typer

from ganzoo._cli.check import check
from ganzoo._cli.compare import compare
from ganzoo._cli.data import data
from ganzoo._cli.doctor import doctor
from ganzoo._cli.explore import explore
from ganzoo._cli.fetch import fetch_weights
from ganzoo._cli.idle_threads import bound_spinning
from ganzoo._cli.import_export import export, import_
from ganzoo._cli.init import init
from ganzoo._cli.lasting_output import lasting_output
from ganzoo._cli.lazy_command import WholeLines, lazy_function, lazy_group
from ganzoo._cli.metrics import metrics
from ganzoo._cli.new import new
from ganzoo._cli.plugin_commands import plugin_commands
from ganzoo._cli.plugins import plugins
from ganzoo._cli.publish import publish
from ganzoo._cli.recipes import recipes
from ganzoo._cli.report import report
from ganzoo._cli.reproduce import reproduce
from ganzoo._cli.run import resume, run
from ganzoo._cli.runs import rm, runs
from ganzoo._cli.sample import sample
from ganzoo._cli.schema import schema
from ganzoo._cli.score import score
from ganzoo._cli.shell_completion import use_own_scripts
from ganzoo._cli.sweep import sweep
from ganzoo._cli.test import test
from ganzoo._cli.verify import verify
from ganzoo._registry.deprecations import naming_deprecations
from ganzoo._version import __version__
from ganzoo.errors import GanzooError, RunError
from ganzoo.text import literal

_FUNCTIONS: dict[str, Callable[..., None]] = {
    "run": run,
    "sweep": sweep,
    "resume": resume,
    "score": score,
    "compare": compare,
    "report": report,
    "init": init,
    "check": check,
    "schema": schema,
    "plugins": plugins,
    "test": test,
    "metrics": metrics,
    "sample": sample,
    "verify": verify,
    "fetch-weights": fetch_weights,
    "new": new,
    "doctor": doctor,
    "import": import_,
    "export": export,
    "publish": publish,
    "reproduce": reproduce,
    "runs": runs,
    "rm": rm,
}
_OPEN_NETWORKS = (
    *("run", "sweep", "resume", "score", "check", "sample", "verify", "import", "export", "publish", "reproduce"),
)
_READ_RECORDS = ("compare", "report", "runs", "rm")
_GROUPS = (recipes, data, explore)


class _Commands(WholeLines):
    """All commands, in the order of the help."""

    sections: ClassVar[Mapping[str, Sequence[str]]] = {
        "Train and score": ("run", "sweep", "resume", "score", "compare", "report"),
        "Before a training": (
            "init",
            "recipes",
            "check",
            "schema",
            "plugins",
            "test",
            "metrics",
            "doctor",
            "fetch-weights",
            "data",
        ),
        "Parts of your own": ("new",),
        "With a run": ("runs", "rm", "sample", "explore", "verify", "import", "export", "publish", "reproduce"),
    }

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {
            name: lazy_function(
                name, function, names_parts=name not in _READ_RECORDS, opens_networks=name in _OPEN_NETWORKS
            )
            for name, function in _FUNCTIONS.items()
        }
        self.commands |= {str(group.info.name): lazy_group(group) for group in _GROUPS}

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, those of plugins last."""
        return [*super().list_commands(ctx), *plugin_commands(self.commands)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, one of ganzoo's own without looking at plugins."""
        return super().get_command(ctx, cmd_name) or plugin_commands(self.commands).get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is called, or say what to write for one that several plugins have."""
        if args and not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            meant = [repr(name) for name in plugin_commands(self.commands) if name.endswith(f":{args[0]}")]
            if meant:
                ctx.fail(f"Command {args[0]!r} comes from several plugins; write {' or '.join(meant)}.")
        return super().resolve_command(ctx, args)


use_own_scripts()
app = typer.Typer(
    name="ganzoo",
    cls=_Commands,
    help="Train GANs from plugins and TOML recipes, score them under one protocol, compare what can be compared.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ganzoo {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _require_folder() -> None:
    """Raise GanzooError where the folder that the command was started in is gone: no path could be found from it."""
    try:
        os.getcwd()
    except OSError:
        raise GanzooError("the folder that this command was started in is gone; go to one that exists (cd)") from None


def main() -> NoReturn:
    """Run the command line; a GanzooError becomes one message and its exit code."""
    code = 0
    bound_spinning()  # before any command imports torch
    try:
        with lasting_output():
            code = _exit_code()
    except RunError as error:
        code = code or _told(error)
    sys.exit(code)


def _exit_code() -> int:
    try:
        _require_folder()
        with naming_deprecations(lambda text: typer.echo(f"deprecated: {literal(text)}", err=True)):
            app()
    except SystemExit as end:  # how every command ends
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except GanzooError as error:
        return _told(error)
    return 0


def _told(error: GanzooError) -> int:
    """Print an error and return its exit code."""
    from ganzoo._cli.terminal import print_error
    from ganzoo._training.place import is_follower

    if not is_follower():  # of several processes, the first one speaks
        print_error(error)
    return error.exit_code
