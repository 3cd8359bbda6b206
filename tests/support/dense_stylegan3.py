"""StyleGAN3 from its paper's equations, in float64 with dense matrices: slow, and shares no code with the part.

Paper: arXiv:2106.12423, section 3 and appendices B to D; settings have the names of the official code, and so have
weights (`synthesis.L0_36_16.weight`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

DEFAULTS: dict[str, Any] = {
    "channel_base": 32768,
    "channel_max": 512,
    "num_layers": 14,
    "num_critical": 2,
    "first_cutoff": 2,
    "first_stopband": 2**2.1,
    "last_stopband_rel": 2**0.3,
    "margin_size": 10,
    "output_scale": 0.25,
    "conv_kernel": 3,
    "filter_size": 6,
    "lrelu_upsampling": 2,
    "use_radial_filters": False,
    "conv_clamp": 256,
    "magnitude_ema_beta": 0.999,
}


class Layer(NamedTuple):
    """What a layer gives: its name, and its band."""

    name: str
    cutoff: float
    half_width: float
    rate: int
    size: int
    channels: int
    critical: bool


def layers_of(resolution: int, channels: int, **given: Any) -> list[Layer]:
    """Return the layers, that to the image as the last one (appendix B)."""
    s = DEFAULTS | given
    count = s["num_layers"]
    shares = np.minimum(np.arange(count + 1) / (count - s["num_critical"]), 1)
    last = resolution / 2
    cutoffs = s["first_cutoff"] ** (1 - shares) * last**shares
    stopbands = s["first_stopband"] ** (1 - shares) * (last * s["last_stopband_rel"]) ** shares
    rates = np.exp2(np.ceil(np.log2(np.minimum(2 * stopbands, resolution)).round(12)))
    sizes = [*(rates[:-2] + 2 * s["margin_size"]), resolution, resolution]
    widths = [*np.rint(np.minimum(s["channel_base"] / 2 / cutoffs, s["channel_max"]))[:-1], channels]
    found = []
    for index in range(count + 1):
        size, width, rate = int(sizes[index]), int(widths[index]), int(rates[index])
        half_width = max(stopbands[index], rate / 2) - cutoffs[index]
        critical = index >= count - s["num_critical"]
        found.append(Layer(f"L{index}_{size}_{width}", cutoffs[index], half_width, rate, size, width, critical))
    return found


def kaiser(taps: int, half_width: float, rate: float) -> np.ndarray:
    """Kaiser's window by his own fits (appendix C)."""
    attenuation = 2.285 * (taps - 1) * np.pi * (2 * half_width / (rate / 2)) + 7.95
    beta = 0.0
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    elif attenuation > 21:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    return np.kaiser(taps, beta)


def bessel_j1(values: np.ndarray) -> np.ndarray:
    """By its integral over a period, for which the trapezoidal rule is exact to the last digits."""
    angles = np.linspace(0, 2 * np.pi, 600, endpoint=False)
    return np.cos(angles - values[..., None] * np.sin(angles)).mean(axis=-1)


def low_pass(taps: int, cutoff: float, half_width: float, rate: float, *, radial: bool = False) -> np.ndarray:
    """A sinc, or a jinc of two axes, under Kaiser's window (appendix C, equations 5 and 6)."""
    if taps == 1:
        return np.ones((1, 1) if radial else 1)
    places = (np.arange(taps) - (taps - 1) / 2) / rate
    window = kaiser(taps, half_width, rate)
    if not radial:
        ideal = np.sinc(2 * cutoff * places) * window
        return ideal / ideal.sum()
    radius = np.sqrt(places[:, None] ** 2 + places[None, :] ** 2)
    far = np.where(radius == 0, 1, radius)
    ideal = np.where(radius == 0, np.pi * cutoff, bessel_j1(2 * np.pi * cutoff * far) / far) * np.outer(window, window)
    return ideal / ideal.sum()


def placed(size: int, up: int, before: int, length: int, taps: int) -> np.ndarray:
    """The matrices `[taps, outputs, size]` of each tap: zeros between samples and around them, then one sample."""
    matrix = np.zeros((taps, length, size))
    for tap in range(taps):
        for sample in range(size):
            if 0 <= (at := sample * up + before - tap) < length:
                matrix[tap, at, sample] = 1
    return matrix


