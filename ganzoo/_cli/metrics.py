"""`ganzoo metrics`: the installed metrics, what each needs, sees and does not see."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from ganzoo.scoring.catalog import MetricDescription, MetricValue


class Format(StrEnum):
    """How the list is written."""

    RICH = "rich"
    MARKDOWN = "markdown"
    JSON = "json"


def metrics(
    names: Annotated[
        list[str] | None, typer.Argument(help="Metrics to show, such as kid. [default: all]", metavar="[METRICS]...")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to write the list.")] = Format.RICH,
) -> None:
    """List the metrics that a recipe can name in scoring.metrics, with what each needs and sees.

    What a metric sees was measured on real images that were disturbed in known ways: it is named where the value moved
    by more than 5 standard deviations, and does not see what moved it by less than 3. More images see more.
    """
    from ganzoo._registry.index import discovered
    from ganzoo.scoring.catalog import metrics as described

    registry = discovered()
    found = _chosen(names or [], described(registry), registry.suspicion())
    if format is Format.JSON:
        import json
        from dataclasses import asdict

        typer.echo(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    elif format is Format.MARKDOWN:
        for line in _markdown(found):
            typer.echo(line)
    else:
        _print(found)


def _chosen(names: Sequence[str], known: Sequence[MetricDescription], suspicion: str) -> list[MetricDescription]:
    from ganzoo.errors import PluginError
    from ganzoo.text import did_you_mean

    by_name = {each.name: each for each in known}
    for name in names:
        if name not in by_name:
            raise PluginError(f"no metric called '{name}'{did_you_mean(name[:64], sorted(by_name))}{suspicion}")
    return [each for each in known if not names or each.name in names]


def _print(found: Sequence[MetricDescription]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from ganzoo.text import literal

    console = Console(highlight=False)
    for number, metric in enumerate(found):
        if number:
            console.print()
        console.print(Text.assemble((literal(metric.name), "bold cyan"), "  ", literal(metric.description)))
        for line in _lines(metric):
            console.print(Padding(line, (0, 0, 0, 2)))
    if not found:
        console.print("No metrics are installed; `ganzoo doctor` shows why.")


def _lines(metric: MetricDescription) -> Iterator[Text]:
    from rich.text import Text

    from ganzoo.text import literal

    if metric.paper:
        yield Text(f"paper: {literal(metric.paper)}", "dim")
    if metric.needs:
        yield Text(f"needs: {literal('; '.join(metric.needs))}")
    if metric.images_to_rank:
        yield Text(f"ranks from {metric.images_to_rank:,} images on either side")
    measured = {value.sensitivity.measured_on for value in metric.values if value.sensitivity}
    for value in metric.values:
        yield Text.assemble((literal(_shown(value)), "bold"), f" [{literal(value.key)}]")
        for verb, disturbances in _answers(value):
            yield Text(f"  {verb}: {literal(disturbances)}")
    yield Text(
        f"measured on {literal('; '.join(sorted(measured)))}" if measured else "not measured what it sees", "dim"
    )


def _shown(value: MetricValue) -> str:
    unit = f" {value.unit}" if value.unit else ""
    published = f" ({value.published} with {value.published_features})" if value.published else ""
    return f"{value.label}{unit} {'↓' if value.lower_is_better else '↑'}{published}"


def _answers(value: MetricValue) -> Iterator[tuple[str, str]]:
    """Yield what a value sees, sees weakly, does not see and takes for better, with the measured numbers."""
    if value.sensitivity is None:
        return
    moved = value.sensitivity.standard_deviations
    for verb, names in (
        ("sees", value.sensitivity.sees),
        ("sees weakly", value.sensitivity.sees_weakly),
        ("does not see", value.sensitivity.does_not_see),
        ("takes for better", value.sensitivity.prefers),
    ):
        if names:
            yield verb, ", ".join(f"{name} ({_number(moved[name])})" for name in names)


def _markdown(found: Sequence[MetricDescription]) -> Iterator[str]:
    """Yield a table of values with one column per disturbance, in standard deviations."""
    shown = [(metric, value) for metric in found for value in metric.values]
    disturbances = dict.fromkeys(
        name for _, value in shown if value.sensitivity for name in value.sensitivity.standard_deviations
    )
    yield " | ".join(["| metric", "value", *disturbances]) + " |"
    yield "|---" * (len(disturbances) + 2) + "|"
    for metric, value in shown:
        moved = value.sensitivity.standard_deviations if value.sensitivity else {}
        cells = [_cell(moved.get(name)) for name in disturbances]
        yield " | ".join([f"| `{metric.name}`", _escaped(_shown(value)), *cells]) + " |"


def _cell(moved: float | None) -> str:
    if moved is None:
        return ""
    return f"**{_number(moved)}**" if moved > 5 else _number(moved)


def _number(moved: float) -> str:
    return f"{moved:.0f}" if abs(moved) >= 10 else f"{moved:.2g}"


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")
