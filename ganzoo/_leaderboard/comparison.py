"""Comparison: ranked tables of runs, as rows for programs and as tables for people."""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING

from ganzoo._leaderboard import class_export, export, tables
from ganzoo._leaderboard.captions import NOTHING, caption, not_ranked, title, unranked_text
from ganzoo._leaderboard.columns import columns_of
from ganzoo._leaderboard.plan import PlannedPair, plan_of
from ganzoo._leaderboard.two_recipes import two_recipes
from ganzoo.errors import GanzooError
from ganzoo.text import literal

if TYPE_CHECKING:
    import pandas as pd

    from ganzoo._leaderboard.two_recipes_page import TwoRecipesPage

_WIDTH = 160


class Comparison(tables.Comparison):
    """Runs by their scores: one table per dataset and protocol, seeds as mean ± sd. It shows itself in a notebook."""

    def rows(self) -> list[dict[str, export.Cell]]:
        """Return all rows of all tables as plain data, values in the metrics' own units.

        `table` numbers the tables; rows of different tables must not be compared (`not_comparable` says why).
        `rank_first` and `rank_last` are the ranks that a row may hold; `better_than`, `worse_than`, `equivalent_to`
        and `not_known_against` list the `row` numbers of the others.
        """
        return export.plain_rows(self)

    def pairs(self) -> list[dict[str, str | int | float | bool | None]]:
        """Return what is known of each pair of rows: `answer`, and `difference` with its interval, `low` to `high`.

        All intervals of a table hold together. A table of more than 100 rows lists no pairs; its rows still do.
        """
        return export.plain_pairs(self)

    def classes(self) -> list[dict[str, export.Cell]]:
        """Return one dictionary per metric, class and row of each table, in the metrics' own units.

        `class_generated` and `class_reference_images` count images of the class; `sd` is the spread over the `n`
        trainings, `sampling_error` that of drawing other images of it from one network. Nothing is ranked by class.
        """
        return class_export.plain_classes(self)

    def between(self, one: str, other: str) -> TwoRecipesPage:
        """Return two recipes side by side: in which keys they differ, their scores by seed, what is known, their costs.

        Args:
            one: A recipe's name, or a run's.
            other: Another one's.

        Raises:
            GanzooError: No ranked run is of such a recipe, or both names are of one row.
            RefusedError: Their scores do not mean the same.
        """
        from ganzoo._leaderboard.two_recipes_page import TwoRecipesPage

        return TwoRecipesPage.of(two_recipes(self.tables, one, other, self.folders))

    def plan(self) -> list[PlannedPair]:
        """Return what would settle each pair that is not known yet: seeds each, hours, and the lines that run them."""
        return [
            planned for number, table in enumerate(self.tables, 1) for planned in plan_of(table, number, self.folders)
        ]

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a data frame.

        Raises:
            GanzooError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise GanzooError(
                "a data frame needs pandas, which is not installed: pip install pandas; rows() gives the same as dicts"
            ) from error
        return pd.DataFrame(self.rows())

    def to_markdown(self, *, classes: bool = False) -> str:
        """Return the tables in Markdown; with `classes` those of values by class alone, every class of them."""
        from ganzoo._leaderboard.class_render import markdown_all_classes
        from ganzoo._leaderboard.render import markdown

        return markdown_all_classes(self) if classes else markdown(self)

    def to_csv(self, *, classes: bool = False) -> str:
        """Return a line per row, and one per run that no table holds; with `classes` one per metric, class and row."""
        return class_export.classes_csv(self) if classes else export.to_csv(self)

    def to_json(self) -> str:
        """Return the whole as one JSON object."""
        return export.to_json(self)

    def __str__(self) -> str:
        from rich.console import Console

        from ganzoo._leaderboard.render import print_rich

        out = io.StringIO()
        print_rich(self, Console(file=out, width=_WIDTH, highlight=False, markup=False, emoji=False))
        return out.getvalue().rstrip()

    def __repr__(self) -> str:
        rows = sum(len(table.rows) for table in self.tables)
        return f"<Comparison: {len(self.tables)} tables, {rows} rows>"

    def _repr_html_(self) -> str:
        parts = [_html(table) for table in self.tables] or [_paragraph(NOTHING)]
        for heading, runs in not_ranked(self).items():
            parts.append(_paragraph(f"{heading}: {'; '.join(map(unranked_text, runs))}"))
        return "\n".join(parts)


def _html(table: tables.Table) -> str:
    from ganzoo._leaderboard.class_render import html_classes

    columns = columns_of(table)
    header = "".join(f"<th>{_cell(column.header)}</th>" for column in columns)
    lines = zip(*(column.cells for column in columns), strict=True)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in line)}</tr>" for line in lines)
    notes = "".join(_paragraph(line) for line in caption(table))
    return f"<b>{_cell(title(table))}</b><table><tr>{header}</tr>{body}</table>{notes}{html_classes(table)}"


def _paragraph(text: str) -> str:
    return f"<p>{_cell(text)}</p>"


def _cell(text: str) -> str:
    return escape(literal(text))
