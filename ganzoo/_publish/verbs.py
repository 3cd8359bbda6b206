"""Verbs of publishing: what notebooks, scripts and the command line call alike; `import ganzoo` has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import Unpack

from ganzoo._inference.run import Run
from ganzoo.contracts.reporter import SILENT, Reporter

if TYPE_CHECKING:
    from ganzoo._publish.publish import Published, PublishOptions
    from ganzoo._publish.reproduce import Reproduction

AnyRun = str | Path | Run


def publish(
    runs: AnyRun | Iterable[AnyRun],
    out: str | Path,
    *,
    reporter: Reporter | None = None,
    **asked: Unpack[PublishOptions],
) -> Published:
    """Write runs as one folder that can be given to anybody, and send it nowhere.

    It has a model card, the generators, samples, scores, records, a report, and checksums of all.

    Args:
        runs: Runs, or folders of runs.
        out: The folder; it must not exist yet.
        reporter: Takes messages and progress; None: nothing is shown.
        asked: `data_license`, `license`, `title`, `repository`, `dataset_id`, `authors`, `main` and `anyway`, as
            `PublishRequest` explains them.

    Raises:
        RefusedError: The data's license forbids it or is not known, a network memorized, or a file would tell a path,
            a host, a user or a patient.
        GanzooError: There are no such runs.
    """
    from ganzoo._leaderboard.gather import paths_of
    from ganzoo._publish.publish import PublishRequest, publish_runs
    from ganzoo._registry.index import discovered

    return publish_runs(paths_of(runs), Path(out), PublishRequest(**asked), discovered(), reporter or SILENT)


def reproduce(
    run: AnyRun,
    *,
    overrides: Sequence[str] = (),
    runs: str | Path = "reproduced",
    device: str = "auto",
    reporter: Reporter | None = None,
) -> Reproduction:
    """Train a run again from its record, and compare weights, metrics, pictures and scores bit for bit.

    Args:
        run: The run, a published folder, or a run in one.
        overrides: Where its images are here, `"dataset.root=PATH"`.
        runs: Folder that the new run is kept in.
        device: Where to compute.
        reporter: Takes messages and progress; None: nothing is shown.

    Returns:
        What is equal (`equal`, `lines`), since which image it is not (`agreement.first_difference`), and the new run.

    Raises:
        RefusedError: The run was imported, or the overrides would train something else.
        GanzooError: Its images are not here, or the training fails.
    """
    from ganzoo._publish.reproduce import reproduce_run
    from ganzoo._registry.index import discovered

    path = run.path if isinstance(run, Run) else Path(run)
    return reproduce_run(path, Path(runs), overrides, device, discovered(), reporter or SILENT)


def verify(run: AnyRun) -> list[str]:
    """Return what is damaged in a run, a published folder or a saved comparison, a sentence each.

    A saved comparison (`BOARD.json`) is held against the records below its own folder.
    """
    path = run.path if isinstance(run, Run) else Path(run)
    if path.is_file():
        from ganzoo._leaderboard.board import verify_board

        return verify_board(path)
    from ganzoo._publish.published_folder import is_published, verify_published
    from ganzoo._runs.verify import verify_run

    return verify_published(path) if is_published(path) else verify_run(path)
