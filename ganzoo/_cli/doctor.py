"""`ganzoo doctor`: what is installed, what works, and what would fail."""

from __future__ import annotations

import typer


def doctor() -> None:
    """Report versions, devices, plugins, weights and problems."""
    from ganzoo._cli.doctor_checks import diagnose
    from ganzoo.text import literal

    for finding in diagnose():
        typer.echo(f"{finding.mark:>7}  {literal(finding.text)}")
