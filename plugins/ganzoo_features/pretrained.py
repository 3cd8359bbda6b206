"""Pretrained extractors of torch-fidelity: their weights come from a checked local file."""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Generic

import torch
from torch import Tensor, nn

from ganzoo_features.from_file import FromFile, FromFileOptionsT


class PretrainedExtractor(FromFile[FromFileOptionsT], Generic[FromFileOptionsT]):
    """An extractor of torch-fidelity. Subclasses say which, and where its input enters."""

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {
            **super().identity(),
            "resize": "bilinear as in TensorFlow 1, not antialiased, float",
            "torch_fidelity": version("torch-fidelity"),
        }

    def build(self, layers: Sequence[str]) -> nn.Module:
        # torch-fidelity unpickles what it is given: it gets a copy that was just made from the checked tensors.
        trusted = io.BytesIO()
        torch.save(self.state(), trusted)  # noqa: TID251 - into memory
        trusted.seek(0)
        try:
            with torch.random.fork_rng(devices=[]):  # its layers are initialized before they are loaded
                module = self.construct(list(layers), trusted)
        except RuntimeError as error:
            raise self.misfit(error) from error
        module.to(memory_format=torch.channels_last)
        # The resize gives channels-first images, which would turn every convolution after it back.
        self.entrance(module).register_forward_pre_hook(_channels_last)
        return module

    @abstractmethod
    def construct(self, layers: list[str], weights: io.BytesIO) -> nn.Module:
        """Build torch-fidelity's class from trusted weights."""

    @abstractmethod
    def entrance(self, module: nn.Module) -> nn.Module:
        """Return the first layer after the resize."""


def _channels_last(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(each.contiguous(memory_format=torch.channels_last) for each in inputs)
