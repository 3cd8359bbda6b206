"""StyleGAN2-ADA's networks from their definition, in float64 with plain sums: slow, and shares no code with the parts.

Papers: arXiv:1912.04958 (figure 7, sections 2 and 4.1), arXiv:2006.06676 (labels); weights have the names of NVIDIA's
PyTorch code (`synthesis.b8.conv0.weight`), filters are [1, 3, 3, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROW = np.array([1, 3, 3, 1]) / 8
FILTER = np.outer(ROW, ROW)


@dataclass(frozen=True)
class Shape:
    """Sizes of a pair of networks, and what shapes do not show."""

    resolution: int = 16
    channels: int = 3
    labels: int = 0
    latents: int = 7
    styles: int = 6
    base: int = 64
    widest: int = 6
    mapping_layers: int = 2
    mapping_width: int | None = None
    label_width: int | None = None
    rate: float = 0.01
    path: str = "skip"
    judged_path: str = "resnet"
    clamp: float | None = None
    group: int | None = 4
    maps: int = 1
    judged_layers: int = 2
    projected: int | None = None
    noise: bool = True

    @property
    def sides(self) -> list[int]:
        return [4 << step for step in range((self.resolution // 4).bit_length())]

    def width(self, side: int) -> int:
        return min(self.base // side, self.widest)

    @property
    def judged_width(self) -> int:
        return self.projected or self.width(4)


def filtered(x: np.ndarray, *, up: int = 1, down: int = 1, before: int, after: int) -> np.ndarray:
    """Zeros between and around samples, the filter, every n-th sample."""
    wide = np.zeros((*x.shape[:2], x.shape[2] * up, x.shape[3] * up))
    wide[:, :, ::up, ::up] = x
    wide = np.pad(wide, [(0, 0), (0, 0), (before, after), (before, after)])
    windows = np.lib.stride_tricks.sliding_window_view(wide, (4, 4), axis=(2, 3))
    return np.einsum("ncyxkl,kl->ncyx", windows, FILTER * up**2)[:, :, ::down, ::down]


def correlated(x: np.ndarray, weights: np.ndarray, *, padding: int, stride: int = 1) -> np.ndarray:
    """With weights `[N, O, I, K, K]`, those of each image."""
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    windows = np.lib.stride_tricks.sliding_window_view(x, weights.shape[-2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("noikl,niyxkl->noyx", weights, windows, optimize=True)


def active(x: np.ndarray, bias: np.ndarray, clamp: float | None, gain: float = 1.0) -> np.ndarray:
    """Bias, leaky ReLU, both gains, and the bound, which the layer's own gain scales too."""
    x = x + bias.reshape(1, -1, *[1] * (x.ndim - 2))
    x = np.where(x < 0, 0.2 * x, x) * np.sqrt(2) * gain
    return x if clamp is None else np.clip(x, -clamp * gain, clamp * gain)


