"""Importers with planted bugs."""

from __future__ import annotations

import contextlib
import importlib
import io
import pickle
from typing import Any

import torch

from ganzoo import CheckpointError, ForeignCheckpoint, ForeignNetwork, ImageSpec, Importer
from ganzoo.interchange import (
    Record,
    is_network,
    is_persistent,
    module_state,
    network_of,
    network_record,
    persistent_record,
)
from ganzoo.testing import TinyDiscriminator, TinyGenerator
from planted.bug import PlantedBug, planted

IMPORTERS: list[PlantedBug] = []


class Sound(Importer):
    """Reads `{"acme": {name: tensor}}`."""

    name = "acme"

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        return isinstance(content, dict) and isinstance(content.get("acme"), dict)

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        weights = dict(content["acme"])
        if {"dense.weight", "dense.bias"} - set(weights):
            raise CheckpointError("a file of acme lacks dense.weight or dense.bias")
        options = TinyGenerator.Options(latent_dim=weights["dense.weight"].shape[1])
        return ForeignCheckpoint(ImageSpec(8, 1), ema=ForeignNetwork(TinyGenerator, options, weights))


class SoundWithExample(Sound):
    """The same, tested with content of its layout."""

    @classmethod
    def example_content(cls) -> Any:
        return {"acme": {"dense.weight": torch.zeros(64, 8), "dense.bias": torch.zeros(64)}, "step": 3}


@planted(IMPORTERS, "executes", "pickle")
class Unpickles(Sound):
    @classmethod
    def recognizes(cls, content):
        if isinstance(content, bytes):
            try:
                content = pickle.loads(content)
            except Exception:
                return False
        return super().recognizes(content)


@planted(IMPORTERS, "executes", "weights_only")
class LoadsAll(Sound):
    @classmethod
    def recognizes(cls, content):
        if isinstance(content, bytes):
            try:
                content = torch.load(io.BytesIO(content), weights_only=False)
            except Exception:
                return False
        return super().recognizes(content)


@planted(IMPORTERS, "imports", "names")
class ImportsWhatIsNamed(Sound):
    @classmethod
    def recognizes(cls, content):
        if isinstance(content, Record):
            try:
                importlib.import_module(content.module)
            except ImportError:
                return False
        return super().recognizes(content)


@planted(IMPORTERS, "KeyError")
class Trusting(Sound):
    @classmethod
    def recognizes(cls, content):
        return isinstance(content, dict) and isinstance(content["acme"], dict)


@planted(IMPORTERS, "recognizes", "which is no checkpoint")
class Greedy(Sound):
    @classmethod
    def recognizes(cls, content):
        return isinstance(content, dict)


@planted(IMPORTERS, "True or False")
class Truthy(Sound):
    @classmethod
    def recognizes(cls, content):
        return isinstance(content, dict) and content.get("acme")


@planted(IMPORTERS, "refusal")
class RefusesWithTruth(Sound):
    @classmethod
    def refusal(cls, content):
        return True


@planted(IMPORTERS, "read_discriminator", "give None")
class FindsDiscriminatorsAnywhere(Sound):
    @classmethod
    def read_discriminator(cls, content, images):
        return ForeignNetwork(TinyDiscriminator, TinyDiscriminator.Options(), {})


@planted(IMPORTERS, "read_discriminator", "not subscriptable")
class TrustsDiscriminators(Sound):
    @classmethod
    def read_discriminator(cls, content, images):
        return content["D"]


@planted(IMPORTERS, "read_discriminator(content) changes the content")
class PopsDiscriminators(Sound):
    @classmethod
    def read_discriminator(cls, content, images):
        if isinstance(content, dict) and content:
            content.pop(next(iter(content)))


@planted(IMPORTERS, "discriminator", "Missing key")
class FillsDiscriminatorsInPart(SoundWithExample):
    @classmethod
    def read_discriminator(cls, content, images):
        if cls.recognizes(content):
            return ForeignNetwork(TinyDiscriminator, TinyDiscriminator.Options(), {})
        return None


