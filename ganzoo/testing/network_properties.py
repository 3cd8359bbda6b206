"""Network properties: what is asked of generators and discriminators alike."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ganzoo.layers.memory_format import lay_channels_last
from ganzoo.testing.calls import casts
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.growth import Inputs
from ganzoo.testing.label_uses import label_cause, require_one_hot
from ganzoo.testing.networks import NetworkCase, run
from ganzoo.testing.seeding import seeded
from ganzoo.testing.settings import kinds_of_images

HAS_GRADIENT = "its outputs have a gradient"


def check_kinds(case: NetworkCase) -> None:
    """Require that it accepts some kind of images."""
    kinds_of_images(case.cls, case.options, case.side)


def check_built(case: NetworkCase) -> None:
    """Require that it can be built, and has something to train."""
    require(any(True for _ in case.network().parameters()), "has no parameters to train")


def check_forward(case: NetworkCase) -> None:
    """Require finite outputs of the shape that is stated."""
    network, inputs, shape = case.network(), case.inputs, case.shape
    try:
        run(network, inputs, shape, "a forward")
    except ConformanceError as error:
        if cause := label_cause(lambda: network(*inputs), inputs[1]):
            raise ConformanceError(f"{cause}; {error}") from error
        last, cast = casts(lambda: network(*inputs))
        if error.__cause__ is not None:
            raise ConformanceError(f"{error}, at {last}") from error
        raise ConformanceError(f"{error}{f', after {cast}' if cast and 'float32' in str(error) else ''}") from error


def check_labels_one_hot(case: NetworkCase) -> None:
    """Require that labels are not taken for numbers of classes."""
    network, inputs = case.network(), case.inputs
    require_one_hot(lambda: network(*inputs), inputs[1])


def check_meta(case: NetworkCase) -> None:
    """Require that it can be built and run without memory."""
    with doing("building it without memory (torch.device('meta')), as `ganzoo check` does"):
        with torch.device("meta"):
            network = case.build()
        first, labels = (part.to("meta") for part in case.inputs)
        run(network, (first, labels), case.shape, "a forward on the meta device")


def check_gradient(case: NetworkCase) -> None:
    """Require that the outputs have a gradient at all."""
    require(case.slopes.reached or case.slopes.infinite, "no gradient of its outputs reaches any parameter")


def check_parameters_reached(case: NetworkCase) -> None:
    """Require that the gradient reaches every trainable parameter, and is finite."""
    found = case.slopes
    require(not found.infinite, f"the gradient of {_listed(found.infinite)} is not finite")
    require(not found.missed, f"no gradient reaches {_listed(found.missed)}; use it or make it a buffer")


def check_inputs_reached(case: NetworkCase) -> None:
    """Require that the gradient reaches the inputs, as penalties and projections need."""
    require(not case.slopes.misses_inputs, "no gradient reaches its inputs")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:5])


def check_double_backward(case: NetworkCase) -> None:
    """Require what gradient penalties need."""
    _differentiate_twice(case.network(), case.inputs)


def _differentiate_twice(network: nn.Module, inputs: Inputs) -> None:
    """Differentiate the squared gradient at the inputs, as gradient penalties do."""
    first = inputs[0].clone().requires_grad_()
    network.zero_grad()
    with doing("the gradient of a gradient (penalties need it)"), seeded():
        output = network(first, inputs[1])
        # Not linear in the output, so that the last layer is differentiated twice too.
        (slope,) = torch.autograd.grad((output * torch.randn_like(output) + output**2).sum(), first, create_graph=True)
        penalty = slope.square().sum()
        require(penalty.requires_grad, "the gradient at its inputs does not depend on its parameters")
        torch.autograd.backward(penalty)
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    require(gradients, "the gradient of a gradient reaches no parameter")
    require(all(bool(torch.isfinite(g).all()) for g in gradients), "the gradient of a gradient is not finite")


def check_evaluation(case: NetworkCase) -> None:
    """Require that evaluation is deterministic under one seed and changes no state."""
    evaluated(case.network(), case.inputs)


def evaluated(network: nn.Module, inputs: Inputs) -> Tensor:
    """Return what it gives in evaluation mode, which it must give twice."""
    network.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with doing("a forward in evaluation mode"), torch.no_grad():
        with seeded():
            once = network(*inputs)
        with seeded():
            twice = network(*inputs)
    require(torch.equal(once, twice), "in evaluation mode, the same inputs and seed give different results")
    changed = [name for name, value in network.state_dict().items() if not torch.equal(value, before[name])]
    require(not changed, f"a forward in evaluation mode changes {', '.join(changed[:5])}")
    return once


def has_labels(case: NetworkCase) -> bool:
    """Whether a case is a thorough one with labels."""
    return case.is_thorough and case.spec.label_dim > 0


def is_independent(case: NetworkCase) -> bool:
    """Whether a network says that each result depends on its own inputs alone."""
    return case.is_thorough and not case.cls.depends_on_batch(case.options)


def check_memory_format(case: NetworkCase) -> None:
    """Require the same results, and gradients of gradients, with weights and images channels-last."""
    network, inputs = case.network(), case.inputs
    expected = evaluated(network, inputs)
    with doing("channels-last (use flatten, reshape or unflatten instead of view)"):
        lay_channels_last(network)
        first = inputs[0].contiguous(memory_format=torch.channels_last) if inputs[0].dim() == 4 else inputs[0]
        with torch.no_grad(), seeded():
            found = network(first, inputs[1])
    _differentiate_twice(network.train(), (first, inputs[1]))
    require(
        torch.allclose(expected, found, rtol=1e-3, atol=1e-4), "gives other results when its weights are channels-last"
    )
