"""Run: a run's folder opened, with its networks at any checkpoint. Knows no torch until a network is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypedDict, overload

from typing_extensions import Unpack

from ganzoo._inference.growth_stage import GrowthStage, chosen_stage
from ganzoo._inference.run_files import RunFiles
from ganzoo._runs.manifest import folder_name, list_checkpoints
from ganzoo.contracts.reporter import Progress, silent_progress
from ganzoo.errors import GanzooError, RefusedError, RunError
from ganzoo.text import did_you_mean, nearest

if TYPE_CHECKING:
    from ganzoo._inference.drawing import Drawable, DrawingT_co
    from ganzoo._inference.opened_discriminator import OpenedDiscriminator
    from ganzoo._inference.opened_generator import OpenedGenerator
    from ganzoo._runs.checkpoint import Checkpoint
    from ganzoo.contracts.capabilities import NoiseMode
    from ganzoo.contracts.figures import Drawing
    from ganzoo.contracts.networks import Discriminator, Generator

Weights = Literal["ema", "raw"]
_PART = {"ema": "ema", "raw": "generator"}
_ATTEMPTS = 3


class View(TypedDict, total=False):
    """How a generator is looked at; each has a default.

    Attributes:
        device: Name of the device: auto, cpu, cuda, mps.
        resolution: Stage of a growing network; by default that of its training.
        alpha: Weight of its newest block: 0 absent, 1 fully in.
        truncation_psi: Pull of styles towards their mean: 1 none, 0 all the way.
        truncation_cutoff: How many of the first style layers are truncated; by default all.
        truncation_threshold: Largest absolute value of a latent's numbers; by default there is none.
        noise_mode: Noise inside the generator; by default `random` if it has any.
        rotation: Degrees by which what is generated is turned clockwise, where the generator can move it.
        shift_right: Sides of the image by which it is moved right; likewise `shift_down`.
        label: One class for all images, by its number or name; by default each seed's own.
        progress: Takes how many images are done, and of how many.
    """

    device: str
    resolution: int | None
    alpha: float | None
    truncation_psi: float
    truncation_cutoff: int | None
    truncation_threshold: float | None
    noise_mode: NoiseMode | None
    rotation: float
    shift_right: float
    shift_down: float
    label: int | str | None
    progress: Progress


def _check_view(view: Mapping[str, Any]) -> None:
    known = ["at", "weights", *View.__annotations__]
    if unknown := [name for name in view if name not in known]:
        near = nearest(unknown[0], known)
        hint = f"; did you mean '{near}'?" if near else ""
        raise GanzooError(f"there is no view option '{unknown[0]:.64}'{hint} (known: {', '.join(known)})")


class Run(RunFiles):
    """A run that was trained here or imported: its files, and its networks at any checkpoint."""

    def look_at(self, overrides: Sequence[str]) -> None:
        """Judge overrides as far as the index of parts tells, before torch is imported. Raises RecipeError."""
        from ganzoo._recipe.first_reading import judge_overrides

        if overrides and not self.was_imported:
            judge_overrides(self.recipe_data(), str(self.directory.recipe), overrides)

    def generator(self, at: int | None = None, weights: Weights = "ema", **view: Unpack[View]) -> OpenedGenerator:
        """Return the run's generator.

        Args:
            at: The checkpoint or snapshot, in images seen; None: the newest intact one.
            weights: EMA weights (`ema`) or those of the optimizer (`raw`).
            **view: How it is looked at.

        Raises:
            GanzooError: There is no such checkpoint or stage, or the generator cannot be used like this.
            RunError: No checkpoint is intact, or it has no such weights.
        """
        from ganzoo._inference.build import build_generator
        from ganzoo._inference.state_dict import load_into

        _check_view(view)
        if weights not in _PART:
            raise GanzooError(f"there are no weights '{weights!s:.64}'{did_you_mean(str(weights), list(_PART))}")
        part, networks = _PART[weights], self.networks
        found = self._checkpoint(at, f"{weights} generator", snapshots=weights == "ema")
        if networks.generator is None:
            raise GanzooError(f"{self.path} has no generator: it was imported from a file without one")
        if part not in found.tensors:
            raise RunError(f"{self.path} has no {weights} generator: its file has the EMA alone")
        generator = build_generator(networks.generator, networks.spec, networks.seed)
        load_into(generator, found.tensors[part], part)
        return self._opened(generator, found.images_seen, weights, found.sha256[part], view)

    def untrained_generator(self, **view: Unpack[View]) -> OpenedGenerator:
        """Return the generator before its first step, built from the run's seed again; its `sha256` is empty.

        Raises:
            RefusedError: The run was imported, or began from the weights of another one.
        """
        from ganzoo._inference.build import build_generator

        _check_view(view)
        if self.was_imported or self.trained.initial_weights is not None:
            raise RefusedError(
                f"{self.path} did not begin from its seed (it was imported, or began from the weights of another "
                f"run), so its untrained network is not known"
            )
        networks = self.networks
        assert networks.generator is not None, "a recipe names one"
        return self._opened(build_generator(networks.generator, networks.spec, networks.seed), 0, "ema", "", view)

    def discriminator(
        self,
        at: int | None = None,
        *,
        device: str = "auto",
        resolution: int | None = None,
        alpha: float | None = None,
    ) -> OpenedDiscriminator:
        """Return the run's discriminator; the arguments are those of `generator`.

        Raises:
            GanzooError: There is no such checkpoint or stage, or the run has no discriminator.
            RunError: No checkpoint is intact.
        """
        from ganzoo._inference.build import build_discriminator
        from ganzoo._inference.device import choose_device
        from ganzoo._inference.opened_discriminator import OpenedDiscriminator
        from ganzoo._inference.state_dict import load_into

        chosen_device, networks = choose_device(device), self.networks
        found = self._checkpoint(at, "discriminator", snapshots=False)
        if networks.discriminator is None or "discriminator" not in found.tensors:
            raise GanzooError(f"{self.path} has no discriminator: it was imported from a file without one")
        discriminator = build_discriminator(networks.discriminator, networks.spec, networks.seed)
        load_into(discriminator, found.tensors["discriminator"], "discriminator")
        discriminator = discriminator.eval().requires_grad_(False).to(chosen_device)
        stage = self._stage(discriminator, found.images_seen, resolution, alpha)
        return OpenedDiscriminator(self, discriminator, networks.spec, found.images_seen, chosen_device, stage)

    @overload
    def draw(self, figure: str, at: int | None = None, weights: Weights = "ema", **view: Unpack[View]) -> Drawing: ...

    @overload
    def draw(
        self, figure: Drawable[DrawingT_co], at: int | None = None, weights: Weights = "ema", **view: Unpack[View]
    ) -> DrawingT_co: ...

    def draw(self, figure: Any, at: int | None = None, weights: Weights = "ema", **view: Unpack[View]) -> Any:
        """Draw a figure of the run, which notebooks show inline and `write` writes.

        Args:
            figure: The figure with its options, such as `Grid(seeds=range(4))`; or the name of one (or its
                `distribution:name`), with its defaults.
            at: As in `generator`.
            weights: As in `generator`.
            **view: As in `generator`; figures leave out what has no meaning for them.

        Raises:
            PluginError: There is no figure of that name, or it fails.
            RefusedError: The generator, or the run, lacks what the figure needs.
        """
        from ganzoo._inference.drawing import draw

        _check_view(view)
        viewed = [*(["at"] if at is not None else []), *view]
        return draw(self.path, figure, viewed, lambda: self.generator(at, weights, **view))

    def _opened(
        self, generator: Generator, images_seen: int, weights: Weights, sha256: str, view: View
    ) -> OpenedGenerator:
        from ganzoo._inference.class_labels import class_names, class_number
        from ganzoo._inference.device import choose_device
        from ganzoo._inference.opened_generator import OpenedGenerator
        from ganzoo._inference.sampling_options import SamplingOptions

        given: dict[str, Any] = dict(view)
        device = choose_device(given.pop("device", "auto"))
        progress, spec = given.pop("progress", silent_progress), self.networks.spec
        label = class_number(given.pop("label", None), spec.label_dim, class_names(self))
        stage = self._stage(generator, images_seen, given.pop("resolution", None), given.pop("alpha", None))
        sampling = replace(SamplingOptions(**given), stage=stage)
        sampling.check(generator)
        generator = generator.eval().requires_grad_(False).to(device)
        return OpenedGenerator(
            self, generator, spec, images_seen, weights, sha256, device, sampling, label=label, progress=progress
        )

    def _stage(
        self, network: Generator | Discriminator, images_seen: int, resolution: int | None, alpha: float | None
    ) -> GrowthStage | None:
        final = self.networks.images.resolution
        return chosen_stage(network, self.stage_in_training(images_seen), final, resolution, alpha)

    def _checkpoint(self, at: int | None, what: str, *, snapshots: bool) -> Checkpoint:
        """Return the checkpoint (or, with `snapshots`, snapshot) at a point of training, or the newest intact one."""
        from ganzoo._runs.checkpoint import read_checkpoint

        if at is None:
            return self._newest(snapshots)
        folders = [self.directory.checkpoints, *([self.directory.snapshots] if snapshots else [])]
        complaint: RunError | None = None
        for folder in folders:
            try:
                return read_checkpoint(folder / folder_name(at))
            except RunError as error:
                if (folder / folder_name(at)).exists():  # else there was none, or a trainer beside has removed it
                    complaint = complaint or error
        if complaint is not None:
            raise complaint
        kept = ", ".join(f"{each:,}" for each in self.checkpoints(snapshots=snapshots)) or "none"
        raise GanzooError(f"{self.path} kept no {what} of {at:,} images seen (kept: {kept})")

    def _newest(self, snapshots: bool) -> Checkpoint:
        from ganzoo._runs.checkpoint import newest_good

        found: Checkpoint | None = None
        for _ in range(_ATTEMPTS):
            listed = list_checkpoints(self.directory.checkpoints)
            found, _ = newest_good(self.directory.checkpoints)
            if found is not None or list_checkpoints(self.directory.checkpoints) == listed:
                break  # else a trainer beside has removed the listed ones and written others
        if found is None and snapshots:
            found, _ = newest_good(self.directory.snapshots)
        if found is None:
            raise RunError(f"{self.path} has no intact checkpoint; training may not have reached the first one yet")
        return found

    def __repr__(self) -> str:
        try:
            record = self.record
        except GanzooError:
            return f"<Run '{self.name}'>"
        scores = "".join(f"; {score}" for score in record.scores[-1:])
        return f"<Run '{self.name}': {record.status}, {record.images_seen:,} images seen{scores}>"
