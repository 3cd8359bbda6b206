"""Opened generator: the generator of a run at a checkpoint, with what its images depend on and what identifies it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from ganzoo._inference.class_labels import class_names
from ganzoo._inference.generate import to_uint8
from ganzoo._inference.per_seed import drawn, latents_of, portray
from ganzoo._inference.run_files import RunFiles
from ganzoo._inference.sampling_options import SamplingOptions
from ganzoo._runs.directory import RunDirectory
from ganzoo.contracts._adds_noise import adds_noise
from ganzoo.contracts.capabilities import StyleBased
from ganzoo.contracts.component import ImageSpec, PixelArray
from ganzoo.contracts.networks import Generator
from ganzoo.contracts.reporter import Progress, silent_progress
from ganzoo.errors import GanzooError, RefusedError
from ganzoo.layers.style import truncated


@dataclass(frozen=True, repr=False)
class OpenedGenerator:
    """A generator that can be looked at.

    Attributes:
        run: The run.
        generator: The network, on `device`, in evaluation mode and without gradient.
        spec: What its images are at the end of training.
        images_seen: The checkpoint, in real images shown to the discriminator.
        weights: EMA weights (`ema`) or those of the optimizer (`raw`).
        sha256: SHA-256 of its file of weights, 64 hex digits.
        device: Where it is.
        sampling: Truncation, noise and stage of all images made here.
        label: One class for all images; None: seed modulo classes.
        progress: Takes how many images are done, and of how many.
    """

    run: RunFiles
    generator: Generator
    spec: ImageSpec
    images_seen: int
    weights: Literal["ema", "raw"]
    sha256: str
    device: torch.device
    sampling: SamplingOptions
    label: int | None = None
    progress: Progress = silent_progress

    @property
    def directory(self) -> RunDirectory:
        """The run's folder."""
        return self.run.directory

    @property
    def resolution(self) -> int:
        """Resolution of the images at the stage where the generator stands."""
        return self.sampling.stage.resolution if self.sampling.stage else self.spec.resolution

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of its classes; empty where there are none, or none is known."""
        return class_names(self.run)

    def with_sampling(self, **changes: Any) -> OpenedGenerator:
        """Return the same generator used otherwise: any fields of `SamplingOptions`.

        Raises:
            RefusedError: It lacks the capability that this needs.
        """
        sampling = replace(self.sampling, **changes)
        sampling.check(self.generator)
        return replace(self, sampling=sampling)

    def within(self, first: int, total: int) -> OpenedGenerator:
        """Return the same generator, whose progress is that of `total` images of which `first` are done."""
        return replace(self, progress=lambda done, _, facts=None: self.progress(first + done, total))

    def latents(self, seeds: Sequence[int]) -> Tensor:
        """Return the latent of each seed, `[N, Z]`: those of `ganzoo sample`, truncated as the sampling says."""
        return latents_of(self.generator, seeds, self.sampling)

    def labels(self, seeds: Sequence[int]) -> Tensor:
        """Return each seed's label, `[N, L]`: its class is the seed modulo L, unless one was chosen for all.

        Raises:
            GanzooError: There is no such class.
        """
        classes = self.spec.label_dim
        if self.label is None:
            return torch.eye(classes)[[seed % classes for seed in seeds]] if classes else torch.zeros(len(seeds), 0)
        if not 0 <= self.label < classes:
            asked = f"class {self.label} is asked of '{self.generator.name}', but it has"
            raise GanzooError(f"{asked} classes 0 to {classes - 1}") if classes else RefusedError(f"{asked} no classes")
        return torch.eye(classes)[[self.label] * len(seeds)]

    def images(self, seeds: Sequence[int]) -> PixelArray:
        """Return the images of seeds, uint8 `[N, C, R, R]`; each is independent of the others."""
        return self.images_of(self.latents(seeds), self.labels(seeds), seeds)

    def images_of(self, latents: Tensor, labels: Tensor, seeds: Sequence[int]) -> PixelArray:
        """Return the images of latents `[N, Z]` and labels `[N, L]`, uint8; `seeds` are those of their noise."""
        return self._pixels(self.batches(latents, labels, seeds), len(seeds))

    def batches(self, latents: Tensor, labels: Tensor, seeds: Sequence[int]) -> Iterator[Tensor]:
        """Yield the same images before rounding, a batch at a time: float32 `[n, C, r, r]` on the CPU.

        Raises:
            RunError: An image has values that are NaN or infinite.
        """
        return portray(
            self.generator, latents, labels, seeds, self.sampling, resolution=self.resolution, device=self.device
        )

    def styles(self, seeds: Sequence[int]) -> Tensor:
        """Return the styles of seeds, `[N, S, W]` on the CPU, truncated as the sampling says."""
        return self.styles_of(self.latents(seeds), self.labels(seeds))

    def styles_of(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Return the styles of latents `[N, Z]` and labels `[N, L]`: `[N, S, W]` on the CPU, truncated."""
        network = self.styled("styles")
        with torch.no_grad(), self.sampling.applied(self.generator):
            styles = network.map(latents.to(self.device), labels.to(self.device))
            if self.sampling.truncation_psi != 1.0:
                psi, cutoff = self.sampling.truncation_psi, self.sampling.truncation_cutoff
                styles = truncated(styles, network.mean_w(), psi, cutoff)
        return styles.cpu()

    def images_of_styles(self, styles: Tensor, seeds: Sequence[int]) -> PixelArray:
        """Return the images of styles `[N, S, W]`, uint8, which are not truncated again."""
        network = self.styled("images of styles")

        def make(rows: Tensor) -> Tensor:
            if self.sampling.stage is not None:
                self.sampling.stage.set(self.generator)
            return network.synthesize(styles[rows].to(self.device))

        return self.drawn(make, seeds)

    def styled(self, what: str) -> StyleBased:
        """Return the generator as one with styles; `what` needs them, for the message.

        Raises:
            RefusedError: It has none.
        """
        if not isinstance(self.generator, StyleBased):
            raise RefusedError(
                f"'{what}' needs a generator that has styles, which '{self.generator.name}' does not (it lacks the "
                f"capability StyleBased)"
            )
        return self.generator

    def facts(self, seeds: Sequence[int] = (), **more: Any) -> dict[str, Any]:
        """Return as plain data what a sidecar says of this generator and the seeds drawn, and more."""
        stage, threshold = self.sampling.stage, self.sampling.truncation_threshold
        return {
            "run": self.directory.name,
            "generator": self.generator.name,
            "images_seen": self.images_seen,
            "weights": self.weights,
            "weights_sha256": self.sha256,
            "truncation_psi": self.sampling.truncation_psi,
            "truncation_cutoff": self.sampling.truncation_cutoff,
            **({} if threshold is None else {"truncation_threshold": threshold}),
            "noise_mode": self.noise_mode,
            "stage": {"resolution": stage.resolution, "alpha": stage.alpha} if stage else None,
            "class": self.label,
            **self.sampling.moved,
            "device": str(self.device),
            **({"seeds": list(seeds)} if len(seeds) else {}),
            **more,
        }

    @property
    def noise_mode(self) -> str | None:
        """The noise mode in use; None where the generator adds no noise, and so takes no mode."""
        return (self.sampling.noise_mode or "random") if adds_noise(self.generator) else None

    def drawn(self, make: Callable[[Tensor], Tensor], seeds: Sequence[int]) -> PixelArray:
        """Return what `make` gives for groups of row numbers, uint8 `[N, C, r, r]`; noise by `seeds`."""
        batches = drawn(self.generator, make, seeds, self.sampling, resolution=self.resolution, device=self.device)
        return self._pixels(batches, len(seeds))

    def __repr__(self) -> str:
        what = f"{self.weights}, {self.resolution} x {self.resolution}, {self.device}"
        return f"<OpenedGenerator '{self.generator.name}' of run '{self.run.name}' at {self.images_seen:,}: {what}>"

    def _pixels(self, batches: Iterator[Tensor], count: int) -> PixelArray:
        made: list[Tensor] = []
        for batch in batches:
            made.append(to_uint8(batch))
            self.progress(sum(map(len, made)), count)
        pixels: PixelArray = torch.cat(made).numpy()
        return pixels
