"""Vision transformer of DINOv2: the network up to its normalized class token.

Papers: ViT, Dosovitskiy et al., arXiv:2010.11929; DINOv2, Oquab et al., arXiv:2304.07193; the gains of its branches are
LayerScale, arXiv:2103.17239.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

_PATCH = 14
_TRAINED_PLACES = 37  # a side of 518 pixels, at which its last epochs were trained
_HEAD_WIDTH = 64
_NORM_EPSILON = 1e-6
_PLACES_OFFSET = 0.1  # what the authors add to the number of places, against rounding, when they resample positions


class VisionTransformer(nn.Module):
    """Images `[N, 3, R, R]`, R a multiple of 14, normalized as in training, to class tokens `[N, W]`.

    Args:
        state: The published tensors by name.
        width: Numbers per token (W).
        depth: Blocks.

    Raises:
        RuntimeError: Tensors are missing, too many, or of another shape.
    """

    def __init__(self, state: Mapping[str, Tensor], *, width: int, depth: int) -> None:
        super().__init__()
        # Made without memory, so that no initialization disturbs the global random state.
        with torch.device("meta"):
            self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, _PATCH, stride=_PATCH)})
            self.cls_token = nn.Parameter(torch.empty(1, 1, width))
            self.pos_embed = nn.Parameter(torch.empty(1, 1 + _TRAINED_PLACES**2, width))
            self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
            self.norm = nn.LayerNorm(width, eps=_NORM_EPSILON)
        # The mask token stands for hidden patches while it is trained, and nowhere else.
        kept = {name: tensor.float() for name, tensor in state.items() if name != "mask_token"}
        self.load_state_dict(kept, assign=True)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patch_embed["proj"](images)
        tokens = patches.flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), tokens], dim=1)
        tokens = tokens + self._positions(patches.shape[-1])
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens[:, 0])

    def _positions(self, places: int) -> Tensor:
        """Return the embedded positions of a grid of places, resampled as the authors do, `[1, 1 + places^2, W]`."""
        if places == _TRAINED_PLACES:
            return self.pos_embed
        grid = self.pos_embed[:, 1:].transpose(1, 2).reshape(1, -1, _TRAINED_PLACES, _TRAINED_PLACES)
        scale = (places + _PLACES_OFFSET) / _TRAINED_PLACES
        grid = functional.interpolate(grid, scale_factor=(scale, scale), mode="bicubic")
        return torch.cat([self.pos_embed[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)


class _Gain(nn.Module):
    """LayerScale: a factor for each number of a token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(width))

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens * self.gamma


class _Attention(nn.Module):
    """Self-attention with heads of 64."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        split = self.qkv(tokens).unflatten(2, (3, -1, _HEAD_WIDTH))
        query, key, value = split.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class _Block(nn.Module):
    """Attention, then two layers for each token by itself; both normalize what they read and add what they find."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(width, eps=_NORM_EPSILON) for _ in range(2))
        self.attn, self.ls1, self.ls2 = _Attention(width), _Gain(width), _Gain(width)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.ls1(self.attn(self.norm1(tokens)))
        hidden = functional.gelu(self.mlp["fc1"](self.norm2(tokens)))
        return tokens + self.ls2(self.mlp["fc2"](hidden))
