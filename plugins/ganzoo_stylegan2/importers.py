"""Official StyleGAN2 weights by their official names, turned into the state of this plugin's networks.

The names are those of StyleGAN2-ADA in PyTorch (`synthesis.b8.conv0.affine.weight`), into which the TensorFlow ones
translate one to one. Sizes are whatever the shapes say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

Rules = tuple[tuple[str, str], ...]

_GENERATOR: Rules = (
    (r"mapping\.w_avg", "w_avg"),
    (r"mapping\.embed\.(weight|bias)", r"mapping.embedding.\1"),
    (r"mapping\.fc(\d+)\.(weight|bias)", r"mapping.layers.\1.\2"),
    (r"synthesis\.b4\.const", "blocks.4.constant"),
    (r"synthesis\.b(\d+)\.(conv[01])\.(.+)", r"blocks.\1.\2.\3"),
    (r"synthesis\.b(\d+)\.torgb\.(.+)", r"to_rgb.\1.\2"),
    (r"synthesis\.b(\d+)\.skip\.weight", r"blocks.\1.shortcut.weight"),
)
_DISCRIMINATOR: Rules = (
    (r"mapping\.embed\.(weight|bias)", r"mapping.embedding.\1"),
    (r"mapping\.fc(\d+)\.(weight|bias)", r"mapping.layers.\1.\2"),
    (r"b(\d+)\.fromrgb\.(weight|bias)", r"from_rgb.\1.conv.\2"),
    (r"b(\d+)\.(conv[01])\.(weight|bias)", r"blocks.\1.\2.conv.\3"),
    (r"b(\d+)\.skip\.weight", r"blocks.\1.shortcut.weight"),
    (r"b4\.conv\.(weight|bias)", r"head.conv.conv.\1"),
    (r"b4\.fc\.(weight|bias)", r"head.dense.\1"),
    (r"b4\.out\.(weight|bias)", r"head.out.\1"),
)


def official_generator_weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the state of a `StyleGAN2Generator` from official names.

    Filters (`resample_filter`) are left out: they are [1, 3, 3, 1] and no weights here.

    Args:
        state: `mapping.fc0.weight`, `synthesis.b4.const` and so on.

    Raises:
        KeyError: Of the first name that is none of the network's.
    """
    found = _renamed(state, _GENERATOR)
    # [C, 4, 4] there; here it has the axis of the batch.
    found["blocks.4.constant"] = found["blocks.4.constant"][None]
    return found


def official_discriminator_weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the state of a `StyleGAN2Discriminator` from official names.

    Args:
        state: `b32.fromrgb.weight`, `b4.out.bias` and so on.

    Raises:
        KeyError: Of the first name that is none of the network's.
    """
    return _renamed(state, _DISCRIMINATOR)


def _renamed(state: Mapping[str, Tensor], rules: Rules) -> dict[str, Tensor]:
    return {_rename(name, rules): value for name, value in state.items() if not name.endswith("resample_filter")}


def _rename(name: str, rules: Rules) -> str:
    for pattern, ours in rules:
        found = re.fullmatch(pattern, name)
        if found:
            return found.expand(ours)
    raise KeyError(name)
