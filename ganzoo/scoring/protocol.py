"""Scoring protocol: everything that a score depends on besides the weights, in one frozen object with a hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from ganzoo._registry.blame import foreign_code
from ganzoo.contracts.metrics import Metric
from ganzoo.errors import RecipeError

if TYPE_CHECKING:
    from ganzoo._recipe.schema import ScoringSettings
    from ganzoo.contracts.extractors import Extractor
    from ganzoo.data.pack.pack import Pack

NoiseMode: TypeAlias = Literal["random", "constant", "none"]  # contracts' own, without importing torch

SCORING_VERSION = 1
"""Raised whenever this package draws, extracts or counts anything of a score differently."""

NOISE: Mapping[NoiseMode, str] = {
    "random": "random, seeded per batch",
    "constant": "the generator's own maps, the same for every image",
    "none": "none",
}
"""What a protocol says of the noise inside the generator, by what it is asked for."""

HELD_OUT_SPLITS = ("held-out", "test", "validate")
"""Splits that training did not see, the first that a dataset has being compared with."""

_REFERENCE_FIELDS = (
    "version",
    "torch_fidelity",
    "extractor",
    "extractor_class",
    "extractor_identity",
    "reference_images",
    "reference_choice",
    "split",
    "reference",
    "mirror",
    "dtype",
    "color",
)

Identity = tuple[tuple[str, str | int | float | bool], ...]


class ScoringProtocol(BaseModel):
    """The conditions of all scores of one call: which images, seen by which extractor.

    Two scores can be compared if and only if their protocols have one `id` and their metric one identity, which each
    score keeps beside it. So a metric that is added later stands in one table with those that were there before.

    Not part of it: the torch version and device, which move scores by rounding only and are kept in the run's record.

    Attributes:
        metrics: What to compute; not hashed.
        version: Version of the code in `ganzoo.scoring`.
        torch_fidelity: Version of the library whose extractors and definitions are used.
        extractor: Name of the extractor.
        extractor_class: Its class: two plugins' extractors of one name are two protocols.
        extractor_identity: What else decides its features: SHA-256 of the weights, resize, ...
        layers: The extractor's layer of each role.
        generated: Images generated.
        reference_images: Real images compared with.
        reference_choice: Which of the split's images those are.
        split: The split of the dataset.
        reference: Fingerprint of the dataset's pixels, labels and splits.
        mirror: Whether each image of the reference is mirrored with probability 1/2.
        label_distribution: Images per class that labels of fakes are drawn from; empty when unconditional.
        weights: The generator's moving average, or its raw weights.
        truncation_psi: Truncation of styles; 1 is none.
        truncation_cutoff: How many of the first style layers are truncated; None, which is all, is not hashed.
        truncation_threshold: Largest absolute value of a latent's numbers; None, which is no limit, is not hashed.
        latents: How latents are drawn.
        noise: How the noise inside the generator is drawn.
        sampling_seed: Seed of latents, labels and noise.
        batch_size: Images per forward; noise is seeded per batch.
        dtype: Arithmetic of the generator and the extractor.
        rounding: How float images become uint8.
        color: How one channel becomes three.
        jackknife_blocks: Blocks of the standard errors.
        changed_code: The networks' code, where it is not the one that was trained; empty, which is not hashed: it is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    metrics: tuple[Metric, ...] = Field(default=(), exclude=True)
    version: int = SCORING_VERSION
    torch_fidelity: str
    extractor: str
    extractor_class: str
    extractor_identity: Identity
    layers: tuple[tuple[str, str], ...]
    generated: int
    reference_images: int
    reference_choice: str = "the first in pack order, which is that of the images' own hashes"
    split: str
    reference: str
    mirror: bool = False
    label_distribution: tuple[int, ...] = ()
    weights: Literal["ema", "raw"] = "ema"
    truncation_psi: float = 1.0
    truncation_cutoff: int | None = None
    truncation_threshold: float | None = None
    latents: str = "the generator's own rule"
    noise: str = NOISE["random"]
    sampling_seed: int = 2020
    batch_size: int = 64
    dtype: str = "float32"
    rounding: str
    color: str = "one channel is repeated to three"
    jackknife_blocks: int = 20
    changed_code: str = ""

    def as_dict(self) -> dict[str, JsonValue]:
        """Return all that is hashed, as plain data."""
        optional = ("truncation_cutoff", "truncation_threshold", "changed_code")
        absent = {key for key in optional if getattr(self, key) in (None, "")}
        plain = self.model_dump(mode="json", exclude=absent)
        plain["extractor_identity"] = dict(self.extractor_identity)
        plain["layers"] = dict(self.layers)
        return plain

    @property
    def noise_mode(self) -> NoiseMode | None:
        """The noise to ask of the generator; None asks nothing, which is `random` where it has noise inputs."""
        modes: dict[str, NoiseMode] = {text: mode for mode, text in NOISE.items() if mode != "random"}
        return modes.get(self.noise)

    @property
    def id(self) -> str:
        """Hash of everything that can move a number: 16 hex digits of the SHA-256 of canonical JSON."""
        return _hash(self.as_dict())

    @property
    def reference_id(self) -> str:
        """Hash of what decides the reference's features: the key under which they are cached."""
        plain = self.as_dict()
        return _hash({key: plain[key] for key in _REFERENCE_FIELDS})

    def for_selection(self) -> Self:
        """Return the same protocol with other draws, by which a best snapshot may be chosen.

        The best of many by the very draws that are reported would look better than it is.
        """
        return self.model_copy(update={"sampling_seed": self.sampling_seed + 1})


