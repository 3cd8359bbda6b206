"""A training as the papers' codes write it: one plain loop in float64, beside which a trainer's weights are held.

Order, lazy penalties and their corrected Adam: StyleGAN2 (arXiv:1912.04958, appendix B); the ramp of the average:
StyleGAN2-ADA (arXiv:2006.06676); pairs of a real and a fake: R3GAN (arXiv:2501.05441).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus


class Settings(NamedTuple):
    """Of a training; penalties are weights and, where lazy, each how manieth step."""

    generator_first: bool
    relativistic: bool = False
    r1: float = 0.0
    r1_every: int = 1
    r2: float = 0.0
    path: float = 0.0
    path_every: int = 1
    half_life: float = 30.0  # images
    ramp: float | None = None
    epsilon: float = 0.1
    rates: tuple[float, float] = (0.004, 0.002)
    betas: tuple[tuple[float, float], tuple[float, float]] = ((0.0, 0.99), (0.1, 0.95))


class PlainLoop:
    """Copies of a generator and a discriminator, trained by `step`; `average` is the generator's."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module, settings: Settings) -> None:
        self.g, self.d = copy.deepcopy(generator).double(), copy.deepcopy(discriminator).double()
        self.average, self.settings = copy.deepcopy(self.g), settings
        self.mean, self.steps, self.images = torch.zeros((), dtype=torch.float64), 0, 0
        lazy = (settings.path_every, settings.r1_every)
        self.optimizers = [
            self._adam(network, *each)
            for network, each in zip(
                (self.g, self.d), zip(lazy, settings.rates, settings.betas, strict=True), strict=True
            )
        ]

    def _adam(self, network: nn.Module, every: int, rate: float, betas: tuple[float, float]) -> Any:
        share = every / (every + 1) if every > 1 else 1.0
        corrected = (betas[0] ** share, betas[1] ** share)
        return torch.optim.Adam(network.parameters(), lr=rate * share, betas=corrected, eps=self.settings.epsilon)

    def step(self, real: Tensor, labels: Tensor, latents: Iterator[Tensor], directions: Iterator[Tensor]) -> None:
        """One step of both, with the latents and directions that the other trainer drew."""
        order = (self._generator, self._discriminator)
        for player in order if self.settings.generator_first else order[::-1]:
            player(real.double(), labels.double(), latents, directions)
        half_life = self.settings.half_life
        if self.settings.ramp is not None:
            half_life = min(half_life, self.images * self.settings.ramp)
        kept = 0.5 ** (len(real) / max(half_life, 1e-8))
        with torch.no_grad():
            for mine, newest in zip(self.average.parameters(), self.g.parameters(), strict=True):
                mine.copy_(kept * mine + (1 - kept) * newest)
        self.steps, self.images = self.steps + 1, self.images + len(real)

    def _descend(self, which: int, loss: Tensor) -> None:
        # Weights without a slope have the slope 0, and are stepped.
        self.optimizers[which].zero_grad(set_to_none=False)
        loss.backward()
        self.optimizers[which].step()

    def _generator(self, real: Tensor, labels: Tensor, latents: Any, directions: Any) -> None:
        fake = self.d(self.g(next(latents).double(), labels), labels)
        self._descend(0, softplus(self.d(real, labels) - fake if self.settings.relativistic else -fake).mean())
        if not self.settings.path or self.steps % self.settings.path_every:
            return
        points = next(latents).double()
        styles = self.g.map(points, labels[: len(points)])
        images = self.g.synthesize(styles)
        asked = (images * next(directions).double()).sum() / math.sqrt(images.shape[2] * images.shape[3])
        (slope,) = torch.autograd.grad(asked, styles, create_graph=True)
        lengths = slope.square().sum(dim=2).mean(dim=1).sqrt()
        mean = self.mean + 0.01 * (lengths.mean() - self.mean)
        self.mean = mean.detach()
        self._descend(0, self.settings.path * self.settings.path_every * (lengths - mean).square().mean())

    def _discriminator(self, real: Tensor, labels: Tensor, latents: Any, directions: Any) -> None:
        settings = self.settings
        fakes = self.g(next(latents).double(), labels).detach().requires_grad_()
        reals = real.clone().requires_grad_()
        r, f = self.d(reals, labels), self.d(fakes, labels)
        loss = softplus(f - r).mean() if settings.relativistic else (softplus(f) + softplus(-r)).mean()
        if settings.r1_every == 1:
            loss = loss + settings.r1 / 2 * _slopes(r, reals) + settings.r2 / 2 * _slopes(f, fakes)
        self._descend(1, loss)
        if settings.r1_every > 1 and self.steps % settings.r1_every == 0:
            reals = real.clone().requires_grad_()
            penalty = _slopes(self.d(reals, labels), reals)
            self._descend(1, settings.r1 / 2 * settings.r1_every * penalty)


def _slopes(logits: Tensor, images: Tensor) -> Tensor:
    (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return slope.square().sum(dim=(1, 2, 3)).mean()
