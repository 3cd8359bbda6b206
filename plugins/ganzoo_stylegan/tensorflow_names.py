"""Names of variables in NVIDIA's TensorFlow pickles of StyleGAN, and what they are here.

TensorFlow keeps kernels as [H, W, I, O] and dense weights as [I, O].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from torch import Tensor

from ganzoo import CheckpointError

Change = Callable[[Tensor], Tensor]
Rules = tuple[tuple[str, str, Change], ...]


def _same(value: Tensor) -> Tensor:
    return value


def _dense(value: Tensor) -> Tensor:
    return value.t()


def _kernel(value: Tensor) -> Tensor:
    return value.permute(3, 2, 0, 1)


# A layer has one name for all that surrounds its convolution; `StyleMod` is the affine map of its style.
_LAYER: Rules = (
    ("bias", "bias", _same),
    ("weight", "convolution.weight", _kernel),
    ("Noise/weight", "noise_weight", _same),
    ("StyleMod/weight", "style.weight", _dense),
    ("StyleMod/bias", "style.bias", _same),
)
# 4x4 has no doubling: its first layer follows the constant (or the dense start), its second is `Conv`.
_PLACES = (("4x4/(?:Const|Dense)", "4.first"), ("4x4/Conv", "4.second"))
_GROWN = (("Conv0_up", "first"), ("Conv1", "second"))
GENERATOR: Rules = (
    (r"dlatent_avg", "w_avg", _same),
    (r"mapping/LabelConcat/weight", "mapping.embedding.weight", _same),
    (r"mapping/Dense(\d+)/weight", r"mapping.layers.\1.weight", _dense),
    (r"mapping/Dense(\d+)/bias", r"mapping.layers.\1.bias", _same),
    (r"synthesis/4x4/Const/const", "start.constant", _same),
    (r"synthesis/4x4/Dense/weight", "start.dense.weight", _dense),
    *(
        (rf"synthesis/{theirs}/{name}", f"blocks.{ours}.{our_name}", change)
        for theirs, ours in _PLACES
        for name, our_name, change in _LAYER
    ),
    *(
        (rf"synthesis/(\d+)x\d+/{theirs}/{name}", rf"blocks.\1.{ours}.{our_name}", change)
        for theirs, ours in _GROWN
        for name, our_name, change in _LAYER
    ),
)
DISCRIMINATOR: Rules = (
    (r"4x4/Conv/weight", "body.head.convolution.weight", _kernel),
    (r"4x4/Conv/bias", "body.head.convolution.bias", _same),
    (r"4x4/Dense0/weight", "body.head.dense.weight", _dense),
    (r"4x4/Dense0/bias", "body.head.dense.bias", _same),
    (r"4x4/Dense1/weight", "body.head.logit.weight", _dense),
    (r"4x4/Dense1/bias", "body.head.logit.bias", _same),
    (r"(\d+)x\d+/Conv0/weight", r"body.blocks.\1.first.weight", _kernel),
    (r"(\d+)x\d+/Conv0/bias", r"body.blocks.\1.first.bias", _same),
    (r"(\d+)x\d+/Conv1_down/weight", r"body.blocks.\1.second.weight", _kernel),
    (r"(\d+)x\d+/Conv1_down/bias", r"body.blocks.\1.second.bias", _same),
)


def translated(variables: Mapping[str, Tensor], rules: Rules, images: str, ours: str) -> dict[str, Tensor]:
    """Rename and turn variables; layers that make or read images (`images`, `ours`) are counted from the finest on.

    Raises:
        CheckpointError: A name or shape is unlike every StyleGAN.
    """
    # Image layers are named by halvings from the finest (`ToRGB_lod0`), all others by their resolution.
    found_at = (re.match(r"(?:synthesis/)?(\d+)x\d+/", name) for name in variables)
    highest = max((int(match.group(1)) for match in found_at if match), default=4)
    found = {}
    for name, value in variables.items():
        if match := re.fullmatch(rf"{images}(\d+)/(weight|bias)", name):
            place = f"{ours}.{highest >> int(match.group(1))}.{match.group(2)}"
            found[place] = _changed(value, _kernel if match.group(2) == "weight" else _same, name)
            continue
        if rule := _rule(name, rules):
            found[rule[0]] = _changed(value, rule[1], name)
        elif name.rpartition("/")[2] != "lod" and not re.fullmatch(r"synthesis/noise\d+", name):
            raise CheckpointError(f"'{name}' is in no StyleGAN that is known here")
    return found


def _rule(name: str, rules: Rules) -> tuple[str, Change] | None:
    for theirs, ours, change in rules:
        if match := re.fullmatch(theirs, name):
            return match.expand(ours), change
    return None


def _changed(value: Tensor, change: Change, name: str) -> Tensor:
    try:
        return change(value).contiguous()
    except RuntimeError:
        raise CheckpointError(f"'{name}' has an unexpected shape {tuple(value.shape)}") from None
