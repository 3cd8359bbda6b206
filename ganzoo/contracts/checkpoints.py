"""Foreign checkpoints: what an importer reads from other people's files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ganzoo.contracts.component import Component, ImageSpec, OptionsT
from ganzoo.contracts.networks import Discriminator, Generator


@dataclass(frozen=True)
class ForeignNetwork:
    """A network found in a checkpoint of another code base: the part that computes the same function, and its weights.

    Attributes:
        cls: The part to fill.
        options: Its options, an instance of `cls.Options`.
        weights: A whole `state_dict` of that part, buffers included, by the part's own names.
    """

    cls: type[Generator] | type[Discriminator]
    options: Any
    weights: Mapping[str, Tensor]


@dataclass(frozen=True)
class ForeignCheckpoint:
    """What an importer understood of a file.

    Attributes:
        images: What the networks make and judge.
        ema: The EMA generator, which is sampled and scored; None where the file has a discriminator
            alone.
        generator: The raw generator, where the file has it.
        discriminator: The discriminator, where the file has it.
        images_seen: Real images that the discriminator was shown; 0 where the file does not say.
        resolution: Resolution that a growing network had reached; None: the final one.
        alpha: How far its newest block had faded in.
        notes: What a person should know, one sentence each.
        discriminator_elsewhere: Whether the file has a discriminator of a layout that this importer does not
            know: the other importers are asked to `read_discriminator`.
    """

    images: ImageSpec
    ema: ForeignNetwork | None = None
    generator: ForeignNetwork | None = None
    discriminator: ForeignNetwork | None = None
    images_seen: int = 0
    resolution: int | None = None
    alpha: float = 1.0
    notes: tuple[str, ...] = ()
    discriminator_elsewhere: bool = False


class Importer(Component[OptionsT], ABC):
    """Reads one layout of other people's checkpoints; offered by the plugin whose networks it fills.

    What it gets is inert (see `ganzoo.interchange`): containers, numbers, text, arrays as CPU tensors, and records
    of a class's name and state. Nothing of the file was executed.
    """

    @classmethod
    @abstractmethod
    def recognizes(cls, content: Any) -> bool:
        """Whether this is the layout, judged by content alone; must not raise, whatever the content."""

    @classmethod
    @abstractmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        """Return the networks. Raises CheckpointError saying what is missing, unexpected or unsupported."""

    @classmethod
    def refusal(cls, content: Any) -> str | None:
        """Name content whose networks no part here computes, and the reason: "a StyleGAN3-T, whose ...".

        Asked where no importer recognizes the content, so that people read what they have; None where it is unknown.
        Must not raise, whatever the content.
        """
        return None

    @classmethod
    def read_discriminator(cls, content: Any, images: ImageSpec) -> ForeignNetwork | None:
        """Return the discriminator of a file whose generators another importer reads.

        Asked where that importer says `discriminator_elsewhere`: StyleGAN3's files hold StyleGAN2's discriminator.

        Args:
            content: What the file holds.
            images: What the discriminator judges.

        Returns:
            The discriminator; None where it is none that this importer knows, whatever the content.

        Raises:
            CheckpointError: It is one of this layout, and cannot be used.
        """
        return None

    @classmethod
    def example_content(cls) -> Any:
        """Return content of this layout to test it with, as `ganzoo.interchange` reads it from a file; or None."""
        return None
