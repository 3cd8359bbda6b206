"""Terms: under which license data are, and what was trained on them may be published. Knows no torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganzoo.errors import GanzooError, PluginError, RefusedError
from ganzoo.text import literal

if TYPE_CHECKING:
    from ganzoo._inference.run import Run

# Identifiers of Creative Commons: ND lets nothing that is made of a work be passed on.
_NO_DERIVATIVES = re.compile(r"(?i)\bCC-BY(-NC)?-ND\b")
_NONE_GRANTED = re.compile(r"(?i)\s*(none|no license|proprietary|all rights reserved|unlicensed)\s*")
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


@dataclass(frozen=True)
class Terms:
    """Licenses.

    Attributes:
        data: Of the images that were learned from: an SPDX identifier, or words.
        weights: Of weights, samples and texts in the folder.
    """

    data: str
    weights: str


def terms_of(runs: Sequence[Run], data_license: str | None, license: str | None) -> Terms:
    """Return under which terms what was trained on the runs' data is published.

    Args:
        runs: The runs.
        data_license: License of the images, where their dataset states none.
        license: License of the folder; None: that of the images.

    Raises:
        RefusedError: The license of the images forbids it, or is not known.
    """
    known = {name: _stated(name, run) for run in runs if (name := dataset_name(run))}
    unknown = [name for name, stated in known.items() if not stated] or ([] if known else ["these images"])
    if unknown and not data_license:
        raise RefusedError(_unknown(unknown[0], runs))
    stated = dict.fromkeys([*filter(None, known.values()), *([data_license] if data_license else [])])
    for each in stated:
        _require_allowed(each)
    data = " and ".join(stated)
    return Terms(data, _one_line(license or data, "--license"))


def dataset_name(run: Run) -> str:
    """Return the name of the dataset that a run's recipe chose; empty where it has none."""
    section = run.record.recipe.get("dataset")
    name = section.get("name") if isinstance(section, dict) else None
    return name if isinstance(name, str) else ""


def is_spdx(license: str) -> bool:
    """Whether a license is written as one identifier, such as CC-BY-4.0, and not in words."""
    return bool(_SPDX.fullmatch(license))


def _stated(name: str, run: Run) -> str:
    """Return the license that a dataset states; raises RefusedError where its terms forbid publishing."""
    try:
        dataset = run.registry.part("dataset", name).cls
    except PluginError:  # it is not installed here, so that nothing is known of its terms
        return ""
    if dataset.publishing_forbidden:
        raise RefusedError(
            f"{literal(run.name)} learned from dataset '{literal(name)}', and what was made of it may not be "
            f"published: {dataset.publishing_forbidden}. Publish runs of other data"
        )
    return str(dataset.license)


def _unknown(name: str, runs: Sequence[Run]) -> str:
    try:
        where = str(runs[0].registry.part("dataset", name).cls.where_to_get)
    except PluginError:
        where = ""
    return (
        f"the license of the images of '{literal(name)}' is not known, so that nobody could tell what may be done with "
        f"weights that learned from them. {where}{' ' if where else ''}If their terms allow it, name them: "
        f"--data-license CC-BY-4.0, or in words"
    )


def _require_allowed(license: str) -> None:
    _one_line(license, "--data-license")
    if _NO_DERIVATIVES.search(license) or _NONE_GRANTED.fullmatch(license):
        raise RefusedError(
            f"the images are under '{literal(license)}', which lets nothing that is made of them be passed on"
        )


def _one_line(text: str, option: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > 200:
        raise GanzooError(f"{option} should be one line of at most 200 characters, such as CC-BY-4.0")
    return text.strip()
