"""Latent paths: through latents or styles, between keys, closed, or as a random walk."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Course = Literal["slerp", "lerp"]


def lerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Return the straight way from `start` to `end` `[D...]` at times `t` `[T]` in 0..1: `[T, D...]`."""
    weight = t.reshape(-1, *(1,) * start.dim())
    return torch.where(weight == 1, end, start + weight * (end - start))


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Return the way on the sphere between vectors `[D]`, their lengths interpolated: `[T, D]`.

    Vectors in (nearly) one line have no single such way; they are joined straight.
    """
    lengths = start.norm(), end.norm()
    cosine = (start @ end / (lengths[0] * lengths[1])).clamp(-1, 1) if min(lengths) > 0 else torch.ones(())
    angle = torch.arccos(cosine)
    if torch.sin(angle) < 1e-4:
        return lerp(start, end, t)
    weight = t[:, None]
    sines = torch.sin((1 - weight) * angle), torch.sin(weight * angle)
    direction = (sines[0] * start / lengths[0] + sines[1] * end / lengths[1]) / torch.sin(angle)
    points = direction * ((1 - weight) * lengths[0] + weight * lengths[1])
    points[t == 0], points[t == 1] = start, end  # bit for bit: the ends are the seeds' own
    return points


def through(keys: Tensor, steps: int, *, course: Course, loop: bool) -> tuple[Tensor, list[int]]:
    """Return a path through keys `[K, D...]`, `steps` frames from each to the next, and the nearest key of each frame.

    Closed with `loop`: it goes back to the first key and ends just before it, so that it plays without a halt.
    Otherwise the last frame is the last key.
    """
    ends = torch.cat([keys[1:], keys[:1]]) if loop else keys[1:]
    times = torch.arange(steps) / steps
    way = slerp if course == "slerp" else lerp
    pieces = [way(start, end, times) for start, end in zip(keys, ends, strict=False)]
    nearest = [
        (key if step * 2 <= steps else (key + 1) % len(keys)) for key in range(len(ends)) for step in range(steps)
    ]
    if not loop:
        pieces.append(keys[-1:])
        nearest.append(len(keys) - 1)
    return torch.cat(pieces), nearest


def walk(draws: Tensor, smoothness: float) -> Tensor:
    """Return a closed random walk from independent draws `[T, D]`: smoothed over frames, and as large as before.

    The smoothing is by a Gaussian of deviation `smoothness` frames around the circle of T frames; each point is then
    as long as a draw is on average. Paper: ProGAN's films, arXiv:1710.10196.
    """
    frames = torch.arange(len(draws))
    distance = torch.minimum(frames, len(draws) - frames)
    kernel = torch.exp(-0.5 * (distance / max(smoothness, 1e-6)).square())
    # A circular convolution over time, by the transform: exact for whatever length.
    smooth = torch.fft.ifft(torch.fft.fft(draws, dim=0) * torch.fft.fft(kernel)[:, None], dim=0).real
    root_mean_square = draws.square().mean().sqrt()
    return smooth / smooth.square().mean(dim=1, keepdim=True).sqrt() * root_mean_square
