"""Filters: low-pass filters by the window method, with Kaiser's window.

Paper: StyleGAN3, arXiv:2106.12423, appendix C.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def low_pass(taps: int, *, cutoff: float, half_width: float, rate: float, radial: bool = False) -> Tensor:
    """Return a filter with sum 1: `[taps]` for one axis, or `[taps, taps]` if `radial`; float64, symmetric.

    Args:
        taps: Its length; of 1, `[1]` in any case: that passes everything.
        cutoff: Frequency of the middle of its slope, in the unit of `rate`.
        half_width: From there to where it stops.
        rate: Samples per unit.
        radial: Whether it treats all directions alike, and so no rotation changes it; a product of two axes does not.
    """
    if taps == 1:
        return torch.ones(1, dtype=torch.float64)
    places = (torch.arange(taps, dtype=torch.float64) - (taps - 1) / 2) / rate
    window = kaiser(taps, _beta(taps, half_width / (rate / 4)))
    if radial:
        # A disk of frequencies has this response (jinc), as an interval has a sinc: appendix C, equation 6.
        radius = torch.hypot(places[:, None], places[None, :])
        response = torch.special.bessel_j1(2 * math.pi * cutoff * radius) / radius
        response = response.nan_to_num(nan=math.pi * cutoff)  # its limit at the center, where an odd number has a tap
        response = response * torch.outer(window, window)
    else:
        response = torch.sinc(2 * cutoff * places) * window
    return response / response.sum()


def kaiser(taps: int, beta: float) -> Tensor:
    """Return Kaiser's window `[taps]`, 1 at its middle, in float64."""
    places = torch.linspace(-1, 1, taps, dtype=torch.float64)
    start = torch.tensor(beta, dtype=torch.float64)
    return torch.special.i0(beta * (1 - places.square()).clamp(min=0).sqrt()) / torch.special.i0(start)


def _beta(taps: int, width: float) -> float:
    """Return the window's parameter for a slope of `width` Nyquist frequencies.

    Kaiser's own fits: the attenuation in dB that so many taps reach, and the parameter for it (Oppenheim and Schafer,
    Discrete-Time Signal Processing, equations 7.75 and 7.76 of the third edition).
    """
    attenuation = 2.285 * (taps - 1) * math.pi * width + 7.95
    if attenuation > 50:
        return 0.1102 * (attenuation - 8.7)
    if attenuation > 21:
        return 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    return 0.0
