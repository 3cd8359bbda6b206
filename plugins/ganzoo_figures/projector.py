"""Projector: the search for styles and noise from which a generator reproduces given images.

Starts at the mean style and descends the distance to the images; early steps are shaken, so that the search does not
stay where it began; noise maps are fitted too, and kept white, so that they cannot hold the image itself. Each image
has an optimum of its own and random numbers of its own: it is found independently of the others, up to rounding.

Paper: StyleGAN2, arXiv:1912.04958, appendix D, whose numbers are the defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from ganzoo.figures import seed_for
from ganzoo_figures.schedule import Schedule

Distance = Callable[[Tensor], Tensor]
_SMALLEST_MAP = 8
_FIELDS = ("styles", "images", "distances", "film", "course")
_NOISE = "noise "


@dataclass(frozen=True)
class Start:
    """Where the search begins.

    Attributes:
        mean: Mean style `[W]`.
        deviation: Root of the mean squared distance of styles from it.
        layers: Styles of an image (S).
        maps: Resolution of each noise map that is fitted, by the buffer's name.
    """

    mean: Tensor
    deviation: float
    layers: int
    maps: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What was found for N images.

    Attributes:
        styles: `[N, S, W]`.
        noise: Noise maps `[N, 1, r, r]` by the buffer's name.
        images: What the generator makes of them, `[N, C, R, R]`.
        distances: Their distances, `[N]`.
        film: Images on the way, first and last among them, `[N, F, C, R, R]`.
        course: Distances on the way, `[N, F]`.
    """

    styles: Tensor
    noise: Mapping[str, Tensor]
    images: Tensor
    distances: Tensor
    film: Tensor
    course: Tensor

    def cpu(self) -> Found:
        """Return the same on the CPU."""
        noise = {name: maps.cpu() for name, maps in self.noise.items()}
        rest = (self.images, self.distances, self.film, self.course)
        return Found(self.styles.cpu(), noise, *(each.cpu() for each in rest))

    def by_name(self) -> dict[str, Tensor]:
        """Return all tensors by names, which `of` knows."""
        noise = {f"{_NOISE}{name}": maps for name, maps in self.noise.items()}
        return {name: getattr(self, name) for name in _FIELDS} | noise

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> Found:
        """Return what `by_name` gave."""
        noise = {name.removeprefix(_NOISE): maps for name, maps in tensors.items() if name.startswith(_NOISE)}
        return cls(noise=noise, **{name: tensors[name] for name in _FIELDS})


def joined(parts: Sequence[Found]) -> Found:
    """Return what was found batch by batch as one."""
    noise = {name: torch.cat([part.noise[name] for part in parts]) for name in parts[0].noise}
    fields = [[getattr(part, name) for part in parts] for name in ("styles", "images", "distances", "film", "course")]
    styles, *rest = (torch.cat(each) for each in fields)
    return Found(styles, noise, *rest)


class Synthesis(nn.Module):
    """A generator seen as a function of styles and noise maps."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, styles: Tensor) -> Tensor:
        """Return images `[N, C, R, R]`."""
        return self.generator.synthesize(styles)  # type: ignore[operator]

    def images(self, styles: Tensor, noise: Mapping[str, Tensor]) -> Tensor:
        """Return the images of styles `[N, S, W]`, with these maps in place of the generator's own."""
        own = {f"generator.{name}": noise_map for name, noise_map in noise.items()}
        return torch.func.functional_call(self, own, (styles,))


def search(
    synthesis: Synthesis,
    distance: Distance,
    start: Start,
    schedule: Schedule,
    seeds: Sequence[int],
    *,
    frames: int = 2,
    progress: Callable[[int], None] = lambda step: None,
) -> Found:
    """Find the styles and noise maps of a batch of images.

    Args:
        synthesis: The generator, its parameters without gradient, in evaluation mode and with constant noise.
        distance: From images `[N, C, R, R]` to how far each is from its target, `[N]`.
        start: Where to begin.
        schedule: How to go on.
        seeds: A seed per image, N of them.
        frames: Images of the film, 2 or more.
        progress: Called with the number of steps done.
    """
    streams = [torch.Generator().manual_seed(seed_for("projection", seed)) for seed in seeds]
    layers = start.layers if schedule.space == "w+" else 1
    styles = start.mean.expand(len(seeds), layers, -1).clone().requires_grad_()
    noise = {
        name: _drawn(streams, (1, resolution, resolution)).to(styles.device).requires_grad_()
        for name, resolution in start.maps.items()
    }
    whiteness = schedule.whiteness or 0.0
    optimizer = torch.optim.Adam([styles, *noise.values()], betas=(0.9, 0.999))
    shots = {round(index * schedule.steps / max(1, frames - 1)) for index in range(frames)}
    film: list[Tensor] = []
    course: list[Tensor] = []

    def shoot() -> None:
        with torch.no_grad():
            film.append(synthesis.images(styles.expand(-1, start.layers, -1), noise))
            course.append(distance(film[-1]))

    for step in range(schedule.steps):
        if step in shots:
            shoot()
        optimizer.param_groups[0]["lr"] = schedule.rate(step)
        shaken = styles + _drawn(streams, styles.shape[1:]).to(styles) * (schedule.shake(step) * start.deviation)
        images = synthesis.images(shaken.expand(-1, start.layers, -1), noise)
        loss = distance(images).sum() + whiteness * sum(map(color_of, noise.values()), styles.new_zeros(()))
        optimizer.zero_grad()
        torch.autograd.backward([loss])
        optimizer.step()
        with torch.no_grad():
            for noise_map in noise.values():
                variance, mean = torch.var_mean(noise_map, dim=(2, 3), correction=0, keepdim=True)
                noise_map.sub_(mean).mul_(variance.rsqrt())
        progress(step + 1)
    shoot()
    found = styles.detach().expand(-1, start.layers, -1).clone()
    kept = {name: noise_map.detach() for name, noise_map in noise.items()}
    return Found(found, kept, film[-1], course[-1], torch.stack(film, dim=1), torch.stack(course, dim=1))


def color_of(noise: Tensor) -> Tensor:
    """Return how far noise maps `[N, 1, r, r]` are from white: neighbors' correlations at each coarser scale.

    For each map and each halving of it down to 8 pixels, the squared mean product with its right-hand and its lower
    neighbors, around the edges; summed over the batch. Averages of four are doubled, so white noise keeps variance 1.
    """
    total = noise.new_zeros(())
    while True:
        for axis in (2, 3):
            total = total + (noise * noise.roll(1, dims=axis)).mean(dim=(1, 2, 3)).square().sum()
        if noise.shape[-1] <= _SMALLEST_MAP:
            return total
        noise = avg_pool2d(noise, 2) * 2


def _drawn(streams: Sequence[torch.Generator], shape: Sequence[int]) -> Tensor:
    return torch.stack([torch.randn(*shape, generator=stream) for stream in streams])
