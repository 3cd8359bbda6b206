"""Networks: checks of generators and discriminators alike, on any inputs `[images or latents, labels]`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ganzoo._random.global_streams import seed_torch
from ganzoo.contracts.capabilities import NoiseInputs
from ganzoo.testing.failure import Judge

Inputs = tuple[Tensor, Tensor]
Build = Callable[[], nn.Module]
SEED = 20


@contextmanager
def seeded(seed: int = SEED) -> Iterator[None]:
    """Use one seed inside and leave the global random state as it was."""
    with torch.random.fork_rng(devices=[]):
        seed_torch(seed)
        yield


@contextmanager
def steady(network: object) -> Iterator[None]:
    """Use constant noise inside, where the network has noise inputs."""
    if not isinstance(network, NoiseInputs):
        yield
        return
    network.use_noise("constant")
    try:
        yield
    finally:
        network.use_noise("random")


def built(build: Build, judge: Judge, *, stir: float = 0.05) -> nn.Module:
    """Build a network and move its parameters a little, so that those that start at zero take part.

    `build` gives the network, in training mode.
    """
    with judge.doing("building the network"), seeded():
        network = build()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=stir)
    judge.require(any(True for _ in network.parameters()), "has no parameters to train")
    return network.train()


def run(network: nn.Module, inputs: Inputs, judge: Judge, shape: tuple[int, ...], what: str) -> Tensor:
    """Run a forward, and require a finite result of `shape`."""
    with judge.doing(what), seeded():
        output = network(*inputs)
    judge.require(isinstance(output, Tensor), f"{what} must return a tensor, not {type(output).__name__}")
    judge.require(tuple(output.shape) == shape, f"{what} must have shape {list(shape)}, but has {list(output.shape)}")
    judge.require(output.dtype == torch.float32, f"{what} must be float32, but is {output.dtype}")
    judge.require(
        output.device.type == "meta" or bool(torch.isfinite(output).all()), f"{what} has numbers that are not finite"
    )
    return output


def check_gradients(
    network: nn.Module, inputs: Inputs, judge: Judge, *, reached: set[str], takes_labels: bool = True
) -> None:
    """Note in `reached` the parameters that the gradient of the outputs reaches, and require it at the inputs.

    A critic of several logits may leave the labels to the loss, as an auxiliary classifier does: `takes_labels`.
    """
    first = inputs[0].clone().requires_grad_()
    labels = inputs[1].clone().requires_grad_()
    network.zero_grad()
    with judge.doing("the gradient"), seeded():
        output = network(first, labels)
        torch.autograd.backward((output * torch.randn_like(output)).sum())
    for name, parameter in network.named_parameters():
        if parameter.grad is not None and bool(parameter.grad.any()):
            judge.require(torch.isfinite(parameter.grad).all(), f"the gradient of {name} is not finite")
            reached.add(name)
    judge.require(first.grad is not None and first.grad.any(), "no gradient reaches its inputs")
    if labels.shape[1] and takes_labels:
        judge.require(
            labels.grad is not None and labels.grad.any(),
            "the labels change nothing; use them, or say in `incompatibility` that label_dim must be 0",
        )


def require_all_reached(network: nn.Module, reached: set[str], judge: Judge) -> None:
    """Require that every trainable parameter was reached."""
    missed = [name for name, p in network.named_parameters() if p.requires_grad and name not in reached]
    judge.require(not missed, f"no gradient reaches {', '.join(missed[:5])}; use it or make it a buffer")


def check_double_backward(network: nn.Module, inputs: Inputs, judge: Judge) -> None:
    """Differentiate the squared gradient at the inputs, as gradient penalties do."""
    first = inputs[0].clone().requires_grad_()
    network.zero_grad()
    with judge.doing("the gradient of a gradient (penalties need it)"), seeded():
        output = network(first, inputs[1])
        # Not linear in the output, so that the last layer is differentiated twice too.
        (slope,) = torch.autograd.grad((output * torch.randn_like(output) + output**2).sum(), first, create_graph=True)
        penalty = slope.square().sum()
        judge.require(penalty.requires_grad, "the gradient at its inputs does not depend on its parameters")
        torch.autograd.backward(penalty)
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    judge.require(gradients, "the gradient of a gradient reaches no parameter")
    judge.require(all(bool(torch.isfinite(g).all()) for g in gradients), "the gradient of a gradient is not finite")


def check_evaluation(network: nn.Module, inputs: Inputs, judge: Judge) -> Tensor:
    """Require that evaluation is deterministic under one seed and changes no state, and return its result."""
    network.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with judge.doing("a forward in evaluation mode"), torch.no_grad():
        with seeded():
            once = network(*inputs)
        with seeded():
            twice = network(*inputs)
    judge.require(torch.equal(once, twice), "in evaluation mode, the same inputs and seed give different results")
    changed = [name for name, value in network.state_dict().items() if not torch.equal(value, before[name])]
    judge.require(not changed, f"a forward in evaluation mode changes {', '.join(changed[:5])}")
    return once


def check_independence(network: nn.Module, inputs: Inputs, judge: Judge, *, training: bool) -> None:
    """Require that each result depends on its own inputs alone; not for networks that draw noise themselves."""
    network.train(training)
    mode = "training" if training else "evaluation"
    with judge.doing(f"a forward in {mode} mode"), torch.no_grad():
        with seeded(SEED):
            together = network(*inputs)
        with seeded(SEED + 1):
            noisy = not torch.equal(together, network(*inputs))
        if noisy:
            return
        halves = [network(*(part[at : at + 2] for part in inputs)) for at in range(0, len(inputs[0]), 2)]
    same = torch.allclose(torch.cat(halves), together, rtol=1e-3, atol=1e-4)
    advice = "; let depends_on_batch(options) return True" if training else ""
    judge.require(same, f"in {mode} mode, one result depends on the others of its batch{advice}")


def check_state_dict(network: nn.Module, build: Build, inputs: Inputs, judge: Judge) -> None:
    """Require that saved weights, loaded into another instance, give the same results."""
    expected = check_evaluation(network, inputs, judge)
    with judge.doing("loading its own state_dict into a new instance"):
        with seeded(SEED + 2):
            other = build()
        other.load_state_dict(network.state_dict())
    found = check_evaluation(other, inputs, judge)
    judge.require(
        torch.equal(expected, found), "a new instance with the same state_dict gives other results: state is missing"
    )


def check_memory_format(network: nn.Module, inputs: Inputs, judge: Judge) -> None:
    """Require the same results, and gradients of gradients, with weights and images channels-last."""
    expected = check_evaluation(network, inputs, judge)
    with judge.doing("channels-last (use flatten, reshape or unflatten instead of view)"):
        network = network.to(memory_format=torch.channels_last)
        first = inputs[0].contiguous(memory_format=torch.channels_last) if inputs[0].dim() == 4 else inputs[0]
        with torch.no_grad(), seeded():
            found = network(first, inputs[1])
    check_double_backward(network.train(), (first, inputs[1]), judge)
    judge.require(
        torch.allclose(expected, found, rtol=1e-3, atol=1e-4), "gives other results when its weights are channels-last"
    )
