"""Generators that PyTorch's example of DCGAN saves (`netG_epoch_24.pth`), and the network that they fill."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from ganzoo import (
    CheckpointError,
    ComponentOptions,
    ForeignCheckpoint,
    ForeignNetwork,
    Generator,
    ImageSpec,
    Importer,
    hookimpl,
)
from ganzoo.interchange import state_dicts

requires_ganzoo_api = 2

_KEY = re.compile(r"main\.\d+\.(weight|bias|running_mean|running_var|num_batches_tracked)")
_FIRST = "main.0.weight"


class YourPartOptions(ComponentOptions):
    """Sizes of the network."""

    latent_dim: PositiveInt = Field(default=100, description="Size of the latents.")
    width: PositiveInt = Field(default=64, description="Channels of the last features; doubled at each lower one.")


class YourPart(Generator[YourPartOptions]):
    """The generator of PyTorch's example of DCGAN.

    Paper: arXiv:1511.06434; https://github.com/pytorch/examples/tree/main/dcgan.
    """

    name = "your-part"
    Options = YourPartOptions

    def __init__(self, options: YourPartOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        halvings = images.resolution.bit_length() - 3  # from the resolution, a power of two, to 4
        widths = [options.width << level for level in range(halvings - 1, -1, -1)]
        layers: list[nn.Module] = []
        for number, (inputs, outputs) in enumerate(zip([self.latent_dim, *widths], widths, strict=False)):
            first = number == 0
            layers += [
                nn.ConvTranspose2d(inputs, outputs, 4, 1 if first else 2, 0 if first else 1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
        layers += [nn.ConvTranspose2d(widths[-1], images.channels, 4, 2, 1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)

    @classmethod
    def example_options(cls, folder: Path) -> YourPartOptions:
        """Return small ones: conformance checks take seconds then."""
        return YourPartOptions(latent_dim=8, width=2)

    @classmethod
    def depends_on_batch(cls, options: YourPartOptions) -> bool:
        return True  # batch normalization

    @classmethod
    def incompatibility(cls, options: YourPartOptions, context: Any) -> str | None:
        if context.images.label_dim:
            return "knows no classes; leave them out of the dataset, or choose another generator"
        if context.images.resolution < 8:
            return "makes images of 8 pixels and more; raise dataset.resolution"
        return None

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        images: Tensor = self.main(latents[:, :, None, None])
        return images


class YourPartImporter(Importer):
    """Reads the state dict of a generator, as the example saves one after each epoch."""

    name = "your-part"

    @classmethod
    def example_content(cls) -> Any:
        """Return what a small file of the example holds, for conformance checks."""
        return YourPart(YourPartOptions(latent_dim=8, width=2), ImageSpec(32, 3)).state_dict()

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        # Whatever the content is, this must not raise: each file is shown to every importer.
        return _state(content) is not None

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        state = _state(content)
        if state is None:
            raise CheckpointError("has no state dict of the generator of PyTorch's example of DCGAN")
        # Sizes come from shapes, and nothing is made of a size that the file only claims.
        weights = [value for value in state.values() if value.dim() == 4]
        images = ImageSpec(4 << (len(weights) - 1), weights[-1].shape[1])
        options = YourPartOptions(latent_dim=weights[0].shape[0], width=weights[-1].shape[0])
        _require_fit(YourPart(options, images).state_dict(), state)
        return ForeignCheckpoint(
            images,
            ema=ForeignNetwork(YourPart, options, state),
            notes=("the example keeps no moving average: its generator stands for one",),
        )


def _state(content: Any) -> Mapping[str, Tensor] | None:
    """Return the state dict of such a generator; None where there is none."""
    for state in state_dicts(content).values():
        if all(_KEY.fullmatch(key) for key in state) and getattr(state.get(_FIRST), "shape", ())[2:] == (4, 4):
            return state
    return None


def _require_fit(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> None:
    """Raise CheckpointError where names or shapes are not those of the network."""
    wanted = {name: tuple(value.shape) for name, value in own.items()}
    found = {name: tuple(value.shape) for name, value in state.items()}
    if wanted != found:
        wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        raise CheckpointError(f"{wrong[0]}: should be {wanted.get(wrong[0])}, found {found.get(wrong[0])}")


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    return [YourPart]


@hookimpl
def ganzoo_importers() -> list[type[Importer]]:
    return [YourPartImporter]
