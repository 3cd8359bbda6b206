"""Network habits: what generators and discriminators do to their inputs, their state and their company."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.testing import state
from ganzoo.testing.calls import draws
from ganzoo.testing.company import Rows, check_company, check_memory, check_one
from ganzoo.testing.devices import check_device
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.growth import Inputs
from ganzoo.testing.networks import NetworkCase
from ganzoo.testing.properties import Property, fullest
from ganzoo.testing.row_draws import RowDraws
from ganzoo.testing.seeding import SEED, seeded

MEMORY = "depends on no earlier call"
_ADVICE = "; let depends_on_batch(options) return True if that is meant"


def several(case: NetworkCase) -> Inputs:
    """Return inputs of seven rows, all of them different."""
    first, labels = case.inputs
    return torch.cat([first, first[:3] * 0.7]), torch.cat([labels, labels[:3]])


def ask_inputs_kept(first: str) -> Callable[[NetworkCase], None]:
    """Return what requires that inputs are left as they are; `first` says what they are: images, latents."""

    def ask(case: NetworkCase) -> None:
        for training in (True, False):
            network = case.network().train(training)
            given = [part.clone() for part in case.inputs]
            with doing("a forward"), seeded(), torch.no_grad():
                network(*given)
            for what, part, before in zip((first, "labels"), given, case.inputs, strict=True):
                require(
                    torch.equal(part, before),
                    f"changes the {what} that it is given in place; the loss, penalties and figures read them too",
                )

    return ask


def check_labels_used(case: NetworkCase) -> None:
    """Require that labels matter: another class, another result. No gradient is asked for: classes may be looked up."""
    network: Any = case.network()
    first, labels = case.inputs
    found = []
    for given in (labels, labels.roll(1, dims=1)):
        with doing("a forward"), seeded(), torch.no_grad():
            found.append(network(first, given))
    require(
        not torch.equal(found[0], found[1]),
        "the labels change nothing; use them, or say in `incompatibility` that label_dim must be 0",
    )


def check_mode_kept(case: NetworkCase) -> None:
    """Require that a forward leaves it in training mode."""
    network = case.network()
    # What its author keeps in evaluation mode, as pretrained features are, stays there.
    trained = [(name or "itself", each) for name, each in network.named_modules() if each.training]
    with doing("a forward"), seeded():
        network(*case.inputs)
    left = [name for name, each in trained if not each.training]
    require(not left, f"a forward puts {', '.join(left[:3])} into evaluation mode; whoever runs it chooses the mode")


def check_registered(case: NetworkCase) -> None:
    """Require that all that is trained is registered."""
    state.check_registered(case.network())


def check_forgets(case: NetworkCase) -> None:
    """Require that no tensor with a graph is kept."""
    network = case.network()
    with doing("a forward"), seeded():
        network(*case.inputs)
    state.check_no_graphs(network)


def check_own(case: NetworkCase) -> None:
    """Require that two networks share no weight."""
    state.check_own(case.build)


def check_built_alike(case: NetworkCase) -> None:
    """Require that initial weights follow from the seed."""

    def build(seed: int) -> nn.Module:
        with seeded(seed):
            return case.build()

    state.check_built_alike(build)


def check_copied(case: NetworkCase) -> None:
    """Require that a copy, as the EMA is, stands by itself."""
    with doing("a forward"), seeded():
        network = case.build()  # its own, since a copy of a copy might remember the one in between
        network(*case.inputs)

    def run(module: nn.Module) -> Tensor:
        with seeded(), torch.no_grad():
            found: Tensor = module.eval()(*case.inputs)
        return found

    state.check_copied(network, run)


def check_saved(case: NetworkCase) -> None:
    """Require that saved weights, loaded into another instance, give the same results."""
    network: Any = case.network()
    _require_made(network, case)
    with doing("loading its own state_dict into a new instance"), seeded(SEED + 2):
        other: Any = case.build()
        other.load_state_dict(network.state_dict())
    with torch.no_grad():
        found = []
        for each in (network, other):
            with seeded():
                found.append(each.eval()(*case.inputs))
    require(
        torch.equal(found[0], found[1]),
        f"a new instance with the same state_dict gives other results: "
        f"{state.missing_state(network, other) or 'state is missing from it'}",
    )


def _require_made(network: Any, case: NetworkCase) -> None:
    """Require that a forward makes no weights: all of them are made by the constructor."""
    keys = set(network.state_dict())
    with doing("a forward in training mode"), seeded(), torch.no_grad():
        network(*case.inputs)
    made = sorted(set(network.state_dict()) - keys)
    require(
        not made,
        f"its first forward makes {', '.join(f'`{each}`' for each in made[:3])}, which the optimizer, the EMA and "
        f"load_state_dict of a network that was just built do not know; make them in __init__",
    )


def check_device_followed(case: NetworkCase) -> None:
    """Require that it computes where it is moved to."""
    first, labels = (part.to("meta") for part in case.inputs)

    def run(module: nn.Module) -> Tensor:
        found: Tensor = module(first, labels)
        return found

    check_device(case.network(), run, "a forward")


def ask_company(*, training: bool) -> Callable[[NetworkCase], None]:
    """Return what requires that each result depends on its own inputs alone, in one mode."""
    mode = "training" if training else "evaluation"

    def ask(case: NetworkCase) -> None:
        try:
            check_company(_runner(case, training), f"a forward in {mode} mode", advice=_ADVICE if training else "")
        except ConformanceError as error:
            raise ConformanceError(f"{error}{_labels_of_others(case, training)}") from error

    return ask


def _labels_of_others(case: NetworkCase, training: bool) -> str:
    """Say that a result depends on other labels of its batch, if it does not where all are the same; or nothing."""
    if not case.spec.label_dim:
        return ""
    try:
        check_company(_runner(case, training, of_one_class=True), "")
    except ConformanceError:
        return ""
    return (
        "; with one class for all images it does not: it takes the label of another image; that of row i is labels[i] "
        "(no roll, flip or permutation, and no labels[:1])"
    )


def check_single(case: NetworkCase) -> None:
    """Require that it evaluates one image alone, as `ganzoo sample` may ask."""
    check_one(_runner(case, training=False), "a forward in evaluation mode")


def _runner(case: NetworkCase, training: bool, *, of_one_class: bool = False) -> Callable[[Rows], Sequence[Tensor]]:
    (first, labels), network = several(case), case.network().train(training)
    inputs = first, labels[:1].expand_as(labels) if of_one_class else labels

    def run(rows: Rows) -> Sequence[Tensor]:
        chosen = list(rows)
        with torch.no_grad(), seeded(), RowDraws(chosen):
            return [copy.deepcopy(network)(*(part[chosen] for part in inputs))]

    return run


def check_no_memory(case: NetworkCase) -> None:
    """Require that it gives the same whatever it was shown before."""
    _require_made(case.network(), case)
    first, labels = several(case)
    batches = [(first[:3], labels[:3]), (first[1:4] * 0.8, labels[2:5])]

    def call(network: Any, number: int) -> Sequence[Tensor]:
        with torch.no_grad(), seeded(number):  # other numbers for each, which an earlier call may have kept
            return [network(*(part.clone() for part in batches[number]))]

    for training in (False, True):

        def make(training: bool = training) -> Any:
            return case.network().train(training)

        check_memory(call, make, f"a forward in {'training' if training else 'evaluation'} mode")


def check_stream(case: NetworkCase) -> None:
    """Require that noise is drawn from torch's global stream."""
    network, inputs = case.network(), case.inputs
    found = draws(lambda: network(*inputs))
    require(
        "torch.Generator" not in found,
        f"draws with {found}, so that its noise does not follow from the step's seed, and a resume gives other numbers "
        f"or each step the same noise; draw from torch's global stream, which is seeded at each step",
    )


def habits(first: str) -> tuple[Property, ...]:
    """Return the properties of networks; `first` says what their first input is: images, latents."""
    return (
        Property("leaves its inputs as they are", ask_inputs_kept(first), fullest),
        Property("stays in training mode", check_mode_kept, fullest),
        Property("registers all that is trained", check_registered, fullest),
        Property("keeps no tensor of a forward", check_forgets, fullest),
        Property("shares nothing with other instances", check_own, fullest),
        Property("is built the same from the same seed", check_built_alike, fullest),
        Property("copies of it stand by themselves", check_copied, fullest, needs=MEMORY),
        Property("its saved weights are all of it", check_saved, fullest, needs=MEMORY),
        Property("computes on the device that it is moved to", check_device_followed, fullest),
        Property("draws noise from torch's global stream", check_stream, fullest),
    )
