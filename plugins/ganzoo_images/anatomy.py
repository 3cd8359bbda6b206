"""Anatomy of phantoms: an axial slice of a head and a sagittal slice of a knee, each of its own proportions.

Paper: the head is a randomized relative of the phantom of Shepp and Logan 1974, doi:10.1109/TNS.1974.6499235.
"""

from __future__ import annotations

import numpy as np

from ganzoo_images.canvas import Canvas, Dice, FloatArray


def head(dice: Dice, resolution: int) -> FloatArray:
    """Draw scalp, skull, fluid, folded cortex, white matter, nuclei, ventricles, sometimes a lesion.

    Returns:
        Intensities `[R, R]` in [0, 1].
    """
    canvas = _canvas(dice, resolution, tilt=0.16, softness=0.035)
    a, b = dice.between(0.66, 0.76), dice.between(0.82, 0.92)
    shape = dice.waves(2, 4, 0.012)
    skull = dice.between(0.05, 0.075)
    canvas.ellipse((0, 0), (a, b), dice.between(0.7, 0.95), waves=shape)
    canvas.ellipse((0, 0), (a - 0.045, b - 0.045), 0.06, waves=shape)
    inner = (a - 0.045 - skull, b - 0.045 - skull)
    canvas.ellipse((0, 0), inner, dice.between(0.16, 0.26), waves=shape)
    _brain(canvas, dice, inner)
    _grain(canvas, dice, frequency=14, strength=0.035)
    return _shaded(canvas, dice)


def _brain(canvas: Canvas, dice: Dice, inner: tuple[float, float]) -> None:
    gray, white = dice.between(0.44, 0.54), dice.between(0.68, 0.8)
    fluid = dice.between(0.1, 0.18)
    cortex = dice.between(0.045, 0.075)
    half = inner[0] / 2
    canvas.ellipse((0, 0), (inner[0] - 0.02, inner[1] - 0.02), gray, waves=dice.waves(9, 17, 0.016))
    half = inner[0] / 2
    for side in (-1, 1):
        middle = (side * half * 0.98, dice.between(-0.02, 0.02))
        axes = (half - 0.7 * cortex, inner[1] - 0.02 - 1.6 * cortex)
        canvas.ellipse(middle, axes, white, waves=dice.waves(3, 15, 0.024))
    for end, length in ((-1, 0.17), (1, 0.15)):
        canvas.ellipse((dice.between(-0.01, 0.01), end * (inner[1] - length)), (0.014, length), fluid)
    canvas.ellipse((0, 0.02), (0.3, 0.38), white, opacity=0.95, waves=dice.waves(2, 7, 0.03))
    _nuclei(canvas, dice, gray)
    _ventricles(canvas, dice, fluid)
    if dice.chance(0.25):
        where = (dice.between(-0.6, 0.6) * inner[0], dice.between(-0.6, 0.6) * inner[1])
        size = dice.between(0.03, 0.09)
        canvas.ellipse(where, (size, dice.around(size, 0.3)), dice.between(0.85, 1.0), waves=dice.waves(2, 5, 0.06))


def _nuclei(canvas: Canvas, dice: Dice, gray: float) -> None:
    width, height = dice.around(0.085, 0.15), dice.around(0.13, 0.15)
    for side in (-1, 1):
        canvas.ellipse((side * 0.2, -0.06), (width, height), gray + 0.05, turn=side * 0.35, opacity=0.9)
        canvas.ellipse((side * 0.1, 0.12), (width, 0.8 * height), gray + 0.08, turn=-side * 0.3, opacity=0.9)


def _ventricles(canvas: Canvas, dice: Dice, fluid: float) -> None:
    age = dice.between(0.65, 1.6)
    lean = dice.between(0.28, 0.42)
    for side in (-1, 1):
        own = dice.around(age, 0.1)
        canvas.ellipse((side * 0.085 * own**0.5, -0.2), (0.042 * own, 0.15), fluid, turn=-side * lean)
        canvas.ellipse((side * 0.13 * own**0.5, 0.27), (0.04 * own, 0.14), fluid, turn=side * lean)
    canvas.ellipse((0, 0.03), (0.014 * age, 0.1), fluid)


def knee(dice: Dice, resolution: int) -> FloatArray:
    """Draw femur, tibia and patella with their cartilage, menisci, tendons, fat pad and muscle.

    Returns:
        Intensities `[R, R]` in [0, 1]; the front of the knee is on the left.
    """
    canvas = _canvas(dice, resolution, tilt=0.12, softness=0.035)
    canvas.ellipse((0.08, 0), (dice.between(0.8, 0.9), 1.9), dice.between(0.28, 0.36), waves=dice.waves(2, 5, 0.02))
    canvas.ellipse((0.1, 0), (dice.between(0.7, 0.76), 1.8), dice.between(0.4, 0.5), waves=dice.waves(2, 5, 0.02))
    _muscle(canvas, dice)
    bone = dice.between(0.58, 0.72)
    cartilage = dice.between(0.9, 1.0)
    condyle = (dice.around(0.38, 0.1), dice.around(0.33, 0.1))
    joint = dice.between(0.1, 0.16)
    thickness = dice.between(0.045, 0.075)
    top = joint - condyle[1]
    canvas.ellipse((0.0, joint + 0.1), (0.5, 0.17), 0.2)
    _patella(canvas, dice, bone, cartilage, condyle[0])
    _femur(canvas, dice, (0.02, top), condyle, bone, cartilage, thickness)
    _tibia(canvas, dice, joint + thickness + 0.03, bone, cartilage, thickness)
    for x, lean in ((-0.3, 0.35), (0.32, -0.35)):
        canvas.ellipse((x, joint + 0.02), (0.1, 0.035), 0.06, turn=lean)
    _grain(canvas, dice, frequency=26, strength=0.03)
    return _shaded(canvas, dice)


