"""Styles: the properties of style-based generators (StyleGAN, arXiv:1812.04948)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ganzoo.contracts.capabilities import SkipOutputs, StyleAffines, StyleBased, StyleResolutions
from ganzoo.layers.style import truncated
from ganzoo.testing.failure import doing, require
from ganzoo.testing.growth import Inputs
from ganzoo.testing.networks import NetworkCase
from ganzoo.testing.properties import Case, Property, able
from ganzoo.testing.seeding import seeded, steady


def _steadily(check: Callable[[Any, Inputs], None]) -> Callable[[NetworkCase], None]:
    """Return a check of a generator in evaluation mode, whose noise does not change."""

    def ask(case: NetworkCase) -> None:
        generator = case.network().eval()
        with steady(generator):
            check(generator, case.inputs)

    return ask


def _check_resolutions(generator: Any, inputs: Inputs) -> None:
    """Where a generator says more of itself for figures, it must be so."""
    with doing("style_resolutions and outputs"), torch.no_grad():
        styles = generator.map(*inputs)
        found = generator.style_resolutions() if isinstance(generator, StyleResolutions) else [0] * styles.shape[1]
        with seeded():
            image = generator.synthesize(styles)
        with seeded():
            last = generator.outputs(styles)[-1] if isinstance(generator, SkipOutputs) else image
    require(
        len(found) == styles.shape[1],
        f"style_resolutions must return a resolution for each of the {styles.shape[1]} styles, found {len(found)}",
    )
    require(torch.allclose(last, image, rtol=1e-4, atol=1e-5), "outputs must end with the image of synthesize")


def _check_composition(generator: Any, inputs: Inputs) -> None:
    with doing("map, synthesize and mean_w"), torch.no_grad():
        with seeded():
            direct = generator(*inputs)
        with seeded():
            styles = generator.map(*inputs)
        with seeded():
            composed = generator.synthesize(styles)
        mean = generator.mean_w()
    require(
        styles.dim() == 3 and len(styles) == len(inputs[0]),
        f"map must return styles [N, S, W], found {list(styles.shape)}",
    )
    require(
        mean.shape == styles.shape[2:],
        f"mean_w must return [W] = {list(styles.shape[2:])}, found {list(mean.shape)}",
    )
    require(
        torch.allclose(direct, composed, rtol=1e-4, atol=1e-5),
        "in evaluation mode, forward(z, c) differs from synthesize(map(z, c))",
    )


def _check_each_style(generator: Any, inputs: Inputs) -> None:
    """Each style is to act somewhere: a figure that mixes or moves it would show nothing."""
    with doing("synthesize with one style changed"), torch.no_grad():
        styles = generator.map(*inputs)
        with seeded():
            image = generator.synthesize(styles)
        idle = []
        for number in range(styles.shape[1]):
            changed = styles.clone()
            changed[:, number] = styles[:, number].flip(0) + 1
            with seeded():
                idle += [number] if torch.equal(generator.synthesize(changed), image) else []
    require(
        not idle,
        f"style {', '.join(map(str, idle))} of {styles.shape[1]} changes nothing of its images: let each layer see its "
        f"own, styles[:, number], or give as many styles as there are layers",
    )


def _check_truncation(generator: Any, inputs: Inputs) -> None:
    """Psi 1 is the image itself; psi 0 one image for all latents and classes (arXiv:1812.04948, appendix B)."""
    with doing("truncation"), torch.no_grad(), seeded():
        styles, mean = generator.map(*inputs), generator.mean_w()
        direct = generator.synthesize(styles)
        whole = generator.synthesize(truncated(styles, mean, 1.0))
        none = generator.synthesize(truncated(styles, mean, 0.0))
    require(
        torch.allclose(whole, direct, rtol=1e-3, atol=1e-4),
        "truncation with psi 1 changes its images; synthesize must be smooth in the styles",
    )
    require(
        torch.allclose(none, none[:1].expand_as(none), rtol=1e-3, atol=1e-4),
        "truncation with psi 0 gives another image for each latent; synthesize must depend on the styles alone",
    )


def _check_weights(generator: Any, inputs: Inputs) -> None:
    """Each layer's weight `[O, W]` fits its style, and every style is seen by some layer."""
    with doing("style_weights"), torch.no_grad():
        found = list(generator.style_weights())
        _, layers, width = generator.map(*inputs).shape
    require(
        all(weight.dim() == 2 and weight.shape[1] == width for _, weight in found),
        f"style_weights must return weights [O, W] with W = {width}, found {[list(each.shape) for _, each in found]}",
    )
    require(
        {number for number, _ in found} == set(range(layers)),
        f"style_weights must name a layer for each of the {layers} styles, found {sorted({n for n, _ in found})}",
    )


def _check_tracking(case: NetworkCase) -> None:
    generator, inputs = case.network(), case.inputs
    before = generator.mean_w().clone()
    generator.train()
    with doing("a forward in training mode"), torch.no_grad(), seeded():
        generator(*inputs)
    generator.eval()
    require(
        not torch.equal(generator.mean_w(), before),
        "mean_w stays the same while training; let it follow the styles of each batch, in a buffer",
    )


def _says_more(case: Case) -> bool:
    return able(StyleBased)(case) and issubclass(case.cls, StyleResolutions | SkipOutputs)


STYLES = (
    Property("forward is synthesize of map", _steadily(_check_composition), able(StyleBased)),
    Property("each of its styles acts", _steadily(_check_each_style), able(StyleBased)),
    Property("truncation goes to one image", _steadily(_check_truncation), able(StyleBased)),
    Property("its style weights fit its styles", _steadily(_check_weights), able(StyleAffines)),
    Property("its style resolutions and outputs are as it says", _steadily(_check_resolutions), _says_more),
    Property("its mean style follows the training", _check_tracking, able(StyleBased)),
)
