"""NVIDIA's own StyleGAN2-ADA in PyTorch, where its source is given by a path: the time of its training step.

Its networks, loss and augmentation are called through their public names; the order of phases is that of the paper:
generator, path length, discriminator, R1, then the average. Its license forbids commercial use; nothing of it is here.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from on_gpu.games import arithmetic, stylegan2
from on_gpu.training import settled, trainer_of

PAPER256 = {"resolution": 256, "batch": 64, "mapping": 8, "group": 8, "base": 16384}
_TURN = 16  # steps, of which each phase has its share
LAZY = {"G": 4, "D": 16}


class Official:
    """A training of two networks at a resolution; its options are those of `train.py --cfg`.

    Args:
        source: Folder of the clone.
        device: Where.
        resolution: Pixels of a side.
        batch: Images of a step.
        mapping: Layers of the mapping network.
        group: Images that minibatch deviation compares.
        base: Channels times resolution.
        half: How many of the highest resolutions are in float16.
        augmented: Whether the pipe `bgc` stands in front of the discriminator, at p = 0.3.
    """

    def __init__(
        self,
        source: Path,
        device: torch.device,
        *,
        resolution: int,
        batch: int,
        mapping: int,
        group: int,
        base: int,
        half: int,
        augmented: bool,
    ) -> None:
        if str(source) not in sys.path:
            sys.path.insert(0, str(source))
        networks = importlib.import_module("training.networks")
        images = {"c_dim": 0, "img_resolution": resolution, "img_channels": 3}
        shared = {"channel_base": base, "channel_max": 512, "num_fp16_res": half, "conv_clamp": 256 if half else None}
        generator = networks.Generator(
            z_dim=512, w_dim=512, mapping_kwargs={"num_layers": mapping}, synthesis_kwargs=shared, **images
        )
        discriminator = networks.Discriminator(epilogue_kwargs={"mbstd_group_size": group}, **images, **shared)
        self.networks = {"G": generator.to(device).train(), "D": discriminator.to(device).train()}
        self.average = copy.deepcopy(generator).eval().requires_grad_(False)
        self.device, self.batch, self.steps = device, batch, 0
        self.reals = torch.rand(batch, 3, resolution, resolution, device=device) * 2 - 1
        self.loss = self._loss(_pipe(device) if augmented else None)
        self.optimizers = {name: _adam(network, LAZY[name]) for name, network in self.networks.items()}
        for network in self.networks.values():
            network.requires_grad_(False)

    def _loss(self, pipe: nn.Module | None) -> Any:
        cls = importlib.import_module("training.loss").StyleGAN2Loss
        generator = self.networks["G"]
        offered = {
            "device": self.device,
            "G": generator,
            "G_mapping": generator.mapping,
            "G_synthesis": generator.synthesis,
            "D": self.networks["D"],
            "augment_pipe": pipe,
            "style_mixing_prob": 0.9,
            "r1_gamma": 1.0,
            "pl_weight": 2.0,
        }
        asked = inspect.signature(cls).parameters
        return cls(**{name: value for name, value in offered.items() if name in asked})

    def step(self) -> None:
        """Do the phases whose turn it is, then follow with the average."""
        for name in ("G", "D"):
            self._phase(f"{name}main", name, 1)
            if self.steps % LAZY[name] == 0:
                self._phase(f"{name}reg", name, LAZY[name])
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.networks["G"].parameters(), strict=True):
                kept.lerp_(new, 1 - 0.5 ** (self.batch / 20_000))
            for kept, new in zip(self.average.buffers(), self.networks["G"].buffers(), strict=True):
                kept.copy_(new)
        self.steps += 1

    def _phase(self, phase: str, name: str, gain: int) -> None:
        network, optimizer = self.networks[name], self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        network.requires_grad_(True)
        none = torch.zeros(self.batch, 0, device=self.device)
        self.loss.accumulate_gradients(
            phase=phase, real_img=self.reals, real_c=none, gen_z=self._latents(), gen_c=none, sync=True, gain=gain
        )
        network.requires_grad_(False)
        for parameter in network.parameters():
            if parameter.grad is not None:
                torch.nan_to_num(parameter.grad, nan=0, posinf=1e5, neginf=-1e5, out=parameter.grad)
        optimizer.step()

    def _latents(self) -> Tensor:
        return torch.randn(self.batch, 512, device=self.device)


def _pipe(device: torch.device) -> nn.Module:
    augment = importlib.import_module("training.augment")
    geometry = ("xflip", "rotate90", "xint", "scale", "rotate", "aniso", "xfrac")
    colors = ("brightness", "contrast", "lumaflip", "hue", "saturation")
    pipe = augment.AugmentPipe(**dict.fromkeys((*geometry, *colors), 1)).to(device)
    pipe.p.copy_(torch.tensor(0.3))
    return pipe


def _adam(network: nn.Module, lazy: int) -> torch.optim.Adam:
    share = lazy / (lazy + 1)
    return torch.optim.Adam(network.parameters(), lr=0.0025 * share, betas=(0.0, 0.99**share), eps=1e-8)


def compared(source: Path, device: torch.device, precision: str, *, augmented: bool, tiny: bool) -> dict[str, Any]:
    """Return s/kimg of their step and of ours at 256 pixels (`paper256`), in turns of 16 steps."""
    sizes = {"resolution": 16, "batch": 4, "mapping": 2, "group": 4, "base": 128} if tiny else PAPER256
    half = 4 if precision.startswith("fp16") else 0
    game = stylegan2(**sizes)
    if not augmented:
        del game["augmentation"]
    with arithmetic(precision) as settings, trainer_of(game, device, settings) as trainer:
        theirs = Official(source, device, half=half, augmented=augmented, **sizes)
        steps = {"nvlabs": theirs.step, "ours": lambda: trainer.step(trainer.phase)}
        times: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(2 if tiny else 4):
            for name, step in steps.items():
                began = settled(device)
                for _step in range(_TURN):
                    step()
                times[name].append((settled(device) - began) / _TURN)
        best = {name: min(values[1:]) * 1000 / sizes["batch"] for name, values in times.items()}  # the first warms up
    return {f"{name}_s_per_kimg": seconds for name, seconds in best.items()} | {
        "times_as_fast": best["nvlabs"] / best["ours"]
    }
