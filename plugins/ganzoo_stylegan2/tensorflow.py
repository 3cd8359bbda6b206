"""Variables of NVIDIA's TensorFlow networks by the names of their PyTorch ones.

TensorFlow keeps kernels as [H, W, I, O] and dense weights as [I, O]. A convolution that doubles the resolution is
stored flipped against PyTorch's; styles are stored without the 1 that is added to them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from torch import Tensor

from ganzoo import CheckpointError
from ganzoo.interchange import TensorFlowNetwork
from ganzoo_stylegan2.official import LR_MULTIPLIER, Facts, tracking
from ganzoo_stylegan2.translation import Rule, changed, first, same, translated

# The stage of growth is read by itself, as constant noise is.
_NO_WEIGHTS = r"(.*/)?lod|synthesis/noise\d+"


def _dense(value: Tensor) -> Tensor:
    return value.t()


def _kernel(value: Tensor) -> Tensor:
    return value.permute(3, 2, 0, 1)


def _flipped(value: Tensor) -> Tensor:
    return _kernel(value).flip(2, 3)


# The official code adds 1 to a style when it is used; here it is in the bias.
def _plus_one(value: Tensor) -> Tensor:
    return value + 1


def _map(value: Tensor) -> Tensor:
    return value[0, 0]


_LAYER = (
    ("bias", "bias", same),
    ("noise_strength", "noise_strength", same),
    ("mod_weight", "affine.weight", _dense),
    ("mod_bias", "affine.bias", _plus_one),
)
_LAYERS = (("Conv0_up", "conv0", _flipped), ("Conv1", "conv1", _kernel), ("ToRGB", "torgb", _kernel))
_GENERATOR: tuple[Rule, ...] = (
    (r"dlatent_avg", "mapping.w_avg", same),
    (r"mapping/LabelEmbed/weight", "mapping.embed.weight", _dense),
    (r"mapping/LabelEmbed/bias", "mapping.embed.bias", same),
    (r"mapping/LabelConcat/weight", "mapping.embed.weight", same),
    (r"mapping/Dense(\d+)/weight", r"mapping.fc\1.weight", _dense),
    (r"mapping/Dense(\d+)/bias", r"mapping.fc\1.bias", same),
    (r"synthesis/4x4/Const/const", "synthesis.b4.const", first),
    (r"synthesis/4x4/Conv/weight", "synthesis.b4.conv1.weight", _kernel),
    *((rf"synthesis/4x4/Conv/{theirs}", f"synthesis.b4.conv1.{ours}", change) for theirs, ours, change in _LAYER),
    *(
        (rf"synthesis/(\d+)x\d+/{theirs}/weight", rf"synthesis.b\1.{ours}.weight", change)
        for theirs, ours, change in _LAYERS
    ),
    *(
        (rf"synthesis/(\d+)x\d+/{layer}/{theirs}", rf"synthesis.b\1.{ours_layer}.{ours}", change)
        for layer, ours_layer, _ in _LAYERS
        for theirs, ours, change in _LAYER
    ),
    (r"synthesis/(\d+)x\d+/Skip/weight", r"synthesis.b\1.skip.weight", _flipped),
)
_DISCRIMINATOR: tuple[Rule, ...] = (
    (r"(\d+)x\d+/FromRGB/weight", r"b\1.fromrgb.weight", _kernel),
    (r"(\d+)x\d+/FromRGB/bias", r"b\1.fromrgb.bias", same),
    (r"(\d+)x\d+/Conv0/weight", r"b\1.conv0.weight", _kernel),
    (r"(\d+)x\d+/Conv0/bias", r"b\1.conv0.bias", same),
    (r"(\d+)x\d+/Conv1_down/weight", r"b\1.conv1.weight", _kernel),
    (r"(\d+)x\d+/Conv1_down/bias", r"b\1.conv1.bias", same),
    (r"(\d+)x\d+/Skip/weight", r"b\1.skip.weight", _kernel),
    (r"LabelEmbed/weight", "mapping.embed.weight", _dense),
    (r"LabelEmbed/bias", "mapping.embed.bias", same),
    (r"Mapping(\d+)/weight", r"mapping.fc\1.weight", _dense),
    (r"Mapping(\d+)/bias", r"mapping.fc\1.bias", same),
    (r"4x4/Conv/weight", "b4.conv.weight", _kernel),
    (r"4x4/Conv/bias", "b4.conv.bias", same),
    (r"4x4/Dense0/weight", "b4.fc.weight", _dense),
    (r"4x4/Dense0/bias", "b4.fc.bias", same),
    (r"Output/weight", "b4.out.weight", _dense),
    (r"Output/bias", "b4.out.bias", same),
)


def is_stylegan2(network: TensorFlowNetwork) -> bool:
    """Whether it is a generator of StyleGAN2: its convolutions are modulated."""
    return "synthesis/4x4/Conv/mod_weight" in network.all_variables()


def has_weights(network: TensorFlowNetwork) -> bool:
    """Whether the file holds its variables."""
    return any(name != "lod" for name in network.all_variables())


def generator_state(network: TensorFlowNetwork) -> dict[str, Tensor]:
    """Return a generator's state by official PyTorch names. Raises CheckpointError."""
    variables = _at_the_end(network.all_variables(), "synthesis/", "ToRGB")
    found = translated(variables, _GENERATOR, _NO_WEIGHTS, "StyleGAN2")
    for name, value in variables.items():
        if match := re.fullmatch(r"synthesis/noise(\d{1,2})", name):
            index = int(match.group(1))
            layer = f"b{4 << (index + 1) // 2}.conv{1 - index % 2}"
            if f"synthesis.{layer}.weight" in found:
                found[f"synthesis.{layer}.noise_const"] = changed(value, _map, name)
    return found


