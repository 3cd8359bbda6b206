"""Gradients and terms of a batch that several processes share: their mean, the same in every process to the bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ganzoo.layers.ranks import Ranks, exchanging, sum_of_parts


@torch.no_grad()
def average_gradients(parameters: Sequence[nn.Parameter], ranks: Ranks) -> None:
    """Put the mean over processes in place of the gradients of parameters, after the last backward pass of a step.

    They are flattened, summed in the order of the processes' numbers, divided and spread again, as NVIDIA's own loops
    do: this is indifferent to second derivatives, several backward passes and parameters without a gradient. What is
    not finite in one process is so in all of them.
    """
    if ranks.size == 1:
        return
    # A parameter may have a gradient in some processes only, where what a network does depends on its images.
    reached = ranks.any([parameter.grad is not None for parameter in parameters])
    for parameter, is_reached in zip(parameters, reached, strict=True):
        if is_reached and parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    for kind in dict.fromkeys(gradient.dtype for gradient in gradients):
        _average([gradient for gradient in gradients if gradient.dtype is kind], ranks)


def _average(gradients: Sequence[Tensor], ranks: Ranks) -> None:
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    # Each process sums one part, then all parts are gathered: as much traffic as the best rings have.
    padded = nn.functional.pad(flat, (0, -len(flat) % ranks.size)).view(ranks.size, -1)
    own = sum_of_parts(padded, ranks).div_(ranks.size)
    with exchanging():
        dist.all_gather(list(padded), own, group=ranks.links.device)
    sizes = [gradient.numel() for gradient in gradients]
    for gradient, mean in zip(gradients, torch.split(padded.view(-1)[: len(flat)], sizes), strict=True):
        gradient.copy_(mean.view_as(gradient))  # in place, so that each keeps its order in memory


@torch.no_grad()
def average_terms(terms: Mapping[str, Tensor], ranks: Ranks) -> dict[str, Tensor]:
    """Return the means of scalars over processes: what each measured on its own images, for the whole batch."""
    if ranks.size == 1:
        return dict(terms)
    here = torch.stack([term.double() if term.device.type == "cpu" else term.float() for term in terms.values()])
    found = here.new_empty(ranks.size, len(here))
    with exchanging():
        dist.all_gather(list(found), here, group=ranks.links.device)
    return dict(zip(terms, found.mean(dim=0).unbind(), strict=True))
