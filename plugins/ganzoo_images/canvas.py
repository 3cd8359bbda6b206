"""Canvas: soft ellipses on the square [-1, 1]^2, the same picture at every resolution."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Wave = tuple[int, float, float]

_SMALLEST_GRID = 128  # points per side that fine structures need, whatever the resolution
_SUPERSAMPLING = 2


class Dice:
    """Random numbers from (seed, index) whose bits no library may change: raw Philox words."""

    def __init__(self, seed: int, index: int) -> None:
        key = int.from_bytes(sha256(f"phantom\0{seed}\0{index}".encode()).digest()[:16], "little")
        self._words = np.random.Philox(key=key)

    def between(self, low: float, high: float) -> float:
        """Draw from U(low, high)."""
        return low + (high - low) * (int(self._words.random_raw()) >> 11) * 2.0**-53

    def around(self, value: float, spread: float) -> float:
        """Draw from U(value (1 - spread), value (1 + spread))."""
        return value * self.between(1 - spread, 1 + spread)

    def chance(self, probability: float) -> bool:
        """Draw a yes with this probability."""
        return self.between(0, 1) < probability

    def waves(self, lowest: int, highest: int, size: float) -> list[Wave]:
        """Draw the lobes of an outline: frequency, amplitude relative to the radius, phase."""
        return [(k, self.between(0.3, 1) * size, self.between(0, 2 * np.pi)) for k in range(lowest, highest + 1)]


class Canvas:
    """Intensities in [0, 1] on a grid finer than the picture, in a frame that may be turned, moved and scaled.

    Args:
        resolution: Resolution of the picture.
        turn: Rotation of the frame, in radians.
        move: Shift of the frame.
        scale: Size of the frame.
        softness: Width of every edge, in units of the square: what a scanner would blur.
    """

    def __init__(
        self, resolution: int, *, turn: float, move: tuple[float, float], scale: float, softness: float
    ) -> None:
        self._factor = max(_SUPERSAMPLING, -(-_SMALLEST_GRID // resolution))
        self._resolution = resolution
        side = resolution * self._factor
        centers = (np.arange(side) + 0.5) * (2 / side) - 1
        x, y = np.meshgrid((centers - move[0]) / scale, (centers - move[1]) / scale)
        self.x = x * np.cos(turn) + y * np.sin(turn)
        self.y = y * np.cos(turn) - x * np.sin(turn)
        self.values: FloatArray = np.zeros((side, side))
        self._softness = softness
        self._frame = (turn, move, scale)

    def ellipse(
        self,
        center: tuple[float, float],
        axes: tuple[float, float],
        value: float,
        *,
        turn: float = 0.0,
        opacity: float = 1.0,
        waves: Sequence[Wave] = (),
    ) -> None:
        """Paint an ellipse over what is there; `waves` (of consecutive frequencies) make its outline wavy."""
        window = self._window(center, 1.3 * max(axes) + self._softness)
        cover = opacity * self._cover(window, center, axes, turn, waves)
        part = self.values[window]
        part += cover * (value - part)

    def grain(self, waves: Sequence[tuple[float, float, float]], strength: float, above: float) -> None:
        """Multiply tissue brighter than `above` by a sum of plane waves (x and y frequency, phase)."""
        field = sum(np.cos(fx * self.x + fy * self.y + phase) for fx, fy, phase in waves)
        tissue = np.clip((self.values - above) * 10, 0, 1)
        self.values *= 1 + strength * tissue * field

    def picture(self) -> FloatArray:
        """Return the picture `[R, R]` in [0, 1]: the mean over each pixel's area."""
        blocks = self.values.reshape(self._resolution, self._factor, self._resolution, self._factor)
        return np.clip(blocks.mean(axis=(1, 3)), 0, 1)

    def _cover(
        self,
        window: tuple[slice, slice],
        center: tuple[float, float],
        axes: tuple[float, float],
        turn: float,
        waves: Sequence[Wave],
    ) -> FloatArray:
        x, y = self.x[window] - center[0], self.y[window] - center[1]
        if turn:
            x, y = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        x, y = x / axes[0], y / axes[1]
        radius = np.sqrt(x * x + y * y)
        edge = _wavy(x, y, radius, waves)
        # Near the edge this is the distance to it, to first order, also on the flat sides.
        slope = np.sqrt((x / axes[0]) ** 2 + (y / axes[1]) ** 2)
        distance = (edge - radius) * radius / np.maximum(slope, 1e-9)
        step = np.clip(0.5 + distance / self._softness, 0, 1)
        return step * step * (3 - 2 * step)

    def _window(self, center: tuple[float, float], reach: float) -> tuple[slice, slice]:
        turn, move, scale = self._frame
        x = center[0] * np.cos(turn) - center[1] * np.sin(turn)
        y = center[0] * np.sin(turn) + center[1] * np.cos(turn)
        side = len(self.values)
        spans = []
        for middle, shift in ((y, move[1]), (x, move[0])):
            low, high = ((middle + sign * reach) * scale + shift for sign in (-1, 1))
            start, stop = (int(np.floor((edge + 1) / 2 * side)) for edge in (low, high))
            spans.append(slice(max(start, 0), max(stop + 1, 0)))
        return spans[0], spans[1]


def _wavy(x: FloatArray, y: FloatArray, radius: FloatArray, waves: Sequence[Wave]) -> FloatArray | float:
    """Return the radius of the outline in each direction: 1 + sum of size * cos(k * angle + phase)."""
    if not waves:
        return 1.0
    around = (x + 1j * y) / np.maximum(radius, 1e-9)  # e^(i angle), so its powers turn k times as fast
    # Horner's rule over consecutive frequencies, highest first: one product of the whole window per wave.
    total = np.zeros(around.shape, np.complex128)
    for _, size, phase in reversed(waves):
        total *= around
        total += size * complex(np.cos(phase), np.sin(phase))
    for _ in range(waves[0][0]):
        total *= around
    edge: FloatArray = 1.0 + total.real
    return edge