def _hash(plain: Mapping[str, JsonValue]) -> str:
    text = json.dumps(plain, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def identity_of(metric: Metric) -> dict[str, JsonValue]:
    """Return what distinguishes a metric's values from those of other settings, versions and plugins."""
    cls = type(metric)
    return {"class": f"{cls.__module__}.{cls.__qualname__}", **_code(cls), **metric.identity()}


def _code(cls: type) -> dict[str, str]:
    return {"code": code} if (code := foreign_code(cls)) else {}


def plan(settings: ScoringSettings, extractor: Extractor, pack: Pack) -> ScoringProtocol:
    """Fix the protocol before anything is computed: weights are found, counts are checked.

    Raises:
        RecipeError: There is no such split, or too few images for a metric.
        WeightsError: The extractor's weights are missing or damaged.
    """
    from importlib.metadata import version

    from ganzoo._inference.generate import ROUNDING
    from ganzoo.scoring.checks import check_counts, check_images, check_seen, check_widths

    metrics = tuple(chosen.cls(chosen.options) for chosen in settings.metrics)
    if settings.split not in pack.splits:
        raise RecipeError(f"scoring.split: '{settings.split}' has no images; choose from {', '.join(pack.splits)}")
    split = pack.split(settings.split)
    reference_images = len(split) if settings.reference_images is None else settings.reference_images
    check_counts(metrics, settings, reference_images, len(split))
    check_widths(metrics, settings, extractor)
    check_seen(metrics, extractor, pack.spec)
    check_images(metrics, pack.name, pack.spec.label_dim, held_out_split(pack, settings.split))
    return ScoringProtocol(
        metrics=metrics,
        torch_fidelity=version("torch-fidelity"),
        extractor=extractor.name,
        extractor_class=f"{type(extractor).__module__}.{type(extractor).__qualname__}",
        extractor_identity=tuple(sorted({**_code(type(extractor)), **extractor.identity()}.items())),
        layers=tuple(sorted((role, layer.name) for role, layer in extractor.layers.items())),
        generated=settings.generated,
        reference_images=reference_images,
        split=settings.split,
        mirror=settings.mirror,
        reference=pack.fingerprint,
        label_distribution=tuple(int(count) for count in split.label_counts()),
        weights=settings.weights,
        truncation_psi=settings.truncation_psi,
        truncation_cutoff=None if settings.truncation_psi == 1.0 else settings.truncation_cutoff,
        truncation_threshold=settings.truncation_threshold,
        noise=NOISE[settings.noise_mode],
        sampling_seed=settings.sampling_seed,
        batch_size=settings.batch_size,
        rounding=ROUNDING,
    )


def held_out_split(pack: Pack, split: str) -> str | None:
    """Return the split of real images that were not trained on, other than `split`; None where there is none."""
    return next((name for name in HELD_OUT_SPLITS if name in pack.splits and name != split), None)


def held_out_protocol(pack: Pack, protocol: ScoringProtocol) -> ScoringProtocol | None:
    """Return the protocol under which held-out images are read; None where no metric uses any."""
    using = tuple(metric for metric in protocol.metrics if metric.uses_held_out)
    split = held_out_split(pack, protocol.split)
    if not using or split is None:
        return None
    return protocol.model_copy(update={"metrics": using, "split": split, "reference_images": len(pack.split(split))})
