"""Publish: runs as one folder that needs nothing else, written whole or not at all, and sent nowhere."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import tomli_w

from ganzoo._inference.run import Run
from ganzoo._io.atomic import json_bytes, make_folder, publish_directory, temporary_directory_beside, write_inside
from ganzoo._io.os_errors import shown
from ganzoo._leaderboard.gather import compare_runs
from ganzoo._publish.anonymity import require_anonymous
from ganzoo._publish.card import card
from ganzoo._publish.checksums import write_sums
from ganzoo._publish.choice import Choice, chosen_runs
from ganzoo._publish.contents import Contents, Labels, Offered
from ganzoo._publish.crate import CRATE, crate
from ganzoo._publish.croissant import croissant
from ganzoo._publish.front_matter import citation, eval_results
from ganzoo._publish.memorization import memorization_of
from ganzoo._publish.names import BOARD, GENERATOR, REPORT, RUNS, SCORES
from ganzoo._publish.sample_set import write_samples
from ganzoo._publish.shared_run import shareable_recipe, write_generator, write_shared_run
from ganzoo._publish.terms import Terms, terms_of
from ganzoo._registry.registry import Registry
from ganzoo._report.page import report_html
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.plain_data import plain
from ganzoo.contracts.reporter import Reporter
from ganzoo.errors import GanzooError, RefusedError
from ganzoo.text import literal

_IDENTIFIER = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)

MEMORIZATION = "memorization.json"


class PublishOptions(TypedDict, total=False):
    """What can be asked of `ganzoo.publish`, by keyword: see `PublishRequest`."""

    data_license: str | None
    license: str | None
    title: str | None
    repository: str
    dataset_id: str
    authors: tuple[str, ...]
    main: str | None
    anyway: bool


@dataclass(frozen=True)
class PublishRequest:
    """What is published how.

    Attributes:
        data_license: License of the images, such as `CC-BY-4.0`, where their dataset states none.
        license: License of the folder; None: that of the images.
        title: Title of the card; None: that of the recipe.
        repository: Where it will be on the Hub, `owner/name`.
        dataset_id: The dataset on the Hub, `owner/name`; with it `.eval_results/ganzoo.yaml` is written.
        authors: Names, as `Family, Given` or otherwise.
        main: Name of the run whose generator lies at the top; None: the first seed of the row that ranks first.
        anyway: Publish although a test found memorization; the card says so.

    Raises:
        GanzooError: An identifier is not `owner/name`.
    """

    data_license: str | None = None
    license: str | None = None
    title: str | None = None
    repository: str = ""
    dataset_id: str = ""
    authors: tuple[str, ...] = ()
    main: str | None = None
    anyway: bool = False

    def __post_init__(self) -> None:
        for option, value in (("repository", self.repository), ("dataset-id", self.dataset_id)):
            if value and not _IDENTIFIER.fullmatch(value):
                raise GanzooError(f"--{option} '{literal(value)[:80]}' should be owner/name, as the Hub names it")


@dataclass(frozen=True)
class Published:
    """A folder that was published.

    Attributes:
        path: The folder.
        main: Name of the run whose generator is at its top.
        runs: Names of all its runs.
        left_out: Runs that are not in it, with the reason.
        lines: Commands that would send it to the Hub or to Zenodo; none was run.
    """

    path: Path
    main: str
    runs: tuple[str, ...]
    left_out: tuple[str, ...]
    lines: tuple[str, ...]


def publish_runs(
    paths: Sequence[Path], out: Path, request: PublishRequest, registry: Registry, reporter: Reporter
) -> Published:
    """Write a folder of runs at `out`; see `ganzoo.publish`.

    Raises:
        RefusedError: There is something at `out`; the data's license forbids it or is unknown; a network memorized; a
            file would tell a path, host, user or patient.
        GanzooError: There are no such runs.
    """
    if os.path.lexists(out):
        raise RefusedError(f"{shown(out)} exists already and is not replaced; publish into another folder")
    chosen = chosen_runs(paths, request.main, registry)
    terms = terms_of(chosen.runs, request.data_license, request.license)
    reporter.info(f"publishing {len(chosen.runs)} run{'s' * (len(chosen.runs) != 1)}, {chosen.main.name} at the top")
    with temporary_directory_beside(out) as temporary:
        offered = _write_runs(temporary, chosen, request, reporter)
        labels = Labels(
            request.title or chosen.main.record.title or chosen.main.name,
            _today(),
            out.resolve().name,
            request.repository,
            request.dataset_id,
            request.authors,
        )
        _write_texts(temporary, _contents(temporary, chosen, offered, terms, labels))
        said = (*request.authors, request.repository, request.dataset_id)
        require_anonymous(temporary, chosen.runs, said, reporter)
        write_sums(temporary)
        publish_directory(temporary, out)
    names = tuple(run.name for run in chosen.runs)
    return Published(out, chosen.main.name, names, chosen.left_out, _lines(out, request.repository))


def _today() -> str:
    """Return the day, or that of SOURCE_DATE_EPOCH, with which the same runs give the same bytes."""
    moment = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _write_runs(folder: Path, chosen: Choice, request: PublishRequest, reporter: Reporter) -> dict[str, Offered]:
    """Write records, generators, samples and verdicts of memorization; a bad verdict ends it."""
    offered: dict[str, Offered] = {}
    for run in chosen.runs:
        write_shared_run(folder, run)
    for run in chosen.with_generator:
        file = GENERATOR if run is chosen.main else f"{RUNS}/{run.name}/{GENERATOR}"
        seen, weights = write_generator(folder / file, run)
        verdict = memorization_of(run, seen, weights, reporter)
        if verdict.found and not request.anyway:
            raise RefusedError(
                f"{run.name} may have memorized training images: {verdict.text}. Publish it only if their terms allow "
                f"the images themselves to be published, and say so with --anyway"
            )
        offered[run.name] = Offered(file, seen, weights, verdict)
        _write_verdict(folder, run, offered[run.name])
    top = offered[chosen.main.name]
    write_samples(folder, chosen.main.generator(top.images_seen, top.weights, device="cpu"))
    return offered


def _write_verdict(folder: Path, run: Run, offered: Offered) -> None:
    figures = RunDirectory(folder / RUNS / run.name).figures
    make_folder(figures)
    facts = {
        "images_seen": offered.images_seen,
        "weights": offered.weights,
        "memorization_report": offered.memorization.text,
        "memorization_found": offered.memorization.found,
    }
    write_inside(figures, MEMORIZATION, json_bytes(facts))


def _contents(folder: Path, chosen: Choice, offered: dict[str, Offered], terms: Terms, labels: Labels) -> Contents:
    comparison = compare_runs([folder / RUNS])
    return Contents(chosen.main, chosen.runs, offered, comparison, terms, labels, chosen.left_out)


def _write_texts(folder: Path, contents: Contents) -> None:
    make_folder(folder / SCORES)
    for run in contents.runs:
        scores = [score.model_dump() for score in run.record.scores if score.purpose == "report"]
        write_inside(folder / SCORES, f"{run.name}.json", json_bytes(plain({"run": run.name, "scores": scores})))
    write_inside(folder, "recipe.toml", tomli_w.dumps(plain(shareable_recipe(contents.main))).encode("utf-8"))
    write_inside(folder, BOARD, contents.comparison.to_json().encode("ascii"))
    write_inside(folder, "README.md", card(contents).encode("utf-8"))
    write_inside(folder, REPORT, report_html(contents.comparison).encode("utf-8"))
    write_inside(folder, "CITATION.cff", citation(contents).encode("utf-8"))
    if entries := eval_results(contents):
        make_folder(folder / ".eval_results")
        write_inside(folder / ".eval_results", "ganzoo.yaml", entries.encode("utf-8"))
    if described := croissant(contents):
        write_inside(folder, "croissant.json", json_bytes(described))
    write_inside(folder, CRATE, json_bytes(crate(contents, folder)))


def _lines(out: Path, repository: str) -> tuple[str, ...]:
    name, folder = repository or "OWNER/NAME", shown(out)
    return (
        f"hf upload {name} {folder}",
        f"(cd {folder} && zip -r ../{out.resolve().name}.zip .)  # for https://zenodo.org/uploads/new",
    )
