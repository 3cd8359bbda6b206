"""Derivatives: gradients, and gradients of gradients, against finite differences in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ganzoo.testing.calls import cuts
from ganzoo.testing.failure import require

# So small that hardly a unit crosses the corner of its ReLU, and far above the rounding of float64. The larger ones are
# for parts that compute in float32 inside.
_STEPS = (1e-7, 1e-5, 1e-3, 1e-2)
_TOLERANCE = 0.02
# Along one, the errors of a wrong derivative may cancel by chance to less than the tolerance.
_DIRECTIONS = 3
_ROUNDING = 1e-6  # of the largest gradient: what is smaller is 0 but for rounding, as of a bias before a normalization
Value = Callable[[], Tensor]


@dataclass(frozen=True)
class Wrong:
    """A derivative that is not one: what autograd and finite differences say along one direction."""

    name: str
    autograd: float
    differences: float

    def __str__(self) -> str:
        return f"autograd says {self.autograd:.4g}, finite differences {self.differences:.4g}"


def check_slopes(value: Value, variables: Mapping[str, Tensor], what: str) -> None:
    """Require that the gradient of a scalar by each variable is its derivative.

    Args:
        value: Computes the scalar, the same each time.
        variables: Leaves that it depends on, float64, by name.
        what: What it is: "a forward".
    """
    if wrong := _wrong(value, lambda: _slopes(value(), variables), variables):
        require(False, f"the gradient of {what} by {wrong.name} is wrong: {wrong}; {_cause(value)}")


def check_curvature(value: Value, of: Tensor, variables: Mapping[str, Tensor], what: str) -> None:
    """Require the same of the gradient's own gradient, which penalties on gradients descend.

    Args:
        value: Computes the scalar.
        of: The variable that the first gradient is taken by.
        variables: Those that the second is taken by.
        what: What it is.
    """
    direction = _direction(of, 1)

    def slope(create_graph: bool = False) -> Tensor:
        (found,) = torch.autograd.grad(value(), of, create_graph=create_graph)
        return (found * direction).sum()

    def analytic() -> Mapping[str, Tensor]:
        found = slope(create_graph=True)
        return _slopes(found, variables) if found.requires_grad else {}

    if wrong := _wrong(slope, analytic, variables):
        require(
            False,
            f"the gradient of the gradient of {what} by {wrong.name} is wrong: {wrong}; {_cause(value, second=True)}",
        )


def scale_of(value: Value, partial: Value, variables: Mapping[str, Tensor]) -> float | None:
    """Return what the derivative of `value` is to the gradient of `partial`; None where they point to different sides.

    Args:
        value: Computes a scalar, the same each time.
        partial: Computes the same with a part of it held.
        variables: Leaves that both depend on, float64, by name.
    """
    slopes = _slopes(partial(), variables)
    pairs = []
    for turn in range(_DIRECTIONS + 1):
        directions = _directions(slopes, variables, turn * len(variables))
        along = sum(float((slopes[name] * directions[name]).sum()) for name in variables if name in slopes)
        pairs.append((along, _difference(value, variables, directions, _STEPS[1])))
    size = sum(one * one for one, _ in pairs)
    scale = sum(one * other for one, other in pairs) / size if size else 0.0
    most = max(abs(other) for _, other in pairs)
    return scale if all(abs(other - scale * one) <= _TOLERANCE * most for one, other in pairs) else None


def _slopes(value: Tensor, variables: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    if not value.requires_grad:
        return {}
    found = torch.autograd.grad(value, list(variables.values()), allow_unused=True)
    return {name: slope for name, slope in zip(variables, found, strict=True) if slope is not None}


def _wrong(
    value: Callable[[], Tensor], analytic: Callable[[], Mapping[str, Tensor]], variables: Mapping[str, Tensor]
) -> Wrong | None:
    slopes = analytic()
    for turn in range(_DIRECTIONS):
        directions = _directions(slopes, variables, turn * len(variables))
        if _agree(value, slopes, variables, directions) is None:
            continue
        for name, each in variables.items():
            if wrong := _agree(value, slopes, {name: each}, directions):
                return wrong
    return None  # or of all together, where no one of them shows it: rounding


def _directions(slopes: Mapping[str, Tensor], variables: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
    """Return a direction for each variable along which all matter alike, so that none hides behind the others."""
    norms = {name: float(each.norm()) for name, each in slopes.items()}
    floor = _ROUNDING * max(norms.values(), default=0.0)
    sizes = {name: size for name, size in norms.items() if size > floor}
    least = min(sizes.values(), default=1.0)
    return {
        name: _direction(each, seed + index) * (least / sizes.get(name, least))
        for index, (name, each) in enumerate(variables.items())
    }


def _agree(
    value: Value, slopes: Mapping[str, Tensor], variables: Mapping[str, Tensor], directions: Mapping[str, Tensor]
) -> Wrong | None:
    """Return what is wrong, or None where any step of the differences agrees with autograd."""
    terms = [(slopes[name] * directions[name]) for name in variables if name in slopes]
    expected = sum(float(each.sum()) for each in terms)
    size = sum(float(each.square().sum()) for each in terms) ** 0.5
    differences = []
    for step in _STEPS:
        differences.append(_difference(value, variables, directions, step))
        if abs(differences[-1] - expected) <= _TOLERANCE * max(size, abs(differences[-1])) + 1e-9:
            return None
    return Wrong(", ".join(list(variables)[:3]), expected, differences[0])


def _difference(value: Value, variables: Mapping[str, Tensor], directions: Mapping[str, Tensor], step: float) -> float:
    ends = []
    for sign in (1, -1):
        with _moved(variables, directions, sign * step):
            ends.append(float(value().detach()))
    return (ends[0] - ends[1]) / (2 * step)


class _moved:
    """Moves variables inside, and puts them back."""

    def __init__(self, variables: Mapping[str, Tensor], directions: Mapping[str, Tensor], step: float) -> None:
        self._pairs = [(each, directions[name] * step) for name, each in variables.items()]
        self._kept = [each.detach().clone() for each in variables.values()]

    @torch.no_grad()
    def __enter__(self) -> None:
        for each, step in self._pairs:
            each.add_(step)

    @torch.no_grad()
    def __exit__(self, *error: object) -> None:
        for (each, _), kept in zip(self._pairs, self._kept, strict=True):
            each.copy_(kept)


def _direction(variable: Tensor, seed: int) -> Tensor:
    rng = torch.Generator().manual_seed(100 + seed)
    return torch.randn(variable.shape, dtype=variable.dtype, generator=rng)


def _cause(value: Value, *, second: bool = False) -> str:
    """Say what makes a derivative wrong: a Function of its own, or what cuts the graph."""
    found = value()
    own = sorted(set(_own_functions(found)))
    if own:
        named = " or ".join(f"`{each}.backward`" for each in own[:3])
        if second:
            return f"{named} must itself be differentiable: use save_for_backward, neither detach() nor .data"
        return f"{named} is not the derivative of its forward"
    cut = cuts(value)
    return f"{cut} cuts off a part of it" if cut else "something between is not differentiable, such as a comparison"


def _own_functions(value: Tensor) -> Iterator[str]:
    """Yield the names of all `torch.autograd.Function`s, but those of this package, that a value was computed by."""
    seen, waiting = set(), [value.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        cls = getattr(type(node), "_forward_cls", None)
        if cls is not None and not cls.__module__.startswith("ganzoo."):
            yield cls.__name__
        waiting += [each for each, _ in node.next_functions]
