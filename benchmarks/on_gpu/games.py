"""Games: whole recipes that are timed, and the arithmetic that they are timed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ganzoo._recipe.schema import TrainingSettings
from ganzoo.layers import use_kernels

# NVIDIA's learning rate at these sizes (StyleGAN2-ADA, train.py, `auto` and `paper256`).
_ADAM = {"learning_rate": 0.0025, "betas": [0.0, 0.99]}
_PENALTIES = [{"name": "r1", "every": 16}, {"name": "path-length", "weight": 2.0, "every": 4}]


def stylegan2(resolution: int, batch: int, mapping: int, group: int, base: int) -> dict[str, Any]:
    """Return NVIDIA's StyleGAN2-ADA with its pipe `bgc`: networks, penalties, batch."""
    widths = {"channel_base": base, "clamp": 256.0}
    return {
        "dataset": {"name": "phantom", "resolution": resolution, "channels": 3, "mirror": True},
        "generator": {"name": "stylegan2", "architecture": "skip", "mapping_layers": mapping, "style_mixing": 0.9}
        | widths,
        "discriminator": {"name": "stylegan2", "architecture": "resnet", "minibatch_std_group": group} | widths,
        "loss": {"name": "logistic"},
        "regularizers": _PENALTIES,
        # At p = 0.3, halfway through a training with little data: at p = 0 a batch would pass untouched.
        "augmentation": {"name": "ada", "initial_p": 0.3},
        "training": _training(batch, _ADAM) | {"first_player": "generator", "ema_half_life_kimg": 20},
    }


def _training(batch: int, optimizer: dict[str, Any]) -> dict[str, Any]:
    both = {"generator_optimizer": optimizer, "discriminator_optimizer": optimizer}
    return {"total_kimg": 1000, "batch_size": batch} | both


def dcgan(width: int, batch: int, resolution: int = 64) -> dict[str, Any]:
    """Return DCGAN with batch normalization in both networks, as pytorch/examples has it."""
    network = {"name": "dcgan", "width": width, "kernel": 4, "normalization": "batch"}
    return {
        "dataset": {"name": "phantom", "resolution": resolution, "channels": 3},
        "generator": network | {"latents": "normal"},
        "discriminator": network,
        "loss": {"name": "logistic"},
        "training": _training(batch, {"learning_rate": 2e-4, "betas": [0.5, 0.999]}),
    }


def progan(resolution: int, batch: int, base: int, most: int) -> dict[str, Any]:
    """Return ProGAN with its loss, at full resolution."""
    network = {"name": "progan", "channel_base": base, "channel_max": most}
    return {
        "dataset": {"name": "phantom", "resolution": resolution, "channels": 3},
        "generator": network,
        "discriminator": network,
        "loss": {"name": "wgan-gp", "drift": 0.001},
        "training": _training(batch, {"learning_rate": 0.001, "betas": [0.0, 0.99]}),
    }


GAMES = {
    # pytorch/examples' DCGAN: width 64, batches of 64.
    "DCGAN 64": dcgan(64, 64),
    # `--cfg=auto` for one GPU: groups of 4, half the channels, a mapping of two layers; batches of 32 at 64 pixels, of
    # 16 at 256, where NVIDIA prints s/kimg of one GPU for these very options (docs/configs.md of NVlabs/stylegan3).
    "StyleGAN2 64": stylegan2(64, 32, 2, 4, 16384),
    "StyleGAN2 256": stylegan2(256, 16, 2, 4, 16384),
    # The official networks at their widths, after their last fade.
    "ProGAN 128": progan(128, 32, 8192, 512),
}
TINY = {"DCGAN 16": dcgan(4, 4, resolution=16), "StyleGAN2 16": stylegan2(16, 4, 2, 4, 128)}

# What may stand behind a type, each after ` + `: what it changes in `[training]`.
EXTRAS: dict[str, dict[str, Any]] = {
    "benchmark": {"cudnn": "benchmark"},
    "half penalties": {"penalty_precision": "half"},
    "compiled": {},  # of games without penalties alone: compiled networks have no second derivatives
    "kernels": {},
}


@contextmanager
def arithmetic(precision: str) -> Iterator[dict[str, Any]]:
    """Compute in a precision (`bf16 + benchmark + kernels`); give what it means in `[training]`.

    What a recipe does not say is set for the process: what networks outside of a training compute in, and the kernels
    in Triton. Networks are compiled by who builds them.
    """
    kind, *extras = precision.split(" + ")
    settings: dict[str, Any] = {"precision": kind if kind in ("bf16", "fp16") else "fp32", "tf32": kind != "fp32"}
    for extra in extras:
        settings |= EXTRAS[extra]
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark
    matmul.allow_tf32 = cudnn.allow_tf32 = kind != "fp32"
    cudnn.benchmark = "benchmark" in extras
    use_kernels("kernels" in extras)
    try:
        yield {key: value for key, value in settings.items() if key in TrainingSettings.model_fields}
    finally:
        use_kernels(False)
        matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = before
