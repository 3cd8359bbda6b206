"""Kernels in Triton: the numbers and derivatives of PyTorch's operations, on a GPU or in Triton's interpreter."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import warnings

import pytest
import torch

from ganzoo.layers import activate, downsample, fir_kernel, kernels, smooth, upsample, use_kernels
from ganzoo.layers.fir import Geometry, _plain, filtered

CUDA = torch.cuda.is_available()
# Of the norm, for values and for derivatives: half precision puts some numbers on the other side of a kink.
TOLERANCES = {
    torch.float64: (1e-6, 1e-6),
    torch.float32: (1e-5, 1e-4),
    torch.float16: (2e-3, 0.05),
    torch.bfloat16: (1e-2, 0.15),
}
needs_gpu = pytest.mark.skipif(not CUDA, reason="needs a CUDA device")


@pytest.fixture(autouse=True)
def _seed_and_plain_after():
    torch.manual_seed(0)
    yield
    use_kernels(False)


@pytest.fixture
def interpreted(monkeypatch):
    """Triton's interpreter on the CPU: it must be chosen before Triton is imported."""
    if CUDA or importlib.util.find_spec("triton") is None or "triton" in sys.modules:
        pytest.skip("Triton is not installed, or was imported as a compiler")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    # Few rows a program, so that one does not do all.
    monkeypatch.setattr("ganzoo.layers.triton_fir._STEPS", 2)
    monkeypatch.setattr(kernels, "_DEVICE", "cpu")


def both(compute, *inputs):
    """Return what kernels and PyTorch compute: the value, its gradients, and the gradients of these."""
    found = []
    for wanted in (True, False):
        use_kernels(wanted)
        leaves = [each.detach().clone(memory_format=torch.preserve_format).requires_grad_() for each in inputs]
        value = compute(*leaves)
        # Two weights for what comes out, so that no gradient is a constant.
        torch.manual_seed(1)
        first, second = (torch.randn(value.shape, device=value.device).to(value.dtype) for _ in range(2))
        quick = torch.autograd.grad(value, leaves, first, retain_graph=True)
        slopes = torch.autograd.grad(value, leaves, first, create_graph=True)
        again = torch.autograd.grad(
            sum((each.float() ** 2).sum() for each in slopes) + (value.float() * second.float()).sum(), leaves
        )
        found.append([value.detach(), *quick, *(each.detach() for each in slopes), *again])
    assert not kernels._Choice.failed
    return found


def assert_same(found, expected, dtype):
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert torch.isfinite(one).all()
        scale = other.double().norm() + 1e-12
        assert (one.double() - other.double()).norm() <= TOLERANCES[dtype][number > 0] * scale


def maps_of(shape, dtype=torch.float32, device="cpu", last=True):
    maps = torch.randn(shape, device=device).to(dtype)
    return maps.contiguous(memory_format=torch.channels_last) if last else maps


def filters(kernel):
    """The filters that networks use, and one with neither symmetry nor margins."""
    skewed = torch.arange(1.0, 10.0, device=kernel.device).reshape(3, 3).to(kernel.dtype)
    return [
        lambda x: upsample(x, kernel),
        lambda x: downsample(x, kernel),
        lambda x: smooth(x, kernel, padding=(1, 1)),
        lambda x: smooth(x, kernel, padding=(2, 2)),
        lambda x: smooth(x, skewed, stride=2),
        lambda x: smooth(x, skewed, padding=(-1, 0)),
    ]


def inputs_of_an_activation(shape, dtype, device="cpu", last=True):
    count, channels = shape[:2]
    return (
        maps_of(shape, dtype, device, last),
        torch.rand(count, channels, device=device) + 0.5,
        torch.tensor(0.3, device=device),
        torch.randn(channels, device=device),
    )


def activations(shape, device="cpu"):
    noise = torch.randn(shape[0], 1, *shape[2:], device=device)
    return [
        lambda x, f, s, b: activate(x * 1, factors=f, noise=noise, strength=s, bias=b),
        lambda x, f, s, b: activate(x * 1, factors=f, noise=noise[0, 0], strength=s, bias=b, bound=0.8) * b.sum() * s,
        lambda x, f, s, b: activate(x * 1, bias=b, bound=1.5) * (f.sum() + s),
    ]


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_interpreted_kernels_compute_what_pytorch_does_and_are_differentiated_twice(every):
    shape = (1, 3, 2, 3)
    chosen = filters(fir_kernel([1, 3, 3, 1]))
    for number, compute in enumerate(chosen if every else chosen[4:5]):
        assert_same(*both(compute, maps_of((1, 2, 4, 5), last=number % 2 == 0)), torch.float32)
    chosen = activations(shape)
    for number, compute in enumerate(chosen if every else chosen[1:2]):
        assert_same(*both(compute, *inputs_of_an_activation(shape, torch.float32, last=number != 1)), torch.float32)


