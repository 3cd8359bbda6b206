"""Compatibility of a recipe's parts, judged on classes and options before anything is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ganzoo._recipe.extractor_compatibility import unseen
from ganzoo._recipe.growth_compatibility import growth_incompatibilities
from ganzoo._recipe.judges import judge_read
from ganzoo._recipe.sampling_compatibility import sampling_problems
from ganzoo._recipe.schedules import schedule_errors
from ganzoo._recipe.selection import Selection
from ganzoo.contracts.component import ComponentOptions, ConfiguredPart, ImageSpec, RecipeContext
from ganzoo.errors import GanzooError, PluginError

if TYPE_CHECKING:
    from ganzoo._recipe.recipe import Recipe


def incompatibilities(recipe: Recipe) -> list[str]:
    """Return one sentence per reason why the recipe cannot work, with the TOML path and a remedy."""
    with _asking("dataset", recipe.dataset):
        spec: ImageSpec = recipe.dataset.cls.spec_of(recipe.dataset.options)
    with _asking("loss", recipe.loss):
        recipe.loss.cls.regularizers(recipe.loss.options)
    reasons = list(_resolution(recipe, spec))
    if reasons:
        return reasons
    reasons += growth_incompatibilities(recipe, spec)
    reasons += schedule_errors(recipe)
    reasons += _penalties(recipe)
    reasons += _many_logits(recipe, spec)
    reasons += sampling_problems(recipe)
    reasons += _micro_batches(recipe)
    if not reasons:  # what parts are told fits together
        reasons += part_errors(recipe, spec)
    return [*reasons, *_scoring(recipe, spec), *unseen(recipe, spec), *_judge(recipe)]


def all_regularizers(recipe: Recipe) -> tuple[ConfiguredPart, ...]:  # type: ignore[type-arg]
    """Return the loss's own penalties, less those that the recipe overrides, and the recipe's."""
    return (*_own_regularizers(recipe), *(_choice(chosen) for chosen in recipe.regularizers))


def _own_regularizers(recipe: Recipe) -> list[ConfiguredPart]:  # type: ignore[type-arg]
    overridden = {chosen.cls.name for chosen in recipe.regularizers if chosen.override}
    own = recipe.loss.cls.regularizers(recipe.loss.options)
    return [choice for choice in own if choice.cls.name not in overridden]


@contextmanager
def _asking(path: str, chosen: Selection) -> Iterator[None]:
    """Name the part whose check of compatibility fails itself."""
    try:
        yield
    except GanzooError:
        raise
    except Exception as error:
        raise PluginError(
            f"{path}: '{chosen.name}' of {chosen.part.origin} fails while its compatibility is checked: "
            f"{type(error).__name__}: {error}; choose another part, or fix that plugin"
        ) from error


def _choice(selection: Selection) -> ConfiguredPart:  # type: ignore[type-arg]
    return ConfiguredPart(selection.cls, selection.options)


def _resolution(recipe: Recipe, spec: ImageSpec) -> Iterator[str]:
    if spec.resolution < 4 or spec.resolution & (spec.resolution - 1):
        yield f"dataset.resolution: should be a power of two, at least 4, but is {spec.resolution}"


def _choices(options: ComponentOptions) -> dict[str, Any]:
    """Return the options that say what a penalty does, such as at which images, rather than how strongly."""
    plain = options.model_dump(mode="json")
    return {key: value for key, value in plain.items() if isinstance(value, bool | str | list)}


def _penalties(recipe: Recipe) -> Iterator[str]:
    own = {choice.cls.name for choice in recipe.loss.cls.regularizers(recipe.loss.options)}
    seen: list[tuple[str, dict[str, Any]]] = []
    for index, chosen in enumerate(recipe.regularizers):
        name = chosen.cls.name
        if name in own and not chosen.override:
            yield (
                f"regularizers.{index}: loss '{recipe.loss.name}' brings '{name}' along already; remove this one, or "
                f"write override = true to use it instead of the loss's own"
            )
        if chosen.override and name not in own:
            yield f"regularizers.{index}.override: loss '{recipe.loss.name}' has no '{name}' to override; remove it"
        if (name, choices := _choices(chosen.options)) in seen:
            yield f"regularizers.{index}: '{name}' is listed twice, and differs in numbers at most; keep one"
        seen.append((name, choices))
    brought = [(f"loss: its penalty '{choice.cls.name}'", choice.cls) for choice in _own_regularizers(recipe)]
    listed = [(f"regularizers.{i}: '{chosen.cls.name}'", chosen.cls) for i, chosen in enumerate(recipe.regularizers)]
    for penalty, cls in (*brought, *listed):
        for role, network, needed in (
            ("generator", recipe.generator, cls.generator_must_be),
            ("discriminator", recipe.discriminator, cls.discriminator_must_be),
        ):
            if not issubclass(network.cls, needed):
                yield (
                    f"{penalty} needs a {needed.__name__} {role}, which '{network.name}' is not; choose another "
                    f"{role}, or do without the penalty"
                )


def _logits_per_image(recipe: Recipe, spec: ImageSpec) -> int:
    with _asking("discriminator", recipe.discriminator):
        return int(recipe.discriminator.cls.logits_per_image(recipe.discriminator.options, spec))


def _many_logits(recipe: Recipe, spec: ImageSpec) -> Iterator[str]:
    each = _logits_per_image(recipe, spec)
    if each > 1 and not recipe.loss.cls.takes_many_logits:
        yield (
            f"loss: '{recipe.loss.name}' takes one logit per image, and discriminator '{recipe.discriminator.name}' "
            f"gives {each}; choose a loss that takes many, or another discriminator"
        )


def _micro_batches(recipe: Recipe) -> Iterator[str]:
    micro = recipe.training.micro_batch
    if micro is None or all(phase.batch_size <= micro for phase in recipe.phases):
        return
    for where, _ in coupled_parts(recipe):
        yield (
            f"training.micro_batch: {where} depends on the other images of the batch, so splitting it would change the "
            f"result; remove micro_batch or choose options without that coupling"
        )


def coupled_parts(recipe: Recipe) -> Iterator[tuple[str, ConfiguredPart]]:  # type: ignore[type-arg]
    """Yield each part that depends on the other images of a batch: its role and name, and itself."""
    own = _own_regularizers(recipe)
    parts = [
        ("generator", recipe.generator, _choice(recipe.generator)),
        ("discriminator", recipe.discriminator, _choice(recipe.discriminator)),
        ("loss", recipe.loss, _choice(recipe.loss)),
        *(("the loss's penalty", recipe.loss, choice) for choice in own),
        *(("penalty", chosen, _choice(chosen)) for chosen in recipe.regularizers),
        *([("augmentation", recipe.augmentation, _choice(recipe.augmentation))] if recipe.augmentation else []),
    ]
    for role, chosen, choice in parts:
        with _asking(role, chosen):
            depends = choice.cls.depends_on_batch(choice.options)
        if depends:
            yield f"{role} '{chosen.name if choice.cls is chosen.cls else choice.cls.name}'", choice


def _scoring(recipe: Recipe, spec: ImageSpec) -> Iterator[str]:
    scoring = recipe.scoring
    reference = scoring.reference_images or scoring.generated
    givers: dict[str, str] = {}
    for index, chosen in enumerate(scoring.metrics):
        path = f"scoring.metrics.{index}"
        with _asking(path, chosen):
            keys, reason = list(chosen.cls.values), chosen.cls(chosen.options).shortage(scoring.generated, reference)
        if taken := next((key for key in keys if key in givers), None):
            yield f"{path}: '{chosen.name}' gives '{taken}', as '{givers[taken]}' above does; keep one of the two"
        givers |= dict.fromkeys(keys, chosen.name)
        if reason:
            yield f"{path}: {chosen.name}: {reason}"
        yield from _unmet(path, chosen, recipe, spec)


def _judge(recipe: Recipe) -> Iterator[str]:
    """The best snapshot by features that training reads is the one that pleases them best."""
    if recipe.training.score_kimg and (read := judge_read(recipe)) is not None:
        yield (
            f"training.score_kimg: would choose the best snapshot by the features of '{read.name}', which {read.by} "
            f"reads; choose another scoring.extractor, or remove the key"
        )


def _unmet(path: str, metric: Selection, recipe: Recipe, spec: ImageSpec) -> Iterator[str]:
    """Say what a metric asks for that the recipe has not."""
    if metric.cls.uses_classes and not spec.label_dim:
        yield (
            f"{path}: {metric.name}: compares classes, and dataset '{recipe.dataset.name}' has none; choose one with "
            f"classes, or leave out the metric"
        )
    capability = metric.cls.generator_must_be
    if capability is not None and not issubclass(recipe.generator.cls, capability):
        yield (
            f"{path}: {metric.name}: needs a {capability.__name__} generator, which '{recipe.generator.name}' is not; "
            f"choose another generator, or leave out the metric"
        )
    if metric.cls.uses_held_out and recipe.scoring.split != recipe.training.split:
        yield (
            f"{path}: {metric.name}: compares the images trained on with others, so scoring.split must be "
            f"training.split, '{recipe.training.split}', and is '{recipe.scoring.split}'; set it so, or leave out the "
            f"metric"
        )


def part_errors(recipe: Recipe, spec: ImageSpec, ranks: int = 1) -> Iterator[str]:
    """Yield what parts say of the recipe that they are in, trained by so many processes."""
    context = RecipeContext(
        images=spec,
        phases=recipe.phases,
        micro_batch=recipe.training.micro_batch or 0,
        discriminator_steps=recipe.training.discriminator_steps,
        generator=_choice(recipe.generator),
        discriminator=_choice(recipe.discriminator),
        loss=_choice(recipe.loss),
        regularizers=all_regularizers(recipe),
        augmentation=_choice(recipe.augmentation) if recipe.augmentation else None,
        precision=recipe.training.precision,
        logits_per_image=_logits_per_image(recipe, spec),
        ranks=ranks,
    )
    sections = [
        ("dataset", recipe.dataset),
        ("generator", recipe.generator),
        ("discriminator", recipe.discriminator),
        ("loss", recipe.loss),
        *((f"regularizers.{i}", chosen) for i, chosen in enumerate(recipe.regularizers)),
        *([("augmentation", recipe.augmentation)] if recipe.augmentation else []),
        ("training.generator_optimizer", recipe.training.generator_optimizer),
        ("training.discriminator_optimizer", recipe.training.discriminator_optimizer),
        ("scoring.extractor", recipe.scoring.extractor),
        *((f"scoring.metrics.{i}", chosen) for i, chosen in enumerate(recipe.scoring.metrics)),
    ]
    for path, chosen in sections:
        with _asking(path, chosen):
            reason = chosen.cls.incompatibility(chosen.options, context)
        if reason:
            yield f"{path}: {reason}"
    for choice in _own_regularizers(recipe):
        with _asking("loss", recipe.loss):
            reason = choice.cls.incompatibility(choice.options, context)
        if reason:
            yield f"loss: its penalty '{choice.cls.name}': {reason}"
