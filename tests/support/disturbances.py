"""Disturbances of images that a judge of generated images ought to see, and how surely features see them."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from ganzoo.scoring.features import extract
from ganzoo_metrics.kid import kernel_distance

RELABELINGS = 300


def _each(change):
    def of_all(images):
        return np.stack([np.asarray(change(Image.fromarray(image))) for image in images])

    return of_all


def _jpeg(quality):
    def coded(image):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file)

    return _each(coded)


def _noise(deviation):
    def noisy(images):
        grain = np.random.RandomState(7).standard_normal(images.shape) * deviation
        return (images + grain).round().clip(0, 255).astype(np.uint8)

    return noisy


def _swapped(images):
    """Exchange an eye and the chin of an aligned face."""
    side = images.shape[1]
    size, eye, chin = side * 24 // 128, (side * 50 // 128, side * 36 // 128), (side * 98 // 128, side * 52 // 128)
    changed = images.copy()
    for (y, x), (v, u) in ((eye, chin), (chin, eye)):
        changed[:, y : y + size, x : x + size] = images[:, v : v + size, u : u + size]
    return changed


def _hole(images):
    changed, middle = images.copy(), images.shape[1] // 2
    changed[:, middle - 24 : middle - 12, middle - 6 : middle + 6] = 0
    return changed


def _half_shifted(images):
    changed, middle = images.copy(), images.shape[2] // 2
    changed[:, :, middle:] = np.roll(images, 4, axis=1)[:, :, middle:]
    return changed


def _half_mirrored(images):
    changed, middle = images.copy(), images.shape[2] // 2
    changed[:, :, middle:] = images[:, :, :middle][:, :, ::-1]
    return changed


def _gamma(images):
    return (255 * (images / 255.0) ** 0.9).round().astype(np.uint8)


OF_FACES = {
    "noise 8": _noise(8),
    "noise 20": _noise(20),
    "JPEG 30": _jpeg(30),
    "blur 1": _each(lambda image: image.filter(ImageFilter.GaussianBlur(1))),
    "two patches swapped": _swapped,
    "upside down": lambda images: images[:, ::-1],
}
OF_BRAINS = {
    "noise 8": _noise(8),
    "JPEG 30": _jpeg(30),
    "blur 1": _each(lambda image: image.filter(ImageFilter.GaussianBlur(1))),
    "dark hole": _hole,
    "right half shifted": _half_shifted,
    "half mirrored": _half_mirrored,
    "gamma 0.9": _gamma,
}


def seen(network, layer, images, disturbances):
    """Return how surely each disturbance is seen: the kernel distance of the disturbed second half of the images
    `[n, R, R]` or `[n, R, R, 3]` to the first, in standard deviations of what random halves of clean ones give."""
    half = len(images) // 2
    first, second = _features(network, layer, images[:half]), _features(network, layer, images[half:])
    both, rng = torch.cat([first, second]), np.random.RandomState(3)
    orders = (rng.permutation(len(both)) for _ in range(RELABELINGS))
    null = np.array([_distance(both[order[:half]], both[order[half:]]) for order in orders])
    return {
        name: float((_distance(_features(network, layer, change(images[half:])), first) - null.mean()) / null.std())
        for name, change in disturbances.items()
    }


def _distance(fakes, reals):
    size = min(len(fakes), len(reals))
    return kernel_distance(fakes, reals, subsets=1, subset_size=size).value


def _features(network, layer, images) -> Tensor:
    stacked = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    batches = torch.from_numpy(np.ascontiguousarray(stacked)).split(16)
    return extract(network, batches, (layer,), device="cpu")[layer]
