"""Importers: their properties."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch

from ganzoo.contracts.checkpoints import ForeignCheckpoint, ForeignNetwork, Importer
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.interchange import Global, Record
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import NotAsked, doing, require
from ganzoo.testing.importer_habits import check_inert, check_reading, traps
from ganzoo.testing.importer_lacks import check_partial
from ganzoo.testing.properties import Case, Property, Suite, gate
from ganzoo.testing.trial import Trial, require_all

_IMAGES = ImageSpec(16, 3)


@dataclass(eq=False)
class ImporterCase(Case):
    """An importer under test.

    Attributes:
        own_content: What a file of its layout holds; None: its `example_content`.
    """

    kind: ClassVar[str] = "importer"
    base: ClassVar[type] = Importer

    own_content: Any = None

    @cached_property
    def content(self) -> Any:
        """What a file of its layout holds. Raises NotAsked where there is none."""
        content = self.own_content
        if content is None:
            with doing("example_content()"):
                content = self.cls.example_content()
        if content is None:
            raise NotAsked("no content of its layout was given: let the classmethod example_content() return some")
        return content

    @cached_property
    def found(self) -> ForeignCheckpoint:
        """What it reads."""
        with doing("read"):
            found: ForeignCheckpoint = self.cls.read(self.content)
        require(isinstance(found, ForeignCheckpoint), f"read gives {type(found).__name__}, not a ForeignCheckpoint")
        return found


def _check_calm(case: ImporterCase) -> None:
    for foreign in _foreign_contents():
        with doing(f"recognizes({foreign!r:.60})"):
            answer = case.cls.recognizes(foreign)
        require(
            isinstance(answer, bool),
            f"recognizes gives {type(answer).__name__} for {foreign!r:.60}; it must answer True or False: bool(...)",
        )
        require(not answer, f"recognizes {foreign!r:.60}, which is no checkpoint of any layout")
        with doing(f"read_discriminator({foreign!r:.60}, images)"):
            network = case.cls.read_discriminator(foreign, _IMAGES)
        require(network is None, f"read_discriminator finds one in {foreign!r:.60}, which is no checkpoint; give None")


def _check_refusal(case: ImporterCase) -> None:
    for foreign in _foreign_contents():
        with doing(f"refusal({foreign!r:.60})"):
            reason = case.cls.refusal(foreign)
        require(reason is None or isinstance(reason, str), f"refusal gives {type(reason).__name__}, not a phrase")


def _foreign_contents() -> list[Any]:
    tensor, record = torch.zeros(2), Record("acme", "Network", state={"variables": 3})
    return [
        None,
        3,
        "text",
        b"bytes",
        tensor,
        record,
        Global("acme", "Network"),
        *([], [1, record], (), (record, record, record), {}, {1: 2}, {"a": tensor}, {"state": {"weight": tensor}}),
        *({"G_ema": record, "G": None}, {"generator": {1: tensor}}, (Record("dnnlib.tflib.network", "Network"),) * 3),
        (Record("dnnlib.tflib.network", "Network", state={"variables": 3, "components": []}),) * 3,
    ]


def _check_inert(case: ImporterCase) -> None:
    check_inert(case, [*traps(), *_foreign_contents()])


def _check_inert_example(case: ImporterCase) -> None:
    new: Any = case.afresh()  # as a file is read: an earlier judgement may have changed the other one's content already
    check_inert(new, [new.content])
    check_reading(new)


def _check_recognized(case: ImporterCase) -> None:
    require(case.cls.recognizes(case.content), "does not recognize the content that it is to be tested with")


def _check_read(case: ImporterCase) -> None:
    found = case.found
    require(isinstance(found.images, ImageSpec), "does not say what the images are (an ImageSpec)")
    require(found.ema or found.discriminator, "finds neither an EMA generator nor a discriminator")


def _check_networks(case: ImporterCase) -> None:
    found = case.found
    with doing("read_discriminator of its own layout"):
        other = case.cls.read_discriminator(case.content, found.images)
    if other is not None:
        require(isinstance(other, ForeignNetwork), f"read_discriminator gives {type(other).__name__}, not a network")
        _check_network("discriminator", other, found.images)
    networks = {"ema": found.ema, "generator": found.generator, "discriminator": found.discriminator}
    for role, network in networks.items():
        if network is not None:
            _check_network(role, network, found.images)


def _check_network(role: str, network: ForeignNetwork, images: ImageSpec) -> None:
    base = Discriminator if role == "discriminator" else Generator
    require(issubclass(network.cls, base), f"its {role} is filled into {network.cls.__name__}, no {base.__name__}")
    require(isinstance(network.options, network.cls.Options), f"the options of its {role} are not the part's own")
    with doing(f"loading its {role}, whole and by the part's own names,"):
        network.cls(network.options, images).load_state_dict(dict(network.weights))


IMPORTER = Suite(
    ImporterCase,
    once=(
        *COMPONENT,
        Property("judges any content calmly", _check_calm),
        Property("refuses in words", _check_refusal),
        Property("executes, imports and changes nothing of any content", _check_inert),
        gate("recognizes its layout", _check_recognized),
        gate("reads its layout", _check_read),
        Property("executes and imports nothing of its layout", _check_inert_example),
        Property("its networks load whole", _check_networks),
        Property("refuses a file that lacks something", check_partial),
    ),
)


def check_importer(cls: type[Importer], options: Any = None, *, content: Any = None) -> None:
    """Check that an importer judges any content calmly, and understands `content` if that is given.

    Args:
        cls: The importer.
        options: What to test it with; if None its `example_options`, or the defaults.
        content: What `ganzoo.interchange.read_content` gives for a file of its layout; if None its `example_content`,
            without which only refusals are tested.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(IMPORTER, ImporterCase(cls, options, own_content=content)))
