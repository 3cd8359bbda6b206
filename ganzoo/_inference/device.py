"""Device: its name judged before torch is imported, and the device itself chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ganzoo.errors import GanzooError
from ganzoo.text import clip, literal

if TYPE_CHECKING:
    import torch

_NAMES = "auto, cpu, cuda, cuda:1, mps"
_KNOWN = re.compile(r"auto|cpu|mps|(?:cuda|xpu)(?::\d{1,3})?")
_GPU = re.compile(r"(?:gpu|nvidia|cuda)[ :=_-]?(\d{0,3})", re.IGNORECASE)


def check_device_name(name: str) -> str:
    """Return `name` if a device can be called so. Raises GanzooError that says which was meant."""
    if _KNOWN.fullmatch(name):
        return name
    meant = ""
    if found := _GPU.fullmatch(name):
        meant = f"; a GPU is called '{'cuda:' + found[1] if found[1] else 'cuda'}'"
    elif name.lower() in ("auto", "cpu", "mps"):
        meant = f"; did you mean '{name.lower()}'?"
    raise GanzooError(f"there is no device '{clip(literal(name), 40)}'{meant} (devices: {_NAMES})")


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` takes a CUDA GPU, else Apple's, else the CPU. Raises GanzooError."""
    import torch

    check_device_name(name)
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = _lack(name) or str(error).splitlines()[0]
        raise GanzooError(f"device '{name}' cannot be used: {reason}; try --device auto") from None
    return device


def _lack(name: str) -> str:
    """Say what a machine or its torch lacks for a device; nothing where that is not known."""
    import torch

    kind, _, number = name.partition(":")
    count = torch.cuda.device_count() if kind == "cuda" else 0
    if count and number and int(number) >= count:
        return f"the last GPU here is cuda:{count - 1}"
    if kind == "cuda" and torch.version.cuda is None:
        return "the installed torch was made without CUDA; pytorch.org says how to install one with it"
    if kind == "cuda" and not count:
        return "torch finds no NVIDIA GPU here (nvidia-smi shows whether the driver works)"
    return "torch finds no Apple GPU here" if kind == "mps" and not torch.backends.mps.is_available() else ""
