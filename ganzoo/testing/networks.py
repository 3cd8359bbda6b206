"""Networks under test: generators and discriminators alike, on any inputs `[images or latents, labels]`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.contracts.capabilities import Growable
from ganzoo.contracts.component import ImageSpec
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.growth import Inputs, stages
from ganzoo.testing.properties import Case
from ganzoo.testing.seeding import seeded
from ganzoo.testing.settings import all_kinds, kinds_of_images

_SIDES = (32, 16, 64, 8, 128, 256, 4)  # of images, for networks that are made for one of them; the cheap ones first
Build = Callable[[], nn.Module]


@dataclass(eq=False)
class NetworkCase(Case):
    """A network under test.

    Attributes:
        resolution: Resolution of the images to test with if the network takes it, a power of two.
    """

    resolution: int = 32

    def settings(self) -> Sequence[ImageSpec]:
        """See `Case.settings`."""
        try:
            return kinds_of_images(self.cls, self.options, self.side)
        except ConformanceError:
            return all_kinds(self.side)

    @cached_property
    def side(self) -> int:
        """The resolution to test with: another one where the part refuses that which is asked for."""
        sides = (self.resolution, *(each for each in _SIDES if each != self.resolution))
        return next((each for each in sides if self._takes(each)), self.resolution)

    def _takes(self, side: int) -> bool:
        try:
            return bool(kinds_of_images(self.cls, self.options, side))
        except ConformanceError:
            return False

    @property
    def spec(self) -> ImageSpec:
        """The kind of images."""
        if self.images is None:
            raise ValueError(f"{self.cls.__name__} was asked as a whole for what it does on images")
        return self.images

    def build(self) -> Any:
        """Build a fresh network."""
        return self.cls(self.options, self.spec)

    @cached_property
    def _built(self) -> nn.Module:
        return built(self.build)

    def network(self) -> Any:
        """Return a network in training mode that is the caller's own; its parameters are not those it begins with."""
        try:
            return copy.deepcopy(self._built)
        except Exception:  # whether it can be copied is asked elsewhere
            return built(self.build)

    @property
    def inputs(self) -> Inputs:
        """Images or latents, and labels; the caller's own, since a network might change them."""
        first, labels = self.inputs_at(self.spec.resolution)
        return first.clone(), labels.clone()

    def inputs_at(self, resolution: int) -> Inputs:
        """Return inputs for a growing network at a resolution."""
        raise NotImplementedError

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of its outputs."""
        raise NotImplementedError

    @cached_property
    def slopes(self) -> Slopes:
        """Where the gradient of its outputs arrives, at all stages of a growing network together."""
        network, reached = self.network(), Slopes()
        for resolution, alpha in stages(network, self.spec, self.inputs_at):
            if isinstance(network, Growable):
                network.grow(resolution, alpha)
            reached.follow(network, self.inputs_at(resolution))
        return reached


@dataclass
class Slopes:
    """Where the gradient of a network's outputs arrives."""

    reached: set[str] = field(default_factory=set)
    infinite: set[str] = field(default_factory=set)
    missed: list[str] = field(default_factory=list)
    misses_inputs: bool = False
    misses_labels: bool = False

    def follow(self, network: nn.Module, inputs: Inputs) -> None:
        """Add what a backward pass of these inputs reaches."""
        first, labels = (part.clone().requires_grad_() for part in inputs)
        network.zero_grad()
        with doing("the gradient"), seeded():
            output = network(first, labels)
            require(output.requires_grad, "its outputs have no gradient: it computes under `no_grad`, or detaches them")
            torch.autograd.backward((output * torch.randn_like(output)).sum())
        for name, parameter in network.named_parameters():
            if parameter.grad is not None and bool(parameter.grad.any()):
                (self.reached if torch.isfinite(parameter.grad).all() else self.infinite).add(name)
        arrived = self.reached | self.infinite
        self.missed = [name for name, p in network.named_parameters() if p.requires_grad and name not in arrived]
        self.misses_inputs |= first.grad is None or not first.grad.any()
        self.misses_labels |= labels.shape[1] > 0 and (labels.grad is None or not labels.grad.any())


def built(build: Build, *, stir: float = 0.05) -> nn.Module:
    """Build a network and move its parameters a little, so that those that start at zero take part.

    `build` gives the network, in training mode.
    """
    with doing("building the network"), seeded():
        network = build()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=stir)
    return network.train()


def run(network: nn.Module, inputs: Inputs, shape: tuple[int, ...], what: str) -> Tensor:
    """Run a forward, and require a finite result of `shape`."""
    with doing(what), seeded():
        output = network(*inputs)
    require(isinstance(output, Tensor), f"{what} must return a tensor, not {type(output).__name__}")
    require(tuple(output.shape) == shape, f"{what} must have shape {list(shape)}, but has {list(output.shape)}")
    require(output.dtype == torch.float32, f"{what} must be float32, but is {output.dtype}")
    require(
        output.device.type == "meta" or bool(torch.isfinite(output).all()), f"{what} has numbers that are not finite"
    )
    return output
