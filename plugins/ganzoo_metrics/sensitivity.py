"""Sensitivity: what the metrics were measured to see, as `benchmarks/metric_sensitivity.py --python` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ganzoo import Sensitivity

_OF_MODES = "half the classes"


@dataclass(frozen=True)
class _Table:
    """What one collection of images showed.

    Attributes:
        measured_on: The images, how many are judged at a time, and whose features.
        disturbances: What was done to them.
        values: By key of a metric's value: how many standard deviations each disturbance moves it towards worse.
    """

    measured_on: str
    disturbances: tuple[str, ...]
    values: Mapping[str, tuple[float, ...]]

    def of(self, key: str) -> dict[str, float]:
        return dict(zip(self.disturbances, self.values[key], strict=True)) if key in self.values else {}


_OF_ANY_IMAGES = (
    "noise 8/255",
    "noise 20/255",
    "JPEG quality 30",
    "blur of 1 pixel",
    "shift by 1/32",
    "two patches swapped",
    "upside down",
    "gamma 0.9",
    "one image five times",
    "copies of training images",
)
_FACES, _PICTURES = (
    _Table(
        "120 faces of FFHQ at 128x128, features of efficientnet-lite0",
        _OF_ANY_IMAGES,
        {
            "clipped_density": (9.4, 10, 4.6, -0.08, -0.34, 5.3, 8.6, -0.17, -0.65, -0.65),
            "clipped_coverage": (39, 43, 22, 2.3, -0.27, 24, 33, -0.27, -0.27, -0.27),
            "copying": (0.29, -1.7, -0.76, -0.76, -0.46, 0.14, -0.16, -0.31, 2.4, 8.4),
            "density": (7.4, 8, 4.5, 0.98, -0.84, 5, 6.4, -0.35, -4.4, 0.79),
            "coverage": (21, 24, 9.5, 2, -0.31, 9, 17, -0.77, 10, -1.6),
            "fid": (22, 35, 7.8, 3.5, -0.29, 8.6, 20, -0.023, 21, -19),
            "inception_score": (2.4, 5.6, 1.7, 3.4, 0.73, 0.75, 2.4, 0.33, 3.3, -1.4),
            "kid": (130, 210, 52, 31, -0.29, 34, 71, -0.34, 15, -3),
            "mmd_rbf": (180, 300, 52, 41, 0.15, 40, 84, -0.093, 19, -2.9),
            "ms_ssim": (0.87, -0.61, 1.3, 2.6, 1.7, 0.091, 1.5, 1.5, 48, -0.54),
            "precision": (9.3, 12, 2.1, 0.41, -0.27, 4.6, 8.3, 0.58, -0.6, -6.5),
            "recall": (14, 17, 7.2, 8.2, 0.56, 0.46, 7.7, -0.046, 18, -3.9),
            "sliced_wasserstein": (110, 180, 47, 28, 0.22, 26, 62, -0.28, 34, -6.9),
            "swd": (12, 23, 1.1, 5.5, 0.55, 1.6, 2, 1, 4.2, -8.8),
            "swd_coarse": (1.3, 1.3, 1.3, 1.3, 1.1, 1.4, 2.4, 1.5, 3.3, -3.7),
            "swd_fine": (24, 48, 0.087, 9, -0.06, 0.39, -0.03, -0.5, 0.47, -4.1),
        },
    ),
    _Table(
        "120 pictures of CIFAR-10, features of efficientnet-lite0",
        (*_OF_ANY_IMAGES, "half the classes", "wrong labels"),
        {
            "class_accuracy": (5.2, 11, 1.7, 7.9, -0.21, 1.7, 4.3, -0.81, 4.3, -7.1, 4.7, 13),
            "class_kd": (44, 82, 3.3, 23, 0.63, 7.7, 5.1, 0.12, 61, -10, -0.36, 11),
            "class_kd_worst": (18, 28, 1.5, 9.8, 0.36, 2.2, 3, 0.56, 40, -3.3, -1, 5.7),
            "clipped_density": (35, 58, -0.23, -0.23, -0.23, 18, -0.23, -0.23, 9.2, -0.23, -0.23, -0.23),
            "clipped_coverage": (11, 14, -0.51, 0.81, -0.36, 3.2, -0.42, -0.51, 6.9, -0.51, -0.51, -0.51),
            "copying": (0.86, 3.7, -1, 1.9, -0.078, 0.7, -0.55, -1.2, 0.86, 10, 0.6, -0.7),
            "density": (5.8, 7.5, -5, -3.3, 0.31, 1.8, -0.2, 0.064, 2.8, 0.28, -0.16, -0.12),
            "coverage": (12, 18, -1.1, 3.8, 0.074, 2.3, 1.4, -0.3, 14, -2.2, 1.7, -0.02),
            "fid": (43, 83, 0.65, 18, 0.53, 11, 4.1, 0.13, 53, -46, 4, 0.031),
            "inception_score": (7.7, 11, 4.6, 8.4, -0.013, 2.3, 3.1, 0.54, 1.9, -0.34, 2.2, 0.6),
            "kid": (160, 320, 8.6, 83, 0.55, 24, 5.8, -0.77, 20, -5.1, 0.96, -0.99),
            "mmd_rbf": (190, 420, 8.7, 94, 0.69, 25, 5.5, -0.65, 17, -4.6, 1.4, -0.79),
            "ms_ssim": (-0.75, -0.19, -0.34, 0.12, -1, 0.14, -0.97, -0.82, 78, -1, -0.95, -0.97),
            "precision": (8.4, 7.5, -0.84, -1.3, 0.28, 4.5, 0.95, 0.5, 0.73, -6, -0.57, -0.17),
            "recall": (18, 18, 6, 16, -0.17, 5.6, 3.6, -0.17, 18, -3.7, 1.4, 0.04),
            "sliced_wasserstein": (130, 300, 6.2, 54, 0.58, 17, 4.2, -0.62, 31, -7.5, 1.1, -0.62),
            "swd": (3.6, 12, 0.45, 7.3, 0.32, 2.4, 10, 1.7, 5.4, -5.4, 1.9, 0.53),
            "swd_coarse": (0.013, -0.21, 0.09, 1.4, 0.21, 2, 12, 1.4, 5.4, -3.3, 1, 0.1),
            "swd_fine": (7.3, 24, 0.76, 12, 0.27, 1.3, -0.53, 0.83, 0.93, -5, 2, 0.9),
        },
    ),
)


def measured(*keys: str) -> Mapping[str, Sensitivity]:
    """Return what values were measured to see, those that were measured: on faces, and on pictures with classes.

    Faces have no classes: what of missing ones is seen is that of the pictures, and all of values that compare classes.
    """
    found = {}
    for key in keys:
        faces, pictures = _FACES.of(key), _PICTURES.of(key)
        if faces and _OF_MODES in pictures:
            where = f"{_FACES.measured_on}; {_OF_MODES}: {_PICTURES.measured_on}"
            found[key] = Sensitivity(where, {**faces, _OF_MODES: pictures[_OF_MODES]})
        elif faces or pictures:
            found[key] = Sensitivity((_FACES if faces else _PICTURES).measured_on, faces or pictures)
    return found
