"""Fourier input: what StyleGAN3's generator begins with, a signal that is defined everywhere and can be moved.

Paper: StyleGAN3, arXiv:2106.12423, sections 3.1 and 3.2, appendix F.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ganzoo.layers import EqualizedLinear
from ganzoo_stylegan3.plan import Band

Transform = Tensor  # `[3, 3]` or `[N, 3, 3]` in homogeneous coordinates; the unit is the side of the image


class FourierInput(nn.Module):
    """Styles `[N, W]` to sine waves of fixed random frequencies up to the band's cutoff, mixed linearly.

    The style turns and shifts them all (the learned transform), and so may people (`moved`).

    Args:
        style_dim: W.
        band: Of what it gives.
    """

    transform: Tensor
    freqs: Tensor
    phases: Tensor

    def __init__(self, style_dim: int, band: Band) -> None:
        super().__init__()
        self.band = band
        # Uniform in a disk, whose radius is the cutoff: the official code brings the radii of normal points there.
        freqs = torch.randn(band.channels, 2)
        radii = freqs.square().sum(dim=1, keepdim=True).sqrt()
        freqs = freqs / (radii * radii.square().exp().pow(0.25))
        self.register_buffer("freqs", freqs * band.cutoff)
        self.register_buffer("phases", torch.rand(band.channels) - 0.5)
        self.register_buffer("transform", torch.eye(3))
        self.weight = nn.Parameter(torch.randn(band.channels, band.channels))
        # A cosine, a sine, two shifts; at first no style moves anything.
        self.affine = EqualizedLinear(style_dim, 4)
        self.affine.weight = nn.Parameter(torch.zeros(4, style_dim))
        self.affine.bias = nn.Parameter(torch.tensor([1.0, 0.0, 0.0, 0.0]))

    def forward(self, style: Tensor, moved: Transform | None = None) -> Tensor:
        """Return maps `[N, C, size, size]`.

        Args:
            style: `[N, W]`.
            moved: How what is generated is moved, by which the network's own transform is preceded.
        """
        places = self._learned(style) @ self.transform
        if moved is not None:
            # Waves are asked where a pixel's content was before it was moved.
            places = places @ torch.linalg.inv(moved.to(places))
        phases = self.phases + (self.freqs @ places[:, :2, 2:]).squeeze(2)
        freqs = self.freqs @ places[:, :2, :2]
        # Waves that a transform lifts above the band fade out up to the highest frequency that samples can carry.
        room = self.band.rate / 2 - self.band.cutoff
        amplitudes = (1 - (freqs.norm(dim=2) - self.band.cutoff) / room).clamp(0, 1)
        angles = self._grid() @ freqs.transpose(1, 2)[:, None] + phases[:, None, None]
        waves = torch.sin(2 * math.pi * angles) * amplitudes[:, None, None]
        maps = waves @ (self.weight / math.sqrt(self.band.channels)).t()
        return maps.permute(0, 3, 1, 2)

    def _learned(self, style: Tensor) -> Tensor:
        """Return the transform `[N, 3, 3]` of each style: a shift, then a rotation."""
        found = self.affine(style)
        # The cosine and sine are brought to length 1, and shifts are taken by the same measure.
        cosine, sine, right, down = (found / found[:, :2].norm(dim=1, keepdim=True)).unbind(dim=1)
        zero, one = torch.zeros_like(cosine), torch.ones_like(cosine)
        turn = torch.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, one], dim=1)
        shift = torch.stack([one, zero, -right, zero, one, -down, zero, zero, one], dim=1)
        return turn.reshape(-1, 3, 3) @ shift.reshape(-1, 3, 3)

    def _grid(self) -> Tensor:
        """Return the places `[size, size, 2]` of the pixels' centers, as x and y; the image is from -0.5 to 0.5."""
        size = self.band.size
        axis = (torch.arange(size, device=self.freqs.device, dtype=self.freqs.dtype) - (size - 1) / 2) / self.band.rate
        return torch.stack([axis.expand(size, size), axis[:, None].expand(size, size)], dim=2)
