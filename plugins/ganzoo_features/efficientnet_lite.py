"""EfficientNet-Lite: the networks, each batch normalization folded into the convolution before it.

Papers: EfficientNet, Tan and Le, arXiv:1905.11946; inverted residual blocks, Sandler et al., arXiv:1801.04381. The Lite
variants (Google, 2020) leave out squeeze-and-excitation, clip activations at 6, and leave stem and head unscaled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Row(NamedTuple):
    """Blocks in a row: table 1 of arXiv:1905.11946. The first has the stride, the others add their input."""

    expansion: int
    kernel: int
    stride: int
    channels: int
    blocks: int


# The rows of each resolution: a half, a quarter, ... a 32nd of the image's side.
_STAGES = (
    (_Row(1, 3, 1, 16, 1),),
    (_Row(6, 3, 2, 24, 2),),
    (_Row(6, 5, 2, 40, 2),),
    (_Row(6, 3, 2, 80, 3), _Row(6, 5, 1, 112, 3)),
    (_Row(6, 5, 2, 192, 4), _Row(6, 3, 1, 320, 1)),
)
_BATCH_NORM_EPSILON = 1e-3  # TensorFlow's, with which the weights were trained


class EfficientNetLite(nn.Module):
    """The network as it is after training.

    Args:
        state: The published tensors by name.
        width: Factor of the channels of Lite0 (arXiv:1905.11946, equation 3).
        depth: Factor of the blocks in a row.

    Raises:
        KeyError: A tensor is missing.
        RuntimeError: A tensor has another shape.
    """

    def __init__(self, state: Mapping[str, Tensor], *, width: float = 1.0, depth: float = 1.0) -> None:
        super().__init__()
        self.stem = _Convolution(state, "_conv_stem", "_bn0", inputs=3, outputs=32, kernel=3, stride=2)
        self.stages = nn.ModuleList()
        inputs, number = 32, 0
        for rows in _STAGES:
            stage = nn.Sequential()
            for row in (_scaled(each, width, depth) for each in rows):
                for first in (True, *[False] * (row.blocks - 1)):
                    stage.append(_Block(state, f"_blocks.{number}.", row, inputs, first=first))
                    inputs, number = row.channels, number + 1
            self.stages.append(stage)
        self.head = _Convolution(state, "_conv_head", "_bn1", inputs=inputs, outputs=1280)
        self.classifier = nn.Linear(1280, 1000, device="meta").to_empty(device="cpu")
        self.classifier.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})
        # A convolution over channels-last maps needs no copies on a CPU, and is twice as fast.
        self.to(memory_format=torch.channels_last)

    def maps(self, images: Tensor) -> list[Tensor]:
        """Return the last maps of each resolution for images `[N, 3, R, R]`, (x - 127) / 128 of 8-bit colors."""
        hidden = _activated(self.stem(images.contiguous(memory_format=torch.channels_last)))
        found = []
        for stage in self.stages:
            hidden = stage(hidden)
            found.append(hidden)
        return found

    def pooled(self, maps: Tensor) -> Tensor:
        """Turn the last maps into what the classifier reads, `[N, 1280]`."""
        return _activated(self.head(maps)).mean(dim=(2, 3))


def _scaled(row: _Row, width: float, depth: float) -> _Row:
    """Return a row of a larger network: channels in multiples of 8; the first and last row keep their one block."""
    scaled = row.channels * width
    channels = max(8, int(scaled + 4) // 8 * 8)
    channels += 8 if channels < 0.9 * scaled else 0  # rounding takes at most a tenth (TensorFlow's `round_filters`)
    ends = row.channels in (_STAGES[0][0].channels, _STAGES[-1][-1].channels)
    return row._replace(channels=channels, blocks=row.blocks if ends else math.ceil(row.blocks * depth))


class _Block(nn.Module):
    """An inverted residual block: widen, filter each channel by itself, narrow without activation."""

    def __init__(self, state: Mapping[str, Tensor], name: str, row: _Row, inputs: int, *, first: bool) -> None:
        super().__init__()
        wide = inputs * row.expansion
        self.widen = (
            _Convolution(state, f"{name}_expand_conv", f"{name}_bn0", inputs=inputs, outputs=wide)
            if row.expansion > 1
            else None
        )
        self.filter = _Convolution(
            state,
            f"{name}_depthwise_conv",
            f"{name}_bn1",
            inputs=wide,
            outputs=wide,
            kernel=row.kernel,
            stride=row.stride if first else 1,
            groups=wide,
        )
        self.narrow = _Convolution(state, f"{name}_project_conv", f"{name}_bn2", inputs=wide, outputs=row.channels)
        self.adds_input = not first

    def forward(self, images: Tensor) -> Tensor:
        hidden = images if self.widen is None else _activated(self.widen(images))
        hidden = self.narrow(_activated(self.filter(hidden)))
        return hidden + images if self.adds_input else hidden


def _activated(maps: Tensor) -> Tensor:
    """Clip in place: memory that was just written is still in the cache, and no gradient needs it as it was."""
    return functional.relu6(maps, inplace=True)


class _Convolution(nn.Module):
    """A convolution and the batch normalization behind it in one, padded as TensorFlow's `SAME`."""

    def __init__(
        self,
        state: Mapping[str, Tensor],
        name: str,
        norm: str,
        *,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__()
        self.halves, self.kernel = stride == 2, kernel
        even = 0 if self.halves else kernel // 2
        # Made without memory, so that no initialization disturbs the global random state.
        self.convolution = nn.Conv2d(
            inputs, outputs, kernel, stride=stride, padding=even, groups=groups, device="meta"
        ).to_empty(device="cpu")
        moments = {key: state[f"{norm}.{key}"].double() for key in ("weight", "bias", "running_mean", "running_var")}
        gain = moments["weight"] / (moments["running_var"] + _BATCH_NORM_EPSILON).sqrt()
        weight = state[f"{name}.weight"].double() * gain.view(-1, 1, 1, 1)
        bias = moments["bias"] - moments["running_mean"] * gain
        self.convolution.load_state_dict({"weight": weight.float(), "bias": bias.float()})

    def forward(self, images: Tensor) -> Tensor:
        if self.halves:
            # With stride 1 `SAME` is even; with stride 2 on an even side the larger half is to the right and below.
            height, width = (self.kernel // 2 - 1 + side % 2 for side in images.shape[2:])
            images = functional.pad(images, (width, self.kernel // 2, height, self.kernel // 2))
        return self.convolution(images)
