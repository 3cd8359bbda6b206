"""Page: the whole report as one HTML file, which cannot reach a network: its own policy forbids all but itself."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ganzoo._leaderboard.captions import NOTHING
from ganzoo._leaderboard.record_fields import recipe_name
from ganzoo._leaderboard.tables import Comparison
from ganzoo._report.across import across_data_sets, across_sentence, across_table
from ganzoo._report.commands import commands_of
from ganzoo._report.courses import Logs
from ganzoo._report.environment import environment_table
from ganzoo._report.memorization import NOT_TESTED, memorization_table
from ganzoo._report.outcomes import outcomes_sentence, outcomes_table
from ganzoo._report.pictures import Gallery
from ganzoo._report.registration import registration_of
from ganzoo._report.section import section_of
from ganzoo._report.series import SeriesOf
from ganzoo._runs.record import RunRecord
from ganzoo._version import __version__
from ganzoo.text import literal

if TYPE_CHECKING:
    from jinja2 import Environment


def report_html(comparison: Comparison) -> str:
    """Return the report of a comparison; equal comparisons of equal runs give equal text."""
    from ganzoo._report.charts.palette import COLORS

    style, script = _compact(_resource("report.css")), _compact(_resource("report.js"))
    return _environment().get_template("report.html.j2").render(
        **_content(comparison),
        palette=range(len(COLORS)),
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )  # fmt: skip


def _content(comparison: Comparison) -> dict[str, Any]:
    tables, series = comparison.tables, SeriesOf(comparison.tables)
    logs = Logs(comparison.folders)
    gallery = Gallery(tables, comparison.folders, comparison.records, series)
    sections = [
        section_of(table, number, logs, gallery.of(number - 1), series) for number, table in enumerate(tables, 1)
    ]
    ranked = list(dict.fromkeys(run for table in tables for row in table.rows for run in row.runs))
    across, label = across_data_sets(tables, series), tables[0].metrics[tables[0].primary].label if tables else ""
    records = _mentioned(comparison, ranked)
    return {
        "title": _title(comparison),
        "nothing": NOTHING.replace("`", ""),
        "sections": sections,
        "across": across_table(across, label),
        "across_sentence": across_sentence(across, label),
        "recipes": series.names,
        "pictures_left_out": gallery.left_out,
        "outcomes": outcomes_table(comparison),
        "outcomes_sentence": outcomes_sentence(comparison),
        "registration": registration_of(records, comparison.folders),
        "memorization": memorization_table(comparison.folders, ranked),
        "not_tested": NOT_TESTED,
        "environment": environment_table(records),
        "commands": commands_of(comparison),
        "summary": _summary(comparison, records),
    }


def _mentioned(comparison: Comparison, ranked: list[str]) -> list[RunRecord]:
    others = [run.name for run in (*comparison.unfinished, *comparison.unscored)]
    return [comparison.records[name] for name in (*ranked, *others) if name in comparison.records]


def _title(comparison: Comparison) -> str:
    recipes = list(dict.fromkeys(row.recipe for table in comparison.tables for row in table.rows))
    data = list(dict.fromkeys(table.dataset for table in comparison.tables if table.dataset))
    on = f" on {data[0]}" if len(data) == 1 else f" on {len(data)} data sets" if data else ""
    if not recipes:
        return "Runs without a score yet"
    return f"{recipes[0]}{on}" if len(recipes) == 1 else f"{len(recipes)} recipes{on}"


def _summary(comparison: Comparison, records: list[RunRecord]) -> str:
    recipes = len({recipe_name(record) for record in records})
    hours = sum(record.seconds for record in records) / 3600
    spent = f", {hours:,.1f} hours of training" if hours >= 0.05 else ""
    runs = len(records) + len(comparison.unreadable)
    return f"{runs:,} run{'s' * (runs != 1)} of {recipes:,} recipe{'s' * (recipes != 1)}{spent}"


def _hash(text: str) -> str:
    """Return the hash by which the policy allows one text, as browsers compute it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _compact(text: str) -> str:
    """Return a style or script without indentation and lines of comments, which a reader's copy does not need."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def _resource(name: str) -> str:
    return files("ganzoo._report").joinpath(name).read_text("utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Names from files and records hold whatever somebody put there: what does not print is shown as its escape.
    environment.finalize = lambda value: literal(value) if type(value) is str else value
    environment.filters["svg"] = Markup
    return environment