def filtered(maps: np.ndarray, taps: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    if taps.ndim == 1:
        each = np.tensordot(taps, matrix, axes=1)
        return each @ maps @ each.T
    rows = np.einsum("ktp,ncpq->knctq", matrix, maps)
    return sum(
        rows[k] @ np.tensordot(taps[k], matrix, axes=1).T for k in range(len(taps))
    )  # of a symmetric filter: a correlation is a convolution


def activated(maps: np.ndarray, before: Layer, after: Layer, s: dict[str, Any]) -> np.ndarray:
    """Filtered leaky ReLU (section 3.1): up, leaky ReLU, down, each sample's center where it was."""
    high = max(before.rate, after.rate) * s["lrelu_upsampling"]
    up, down = high // before.rate, high // after.rate
    ups, downs = (s["filter_size"] * factor if factor > 1 else 1 for factor in (up, down))
    raising = low_pass(ups, before.cutoff, before.half_width, high)
    radial = s["use_radial_filters"] and not after.critical and downs > 1
    lowering = low_pass(downs, after.cutoff, after.half_width, high, radial=radial)
    size = maps.shape[-1]
    between = (after.size - 1) * down + downs
    missing = between + ups - 1 - size * up
    maps = filtered(maps, raising * up, placed(size, up, (missing + up) // 2, between, ups))
    maps = np.sqrt(2) * np.where(maps < 0, 0.2 * maps, maps)
    if s["conv_clamp"] is not None:
        maps = np.clip(maps, -s["conv_clamp"], s["conv_clamp"])
    return filtered(maps, lowering, placed(between, 1, 0, between, downs)[:, : between - downs + 1 : down])


class DenseStyleGAN3:
    """A generator from weights by official names and settings by official names."""

    def __init__(self, weights: dict[str, np.ndarray], resolution: int, channels: int, **settings: Any) -> None:
        self.weights = {name: np.asarray(value, np.float64).copy() for name, value in weights.items()}
        self.rate = settings.pop("lr_multiplier", 0.01)
        self.settings = DEFAULTS | settings
        self.layers = layers_of(resolution, channels, **settings)

    def dense(self, name: str, values: np.ndarray, *, rate: float = 1.0) -> np.ndarray:
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return values @ weight.T * (rate / np.sqrt(weight.shape[1])) + bias * rate

    def styles(
        self, latents: np.ndarray, labels: np.ndarray, psi: float = 1.0, cutoff: int | None = None
    ) -> np.ndarray:
        """`[N, layers + 2, W]`."""
        parts = [np.asarray(latents, np.float64)]
        if labels.shape[1]:
            parts.append(self.dense("mapping.embed", np.asarray(labels, np.float64)))
        found = np.concatenate([part / np.sqrt((part**2).mean(axis=1, keepdims=True) + 1e-8) for part in parts], axis=1)
        for layer in range(sum(name.startswith("mapping.fc") for name in self.weights) // 2):
            found = self.dense(f"mapping.fc{layer}", found, rate=self.rate)
            found = np.sqrt(2) * np.where(found < 0, 0.2 * found, found)
        repeated = np.repeat(found[:, None], len(self.layers) + 1, axis=1)
        mean = self.weights["mapping.w_avg"]
        repeated[:, :cutoff] = mean + psi * (repeated[:, :cutoff] - mean)
        return repeated

    def start(self, style: np.ndarray) -> np.ndarray:
        """The Fourier features, each wave of each image by itself (section 3.1; appendix F)."""
        first = self.layers[0]
        t = self.dense("synthesis.input.affine", style)
        t = t / np.sqrt((t[:, :2] ** 2).sum(axis=1, keepdims=True))
        frequencies, phases = self.weights["synthesis.input.freqs"], self.weights["synthesis.input.phases"]
        axis = (np.arange(first.size) - (first.size - 1) / 2) / first.rate
        x, y = np.meshgrid(axis, axis)
        found = np.empty((len(style), len(phases), first.size, first.size))
        for image, (c, s, right, down) in enumerate(t):
            turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
            shift = np.array([[1, 0, -right], [0, 1, -down], [0, 0, 1]])
            both = turn @ shift @ self.weights["synthesis.input.transform"]
            for wave, (frequency, phase) in enumerate(zip(frequencies, phases, strict=True)):
                moved, at = frequency @ both[:2, :2], phase + frequency @ both[:2, 2]
                room = first.rate / 2 - first.cutoff
                amplitude = np.clip(1 - (np.hypot(*moved) - first.cutoff) / room, 0, 1)
                found[image, wave] = amplitude * np.sin(2 * np.pi * (moved[0] * x + moved[1] * y + at))
        weight = self.weights["synthesis.input.weight"]
        return np.einsum("oi,niyx->noyx", weight / np.sqrt(len(weight)), found)

    def layer(self, number: int, maps: np.ndarray, style: np.ndarray) -> np.ndarray:
        """A modulated convolution of full padding, bias, filtered leaky ReLU (section 3.2; appendix D)."""
        before, after = self.layers[max(number - 1, 0)], self.layers[number]
        name, last = f"synthesis.{after.name}", number == len(self.layers) - 1
        weight = self.weights[f"{name}.weight"]
        scales = self.dense(f"{name}.affine", style)
        if last:
            scales = scales / np.sqrt(weight.shape[1])
        modulated = weight[None] * scales[:, None, :, None, None]
        if not last:
            modulated = modulated / np.sqrt((modulated**2).sum(axis=(2, 3, 4), keepdims=True))
        modulated = modulated / np.sqrt(self.weights[f"{name}.magnitude_ema"])
        kernel = weight.shape[-1]
        wide = np.pad(maps, [(0, 0), (0, 0), (kernel - 1,) * 2, (kernel - 1,) * 2])
        windows = np.lib.stride_tricks.sliding_window_view(wide, (kernel, kernel), axis=(2, 3))
        found = np.einsum("noikl,niyxkl->noyx", modulated, windows, optimize=True)
        found = found + self.weights[f"{name}.bias"][:, None, None]
        if not last:
            return activated(found, before, after, self.settings)
        bound = self.settings["conv_clamp"]
        return found if bound is None else np.clip(found, -bound, bound)

    def images(self, styles: np.ndarray, *, updates: bool = False) -> np.ndarray:
        """`[N, C, R, R]`; with `updates`, each layer's magnitude is tracked before it is used (the official order)."""
        maps = self.start(styles[:, 0])
        for number, layer in enumerate(self.layers):
            if updates:
                name, beta = f"synthesis.{layer.name}.magnitude_ema", self.settings["magnitude_ema_beta"]
                self.weights[name] = beta * self.weights[name] + (1 - beta) * (maps**2).mean()
            maps = self.layer(number, maps, styles[:, number + 1])
        return maps * self.settings["output_scale"]
