"""StyleGAN's official networks from their definition, in float64, on variables by their TensorFlow names.

Papers: arXiv:1812.04948; growth, arXiv:1710.10196. Kernels are [H, W, I, O], dense weights [I, O].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from foreign_files import tensorflow_network
from torch import Tensor
from torch.nn import functional as F

Variables = dict[str, np.ndarray]
SLOPE = 0.2


class _Drawn(Variables):
    """Variables by name."""

    def __init__(self) -> None:
        super().__init__()
        self.rng = np.random.default_rng(0)

    def put(self, name: str, *size: int, scale: float = 1.0) -> None:
        self[name] = np.asarray(self.rng.standard_normal(size) * scale, "f4")

    def layer(self, name: str, *size: int) -> None:
        self.put(f"{name}/weight", *size)
        self.put(f"{name}/bias", size[-1], scale=0.3)

    def epilogue(self, name: str, width: int, style: int, noise: str | None, side: int) -> None:
        self.put(f"{name}/bias", width, scale=0.3)
        self.put(f"{name}/StyleMod/weight", style, 2 * width)
        self.put(f"{name}/StyleMod/bias", 2 * width, scale=0.3)
        if noise:
            self.put(f"{name}/Noise/weight", width)
            self.put(noise, 1, 1, side, side)


def drawn_generator(
    widths: dict[int, int], *, classes: int = 0, channels: int = 3, noise: bool = True, latent: int = 5, style: int = 6
) -> Variables:
    """Variables of a generator: `mapping/...`, `synthesis/...`, `dlatent_avg`."""
    found, top = _Drawn(), max(widths)
    if classes:
        found.put("mapping/LabelConcat/weight", classes, latent)
    for number, inputs in enumerate([latent * (2 if classes else 1), style]):
        found.put(f"mapping/Dense{number}/weight", inputs, style, scale=100)
        found.put(f"mapping/Dense{number}/bias", style, scale=30)
    found.put("dlatent_avg", style)
    found.put("synthesis/4x4/Const/const", 1, widths[4], 4, 4)
    for index, (side, width) in enumerate(sorted(widths.items())):
        for number, place in enumerate(("Const", "Conv") if side == 4 else ("Conv0_up", "Conv1")):
            name = f"synthesis/{side}x{side}/{place}"
            if place != "Const":
                found.put(f"{name}/weight", 3, 3, widths[side // 2] if place == "Conv0_up" else width, width)
            found.epilogue(name, width, style, f"synthesis/noise{2 * index + number}" if noise else None, side)
        found.layer(f"synthesis/ToRGB_lod{(top // side).bit_length() - 1}", 1, 1, width, channels)
    return found


def drawn_discriminator(widths: dict[int, int], *, classes: int = 0, channels: int = 3) -> Variables:
    """Variables of a discriminator."""
    found, top = _Drawn(), max(widths)
    for side, width in sorted(widths.items()):
        found.layer(f"FromRGB_lod{(top // side).bit_length() - 1}", 1, 1, channels, width)
        if side > 4:
            found.layer(f"{side}x{side}/Conv0", 3, 3, width, width)
            found.layer(f"{side}x{side}/Conv1_down", 3, 3, width, widths[side // 2])
    found.layer("4x4/Conv", 3, 3, widths[4] + 1, widths[4])
    found.layer("4x4/Dense0", widths[4] * 16, widths[4])
    found.layer("4x4/Dense1", widths[4], max(classes, 1))
    return found


def networks(g: Variables, d: Variables, lod: float, **built: Any) -> tuple[Any, Any, Any]:
    """G, D and Gs as the official pickles hold them; `built` are arguments of the building functions."""
    inside = {
        scope: tensorflow_network(
            f"G_{scope}",
            f"G_{scope}",
            {name.removeprefix(f"{scope}/"): value for name, value in g.items() if name.startswith(f"{scope}/")}
            | ({"lod": np.float32(lod)} if scope == "synthesis" else {}),
            version=3,
            **built,
        )
        for scope in ("mapping", "synthesis")
    }
    own = {"lod": np.float32(lod), "dlatent_avg": g["dlatent_avg"]}
    made = [tensorflow_network(name, "G_style", own, components=inside, version=3) for name in ("G", "Gs")]
    judge = tensorflow_network("D", "D_basic", d | {"lod": np.float32(lod)}, version=3, **built)
    return made[0], judge, made[1]


class Official:
    """Both networks: `images` and `logits`, at a level of detail (halvings from the finest)."""

    def __init__(self, variables: Variables, *, fused: bool, blur: Sequence[float] | None, group: int = 4) -> None:
        self.v = {name: torch.from_numpy(np.array(value)).double() for name, value in variables.items()}
        self.fused, self.blur, self.group = fused, blur, group

    def kernel(self, name: str, gain: float = math.sqrt(2)) -> Tensor:
        """`[H, W, I, O]` as it is used."""
        weight = self.v[f"{name}/weight"]
        return weight * (gain / math.sqrt(math.prod(weight.shape[:-1])))

    def convolved(self, name: str, x: Tensor, gain: float = math.sqrt(2)) -> Tensor:
        weight = self.kernel(name, gain).permute(3, 2, 0, 1)
        return F.conv2d(x, weight, padding=weight.shape[-1] // 2)

    def biased(self, name: str, x: Tensor) -> Tensor:
        bias = self.v[f"{name}/bias"]
        return x + (bias[:, None, None] if x.ndim == 4 else bias)

    def active(self, name: str, x: Tensor) -> Tensor:
        return F.leaky_relu(self.biased(name, x), SLOPE)

    def dense(self, name: str, x: Tensor, gain: float, rate: float = 1.0) -> Tensor:
        weight = self.v[f"{name}/weight"]
        return x @ weight * (gain * rate / math.sqrt(weight.shape[0]))

    def blurred(self, x: Tensor) -> Tensor:
        if not self.blur:
            return x
        row = torch.tensor(self.blur, dtype=torch.float64)
        square = torch.outer(row, row) / row.sum() ** 2
        return F.conv2d(x, square.expand(x.shape[1], 1, -1, -1), padding=len(row) // 2, groups=x.shape[1])

    def spread(self, weight: Tensor) -> Tensor:
        """The sum of four shifted copies of `[A, B, 3, 3]`."""
        return sum(F.pad(weight, (x, 1 - x, y, 1 - y)) for x in (0, 1) for y in (0, 1))

    def doubled(self, name: str, x: Tensor) -> Tensor:
        if not self.fused:
            return self.convolved(name, x.repeat_interleave(2, 2).repeat_interleave(2, 3))
        weight = self.kernel(name).permute(2, 3, 0, 1)
        return F.conv_transpose2d(x, self.spread(weight), stride=2, padding=1)

    def halved(self, name: str, x: Tensor) -> Tensor:
        if not self.fused:
            return F.avg_pool2d(self.convolved(name, x), 2)
        weight = self.kernel(name).permute(3, 2, 0, 1)
        return F.conv2d(x, self.spread(weight) / 4, stride=2, padding=1)

    def styles(self, latents: Tensor, labels: Tensor, rate: float) -> Tensor:
        x = latents
        if "mapping/LabelConcat/weight" in self.v:
            x = torch.cat([x, labels @ self.v["mapping/LabelConcat/weight"]], dim=1)
        x = x / torch.sqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)
        for number in (0, 1):
            name = f"mapping/Dense{number}"
            x = F.leaky_relu(self.dense(name, x, math.sqrt(2), rate) + self.v[f"{name}/bias"] * rate, SLOPE)
        return x

    def epilogue(self, name: str, x: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
        if noise is not None:
            x = x + noise * self.v[f"{name}/Noise/weight"][:, None, None]
        x = self.active(name, x)
        x = x - x.mean(dim=(2, 3), keepdim=True)
        x = x / torch.sqrt(x.square().mean(dim=(2, 3), keepdim=True) + 1e-8)
        style = self.dense(f"{name}/StyleMod", w, 1.0) + self.v[f"{name}/StyleMod/bias"]
        scale, shift = style.unflatten(1, (2, -1))[:, :, :, None, None].unbind(1)
        return x * (scale + 1) + shift

    def images(self, w: Tensor, top: int, lod: float) -> Tensor:
        """At the resolution that is reached, `top` halved as often as lod says, rounded down."""
        reached, faded = top >> int(lod), lod - int(lod)
        x, side = self.v["synthesis/4x4/Const/const"].expand(len(w), -1, -1, -1), 4
        coarser = x
        while side <= reached:
            coarser = x
            for number, place in enumerate(("Const", "Conv") if side == 4 else ("Conv0_up", "Conv1")):
                name = f"synthesis/{side}x{side}/{place}"
                if place == "Conv0_up":
                    x = self.blurred(self.doubled(name, x))
                elif place != "Const":
                    x = self.convolved(name, x)
                index = 2 * (side.bit_length() - 3) + number
                x = self.epilogue(name, x, w, self.v.get(f"synthesis/noise{index}"))
            side *= 2

        def pictured(maps: Tensor, level: int) -> Tensor:
            name = f"synthesis/ToRGB_lod{level}"
            return self.biased(name, self.convolved(name, maps, 1.0))

        image = pictured(x, int(lod))
        if not faded:
            return image
        before = pictured(coarser, int(lod) + 1).repeat_interleave(2, 2).repeat_interleave(2, 3)
        return image + faded * (before - image)

    def logits(self, images: Tensor, labels: Tensor, top: int, lod: float) -> Tensor:
        """Of images of the resolution that is reached."""
        side, faded = top >> int(lod), lod - int(lod)

        def read(picture: Tensor, level: int) -> Tensor:
            name = f"FromRGB_lod{level}"
            return self.active(name, self.convolved(name, picture))

        x = read(images, int(lod))
        newest = side
        while side > 4:
            name = f"{side}x{side}"
            x = self.active(f"{name}/Conv0", self.convolved(f"{name}/Conv0", x))
            x = self.active(f"{name}/Conv1_down", self.halved(f"{name}/Conv1_down", self.blurred(x)))
            if side == newest and faded:
                x = x + faded * (read(F.avg_pool2d(images, 2), int(lod) + 1) - x)
            side //= 2
        members = x.unflatten(0, (min(self.group, len(x)), -1))
        deviation = (members.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=(1, 2, 3))
        more = deviation.repeat(len(members))[:, None, None, None].expand(-1, 1, 4, 4)
        x = self.active("4x4/Conv", self.convolved("4x4/Conv", torch.cat([x, more], dim=1)))
        x = self.active("4x4/Dense0", self.dense("4x4/Dense0", x.flatten(1), math.sqrt(2)))
        x = self.dense("4x4/Dense1", x, 1.0) + self.v["4x4/Dense1/bias"]
        return (x * labels).sum(dim=1) if labels.shape[1] else x[:, 0]
