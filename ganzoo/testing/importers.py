"""Conformance of importers."""

from __future__ import annotations

from typing import Any

import torch

from ganzoo.contracts.checkpoints import ForeignCheckpoint, ForeignNetwork, Importer
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.errors import CheckpointError
from ganzoo.interchange import Global, Record
from ganzoo.testing.failure import Judge
from ganzoo.testing.options import check_component


def check_importer(cls: type[Importer], options: Any = None, *, content: Any = None) -> None:
    """Check that an importer judges any content calmly, and understands `content` if that is given.

    Args:
        cls: The importer.
        options: What to test it with; the defaults of its options if None.
        content: What `ganzoo.interchange.read_content` gives for a file of its layout; without one, only refusals are
            tested.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "importer")
    check_component(cls, Importer, options, judge)
    for foreign in _foreign_contents():
        with judge.doing(f"recognizes({foreign!r:.60})"):
            answer = cls.recognizes(foreign)
        judge.require(answer is False, f"recognizes {foreign!r:.60}, which is no checkpoint of any layout")
        with judge.doing(f"refusal({foreign!r:.60})"):
            named = cls.refusal(foreign)
        judge.require(named is None or isinstance(named, str), f"refusal gives {type(named).__name__}, not a phrase")
    if content is not None:
        _check_understood(cls, content, judge)


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


def _check_understood(cls: type[Importer], content: Any, judge: Judge) -> None:
    judge.require(cls.recognizes(content), "does not recognize the content that it is to be tested with")
    with judge.doing("read"):
        found = cls.read(content)
    judge.require(isinstance(found, ForeignCheckpoint), f"read gives {type(found).__name__}, not a ForeignCheckpoint")
    judge.require(isinstance(found.images, ImageSpec), "does not say what the images are (an ImageSpec)")
    networks = {"ema": found.ema, "generator": found.generator, "discriminator": found.discriminator}
    judge.require(found.ema or found.discriminator, "finds neither an EMA generator nor a discriminator")
    for role, network in networks.items():
        if network is not None:
            _check_network(role, network, found.images, judge)
    if isinstance(content, dict):
        _check_partial(cls, content, judge)


def _check_network(role: str, network: ForeignNetwork, images: ImageSpec, judge: Judge) -> None:
    base = Discriminator if role == "discriminator" else Generator
    judge.require(
        issubclass(network.cls, base), f"its {role} is filled into {network.cls.__name__}, no {base.__name__}"
    )
    judge.require(isinstance(network.options, network.cls.Options), f"the options of its {role} are not the part's own")
    with judge.doing(f"loading its {role}, whole and by the part's own names,"):
        network.cls(network.options, images).load_state_dict(dict(network.weights))


def _check_partial(cls: type[Importer], content: dict[Any, Any], judge: Judge) -> None:
    """A file that lacks something is refused, not a crash."""
    for key in content:
        less = {name: value for name, value in content.items() if name != key}
        with judge.doing(f"recognizing a file without {key!r:.60}"):
            known = cls.recognizes(less)
        try:
            if known:
                cls.read(less)
        except CheckpointError:
            continue
        except Exception as error:
            judge.require(False, f"without {key!r:.60}, read raises {type(error).__name__}, not a CheckpointError")
