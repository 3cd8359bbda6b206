"""Export: a run's generator as one file for others, safetensors with what builds it or an ONNX graph."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import tomli_w
import torch
from safetensors.torch import save
from torch import Tensor, nn

from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.run import Run, Weights
from ganzoo._io.atomic import atomic_write
from ganzoo._recipe.locations import without_locations
from ganzoo._recipe.network_spec import Networks
from ganzoo._version import __version__
from ganzoo.contracts.capabilities import Growable, NoiseInputs, NoiseMode
from ganzoo.contracts.networks import Generator
from ganzoo.errors import GanzooError, RunError

ONNX_PACKAGES = ("onnx", "onnxscript")
TRACED_BATCH = 2  # a batch of 1 would be taken for a constant
Format = Literal["safetensors", "onnx"]


def export_run(
    run: Run, out: Path, format: Format | None, *, weights: Weights, at: int | None, noise_mode: NoiseMode | None
) -> int:
    """Write a run's generator in a format, None: as `out` ends; returns its images seen. See the functions below."""
    match format or out.suffix.removeprefix("."):
        case "onnx":
            return export_onnx(run, out, weights=weights, at=at, noise_mode=noise_mode)
        case "safetensors":
            if noise_mode is not None:
                raise GanzooError(
                    f"noise_mode '{noise_mode}' is of an ONNX graph, and '{out}' holds weights: whoever loads them "
                    f"chooses the noise; leave it out"
                )
            return export_safetensors(run, out, weights=weights, at=at)
    raise GanzooError(f"'{out}': should end in .safetensors or .onnx")


def export_safetensors(
    run: Run, out: Path, *, weights: Weights = "ema", at: int | None = None, facts: Mapping[str, str] | None = None
) -> int:
    """Write a run's generator as safetensors, what builds it in the metadata; returns its images seen.

    The metadata are `ganzoo` (version), `images_seen`, `weights`, `networks` (as `networks.toml` reads), and `recipe`
    (as `recipe.toml` reads, without where images and weights lie) where the run has one,
    and `facts`.

    Raises:
        GanzooError: The run kept no such generator.
    """
    opened = run.generator(at, weights, device="cpu")
    recipe = {} if run.was_imported else {"recipe": tomli_w.dumps(without_locations(run.recipe_data()))}
    metadata = {"format": "pt", **(facts or {}), **_metadata(opened), **recipe}
    tensors = {name: value.contiguous().clone() for name, value in opened.generator.state_dict().items()}
    atomic_write(out, _with_sorted_header(save(tensors, metadata)))
    return opened.images_seen


def _with_sorted_header(data: bytes) -> bytes:
    """Return a safetensors file with its header in one order: the library's own changes from call to call.

    The header is JSON after its length in 8 bytes, filled up with spaces; places of tensors are counted from its end.
    """
    size = int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8 : 8 + size]), sort_keys=True, separators=(",", ":")).encode("ascii")
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[8 + size :]


def export_onnx(
    run: Run, out: Path, *, weights: Weights = "ema", at: int | None = None, noise_mode: NoiseMode | None = None
) -> int:
    """Write a run's generator as an ONNX graph of any batch size; returns its images seen.

    Inputs are `latents` [N, Z] and, where there are classes, `labels` [N, L]; the output is `images` [N, C, R, R] in
    about [-1, 1]. Noise is the network's own constant one unless another mode is asked for.

    Raises:
        GanzooError: The run kept no such generator, it has no noise to choose, or the packages that write ONNX are
            missing.
        RunError: The network cannot be written as a graph.
    """
    if missing := [name for name in ONNX_PACKAGES if find_spec(name) is None]:
        raise GanzooError(
            f"ONNX needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed: "
            f"pip install 'ganzoo-toolkit[onnx]'"
        )
    opened, networks = run.generator(at, weights, device="cpu", noise_mode=noise_mode), run.networks
    atomic_write(out, _graph(_Graph(opened.generator, networks, noise_mode or "constant"), networks, _metadata(opened)))
    return opened.images_seen


def _metadata(opened: OpenedGenerator) -> dict[str, str]:
    return {
        "ganzoo": __version__,
        "images_seen": str(opened.images_seen),
        "weights": opened.weights,
        "networks": opened.run.networks.to_toml(),
    }


class _Graph(nn.Module):
    """A generator at one stage of growth, with one mode of noise."""

    def __init__(self, generator: Generator, networks: Networks, noise_mode: NoiseMode) -> None:
        super().__init__()
        self.generator = generator
        if isinstance(generator, Growable):
            generator.grow(networks.resolution, networks.alpha)
        if isinstance(generator, NoiseInputs):
            generator.use_noise(noise_mode)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        if labels is None:
            labels = latents.new_zeros(latents.shape[0], 0)
        images: Tensor = self.generator(latents, labels)
        return images.contiguous()


def _graph(module: _Graph, networks: Networks, metadata: dict[str, str]) -> bytes:
    label_dim = networks.images.label_dim
    inputs: dict[str, Tensor] = {"latents": torch.randn(TRACED_BATCH, module.generator.latent_dim)}
    if label_dim:
        inputs["labels"] = torch.zeros(TRACED_BATCH, label_dim)
    batch: Any = torch.export.Dim("batch", min=1)
    try:
        with warnings.catch_warnings(), _silent("torch.onnx", "onnxscript"), torch.no_grad():
            warnings.simplefilter("ignore")  # of the exporter's own future
            program = torch.onnx.export(
                module.eval(),
                tuple(inputs.values()),
                dynamo=True,
                input_names=list(inputs),
                output_names=["images"],
                dynamic_shapes=tuple({0: batch} for _ in inputs),
                verbose=False,
            )
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
        name = networks.generator.name if networks.generator else "the generator"
        raise RunError(f"generator '{name}' cannot be written as an ONNX graph: {reason}") from error
    assert program is not None
    proto: Any = program.model_proto
    _require_any_batch(proto, networks)
    for key, value in metadata.items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value
    data: bytes = proto.SerializeToString()
    return data


def _require_any_batch(proto: Any, networks: Networks) -> None:
    """Raise RunError where tracing took the number of images for a constant, which the exporter does in silence."""
    fixed = [given.name for given in proto.graph.input if not given.type.tensor_type.shape.dim[0].dim_param]
    if fixed:
        name = networks.generator.name if networks.generator else "the generator"
        raise RunError(
            f"generator '{name}' cannot be written as an ONNX graph of any batch size: its code takes the number of "
            f"images for a constant ({', '.join(fixed)}), as len(tensor) does; let it read tensor.shape[0]"
        )


class _silent:
    """Keeps loggers quiet for the length of a block."""

    def __init__(self, *names: str) -> None:
        self._loggers = [logging.getLogger(name) for name in names]

    def __enter__(self) -> None:
        self._levels = [logger.level for logger in self._loggers]
        for logger in self._loggers:
            logger.setLevel(logging.CRITICAL)

    def __exit__(self, *failure: object) -> None:
        for logger, level in zip(self._loggers, self._levels, strict=True):
            logger.setLevel(level)