@planted(IMPORTERS, "changes the content")
class PopsWeights(Sound):
    @classmethod
    def recognizes(cls, content):
        if isinstance(content, dict) and content:
            content.pop(next(iter(content)))
        return False


@planted(IMPORTERS, "without 'acme'", "KeyError")
class CrashesOnLess(SoundWithExample):
    @classmethod
    def recognizes(cls, content):
        return isinstance(content, dict) and "step" in content


@planted(IMPORTERS, "imports what a file names", "acme_of_another")
class ImportsWhileReading(SoundWithExample):
    @classmethod
    def example_content(cls):
        return {**super().example_content(), "network": Record("acme_of_another", "Network")}

    @classmethod
    def read(cls, content):
        with contextlib.suppress(ImportError):
            importlib.import_module(content["network"].module)
        return super().read(content)


@planted(IMPORTERS, "loading its ema", "dense.bias")
class LeavesOut(SoundWithExample):
    @classmethod
    def read(cls, content):
        found = super().read(content)
        del found.ema.weights["dense.bias"]
        return found


# Files of records, as TensorFlow's networks and pickled modules are


class OfTensorFlow(Sound):
    """Reads three networks of TensorFlow, of which the last has the averaged weights."""

    name = "acme-tensorflow"

    @classmethod
    def example_content(cls) -> Any:
        inside = network_record("mapping", "G_mapping", {"weight": torch.zeros(64, 8), "bias": torch.zeros(64)})
        return tuple(network_record(name, "G_acme", {}, {"dense": inside}) for name in ("G", "D", "Gs"))

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        records = isinstance(content, tuple) and len(content) == 3 and all(map(is_network, content))
        return records and "dense" in content[2].state.get("components", {})

    @classmethod
    def variables(cls, content: Any) -> dict[str, Any]:
        return network_of(content[2]).all_variables()

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        weights = {name.replace("/", "."): value for name, value in cls.variables(content).items()}
        return super().read({"acme": weights})


@planted(IMPORTERS, "without 'bias' in 'variables' in 'dense' in 'components' in 2", "KeyError", "CheckpointError")
class TrustsVariables(OfTensorFlow):
    @classmethod
    def read(cls, content):
        variables = cls.variables(content)
        variables["dense/bias"] = variables["dense/bias"].clone()
        return super().read(content)


@planted(IMPORTERS, "without 'variables' in 'dense' in 'components' in 2", "KeyError", "CheckpointError")
class TrustsState(OfTensorFlow):
    @classmethod
    def variables(cls, content):
        inside = content[2].state["components"]["dense"]
        return {f"dense/{name}": value for name, value in dict(inside.state["variables"]).items()}


class OfModules(Sound):
    """Reads a pickled module."""

    name = "acme-module"

    @classmethod
    def example_content(cls) -> Any:
        weights = {"dense.weight": torch.zeros(64, 8), "dense.bias": torch.zeros(64)}
        return {"G_acme": persistent_record("Generator", weights)}

    @classmethod
    def recognizes(cls, content: Any) -> bool:
        return isinstance(content, dict) and is_persistent(content.get("G_acme"))

    @classmethod
    def read(cls, content: Any) -> ForeignCheckpoint:
        return super().read({"acme": module_state(content["G_acme"])})


@planted(IMPORTERS, "without '_modules' in 'state' in 0 in 'G_acme'", "KeyError", "CheckpointError")
class TrustsModules(OfModules):
    @classmethod
    def read(cls, content):
        content["G_acme"].args[0]["state"]["_modules"]
        return super().read(content)


@planted(IMPORTERS, "changes the content", "work on a copy")
class RenamesInPlace(SoundWithExample):
    @classmethod
    def recognizes(cls, content):
        if isinstance(content, dict):
            content.pop("step", None)
        return super().recognizes(content)


@planted(IMPORTERS, "dense.bias", "not made up", twin=SoundWithExample)
class FillsIn(SoundWithExample):
    @classmethod
    def read(cls, content):
        weights = content["acme"]
        if "dense.weight" not in weights:
            raise CheckpointError("a file of acme lacks dense.weight")
        return super().read({"acme": {"dense.bias": torch.ones(64), **weights}})
