"""Skip generator: a tiny one with styles and images of two resolutions, and the choice among the tiny ones."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn.functional import avg_pool2d

from ganzoo.testing.parts import TinyGenerator, TinyStyledGenerator


class TinySkipGenerator(TinyStyledGenerator):
    """A styled generator with an image of half the resolution besides."""

    name = "tiny-skip"

    def outputs(self, styles: Tensor) -> list[Tensor]:
        """See `SkipOutputs.outputs`."""
        coarse = self.layers[0](styles[:, 0]).unflatten(1, self.shape)
        return [avg_pool2d(coarse, 2).tanh(), self.synthesize(styles)]


def tiny_generator_for(needed: type) -> Any:
    """Return the plainest class of a tiny generator that has a capability; where none has it, the last."""
    known = (TinyGenerator, TinyStyledGenerator, TinySkipGenerator)
    return next((each for each in known if issubclass(each, needed)), TinySkipGenerator)
