"""Rank checks: random numbers and states that would differ between processes that share a batch, found by name."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ganzoo._random.global_streams import CPU
from ganzoo._training.game import Game
from ganzoo._training.player import Player
from ganzoo.contracts.objectives import Role
from ganzoo.errors import PluginError
from ganzoo.layers.ranks import Ranks, exchanging, is_drawing

_TORCH = ("torch.", "contextlib.")
_OURS = ("ganzoo.", *_TORCH)


class SharedDraws(TorchFunctionMode):
    """Inside, random numbers that are drawn without saying whether they belong to images raise PluginError.

    All processes draw the same from their global streams, so a part that drew for its own images only would give the
    images of each process the same numbers. A number alone is one for the batch, unless a loop draws it again.
    It looks at the streams around each call, so only a first step is watched.
    """

    def __init__(self, device: torch.device = CPU) -> None:
        super().__init__()
        self._streams = [torch.default_generator]
        if device.type == "cuda":
            self._streams.append(torch.cuda.default_generators[device.index or 0])
        self._alone: list[tuple[FrameType, int]] = []  # kept, since the next frame may get the place of this one

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        before = [stream.get_state() for stream in self._streams]
        result = func(*args, **(kwargs or {}))
        if is_drawing() or not isinstance(result, Tensor):
            return result
        if all(torch.equal(stream.get_state(), state) for stream, state in zip(self._streams, before, strict=True)):
            return result
        if result.numel() < 2 and not self._is_drawn_again(_caller(_TORCH)):
            return result
        place = _named(_caller(_OURS))
        raise PluginError(
            f"{place} draws random numbers ({func.__name__}) without saying whether they belong to single images, "
            f"which several processes must know; let it draw with per_image(draw, count) or per_batch(draw) of "
            f"ganzoo.layers, or train in one process"
        )

    def _is_drawn_again(self, frame: FrameType | None) -> bool:
        """Whether the same place of a part's code, in the same call of it, has drawn a number before."""
        if frame is None or _module(frame).startswith(_OURS):
            return False
        known = any(each is frame and at == frame.f_lasti for each, at in self._alone)
        self._alone.append((frame, frame.f_lasti))
        return known


def _caller(passed: tuple[str, ...]) -> FrameType | None:
    """Return who called torch, beyond the code of some modules."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and _module(frame).startswith(passed):
        frame = frame.f_back
    return frame if frame is not None and frame.f_back is not None else None


def _module(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__', '')}."


def _named(frame: FrameType | None) -> str:
    """Name the part whose code is running, by module and line."""
    if frame is None:
        return "a part"
    return f"{_module(frame)[:-1]}, line {frame.f_lineno} ({frame.f_code.co_name}),"


@contextmanager
def watched_draws(ranks: Ranks, device: torch.device, *, first: bool) -> Iterator[None]:
    """A step of several processes; the first is watched for random numbers of which nobody can tell whose they are."""
    if ranks.size == 1 or not first:
        yield
        return
    with SharedDraws(device):
        yield


def check_same(game: Game, players: Mapping[Role, Player], ranks: Ranks) -> None:
    """Raise PluginError where processes that share a training no longer have the same networks."""
    states: dict[str, Mapping[str, Tensor]] = {
        "generator": game.generator.state_dict(),
        "discriminator": game.discriminator.state_dict(),
    }
    if game.augmentation is not None:
        states["augmentation"] = game.augmentation.state_dict()
    for role, player in players.items():
        states[f"{role.value}'s penalties"] = player.regularizers.state_dict()
        states[f"{role.value}'s loss"] = player.loss.state_dict()
    check_equal(states, ranks)


@torch.no_grad()
def check_equal(states: Mapping[str, Mapping[str, Tensor]], ranks: Ranks) -> None:
    """Raise PluginError where a tensor is not the same in all processes, and name it.

    Args:
        states: For each network or part, its tensors by name; all processes have the same names.
        ranks: Who compares.
    """
    if ranks.size == 1:
        return
    named = [(who, name, tensor) for who, state in states.items() for name, tensor in state.items()]
    here = torch.tensor([_digest(tensor) for _, _, tensor in named], dtype=torch.int64)
    found = [torch.empty_like(here) for _ in range(ranks.size)]
    with exchanging():
        dist.all_gather(found, here, group=ranks.links.host)
    differs = torch.stack([each != found[0] for each in found]).any(dim=0)
    if differs.any():
        who, name, _ = named[int(differs.nonzero()[0])]
        raise PluginError(
            f"the {who}'s '{name}' differs between the processes that train it: a part computes it from its own "
            f"images alone; let it use batch_mean or all_rows of ganzoo.layers, or train in one process"
        )


def _digest(tensor: Tensor) -> int:
    # Bytes, since nan is not equal to itself.
    raw = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    return int.from_bytes(hashlib.blake2b(raw, digest_size=7).digest(), "little")
