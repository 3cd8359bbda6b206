"""Protocol sentence: how a table's scores were measured, in words that can be pasted into a paper."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from ganzoo._leaderboard.record_fields import value_text
from ganzoo._leaderboard.tables import Table

# By what a protocol says of it; random noise is what all papers have.
_NOISE = {
    "none": "without noise inside the generator",
    "the generator's own maps": "with the generator's own noise maps",
}


def protocol_sentence(table: Table) -> str:
    """Return how the scores were measured, in one or two sentences."""
    context = table.context
    labels = [shown.label for shown in table.metrics.values()]
    named = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
    verb = "was" if len(labels) == 1 else "were"
    text = f"{named} {verb} measured{_counts(table)}{_features(context)}"
    details = [detail for detail in _details(context) if detail]
    text += f", {', '.join(details)}" if details else ""
    seeds = sorted({len(row.seeds) for row in table.rows})
    trainings = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    spread = "; ± is the standard deviation over them" if seeds and seeds[-1] > 1 else ""
    return f"{text}. Each recipe was trained with {trainings} seed{'s' * (seeds[-1:] != [1])}{spread}. " + (
        f"ganzoo protocol {table.protocol_id}."
    )


def _counts(table: Table) -> str:
    if table.generated is None or table.reference_images is None:
        return ""
    split = table.context.get("protocol.split")
    of = f" of split '{split}'" if isinstance(split, str) else ""
    size = table.context.get("dataset.resolution")
    at = f" at {size}×{size} pixels" if size else ""
    data = f" of {table.dataset}" if table.dataset else ""
    return f" from {table.generated:,} generated against {table.reference_images:,} real images{data}{of}{at}"


def _features(context: Mapping[str, JsonValue]) -> str:
    extractor = context.get("protocol.extractor.name", context.get("protocol.extractor"))
    return f", on features of {extractor}" if isinstance(extractor, str) else ""


def _details(context: Mapping[str, JsonValue]) -> list[str]:
    mirrored, seed = context.get("protocol.mirror"), context.get("protocol.sampling_seed")
    weights, noise = context.get("protocol.weights"), context.get("protocol.noise")
    return [
        _truncation(context),
        _NOISE.get(str(noise).partition(",")[0], ""),
        {"ema": "with EMA weights", "raw": "with the optimizer's own weights"}.get(str(weights), ""),
        "real images mirrored at random" if mirrored is True else "",
        f"sampling seed {value_text(str(seed))}" if isinstance(seed, int) else "",
    ]


def _truncation(context: Mapping[str, JsonValue]) -> str:
    psi, cutoff = context.get("protocol.truncation_psi"), context.get("protocol.truncation_cutoff")
    threshold, said = context.get("protocol.truncation_threshold"), list[str]()
    if isinstance(psi, int | float) and psi != 1:
        said.append(f"truncation ψ = {psi:g}" + (f" of the first {cutoff} style layers" if cutoff is not None else ""))
    if isinstance(threshold, int | float):
        said.append(f"latents truncated at {threshold:g}")
    return " and ".join(said) or ("without truncation" if psi is not None else "")
