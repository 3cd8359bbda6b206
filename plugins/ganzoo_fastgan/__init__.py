"""FastGAN: a lightweight generator with skip-layer excitation (arXiv:2101.04775)."""

from __future__ import annotations

from ganzoo import Generator, hookimpl
from ganzoo_fastgan.generator import FastGANGenerator


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [FastGANGenerator]
