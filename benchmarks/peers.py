r"""Whole training steps of two published packages, driven on a CPU with their own networks, losses and penalties.

Their trainers insist on CUDA, so what one step does is repeated here from what they document. The packages are
installed without their dependencies, into a folder of their own:

    pip install --no-deps --target peers stylegan2_pytorch pro-gan-pth \
        einops kornia kornia_rs vector-quantize-pytorch==0.1.0
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn

Variant = Callable[[], object]
LATENT = 512


def stylegan2_module() -> Any:
    """Import `stylegan2_pytorch` without what only its trainer needs, and without a GPU."""
    for name in ("fire", "aim"):
        sys.modules.setdefault(name, ModuleType(name))
    with mock.patch("torch.cuda.is_available", return_value=True):
        from stylegan2_pytorch import stylegan2_pytorch as module
    return module


class LucidrainsStyleGAN2:
    """A step of `stylegan2_pytorch`: hinge loss, zero-centered penalty on all images every 4, path length every 32.

    Its default rates, mixing probability 0.9, average every 10 steps.

    Args:
        resolution: Of the images.
        capacity: Half the generator's channels at the finest side.
        critic_capacity: A quarter of the discriminator's; the package takes one number for both.
        channel_max: Most channels.
        batch: Images per step.
    """

    name = "stylegan2_pytorch"

    def __init__(self, resolution: int, capacity: int, critic_capacity: int, channel_max: int, batch: int) -> None:
        self.code, self.batch, self.resolution = stylegan2_module(), batch, resolution
        self.styles = self.code.StyleVectorizer(LATENT, 8, lr_mul=0.1)
        self.generator = self.code.Generator(resolution, LATENT, capacity, fmap_max=channel_max)
        self.discriminator = self.code.Discriminator(resolution, critic_capacity, fmap_max=channel_max)
        self.average = copy.deepcopy(nn.ModuleList([self.styles, self.generator]))
        parameters = [*self.generator.parameters(), *self.styles.parameters()]
        self.adam_g = torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.9))
        self.adam_d = torch.optim.Adam(self.discriminator.parameters(), lr=4e-4, betas=(0.5, 0.9))
        self.reals = torch.rand(batch, 3, resolution, resolution)
        self.mean: float | None = None

    def variants(self) -> list[tuple[str, float, Variant]]:
        """Return the kinds of step with their share."""
        return [
            ("plain", 3 / 4, self.step),
            ("gradient penalty", 1 / 4 - 1 / 32, lambda: self.step(penalty=True)),
            ("and path length", 1 / 32, lambda: self.step(penalty=True, lengths=True)),
        ]

    def parameters(self) -> int:
        """Count the parameters of generator, mapping and discriminator."""
        return sum(p.numel() for m in (self.styles, self.generator, self.discriminator) for p in m.parameters())

    def _styles(self) -> Tensor:
        """Return styles `[N, layers, W]`; mixed with probability 0.9."""
        layers = self.generator.num_layers
        cut = int(torch.rand(()) * layers) if torch.rand(()) < 0.9 else layers
        parts = [(self.styles(torch.randn(self.batch, LATENT)), count) for count in (cut, layers - cut) if count]
        return self.code.styles_def_to_tensor(parts)

    def _images(self, styles: Tensor) -> Tensor:
        noise = torch.rand(self.batch, self.resolution, self.resolution, 1)
        return self.generator(styles, noise)

    def step(self, penalty: bool = False, lengths: bool = False) -> None:
        """Move the discriminator, then the generator."""
        self.adam_d.zero_grad()
        fakes = self._images(self._styles()).clone().detach()
        reals = self.reals.clone()
        for images in (fakes, reals) if penalty else ():
            images.requires_grad_()
        fake, real = self.discriminator(fakes)[0], self.discriminator(reals)[0]
        loss = self.code.hinge_loss(fake, real)
        if penalty:
            loss = loss + self.code.gradient_penalty(reals, real) + self.code.gradient_penalty(fakes, fake)
        loss.backward()
        self.adam_d.step()
        self._move_generator(lengths)
        if torch.rand(()) < 0.1:
            self._follow()

    def _move_generator(self, lengths: bool) -> None:
        self.adam_g.zero_grad()
        styles = self._styles()
        images = self._images(styles)
        loss = self.code.gen_hinge_loss(self.discriminator(images)[0], None)
        if lengths:
            found = self.code.calc_pl_lengths(styles, images)
            loss = loss + (found - (self.mean or 0.0)).square().mean()
            self.mean = found.detach().mean().item()
        loss.backward()
        self.adam_g.step()

    def _follow(self) -> None:
        live = [*self.styles.parameters(), *self.generator.parameters()]
        for kept, parameter in zip(self.average.parameters(), live, strict=True):
            kept.data = kept.data * 0.995 + 0.005 * parameter.data


class AkanimaxProGAN:
    """A step of `pro-gan-pth`: WGAN-GP with drift, then the average; at full resolution and alpha 1."""

    name = "pro-gan-pth"

    def __init__(self, resolution: int, channel_base: int, channel_max: int, batch: int) -> None:
        from pro_gan_pytorch import custom_layers, losses, networks

        # It calls a private function of PyTorch as it was in 2021, without an output size, to the same effect.
        custom_layers.EqualizedConvTranspose2d._output_padding = lambda layer, *_: layer.output_padding
        widths = networks.nf
        # Its widths are fixed; at side 2^(stage + 1) they are base / 2^stage.
        networks.nf = lambda stage: widths(stage, fmap_base=channel_base // 2, fmap_max=channel_max)
        self.depth, self.batch = resolution.bit_length() - 1, batch
        self.generator = networks.Generator(self.depth, 3, LATENT)
        self.discriminator = networks.Discriminator(self.depth, 3, channel_max)
        networks.nf = widths
        self.average, self.loss = copy.deepcopy(self.generator), losses.WganGP()
        self.adam_g = torch.optim.Adam(self.generator.parameters(), lr=3e-3, betas=(0.0, 0.99), eps=1e-8)
        self.adam_d = torch.optim.Adam(self.discriminator.parameters(), lr=3e-3, betas=(0.0, 0.99), eps=1e-8)
        self.reals = torch.rand(batch, 3, resolution, resolution) * 2 - 1

    def variants(self) -> list[tuple[str, float, Variant]]:
        """Return the kinds of step with their share."""
        return [("plain", 1.0, self.step)]

    def parameters(self) -> int:
        """Count the parameters of both networks."""
        return sum(p.numel() for m in (self.generator, self.discriminator) for p in m.parameters())

    def step(self) -> None:
        """Move the discriminator, then the generator, then the average."""
        latents = torch.randn(self.batch, LATENT)
        fakes = self.generator(latents, self.depth, 1.0).detach()
        loss = self.loss.dis_loss(self.discriminator, self.reals, fakes, self.depth, 1.0)
        self.adam_d.zero_grad()
        loss.backward()
        self.adam_d.step()
        images = self.generator(latents, self.depth, 1.0)
        loss = self.loss.gen_loss(self.discriminator, self.reals, images, self.depth, 1.0)
        self.adam_g.zero_grad()
        loss.backward()
        self.adam_g.step()
        with torch.no_grad():
            for kept, parameter in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                kept.copy_(0.999 * kept + 0.001 * parameter)


class ExamplesDCGAN:
    """A step of pytorch/examples' DCGAN, written from what it documents: kernels of 4, width 64, Adam, BCE.

    Its generator's step shows the fakes of its discriminator's once more.

    Args:
        batch: Images per step.
        channels_last: Whether networks and images lie in that order, which is not the example's own.
    """

    name = "pytorch/examples DCGAN"

    def __init__(self, batch: int, *, channels_last: bool) -> None:
        self.batch = batch
        order = torch.channels_last if channels_last else torch.contiguous_format
        self.generator, self.discriminator = _dcgan_generator().to(memory_format=order), _dcgan_critic()
        self.discriminator = self.discriminator.to(memory_format=order)
        self.reals = (torch.rand(batch, 3, 64, 64) * 2 - 1).contiguous(memory_format=order)
        networks = (self.generator, self.discriminator)
        self.adam_g, self.adam_d = (torch.optim.Adam(n.parameters(), lr=2e-4, betas=(0.5, 0.999)) for n in networks)
        self.loss = nn.BCELoss()

    def variants(self) -> list[tuple[str, float, Variant]]:
        """Return the kinds of step with their share."""
        return [("plain", 1.0, self.step)]

    def parameters(self) -> int:
        """Count the parameters of both networks."""
        return sum(p.numel() for m in (self.generator, self.discriminator) for p in m.parameters())

    def step(self) -> None:
        """Move the discriminator on reals and fakes, then the generator on the same fakes."""
        real, fake = torch.ones(self.batch), torch.zeros(self.batch)
        self.discriminator.zero_grad()
        self.loss(self._judged(self.reals), real).backward()
        fakes = self.generator(torch.randn(self.batch, 100, 1, 1))
        self.loss(self._judged(fakes.detach()), fake).backward()
        self.adam_d.step()
        self.generator.zero_grad()
        self.loss(self._judged(fakes), real).backward()
        self.adam_g.step()

    def _judged(self, images: Tensor) -> Tensor:
        return self.discriminator(images).view(-1)


def _dcgan_generator() -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs, stride, padding in ((100, 512, 1, 0), (512, 256, 2, 1), (256, 128, 2, 1), (128, 64, 2, 1)):
        layers += [nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False)]
        layers += [nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh())


def _dcgan_critic() -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for inputs in (64, 128, 256):
        layers += [nn.Conv2d(inputs, 2 * inputs, 4, 2, 1, bias=False)]
        layers += [nn.BatchNorm2d(2 * inputs), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(512, 1, 4, 1, 0, bias=False), nn.Sigmoid())
