"""GPU arithmetic: what PyTorch lets a GPU do with float32, said for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def gpu_arithmetic(
    device: torch.device, *, tf32: bool = False, deterministic: bool = True, benchmark: bool = False
) -> Iterator[None]:
    """Set it for the length of the block; on other devices than NVIDIA's, nothing.

    Args:
        device: Where is computed.
        tf32: Whether products and convolutions may round factors to 10 bits. PyTorch's own default lets convolutions.
        deterministic: Whether convolutions must add up alike each time.
        benchmark: Whether the quickest kernel is measured for each size.
    """
    if device.type != "cuda":
        yield
        return
    products = torch.backends.cuda.matmul
    before, products.allow_tf32 = products.allow_tf32, tf32
    try:
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=benchmark, deterministic=deterministic, allow_tf32=tf32
        ):
            yield
    finally:
        products.allow_tf32 = before
