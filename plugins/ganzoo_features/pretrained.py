"""Pretrained extractors of torch-fidelity: their weights come from a checked local file."""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ganzoo import ComponentOptions, Extractor, WeightsError, WeightsFile
from ganzoo.weights import PublishedWeights, find_weights, load_state
from ganzoo_features.lite0 import Lite0
from ganzoo_features.random import RandomFeatures


class PretrainedExtractorOptions(ComponentOptions):
    """Options of every extractor with weights."""

    weights: Path | None = Field(
        default=None,
        description="File of weights; absent: looked for in the environment variable and the caches.",
    )


class PretrainedExtractor(Extractor[PretrainedExtractorOptions]):
    """An extractor of torch-fidelity with weights from a file. Subclasses say which, and where its input enters."""

    published: ClassVar[PublishedWeights]

    Options = PretrainedExtractorOptions

    def weights(self) -> WeightsFile:
        return self._found

    @cached_property
    def _found(self) -> WeightsFile:
        offline = Lite0 if Lite0.published.package_file() is not None else RandomFeatures
        return find_weights(self.published, self.options.weights, self.name, alternative=offline.name)

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {
            "weights_sha256": self._found.sha256,
            "official_weights": self._found.official,
            "resize": "bilinear as in TensorFlow 1, not antialiased, float",
            "dtype": "float32",
            "torch_fidelity": version("torch-fidelity"),
        }

    def build(self, layers: Sequence[str]) -> nn.Module:
        state = load_state(self._found)
        # torch-fidelity unpickles what it is given: it gets a copy that was just made from the checked tensors.
        trusted = io.BytesIO()
        torch.save(state, trusted)  # noqa: TID251 - into memory
        trusted.seek(0)
        try:
            with torch.random.fork_rng(devices=[]):  # its layers are initialized before they are loaded
                module = self.construct(list(layers), trusted)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise WeightsError(
                f"the weights {self._found.path} do not fit extractor '{self.name}': {reason}"
            ) from error
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
