"""Class distances: the kernel distance within each class, on average and of the worst one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor

from ganzoo import Display, Estimate, Features, GanzooError, Metric, MetricInput, PlainValue
from ganzoo.scoring import known_subjects
from ganzoo_metrics.few_images import few_images
from ganzoo_metrics.mmd import Discrepancy, unbiased_mmd
from ganzoo_metrics.sensitivity import measured


class ClassDistances(Metric):
    """Kernel distance within each class (as intra-FID): the mean over classes, and the worst of them.

    The cubic kernel of KID, all images of a class at once, without bias. Classes with fewer than two images on a
    side are left out, and named.

    Paper: Miyato and Koyama 2018, arXiv:1802.05637 (intra-FID).
    """

    name = "class-distances"
    values: ClassVar[Mapping[str, Display]] = {
        "class_kd": Display("class-KD", unit="×10³", scale=1000.0),
        "class_kd_worst": Display("worst-class-KD", unit="×10³", scale=1000.0),
    }
    reads = ("pooled",)
    uses_classes = True
    sensitivity = measured("class_kd", "class_kd_worst")

    def images_needed(self) -> int:
        return 200

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 2.0 * (generated + reference) ** 2 * width

    def identity(self) -> Mapping[str, PlainValue]:
        return {**super().identity(), "kernel": "(x.y / d + 1)^3", "estimate": "unbiased"}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        found = distances_by_class(data.generated, data.reference)
        missing, subjects = left_out(data.reference, found, data.class_names), known_subjects(data.reference.subjects)
        by_class = {label: _estimate(one, _of_class(subjects, data.reference, label)) for label, one in found.items()}
        worst = max(by_class.values(), key=lambda each: each.value)
        mean = mean_over_classes(found, data.generated, data.reference, subjects)
        return {
            "class_kd": replace(mean, notes=missing, by_class=by_class),
            "class_kd_worst": replace(worst, notes=(*worst.notes, *missing)),
        }


def mean_over_classes(
    found: Mapping[int, Discrepancy], generated: Features, reference: Features, subjects: Tensor | None
) -> Estimate:
    """Return the mean over classes; an image of a small class has as much more influence."""
    made, real = (torch.zeros(len(each["pooled"]), dtype=torch.float64) for each in (generated, reference))
    for label, each in found.items():
        ours, theirs = generated.labels == label, reference.labels == label
        made[ours] = each.generated * (len(made) / len(each.generated) / len(found))
        real[theirs] = each.reference * (len(real) / len(each.reference) / len(found))
    value = sum(each.value for each in found.values()) / len(found)
    return Discrepancy(value, made, real).estimate(subjects)


def _estimate(found: Discrepancy, subjects: Tensor | None) -> Estimate:
    """Return the distance of one class, marked where its images are few."""
    return replace(found.estimate(subjects), notes=few_images(len(found.generated), len(found.reference)))


def _of_class(subjects: Tensor | None, reference: Features, label: int) -> Tensor | None:
    return None if subjects is None else known_subjects(subjects[reference.labels == label])


def distances_by_class(generated: Features, reference: Features) -> dict[int, Discrepancy]:
    """Return the kernel distance of each class of which there are at least two images on either side."""
    if generated.labels is None or reference.labels is None:
        raise GanzooError("compares classes, but these images have none")
    width = generated["pooled"].shape[1]

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return (a @ b.T / width + 1.0) ** 3  # arXiv:1801.01401, section 4

    found = {}
    for label in torch.unique(reference.labels).tolist():
        ours, theirs = (each["pooled"][each.labels == label] for each in (generated, reference))
        if label >= 0 and min(len(ours), len(theirs)) >= 2:
            found[int(label)] = unbiased_mmd(ours, theirs, kernel)
    if not found:
        raise GanzooError("no class has two images on either side; raise scoring.generated and reference_images")
    return found


def called(label: int, names: Sequence[str]) -> str:
    """Return what a class is called: its number, and its name where it has one."""
    return f"{label} ({names[label]})" if label < len(names) else str(label)


def left_out(reference: Features, found: Mapping[int, Discrepancy], names: Sequence[str] = ()) -> tuple[str, ...]:
    """Return a note of the classes that have too few images, if there are any."""
    assert reference.labels is not None
    missing = [int(label) for label in torch.unique(reference.labels).tolist() if label >= 0 and label not in found]
    return (f"without class {', '.join(called(label, names) for label in missing)}",) if missing else ()
