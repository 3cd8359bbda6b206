"""Options that both networks have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveFloat

Blur = Annotated[tuple[PositiveFloat, ...], Field(max_length=7)]
"""Taps of a filter such as (1, 2, 1), scaled to sum 1 when used; none if empty."""
