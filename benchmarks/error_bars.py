"""Whether the error bars of FID and KID hold what 95 % promises, over many draws of generated images.

    python benchmarks/error_bars.py [--draws 1000] [--width 64] [--counts 200 600] [--metrics FID KID]

Features are made up: Gaussian, skewed as after a ReLU, heavy-tailed, with a rare mode. The reference is one fixed set
of draws; intervals should hold the mean of the metric over draws of that many generated images. The bias of that mean
against infinitely many is a column of its own: no interval covers it. A second table draws subjects, not images.

Covered is what the images show. A mode of which fewer than about five images are expected is often not drawn at all,
and then no error computed from these images can know of it; and where features have no fourth moment (Student's t of
four degrees of freedom), FID itself has no variance. Both are in the table, marked, without a bound.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from ganzoo.scoring import Estimate, interval
from ganzoo_metrics.fid import frechet_distance
from ganzoo_metrics.kid import kernel_distance

REFERENCE = 500
SUBJECT_SETS = ((6, 60), (12, 40), (40, 16))
LEAST = {"gaussian": 0.92, "equal": 0.92, "skewed": 0.92, "heavy t(5)": 0.88, "log-normal": 0.88, "rare 2 %": 0.88}
CASES = (*LEAST, "rare 0.5 %", "heavy t(4)")
WIDEST = 1.5


@dataclass(frozen=True)
class Coverage:
    """What one case came to: share of intervals that hold the mean, and their median width over the true one."""

    mean: float
    deviation: float
    covers: float
    width: float


def features(case: str, count: int, width: int, rng: torch.Generator) -> Tensor:
    """Return `[count, width]` features whose scales fall as the root of their number, as those of networks do."""
    scale = torch.arange(1, width + 1, dtype=torch.float64) ** -0.5
    drawn = torch.randn(count, width, generator=rng, dtype=torch.float64)
    if case in {"reference", "equal"}:
        return drawn * scale
    drawn = drawn * 1.1 + 0.15
    if case.startswith("heavy"):
        degrees = int(case[-2])
        chi = torch.randn(count, degrees, generator=rng, dtype=torch.float64).square().sum(1, keepdim=True)
        drawn = drawn * ((degrees - 2) / chi).sqrt()
    elif case == "log-normal":
        drawn = drawn * (0.5 * torch.randn(count, 1, generator=rng, dtype=torch.float64) - 0.25).exp()
    elif case == "skewed":
        drawn = drawn.square() * 0.7
    elif case.startswith("rare"):
        share = float(case.split()[1]) / 100
        far = 4.0 * (torch.arange(width) < 8)
        drawn = drawn + (torch.rand(count, 1, generator=rng) < share) * far
    return drawn * scale


def fid(fakes: Tensor, reals: Tensor, subjects: Tensor | None = None) -> Estimate:
    return frechet_distance(fakes, reals, subjects=subjects)


def kid(fakes: Tensor, reals: Tensor, subjects: Tensor | None = None) -> Estimate:
    return kernel_distance(fakes, reals, subsets=1, subset_size=min(len(fakes), len(reals)), subjects=subjects)


METRICS: dict[str, Callable[..., Estimate]] = {"FID": fid, "KID": kid}


def coverage(estimates: list[Estimate]) -> Coverage:
    """Return how often the intervals of many draws hold their mean."""
    values = torch.tensor([each.value for each in estimates], dtype=torch.float64)
    bounds = torch.tensor(
        [
            interval(each.value, each.standard_error or 0.0, each.degrees_of_freedom or 19.0, log=True)
            for each in estimates
        ],
        dtype=torch.float64,
    )
    mean = values.mean()
    covers = ((bounds[:, 0] <= mean) & (mean <= bounds[:, 1])).double().mean()
    true_width = values.quantile(0.975) - values.quantile(0.025)
    width = (bounds[:, 1] - bounds[:, 0]).median() / true_width
    return Coverage(float(mean), float(values.std()), float(covers), float(width))


def by_image(name: str, draws: int, width: int, counts: list[int], console: Console) -> None:
    rng, compute = torch.Generator().manual_seed(0), METRICS[name]
    reals = features("reference", REFERENCE, width, rng)
    table = Table(title=f"{draws:,} draws of generated images against {REFERENCE:,} fixed real ones, {width} features")
    for column in ("case", "metric", "images", "mean", "sd", "95 % covers", "width / true", "bias against infinite n"):
        table.add_column(column, justify="left" if column in ("case", "metric") else "right")
    for case in CASES:
        # KID has no bias; its mean is the value for infinitely many.
        limit = compute(features(case, 100_000, width, rng), reals).value if name == "FID" else None
        for count in counts:
            found = coverage([compute(features(case, count, width, rng), reals) for _ in range(draws)])
            least = LEAST.get(case)
            bound = "" if least is None else f" (≥ {100 * least:.0f})"
            mark = "" if least is None or (found.covers >= least and found.width <= WIDEST) else " MISSED"
            bias = f"{100 * (found.mean / limit - 1):+.0f} %" if limit else "none"
            table.add_row(
                *(case, name, str(count), f"{found.mean:.4g}", f"{found.deviation:.2g}"),
                *(f"{100 * found.covers:.1f}{bound}{mark}", f"{found.width:.2f}", bias),
            )
    console.print(table)


def subjects_drawn(count: int, each: int, width: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the images of so many subjects, who differ in place and spread, and the number of each one's subject."""
    numbers = torch.arange(count).repeat_interleave(each)
    scale = torch.arange(1, width + 1, dtype=torch.float64) ** -0.5
    own = torch.randn(count, width, generator=rng, dtype=torch.float64) * 0.7
    spread = 1 + 0.2 * torch.randn(count, 1, generator=rng, dtype=torch.float64)
    images = torch.randn(count * each, width, generator=rng, dtype=torch.float64)
    return (own[numbers] + spread[numbers] * images) * scale, numbers


def by_subject(name: str, draws: int, width: int, console: Console) -> None:
    rng, compute = torch.Generator().manual_seed(1), METRICS[name]
    table = Table(title=f"{draws:,} draws of generated images and of the reference's subjects, {width} features")
    for column in ("subjects", "images each", "metric", "covers by image", "by subject", "error by image / true"):
        table.add_column(column, justify="left" if column == "metric" else "right")
    for count, each in SUBJECT_SETS:
        images, subjects = [], []
        for _ in range(draws):
            fakes = features("gaussian", 300, width, rng)
            reals, numbers = subjects_drawn(count, each, width, rng)
            # Pairs drawn at random are as independent as images are that nobody knows the subjects of.
            images.append(compute(fakes, reals, torch.randperm(len(reals), generator=rng) // 2))
            subjects.append(compute(fakes, reals, numbers))
        one, other = coverage(images), coverage(subjects)
        error = torch.tensor([found.standard_error for found in images]).median() / other.deviation
        table.add_row(
            *(str(count), str(each), name, f"{100 * one.covers:.1f}", f"{100 * other.covers:.1f} (≥ 92)"),
            f"{float(error):.2f}",
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--counts", type=int, nargs="+", default=[200, 600])
    parser.add_argument("--metrics", nargs="+", choices=list(METRICS), default=list(METRICS))
    asked = parser.parse_args()
    console = Console(width=130)
    for name in asked.metrics:
        by_image(name, asked.draws, asked.width, asked.counts, console)
        by_subject(name, asked.draws, min(asked.width, 32), console)


if __name__ == "__main__":
    main()
