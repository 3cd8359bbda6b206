"""Conformance of generators with noise inputs (StyleGAN, arXiv:1812.04948, section 3.2)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.capabilities import NoiseMaps, NoiseResolutions
from ganzoo.testing import networks
from ganzoo.testing.failure import Judge


def check_noise(generator: Any, build: networks.Build, inputs: networks.Inputs, judge: Judge) -> None:
    """Require that each noise mode is what it is called, in evaluation mode; strengths are not zero here.

    `build` gives another such network, with other maps of constant noise.
    """
    generator.eval()
    if isinstance(generator, NoiseResolutions) and not generator.noise_resolutions():
        _check_absent(generator, inputs, judge)
        return
    _check_random(generator, inputs, judge)
    constant = _fixed(generator, "constant", inputs, judge)
    networks.check_independence(generator, inputs, judge, training=False)
    _check_saved(generator, build, constant, inputs, judge)
    if isinstance(generator, NoiseMaps):
        _check_maps(generator, inputs, constant, judge)
    none = _fixed(generator, "none", inputs, judge)
    judge.require(not torch.equal(constant, none), "`constant` noise adds nothing; its maps must not be zero")
    generator.use_noise("random")
    _check_random(generator, inputs, judge)


def _check_absent(generator: Any, inputs: networks.Inputs, judge: Judge) -> None:
    """A generator that adds noise at no resolution, though it could, gives the same images in every mode."""
    images = [_fixed(generator, mode, inputs, judge) for mode in ("random", "constant", "none")]
    judge.require(
        all(torch.equal(each, images[0]) for each in images),
        "noise_resolutions names none, but `use_noise` changes its images",
    )
    generator.use_noise("random")


def _images(generator: Any, inputs: networks.Inputs, seed: int, judge: Judge) -> Tensor:
    with judge.doing("a forward in evaluation mode"), torch.no_grad(), networks.seeded(seed):
        return generator(*inputs)


def _check_random(generator: Any, inputs: networks.Inputs, judge: Judge) -> None:
    """Noise is drawn in every forward and for every image of a batch."""
    same = (inputs[0][:1].expand_as(inputs[0]), inputs[1][:1].expand_as(inputs[1]))
    one, other = (_images(generator, same, seed, judge) for seed in (1, 2))
    judge.require(
        not torch.equal(one, other),
        "under `random` noise, with which networks begin, two seeds give the same images; draw it in every forward",
    )
    judge.require(not torch.equal(one[0], one[1]), "under `random` noise, all images of a batch have the same noise")


def _fixed(generator: Any, mode: str, inputs: networks.Inputs, judge: Judge) -> Tensor:
    with judge.doing(f"use_noise({mode!r})"):
        generator.use_noise(mode)
    one, other = (_images(generator, inputs, seed, judge) for seed in (1, 2))
    judge.require(torch.equal(one, other), f"under `{mode}` noise, two seeds of the global stream give other images")
    return one


def _check_maps(generator: Any, inputs: networks.Inputs, constant: Tensor, judge: Judge) -> None:
    """The named buffers are all that `constant` noise is, and one map per image may stand in their place."""
    with judge.doing("noise_maps"):
        names = list(generator.noise_maps())
        buffers = {name: generator.get_buffer(name) for name in names}
    with judge.doing("a forward with other noise maps"), torch.no_grad(), networks.seeded():
        own = {name: _per_image(buffer, len(inputs[0])) for name, buffer in buffers.items()}
        same = torch.func.functional_call(generator, own, inputs)
        other = torch.func.functional_call(generator, {name: -each for name, each in own.items()}, inputs)
    judge.require(
        torch.allclose(same, constant, rtol=1e-4, atol=1e-5),
        "with its own noise maps, repeated for each image, a generator makes other images",
    )
    judge.require(not names or not torch.equal(other, constant), "noise_maps names buffers that change no image")


def _per_image(buffer: Tensor, count: int) -> Tensor:
    return buffer.reshape(1, 1, *buffer.shape[-2:]).repeat(count, 1, 1, 1)


def _check_saved(
    generator: Any, build: networks.Build, expected: Tensor, inputs: networks.Inputs, judge: Judge
) -> None:
    """Constant noise belongs to the weights: who loads them gets the same images."""
    with judge.doing("loading its own state_dict into a new instance"), networks.seeded(3):
        other: Any = build()
        other.load_state_dict(generator.state_dict())
        other.eval()
        other.use_noise("constant")
    judge.require(
        torch.equal(_images(other, inputs, 1, judge), expected),
        "a new instance with the same state_dict has other `constant` noise; keep its maps in buffers that are saved",
    )
