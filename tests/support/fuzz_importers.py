"""Checkpoints, weights and arrays to fuzz: one file of every layout that is read, damaged outside or inside."""

from __future__ import annotations

import io
import pickle
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import foreign_files as files
import numpy as np
import torch
from damage import damaged, disturbed
from dense_r3gan import Shape, drawn
from fuzzing import refused
from safetensors.torch import save

from ganzoo._inference.import_run import import_checkpoint
from ganzoo._io.npy import read_floats, read_labels
from ganzoo._registry.registry import Registry
from ganzoo._runs.verify import verify_run
from ganzoo.contracts.extractors import WeightsFile
from ganzoo.errors import CheckpointError, DataError, WeightsError
from ganzoo.weights import load_state

WIDTHS = {4: 4, 8: 4}
VERIFIED = 10  # every so many imported runs are checked whole
OUTSIDE = 0.4  # share of inputs whose bytes are damaged; of the others, what is inside
Written = Callable[[Any], bytes]


class ImporterTarget:
    """A checkpoint of another code base: its bytes are damaged, or what is inside of it."""

    def __init__(self, name: str, content: Any, written: Written, donors: list[bytes]) -> None:
        self.name, self._content, self._written, self._donors = name, content, written, donors
        self._good = written(content)
        donors.append(self._good)
        self._registry = Registry.discover()

    def attempt(self, root: Path, number: int, rng: random.Random) -> str:
        (root / "file").write_bytes(self._data(rng))
        try:
            run, _ = import_checkpoint(root / "file", root / "run", self._registry)
        except CheckpointError as error:
            # One line, and a reason that its author foresaw: neither an importer nor the reader stumbled.
            assert not re.search(r"\n|cannot be used \(|it is damaged \(\w+\)", str(error)), str(error)
            assert sorted(path.name for path in root.iterdir()) == ["file"]
            return refused(error)
        if rng.randrange(VERIFIED) == 0:
            assert not verify_run(run.path)
        return "imported"

    def _data(self, rng: random.Random) -> bytes:
        if rng.random() < OUTSIDE:
            return damaged(rng, self._good, rng.choice(self._donors))
        for _ in range(5):
            try:
                return self._written(disturbed(rng, self._content))
            except (TypeError, ValueError, AttributeError, KeyError, RuntimeError, pickle.PicklingError):
                continue  # such content cannot be written at all
        return damaged(rng, self._good, rng.choice(self._donors))


class FileTarget:
    """A file of weights or numbers that is read by itself."""

    def __init__(self, name: str, good: list[bytes], read: Callable[[Path], object], donors: list[bytes]) -> None:
        self.name, self._good, self._read, self._donors = name, good, read, donors

    def attempt(self, root: Path, number: int, rng: random.Random) -> str:
        (root / "file").write_bytes(damaged(rng, rng.choice(self._good), rng.choice(self._donors)))
        try:
            self._read(root / "file")
        except (DataError, WeightsError) as error:
            return refused(error)
        return "read"


def importer_targets(seed: int) -> list[ImporterTarget | FileTarget]:
    """Return a target for each layout of checkpoints, and for weights and arrays."""
    make, donors = files.Maker(seed), list[bytes]()
    stylegan2 = {"classes": 0, "channels": 1}
    pair = [kind(make, WIDTHS, **stylegan2) for kind in (files.stylegan2_generator, files.stylegan2_discriminator)]
    rosinality = {
        "g_ema": files.rosinality_stylegan2_generator(make, WIDTHS),
        "d": files.rosinality_stylegan2_discriminator(make, WIDTHS),
        "latent_avg": torch.zeros(6),
    }
    huangzh13 = {
        "gen_shadow": files.huangzh13_generator(make, WIDTHS),
        "dis": files.huangzh13_discriminator(make, WIDTHS),
    }
    official = files.official_states(rosinality["g_ema"], rosinality["d"])
    contents: dict[str, tuple[Any, Written]] = {
        "stylegan2-tensorflow": ((*pair, pair[0]), files.pickled),
        "stylegan2-pytorch": (files.nvidia_pytorch(*official), files.persistent_pickled),
        "stylegan3-pytorch": (files.nvidia_stylegan3(), files.persistent_pickled),
        "stylegan-tensorflow": ((files.stylegan_generator(make, WIDTHS),), files.pickled),
        "huangzh13": (huangzh13, files.saved),
        "rosinality-stylegan": ({"g_running": files.rosinality_generator(make, WIDTHS)}, files.saved),
        "rosinality-stylegan2": (rosinality, files.saved),
        "lucidrains": ({"GAN": files.lucidrains(make, WIDTHS, attention=(1,)), "version": "1.9.0"}, files.saved),
        "r3gan": (dict(zip(("G_ema", "D"), map(_single, drawn(Shape())), strict=True)), files.saved),
        "export": (files.exported(rosinality["g_ema"]), lambda content: save(content["tensors"], content["metadata"])),
    }
    return [
        *(ImporterTarget(name, content, written, donors) for name, (content, written) in contents.items()),
        FileTarget("weights", [*_weights(), *donors], _load_weights, donors),
        FileTarget("latents", [_npy("f4", (3, 6)), _npy("f8", (3, 6))], lambda path: _floats(path), donors),
        FileTarget("labels", [_npy("i8", (3,)), _npy("f4", (3, 2))], lambda path: read_labels(path, 3, 2), donors),
    ]


def _single(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.float() for name, value in state.items()}


def _floats(path: Path) -> torch.Tensor:
    return read_floats(path, (None, 6), "latents")


def _npy(dtype: str, shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    np.save(file, np.ones(shape, dtype))
    return file.getvalue()


def _weights() -> list[bytes]:
    state, written = {"conv.weight": torch.ones(3, 2), "bn.steps": torch.tensor(3)}, []
    for new in (True, False):
        file = io.BytesIO()
        torch.save(state, file, _use_new_zipfile_serialization=new)
        written.append(file.getvalue())
    return written


def _load_weights(path: Path) -> object:
    from ganzoo._io.atomic import sha256_of

    return load_state(WeightsFile(path, sha256_of(path), official=False))