def discriminator_state(network: TensorFlowNetwork) -> dict[str, Tensor]:
    """Return a discriminator's state by official PyTorch names. Raises CheckpointError."""
    return translated(_at_the_end(network.all_variables(), "", "FromRGB"), _DISCRIMINATOR, _NO_WEIGHTS, "StyleGAN2")


def facts_of(network: TensorFlowNetwork) -> Facts:
    """Return what the arguments of the building function say. Raises CheckpointError."""
    given: dict[str, object] = {}
    for each in (*network.components.values(), network):
        given |= each.static_kwargs
    # What shapes do not show, as far as it can differ; anything else would be another function.
    kernel = given.get("resample_kernel") or [1, 3, 3, 1]
    acts = {str(given.get(name, "lrelu")) for name in ("nonlinearity", "act", "mapping_nonlinearity")}
    if not isinstance(kernel, list | tuple) or list(kernel) != [1, 3, 3, 1] or acts != {"lrelu"}:
        raise CheckpointError("its filter or activation is another than StyleGAN2's [1, 3, 3, 1] and leaky ReLU")
    for name in ("normalize_latents", "normalize_z"):
        if given.get(name, True) is not True:
            raise CheckpointError(f"its {name} is {given[name]!r:.20}: latents are normalized in every StyleGAN2 here")
    # The first code joins labels by a bare matrix; StyleGAN2-ADA's embeds them (`LabelEmbed`).
    labeled = "mapping/LabelConcat/weight" in network.all_variables()
    is_generator = is_stylegan2(network)
    return Facts(
        clamp=_number(given, "conv_clamp", None),
        lr_multiplier=_number(given, "mapping_lrmul", LR_MULTIPLIER if is_generator else 0.1) or LR_MULTIPLIER,
        w_avg_beta=tracking(given.get("dlatent_avg_beta", given.get("w_avg_beta"))),
        group=_group(given),
        joint_labels=labeled,
    )


def _number(given: Mapping[str, object], name: str, default: float | None) -> float | None:
    value = given.get(name, default)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else default


def _group(given: Mapping[str, object]) -> int | None:
    group = given.get("mbstd_group_size", 4)
    return group if isinstance(group, int) and group >= 0 else None


def _at_the_end(variables: Mapping[str, Tensor], prefix: str, layer: str) -> dict[str, Tensor]:
    """Give growing networks the names of those that do not grow, keeping the image layer of the last resolution."""
    # Growing networks have an image layer per resolution, by halvings from the finest; the others by resolution.
    lods = [name for name in variables if name.startswith(f"{prefix}{layer}_lod")]
    if not lods:
        return dict(variables)
    if variables.get("lod", variables.get(f"{prefix}lod", Tensor([0.0]))).flatten()[:1].gt(0).any():
        raise CheckpointError("its networks had not grown to their end, and only whole ones are known here")
    found_at = (re.match(rf"{prefix}(\d+)x\d+/", name) for name in variables)
    highest = max((int(match.group(1)) for match in found_at if match), default=4)
    found = {name: value for name, value in variables.items() if name not in lods}
    for name in lods:
        if name.startswith(f"{prefix}{layer}_lod0/"):
            found[f"{prefix}{highest}x{highest}/{layer}/{name.rpartition('/')[2]}"] = variables[name]
    return found