def _femur(
    canvas: Canvas,
    dice: Dice,
    center: tuple[float, float],
    condyle: tuple[float, float],
    bone: float,
    cartilage: float,
    thickness: float,
) -> None:
    x, y = center
    width = dice.around(0.22, 0.12)
    outer = (condyle[0] + thickness, condyle[1] + thickness)
    canvas.ellipse((x, y + 0.02), outer, cartilage)
    canvas.ellipse((x, y - 0.16), (condyle[0] + 0.03, condyle[1] + 0.02), 0.1)
    canvas.ellipse((x + 0.02, y - 1.0), (width + 0.035, 1.0), 0.1)
    shape = dice.waves(2, 4, 0.015)
    canvas.ellipse((x, y), condyle, bone, waves=shape)
    canvas.ellipse((x, y - 0.16), (condyle[0] - 0.01, condyle[1]), bone, waves=shape)
    canvas.ellipse((x + 0.02, y - 1.0), (width, 1.02), bone)
    canvas.ellipse((x, y - 0.12), (condyle[0] * 0.8, 0.012), bone * 0.8, turn=dice.between(-0.15, 0.15))


def _tibia(canvas: Canvas, dice: Dice, top: float, bone: float, cartilage: float, thickness: float) -> None:
    width = dice.around(0.42, 0.08)
    canvas.ellipse((0.03, top + 0.13), (width, 0.15 + thickness), cartilage)
    canvas.ellipse((0.03, top + 0.2), (width + 0.03, 0.17), 0.1)
    canvas.ellipse((0.06, top + 0.95), (dice.around(0.24, 0.1) + 0.035, 0.9), 0.1)
    canvas.ellipse((0.03, top + 0.19), (width, 0.17), bone, waves=dice.waves(2, 4, 0.012))
    canvas.ellipse((0.05, top + 0.4), (width * 0.75, 0.3), bone)
    canvas.ellipse((0.06, top + 0.95), (dice.around(0.24, 0.1), 0.9), bone)
    canvas.ellipse((0.03, top + 0.26), (width * 0.8, 0.011), bone * 0.8, turn=dice.between(-0.08, 0.08))


def _patella(canvas: Canvas, dice: Dice, bone: float, cartilage: float, reach: float) -> None:
    x, y = -reach - dice.between(0.13, 0.18), dice.between(-0.42, -0.28)
    tall = dice.around(0.19, 0.12)
    canvas.ellipse((x + 0.14, y + 0.42), (0.15, 0.24), dice.between(0.5, 0.62), turn=0.3)
    canvas.ellipse((x + 0.015, y - 0.6), (0.028, 0.5), 0.07, turn=-0.03)
    canvas.ellipse((x + 0.045, y + 0.46), (0.028, 0.4), 0.07, turn=-0.16)
    canvas.ellipse((x + 0.03, y), (0.105, tall - 0.02), cartilage, turn=-0.08)
    canvas.ellipse((x - 0.005, y), (0.105, tall + 0.03), 0.1, turn=-0.08)
    canvas.ellipse((x, y), (0.085, tall), bone, turn=-0.08, waves=dice.waves(2, 4, 0.02))


def _muscle(canvas: Canvas, dice: Dice) -> None:
    for x, y in ((0.62, -0.65), (0.6, 0.7), (-0.35, -0.9), (0.42, 0.85)):
        where = (dice.around(x, 0.08), y + dice.between(-0.08, 0.08))
        size = (dice.around(0.16, 0.2), dice.around(0.5, 0.15))
        canvas.ellipse(
            where, size, dice.between(0.2, 0.3), turn=dice.between(-0.15, 0.15), waves=dice.waves(2, 5, 0.03)
        )
    for _ in range(2):
        where = (dice.between(0.52, 0.66), dice.between(-0.25, 0.25))
        canvas.ellipse(where, (0.03, dice.between(0.03, 0.12)), dice.between(0.7, 0.95), turn=dice.between(-0.4, 0.4))


def _canvas(dice: Dice, resolution: int, *, tilt: float, softness: float) -> Canvas:
    return Canvas(
        resolution,
        turn=dice.between(-tilt, tilt),
        move=(dice.between(-0.05, 0.05), dice.between(-0.05, 0.05)),
        scale=dice.between(0.94, 1.06),
        softness=softness,
    )


def _grain(canvas: Canvas, dice: Dice, *, frequency: float, strength: float) -> None:
    waves = []
    for _ in range(5):
        angle, speed = dice.between(0, np.pi), dice.around(frequency, 0.5)
        waves.append((speed * np.cos(angle), speed * np.sin(angle), dice.between(0, 2 * np.pi)))
    canvas.grain(waves, strength, above=0.22)


def _shaded(canvas: Canvas, dice: Dice) -> FloatArray:
    """Apply a receive coil's slow change of brightness and return the picture."""
    x, y = dice.between(-0.12, 0.12), dice.between(-0.12, 0.12)
    canvas.values *= dice.between(0.88, 1.0) * (1 + x * canvas.x + y * canvas.y)
    return canvas.picture()
