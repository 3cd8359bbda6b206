"""Conformance of style-based generators (StyleGAN, arXiv:1812.04948)."""

from __future__ import annotations

from typing import Any

import torch

from ganzoo.contracts.capabilities import SkipOutputs, StyleAffines, StyleResolutions
from ganzoo.layers.style import truncated
from ganzoo.testing import networks
from ganzoo.testing.failure import Judge


def check_styles(generator: Any, inputs: networks.Inputs, judge: Judge) -> None:
    """Require that evaluation is `synthesize(map(z, c))`, and that truncation can rely on the mean style."""
    generator.eval()
    with networks.steady(generator):
        _check_composition(generator, inputs, judge)
        _check_truncation(generator, inputs, judge)
        if isinstance(generator, StyleAffines):
            _check_weights(generator, inputs, judge)
        _check_resolutions(generator, inputs, judge)
    _check_tracking(generator, inputs, judge)


def _check_resolutions(generator: Any, inputs: networks.Inputs, judge: Judge) -> None:
    """Where a generator says more of itself for figures, it must be so."""
    with judge.doing("style_resolutions and outputs"), torch.no_grad():
        styles = generator.map(*inputs)
        found = generator.style_resolutions() if isinstance(generator, StyleResolutions) else [0] * styles.shape[1]
        with networks.seeded():
            image = generator.synthesize(styles)
        with networks.seeded():
            last = generator.outputs(styles)[-1] if isinstance(generator, SkipOutputs) else image
    judge.require(
        len(found) == styles.shape[1],
        f"style_resolutions must return a resolution for each of the {styles.shape[1]} styles, found {len(found)}",
    )
    judge.require(torch.allclose(last, image, rtol=1e-4, atol=1e-5), "outputs must end with the image of synthesize")


def _check_composition(generator: Any, inputs: networks.Inputs, judge: Judge) -> None:
    with judge.doing("map, synthesize and mean_w"), torch.no_grad():
        with networks.seeded():
            direct = generator(*inputs)
        with networks.seeded():
            styles = generator.map(*inputs)
        with networks.seeded():
            composed = generator.synthesize(styles)
        mean = generator.mean_w()
    judge.require(
        styles.dim() == 3 and len(styles) == len(inputs[0]),
        f"map must return styles [N, S, W], found {list(styles.shape)}",
    )
    judge.require(
        mean.shape == styles.shape[2:],
        f"mean_w must return [W] = {list(styles.shape[2:])}, found {list(mean.shape)}",
    )
    judge.require(
        torch.allclose(direct, composed, rtol=1e-4, atol=1e-5),
        "in evaluation mode, forward(z, c) differs from synthesize(map(z, c))",
    )


def _check_truncation(generator: Any, inputs: networks.Inputs, judge: Judge) -> None:
    """Psi 1 is the image itself; psi 0 one image for all latents and classes (arXiv:1812.04948, appendix B)."""
    with judge.doing("truncation"), torch.no_grad(), networks.seeded():
        styles, mean = generator.map(*inputs), generator.mean_w()
        direct = generator.synthesize(styles)
        whole = generator.synthesize(truncated(styles, mean, 1.0))
        none = generator.synthesize(truncated(styles, mean, 0.0))
    judge.require(
        torch.allclose(whole, direct, rtol=1e-3, atol=1e-4),
        "truncation with psi 1 changes its images; synthesize must be smooth in the styles",
    )
    judge.require(
        torch.allclose(none, none[:1].expand_as(none), rtol=1e-3, atol=1e-4),
        "truncation with psi 0 gives another image for each latent; synthesize must depend on the styles alone",
    )


def _check_weights(generator: Any, inputs: networks.Inputs, judge: Judge) -> None:
    """Each layer's weight `[O, W]` fits its style, and every style is seen by some layer."""
    with judge.doing("style_weights"), torch.no_grad():
        found = list(generator.style_weights())
        _, layers, width = generator.map(*inputs).shape
    judge.require(
        all(weight.dim() == 2 and weight.shape[1] == width for _, weight in found),
        f"style_weights must return weights [O, W] with W = {width}, found {[list(each.shape) for _, each in found]}",
    )
    judge.require(
        {number for number, _ in found} == set(range(layers)),
        f"style_weights must name a layer for each of the {layers} styles, found {sorted({n for n, _ in found})}",
    )


def _check_tracking(generator: Any, inputs: networks.Inputs, judge: Judge) -> None:
    before = generator.mean_w().clone()
    generator.train()
    with judge.doing("a forward in training mode"), torch.no_grad(), networks.seeded():
        generator(*inputs)
    generator.eval()
    judge.require(
        not torch.equal(generator.mean_w(), before),
        "mean_w stays the same while training; let it follow the styles of each batch, in a buffer",
    )
