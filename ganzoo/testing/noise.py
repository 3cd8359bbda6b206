"""Noise: the properties of generators with noise inputs (StyleGAN, arXiv:1812.04948, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts._adds_noise import adds_noise
from ganzoo.contracts.capabilities import NoiseInputs, NoiseMaps
from ganzoo.testing.calls import draws
from ganzoo.testing.company import Rows, check_company
from ganzoo.testing.failure import NotAsked, doing, require
from ganzoo.testing.growth import Inputs
from ganzoo.testing.networks import NetworkCase
from ganzoo.testing.properties import Property, able
from ganzoo.testing.seeding import seeded


def _evaluated(case: NetworkCase) -> Any:
    """Return a generator in evaluation mode that adds noise; strengths are not zero here."""
    generator = case.network().eval()
    if not adds_noise(generator):
        raise NotAsked("it says that it adds noise at no resolution")
    return generator


def _check_modes(case: NetworkCase) -> None:
    """Each mode is what it is called; noise is random at first, and again once that is chosen."""
    generator = case.network().eval()
    if not adds_noise(generator):
        _check_absent(generator, case.inputs)
        return
    _check_random(generator, case.inputs)
    constant, none = (_fixed(generator, mode, case.inputs) for mode in ("constant", "none"))
    require(not torch.equal(constant, none), "`constant` noise adds nothing; its maps must not be zero")
    generator.use_noise("random")
    _check_random(generator, case.inputs)


def _check_alone(case: NetworkCase) -> None:
    generator = _evaluated(case)
    generator.use_noise("constant")
    first, labels = case.inputs

    def run(rows: Rows) -> Sequence[Tensor]:
        chosen = [row % len(first) for row in rows]
        with torch.no_grad(), seeded():
            return [generator(first[chosen], labels[chosen])]

    check_company(run, "a forward under `constant` noise")


def _check_absent(generator: Any, inputs: Inputs) -> None:
    """A generator that adds noise at no resolution, though it could, gives the same images in every mode."""
    images = [_fixed(generator, mode, inputs) for mode in ("random", "constant", "none")]
    require(
        all(torch.equal(each, images[0]) for each in images),
        "noise_resolutions names none, but `use_noise` changes its images",
    )
    generator.use_noise("random")


def _images(generator: Any, inputs: Inputs, seed: int) -> Tensor:
    with doing("a forward in evaluation mode"), torch.no_grad(), seeded(seed):
        return generator(*inputs)


def _check_random(generator: Any, inputs: Inputs) -> None:
    """Noise is drawn in every forward and for every image of a batch."""
    same = (inputs[0][:1].expand_as(inputs[0]), inputs[1][:1].expand_as(inputs[1]))
    one, other = (_images(generator, same, seed) for seed in (1, 2))
    require(
        not torch.equal(one, other),
        "under `random` noise, with which networks begin, two seeds give the same images; draw it in every forward",
    )
    require(not torch.equal(one[0], one[1]), "under `random` noise, all images of a batch have the same noise")


def _fixed(generator: Any, mode: str, inputs: Inputs) -> Tensor:
    with doing(f"use_noise({mode!r})"):
        generator.use_noise(mode)
    one, other = (_images(generator, inputs, seed) for seed in (1, 2))
    if not torch.equal(one, other):
        drawn = draws(lambda: generator(*inputs)) or "in its layers"
        require(
            False,
            f"under `{mode}` noise, two seeds of the global stream give other images: it does not reach "
            f"all that is drawn, {drawn}",
        )
    return one


def _check_maps(case: NetworkCase) -> None:
    """The named buffers are all that `constant` noise is, and one map per image may stand in their place."""
    generator, inputs = _evaluated(case), case.inputs
    none, constant = (_fixed(generator, mode, inputs) for mode in ("none", "constant"))
    with doing("noise_maps"):
        names = list(generator.noise_maps())
        buffers = {name: generator.get_buffer(name) for name in names}
    with doing("a forward with other noise maps"), torch.no_grad(), seeded():
        own = {name: _per_image(buffer, len(inputs[0])) for name, buffer in buffers.items()}
        same = torch.func.functional_call(generator, own, inputs)
        other = torch.func.functional_call(generator, {name: -each for name, each in own.items()}, inputs)
        empty = torch.func.functional_call(generator, {name: 0 * each for name, each in own.items()}, inputs)
    require(
        torch.allclose(same, constant, rtol=1e-4, atol=1e-5),
        "with its own noise maps, repeated for each image, a generator makes other images",
    )
    require(not names or not torch.equal(other, constant), "noise_maps names buffers that change no image")
    require(
        torch.allclose(empty, none, rtol=1e-4, atol=1e-5),
        "with all of its noise maps empty, a generator makes other images than under `none`: noise_maps leaves out "
        "some of what `constant` noise is",
    )


def _per_image(buffer: Tensor, count: int) -> Tensor:
    return buffer.reshape(1, 1, *buffer.shape[-2:]).repeat(count, 1, 1, 1)


def _check_saved(case: NetworkCase) -> None:
    """Constant noise belongs to the weights: who loads them gets the same images."""
    generator = _evaluated(case)
    expected = _fixed(generator, "constant", case.inputs)
    with doing("loading its own state_dict into a new instance"), seeded(3):
        other = case.build()
        other.load_state_dict(generator.state_dict())
        other.eval()
        other.use_noise("constant")
    require(
        torch.equal(_images(other, case.inputs, 1), expected),
        "a new instance with the same state_dict has other `constant` noise; keep its maps in buffers that are saved",
    )


NOISE = (
    Property("each noise mode is what it is called", _check_modes, able(NoiseInputs)),
    Property("makes each image by itself under constant noise", _check_alone, able(NoiseInputs)),
    Property("constant noise is saved with the weights", _check_saved, able(NoiseInputs)),
    Property("its noise maps are all of its constant noise", _check_maps, able(NoiseMaps)),
)