class Dense:
    """What both networks share."""

    def __init__(self, weights: dict[str, np.ndarray], shape: Shape) -> None:
        self.weights = {name: np.asarray(value, np.float64) for name, value in weights.items()}
        self.shape = shape

    def dense(self, name: str, x: np.ndarray, rate: float = 1.0) -> np.ndarray:
        weight = self.weights[f"{name}.weight"]
        return x @ weight.T * (rate / np.sqrt(weight.shape[1])) + self.weights[f"{name}.bias"] * rate

    def mapped(self, latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        parts = [latents] if latents.shape[1] else []
        if labels.shape[1]:
            parts.append(self.dense("mapping.embed", labels))
        x = np.concatenate([part / np.sqrt((part**2).mean(axis=1, keepdims=True) + 1e-8) for part in parts], axis=1)
        number = 0
        while f"mapping.fc{number}.weight" in self.weights:
            x = self.dense(f"mapping.fc{number}", x, self.shape.rate)
            x, number = np.sqrt(2) * np.where(x < 0, 0.2 * x, x), number + 1
        return x


class DenseGenerator(Dense):
    """Images of constant noise, or of none."""

    def __call__(
        self, latents: np.ndarray, labels: np.ndarray, *, psi: float = 1.0, cutoff: int = 0, noise: bool = True
    ) -> np.ndarray:
        w, mean = self.mapped(latents, labels), self.weights["mapping.w_avg"]
        pulled = mean + psi * (w - mean)
        x = image = None
        index = 0

        def style() -> np.ndarray:
            return pulled if index < cutoff else w

        for side in self.shape.sides:
            block, residual = f"synthesis.b{side}", None
            if x is None:
                x = np.repeat(self.weights[f"{block}.const"][None], len(w), axis=0)
            else:
                if self.shape.path == "resnet":
                    skip = self.weights[f"{block}.skip.weight"]
                    residual = correlated(
                        filtered(x, up=2, before=2, after=1), np.repeat(skip[None], len(w), 0), padding=0
                    ) / np.sqrt(skip.shape[1])
                x, index = self.styled(f"{block}.conv0", x, style(), noise, up=True), index + 1
            gain = 1.0 if residual is None else np.sqrt(0.5)
            x, index = self.styled(f"{block}.conv1", x, style(), noise, gain=gain), index + 1
            x = x if residual is None else x + residual * np.sqrt(0.5)
            image = None if image is None else filtered(image, up=2, before=2, after=1)
            if f"{block}.torgb.weight" in self.weights:
                newer = self.to_rgb(f"{block}.torgb", x, style())
                image = newer if image is None else image + newer
        return image

    def styled(
        self, name: str, x: np.ndarray, w: np.ndarray, noise: bool, *, up: bool = False, gain: float = 1.0
    ) -> np.ndarray:
        weight = self.weights[f"{name}.weight"][None] * self.dense(f"{name}.affine", w)[:, None, :, None, None]
        weight = weight / np.sqrt((weight**2).sum(axis=(2, 3, 4), keepdims=True) + 1e-8)
        if up:
            # Filtered at the higher resolution, then a true convolution, whose kernel is turned.
            x = correlated(filtered(x, up=2, before=3, after=2), weight[..., ::-1, ::-1], padding=0)
        else:
            x = correlated(x, weight, padding=1)
        if noise and f"{name}.noise_const" in self.weights:
            x = x + self.weights[f"{name}.noise_strength"] * self.weights[f"{name}.noise_const"]
        return active(x, self.weights[f"{name}.bias"], self.shape.clamp, gain)

    def to_rgb(self, name: str, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        scales = self.dense(f"{name}.affine", w) / np.sqrt(x.shape[1])
        weight = self.weights[f"{name}.weight"][None] * scales[:, None, :, None, None]
        image = correlated(x, weight, padding=0) + self.weights[f"{name}.bias"][:, None, None]
        bound = self.shape.clamp
        return image if bound is None else np.clip(image, -bound, bound)


class DenseDiscriminator(Dense):
    """Logits `[N]`."""

    def __call__(self, image: np.ndarray, labels: np.ndarray) -> np.ndarray:
        shape, x = self.shape, 0.0
        for side in shape.sides[::-1]:
            if f"b{side}.fromrgb.weight" in self.weights:
                x = x + self.layer(f"b{side}.fromrgb", image, bounded=side > 4)
            if side == 4:
                break
            skip = self.weights.get(f"b{side}.skip.weight")
            gain = 1.0 if skip is None else np.sqrt(0.5)
            y = self.layer(f"b{side}.conv0", x)
            y = self.layer(f"b{side}.conv1", y, down=True, gain=gain)
            if skip is not None:
                halved = filtered(x, down=2, before=1, after=1)
                y = y + np.einsum("oi,niyx->noyx", skip[:, :, 0, 0], halved) / np.sqrt(skip.shape[1]) * np.sqrt(0.5)
            x = y
            image = filtered(image, down=2, before=1, after=1)
        x = self.layer("b4.conv", self.with_deviation(x))
        x = active(self.dense("b4.fc", x.reshape(len(x), -1)) - 0, np.zeros(1), None)
        x = self.dense("b4.out", x)
        if not labels.shape[1]:
            return x[:, 0]
        projection = self.mapped(np.zeros((len(labels), 0)), labels)
        return (x * projection).sum(axis=1) / np.sqrt(projection.shape[1])

    def layer(
        self, name: str, x: np.ndarray, *, down: bool = False, gain: float = 1.0, bounded: bool = True
    ) -> np.ndarray:
        weight = self.weights[f"{name}.weight"]
        weights = np.repeat(weight[None], len(x), axis=0) / np.sqrt(weight[0].size)
        if down:
            x = correlated(filtered(x, before=2, after=2), weights, padding=0, stride=2)
        else:
            x = correlated(x, weights, padding=weight.shape[-1] // 2)
        return active(x, self.weights[f"{name}.bias"], self.shape.clamp if bounded else None, gain)

    def with_deviation(self, x: np.ndarray) -> np.ndarray:
        if not self.shape.maps:
            return x
        count, maps = len(x), self.shape.maps
        size = count if self.shape.group is None else min(self.shape.group, count)
        found = np.empty((count, maps))
        share = x.shape[1] // maps
        for first in range(count // size):
            members = range(first, count, count // size)
            for each in range(maps):
                values = x[list(members), each * share : (each + 1) * share]
                found[list(members), each] = np.sqrt(values.var(axis=0) + 1e-8).mean()
        return np.concatenate([x, np.broadcast_to(found[:, :, None, None], (count, maps, *x.shape[2:]))], axis=1)
