"""StyleGAN2: networks and path length penalty of Karras et al. (arXiv:1912.04958)."""

from __future__ import annotations

from ganzoo import Discriminator, Generator, Importer, Regularizer, hookimpl
from ganzoo_stylegan2.discriminator import StyleGAN2Discriminator
from ganzoo_stylegan2.generator import StyleGAN2Generator
from ganzoo_stylegan2.nvidia import NvidiaPyTorch, NvidiaTensorFlow
from ganzoo_stylegan2.path_length import PathLength
from ganzoo_stylegan2.revised import RevisedGenerator
from ganzoo_stylegan2.rosinality import Rosinality


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    """Offer the generators."""
    return [StyleGAN2Generator, RevisedGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    """Offer the discriminator."""
    return [StyleGAN2Discriminator]


@hookimpl
def ganzoo_regularizers() -> list[type[Regularizer]]:
    """Offer the penalty."""
    return [PathLength]


@hookimpl
def ganzoo_importers() -> list[type[Importer]]:
    """Offer the readers of other people's checkpoints."""
    return [NvidiaPyTorch, NvidiaTensorFlow, Rosinality]