@needs_gpu
@pytest.mark.gpu
@pytest.mark.parametrize(
    ("shape", "dtype", "last"),
    [
        ((2, 3, 7, 9), torch.float32, True),
        ((2, 5, 33, 130), torch.float32, False),
        ((1, 40, 16, 16), torch.float16, True),
        ((2, 64, 8, 8), torch.bfloat16, True),
        ((1, 2, 5, 6), torch.float64, False),
    ],
)
def test_kernels_compute_what_pytorch_does_and_are_differentiated_twice(shape, dtype, last):
    kernel = fir_kernel([1, 3, 3, 1]).cuda()
    chosen = filters(kernel.double() if dtype == torch.float64 else kernel)
    # Each is compiled for each type: of those that are rarer, some will do.
    for compute in chosen if dtype == torch.float32 else chosen[1::2]:
        assert_same(*both(compute, maps_of(shape, dtype, "cuda", last)), dtype)
    for compute in activations(shape, "cuda"):
        assert_same(*both(compute, *inputs_of_an_activation(shape, dtype, "cuda", last)), dtype)


@needs_gpu
@pytest.mark.gpu
def test_kernels_take_empty_batches_views_and_expanded_gradients():
    kernel = fir_kernel([1, 3, 3, 1]).cuda()
    use_kernels(True)
    empty = torch.zeros(0, 4, 8, 8, device="cuda", requires_grad=True)
    activate(upsample(empty, kernel), bias=torch.zeros(4, device="cuda")).sum().backward()
    assert empty.grad.shape == empty.shape
    wide = torch.randn(2, 8, 20, 24, device="cuda")
    views = (wide[:, ::2, 1:13, 3:], wide.mT, wide[:1].expand(3, -1, -1, -1), wide.flip(3)[..., 1:])
    how = Geometry(2, 1, 2, 30, 30)
    for view in views:
        one = torch.ones((), device="cuda")
        assert_same(*both(lambda x, v=view: upsample(v * x, kernel), one), torch.float32)
        # The sum's gradient is one number seen as many.
        assert_same(*both(lambda x, v=view: activate(v * x, bound=1.0).sum(), one), torch.float32)
    use_kernels(True)
    for view in views:
        assert torch.allclose(filtered(view, kernel, how), _plain(view, kernel, how), atol=1e-5)


@needs_gpu
@pytest.mark.gpu
def test_kernels_give_the_same_bits_each_time_and_pass_on_what_is_not_a_number():
    use_kernels(True)
    maps = maps_of((4, 64, 32, 32), torch.float16, "cuda").requires_grad_()
    bias = torch.randn(64, device="cuda", requires_grad=True)
    first, again = (torch.autograd.grad(activate(maps * 1, bias=bias).sum(), (maps, bias)) for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    lost = torch.tensor([float("nan"), float("inf"), 1.0], device="cuda").reshape(1, 3, 1, 1)
    assert activate(lost.clone(), bound=2.0).flatten().isnan().tolist() == [True, False, False]


def test_a_filter_for_gpus_without_its_kernel_is_pytorchs():
    images, kernel = torch.randn(2, 3, 6, 5, dtype=torch.float64), torch.rand(4, 4, dtype=torch.float64)
    for up, down, before in itertools.product((1, 2), (1, 2), (-1, 2)):
        how = Geometry(up, down, before, 4, 3)
        spread = torch.zeros(2, 3, 30, 30, dtype=torch.float64)
        spread[:, :, 10 : 10 + 6 * up : up, 10 : 10 + 5 * up : up] = images
        windows = spread[:, :, 10 - before :, 10 - before :].unfold(2, 4, down).unfold(3, 4, down)[:, :, :4, :3]
        assert torch.allclose(_plain(images, kernel, how), (windows * kernel).sum(dim=(-1, -2)))
    images.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: filtered(x, kernel, Geometry(2, 1, 1, 9, 7)), images, fast_mode=True)


def test_kernels_that_fail_are_said_once_and_pytorchs_operations_used(monkeypatch):
    monkeypatch.setattr(kernels, "_DEVICE", "cpu")
    monkeypatch.setitem(sys.modules, "ganzoo.layers.triton_fir", None)  # as where Triton is not installed
    images, kernel = torch.randn(1, 2, 6, 6), fir_kernel([1, 3, 3, 1])
    expected = [downsample(images, kernel), activate(images.clone(), bias=torch.ones(2), bound=1.0)]
    use_kernels(True)
    with pytest.warns(UserWarning, match="PyTorch's operations are: ModuleNotFoundError"):
        found = [downsample(images, kernel)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.append(activate(images.clone(), bias=torch.ones(2), bound=1.0))
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(found, expected, strict=True))
