"""`ganzoo publish`: runs as one folder that can be given to anybody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganzoo._cli.completion import run_folders


def publish(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Runs, recipes, or folders of runs.", metavar="RUNS...", autocompletion=run_folders),
    ],
    out: Annotated[Path, typer.Option("--out", help="The folder to write; it must not exist yet.")],
    data_license: Annotated[
        str | None,
        typer.Option(
            metavar="LICENSE", help="License of the images, such as CC-BY-4.0, where their dataset states none."
        ),
    ] = None,
    license: Annotated[
        str | None, typer.Option(metavar="LICENSE", help="License of the folder. [default: that of the images]")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title of the model card. [default: the recipe's]")] = None,
    author: Annotated[
        list[str] | None, typer.Option("--author", help='Author, as "Family, Given"; may be repeated.')
    ] = None,
    repository: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="Where the folder will be on the Hugging Face Hub.")
    ] = "",
    dataset_id: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="The dataset on the Hub; with it, .eval_results is written.")
    ] = "",
    main: Annotated[
        str | None,
        typer.Option(
            metavar="RUN", help="Run whose generator lies at the top. [default: first seed of the row that ranks first]"
        ),
    ] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Publish although a test found memorization; the card says so.")
    ] = False,
) -> None:
    """Write runs as one folder to give to anybody: model card, weights, samples, scores, report, checksums.

    Nothing is sent anywhere. Refused (exit code 3) where the license of the images forbids it or is not known, where a
    network memorized, and where a file would tell a path, a host, a user or a patient.
    """
    from ganzoo._cli.terminal import Terminal
    from ganzoo._io.os_errors import shown
    from ganzoo._publish import verbs

    with Terminal() as terminal:
        done = verbs.publish(
            list(runs),
            out,
            data_license=data_license,
            license=license,
            title=title,
            authors=tuple(author or ()),
            repository=repository,
            dataset_id=dataset_id,
            main=main,
            anyway=anyway,
            reporter=terminal,
        )
        for left_out in done.left_out:
            terminal.info(f"left out: {left_out}")
        count = f"{len(done.runs)} run{'s' * (len(done.runs) != 1)}"
        terminal.info(f"wrote {shown(done.path)}: {count}, the generator of {done.main} at the top")
        terminal.info("nothing was sent; these lines would:")
        for line in done.lines:
            terminal.info(f"  {line}")
