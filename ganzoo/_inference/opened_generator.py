"""What is looked at: the generator of a run at an age, with all that makes its images and says which it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganzoo._inference.build import choose_device
from ganzoo._inference.generate import to_uint8
from ganzoo._inference.growth_stage import CheckpointRequest, loaded
from ganzoo._inference.load import Kind, ages_of, networks_of, sha256_of_weights
from ganzoo._inference.per_seed import drawn, latents_of
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo._runs.directory import RunDirectory
from ganzoo.contracts.capabilities import StyleBased
from ganzoo.contracts.component import ImageSpec, PixelArray
from ganzoo.contracts.networks import Generator
from ganzoo.errors import GanzooError
from ganzoo.layers.style import truncated

Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Take (done, of how many) of a long action, and tell nobody."""


@dataclass(frozen=True)
class OpenedGenerator:
    """A generator that can be looked at.

    Attributes:
        directory: The run's folder.
        generator: The network, on `device`, in evaluation mode and without gradient.
        spec: What its images are at the end of training.
        images_seen: Its age.
        weights: Averaged (`ema`) or raw.
        sha256: SHA-256 of its file of weights, 64 hex digits.
        device: Where it is.
        sampling: Truncation, noise and stage of all images made here, unless a method is told otherwise.
        label: One class for all images; None: seed modulo classes.
        progress: Told (done, of how many) images.
    """

    directory: RunDirectory
    generator: Generator
    spec: ImageSpec
    images_seen: int
    weights: Kind
    sha256: str
    device: torch.device
    sampling: SamplingOptions
    label: int | None = None
    progress: Progress = silent

    @property
    def resolution(self) -> int:
        """Resolution of the images at the stage where the generator stands."""
        return self.sampling.stage.resolution if self.sampling.stage else self.spec.resolution

    def with_sampling(self, **changes: Any) -> OpenedGenerator:
        """Return the same generator used otherwise: `truncation`, `cutoff`, `noise`, `stage`.

        Raises:
            RecipeError: It lacks the capability that this needs.
        """
        sampling = replace(self.sampling, **changes)
        sampling.check(self.generator)
        return replace(self, sampling=sampling)

    def within(self, first: int, total: int) -> OpenedGenerator:
        """Return the same generator, whose progress is that of `total` images of which `first` are done."""
        return replace(self, progress=lambda done, _: self.progress(first + done, total))

    def latents(self, seeds: Sequence[int]) -> Tensor:
        """Return the latent of each seed, `[N, Z]`: those of `ganzoo sample`."""
        return latents_of(self.generator, seeds)

    def labels(self, seeds: Sequence[int]) -> Tensor:
        """Return each seed's label, `[N, L]`: its class is the seed modulo L, unless one was chosen for all.

        Raises:
            GanzooError: There is no such class.
        """
        classes = self.spec.label_dim
        if self.label is None:
            return torch.eye(classes)[[seed % classes for seed in seeds]] if classes else torch.zeros(len(seeds), 0)
        if not 0 <= self.label < classes:
            known = f"it knows classes 0 to {classes - 1}" if classes else "it knows no classes"
            raise GanzooError(f"class {self.label} is asked of '{self.generator.name}', but {known}")
        return torch.eye(classes)[[self.label] * len(seeds)]

    def images(self, seeds: Sequence[int]) -> PixelArray:
        """Return the images of seeds, uint8 `[N, C, R, R]`; each is the same in any company."""
        return self.images_of(self.latents(seeds), self.labels(seeds), seeds)

    def images_of(self, latents: Tensor, labels: Tensor, seeds: Sequence[int]) -> PixelArray:
        """Return the images of latents `[N, Z]` and labels `[N, L]`, uint8; `seeds` are those of their noise."""
        self.sampling.check(self.generator)

        def make(rows: Tensor) -> Tensor:
            return self.sampling.images(self.generator, latents[rows].to(self.device), labels[rows].to(self.device))

        return self.drawn(make, seeds)

    def styles(self, seeds: Sequence[int]) -> Tensor:
        """Return the styles of seeds, `[N, S, W]` on the CPU, truncated as the sampling says."""
        return self.styles_of(self.latents(seeds), self.labels(seeds))

    def styles_of(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Return the styles of latents `[N, Z]` and labels `[N, L]`: `[N, S, W]` on the CPU, truncated."""
        network = self.styled("styles")
        with torch.no_grad(), self.sampling.applied(self.generator):
            styles = network.map(latents.to(self.device), labels.to(self.device))
            if self.sampling.truncation != 1.0:
                styles = truncated(styles, network.mean_w(), self.sampling.truncation, self.sampling.cutoff)
        return styles.cpu()

    def images_of_styles(self, styles: Tensor, seeds: Sequence[int]) -> PixelArray:
        """Return the images of styles `[N, S, W]`, uint8, which are not truncated again."""
        network = self.styled("images of styles")

        def make(rows: Tensor) -> Tensor:
            if self.sampling.stage is not None:
                self.sampling.stage.set(self.generator)
            return network.synthesize(styles[rows].to(self.device))

        return self.drawn(make, seeds)

    def styled(self, figure: str) -> StyleBased:
        """Return the generator as one with styles.

        Raises:
            GanzooError: It has none; says which figures it can make.
        """
        from ganzoo.figures.requirements import require

        require(self, figure, StyleBased)
        assert isinstance(self.generator, StyleBased)
        return self.generator

    def facts(self, seeds: Sequence[int] = (), **more: Any) -> dict[str, Any]:
        """Return as plain data what a sidecar says of this generator and the seeds drawn, and more."""
        stage = self.sampling.stage
        return {
            "run": self.directory.name,
            "generator": self.generator.name,
            "images_seen": self.images_seen,
            "weights": self.weights,
            "weights_sha256": self.sha256,
            "truncation": self.sampling.truncation,
            "truncation_cutoff": self.sampling.cutoff,
            "noise": self.noise,
            "stage": {"resolution": stage.resolution, "alpha": stage.alpha} if stage else None,
            "class": self.label,
            "device": str(self.device),
            **({"seeds": list(seeds)} if len(seeds) else {}),
            **more,
        }

    @property
    def noise(self) -> str | None:
        """The noise mode in use; None where the generator has no noise inputs."""
        from ganzoo.contracts.capabilities import NoiseInputs

        return (self.sampling.noise or "random") if isinstance(self.generator, NoiseInputs) else None

    def drawn(self, make: Callable[[Tensor], Tensor], seeds: Sequence[int]) -> PixelArray:
        """Return what `make` gives for groups of row numbers, uint8 `[N, C, r, r]`; noise by `seeds`."""
        made: list[Tensor] = []
        images = drawn(self.generator, make, seeds, self.sampling, resolution=self.resolution, device=self.device)
        for batch in images:
            made.append(to_uint8(batch))
            self.progress(sum(map(len, made)), len(seeds))
        pixels: PixelArray = torch.cat(made).numpy()
        return pixels


def open_generator(
    path: Path,
    *,
    at: int | None = None,
    weights: Kind = "ema",
    device: str = "auto",
    resolution: int | None = None,
    alpha: float | None = None,
    sampling: SamplingOptions | None = None,
    label: int | None = None,
    progress: Progress = silent,
) -> OpenedGenerator:
    """Open the generator of a run, trained here or imported.

    Args:
        path: The run's folder.
        at: Age in images seen; None: the newest.
        weights: Averaged generator or raw one.
        device: Name of the device.
        resolution: Resolution to show of a growing network; None: where its training stood.
        alpha: Weight of its newest block.
        sampling: Truncation and noise; its stage is set here.
        label: One class for all images.
        progress: Told (done, of how many) images.

    Raises:
        GanzooError: There is no such run, age or stage, or the generator cannot be used like this.
    """
    directory, chosen = RunDirectory.open(path), choose_device(device)
    age = ages_of(directory, at)[0]
    place, networks = CheckpointRequest(age, resolution, alpha, device), networks_of(directory)
    generator, stage = loaded(directory, networks, age, weights, place, chosen)
    sampling = replace(sampling or SamplingOptions(), stage=stage)
    sampling.check(generator)
    sha256 = sha256_of_weights(directory, age, weights)
    return OpenedGenerator(
        directory, generator, networks.spec, age, weights, sha256, chosen, sampling, label=label, progress=progress
    )
