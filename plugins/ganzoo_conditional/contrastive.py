"""Conditional contrastive loss: images are near those of their class and its proxy, far from all others (ContraGAN)."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import normalize

from ganzoo import Discriminator, Featured, ImageSpec, RecipeContext, Role, Scheduled, SharedRegularizer, Step
from ganzoo.layers import all_rows
from ganzoo_conditional.heads import HeadOptions, classes_problem, feature_size, held, last_features


class ConditionalContrastiveOptions(HeadOptions):
    """Strengths, and the space of comparison."""

    temperature: Scheduled[PositiveFloat] = Field(default=1.0, description="What cosines are divided by (t).")
    embedding: PositiveInt = Field(default=512, description="Size of the embeddings of images and classes.")


class ConditionalContrastive(SharedRegularizer[ConditionalContrastiveOptions]):
    """2C: contrast of each image's embedding with those of its batch and with a proxy of its class.

    With l a linear layer of the critic's last features and e an embedding of labels, both of length 1, the loss of
    image i is -log of (exp(l_i e_i / t) + the sum of exp(l_i l_k / t) over other images k of its class) / (the same sum
    over all other images). The discriminator descends weight times its mean over reals, and trains l and e; the
    generator generator_weight times its mean over generated images. The critic's logit should not know the class.

    Paper: Kang and Park, arXiv:2006.12681, equation 8.
    """

    name = "conditional-contrastive"
    reduces_over_ranks: ClassVar[bool] = True
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    discriminator_must_be: ClassVar[type] = Featured

    Options = ConditionalContrastiveOptions

    @classmethod
    def example_options(cls, folder: Path) -> ConditionalContrastiveOptions:
        return ConditionalContrastiveOptions(embedding=8, generator_weight=0.5)

    @classmethod
    def incompatibility(cls, options: ConditionalContrastiveOptions, context: RecipeContext) -> str | None:
        return classes_problem(context)

    @classmethod
    def depends_on_batch(cls, options: ConditionalContrastiveOptions) -> bool:
        return True

    def prepare(self, images: ImageSpec, discriminator: Discriminator) -> None:
        size, width = feature_size(images, discriminator), self.options.embedding
        self.project = held(nn.Linear(size, width), self.options)
        self.proxies = held(nn.Linear(images.label_dim, width, bias=False), self.options)

    def penalty(self, step: Step) -> Tensor:
        return self.options.weight * self._contrast(step, step.real_input)

    def other_penalty(self, step: Step) -> Tensor:
        return self.options.generator_weight * self._contrast(step, step.fake_input)

    def _contrast(self, step: Step, images: Tensor) -> Tensor:
        # Of the whole batch, in every process: images are compared with all others.
        embedded = normalize(all_rows(self.project(last_features(step, images))), dim=1)
        labels = all_rows(step.labels)
        proxies = normalize(self.proxies(labels), dim=1)
        return contrast(embedded, proxies, labels, self.options.temperature)


def contrast(embedded: Tensor, proxies: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Return the mean loss of embeddings `[N, D]` and the proxies `[N, D]` of their classes, of one-hot `[N, L]`.

    Equation 8 of arXiv:2006.12681; lengths are 1.
    """
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    between = (embedded @ embedded.T / temperature).masked_fill(itself, -torch.inf)
    own = (embedded * proxies).sum(dim=1, keepdim=True) / temperature
    apart = ~((labels @ labels.T) > 0)
    alike = torch.cat([own, between.masked_fill(apart, -torch.inf)], dim=1)
    every = torch.cat([own, between], dim=1)
    return (every.logsumexp(dim=1) - alike.logsumexp(dim=1)).mean()
