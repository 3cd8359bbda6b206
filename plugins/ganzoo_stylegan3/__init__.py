"""StyleGAN3: the alias-free generator of Karras et al. (arXiv:2106.12423)."""

from __future__ import annotations

from ganzoo import Generator, Importer, hookimpl
from ganzoo_stylegan3.generator import StyleGAN3Generator
from ganzoo_stylegan3.nvidia import NvidiaStyleGAN3


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generator."""
    return [StyleGAN3Generator]


@hookimpl
def ganzoo_importers() -> list[type[Importer]]:
    """Offer the reader of NVIDIA's pickles."""
    return [NvidiaStyleGAN3]
