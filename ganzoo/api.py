"""Verbs: what notebooks (`ganzoo.run("quickstart")`), scripts and the command line call alike, silent by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import Unpack

from ganzoo._inference.run import Run, View, Weights
from ganzoo.contracts.reporter import SILENT, Reporter

if TYPE_CHECKING:
    from ganzoo._inference.samples import Samples
    from ganzoo._leaderboard.comparison import Comparison
    from ganzoo._leaderboard.rules import RuleOptions
    from ganzoo._recipe.recipe import Recipe
    from ganzoo._registry.registry import Registry
    from ganzoo._runs.record import Score
    from ganzoo._sweep.options import SweepOptions, SweepSource
    from ganzoo._sweep.sweep import SweepResult
    from ganzoo.contracts.capabilities import NoiseMode

AnyRun = str | Path | Run


def open(run: AnyRun, *, registry: Registry | None = None) -> Run:
    """Open a run that was trained here or imported.

    Its record can be read at once (`run.scores`); networks are built when `run.generator()` or a figure asks for them.

    Args:
        run: Its folder; a run that is open already is returned.
        registry: The installed parts, where several runs are opened; None: they are found when the first is needed.

    Raises:
        GanzooError: There is no such run.
    """
    return run if isinstance(run, Run) else Run(run, registry=registry)


def run(
    recipe: str | Path | Recipe | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    name: str | None = None,
    runs: str | Path = "runs",
    device: str = "auto",
    resume: bool = False,
    initial: AnyRun | None = None,
    skip_bad: bool = False,
    tags: Sequence[str] = (),
    sweep: str | Path | None = None,
    callbacks: Sequence[str] = (),
    reporter: Reporter | None = None,
) -> Run:
    """Train a recipe and score it.

    Args:
        recipe: A recipe file, the name of a recipe that ships with ganzoo, a recipe, or its content as a dictionary.
        overrides: Changed keys, such as `"training.total_kimg=10"`.
        seed: Replaces the recipe's seed.
        name: Name of the run, with the seed behind it; None: that of the recipe's file, else `recipe`.
        runs: Folder that runs are kept in.
        device: auto, cpu, cuda, cuda:1, mps.
        resume: Go on with the newest run of this recipe and seed, or begin one.
        initial: Run whose weights the training begins from.
        skip_bad: Leave out images that cannot be read, with a warning.
        tags: Words that are kept in the run's record.
        sweep: Folder of the sweep that the run belongs to, whose plan its record repeats.
        callbacks: What watches the run: `"wandb"`, or with options `'mlflow={folder = "all"}'`.
        reporter: Takes messages and progress; None: nothing is shown.

    Raises:
        GanzooError: The recipe is not valid, data, weights or device cannot be had, or the training fails.
    """
    from ganzoo._training.asked_run import Request, train_asked

    of_sweep, earlier = Path(sweep) if sweep else None, None if initial is None else open(initial)
    asked = Request(recipe, tuple(overrides), seed, name, tuple(tags), of_sweep, tuple(callbacks))
    return train_asked(asked, Path(runs), earlier, reporter or SILENT, device=device, resume=resume, skip_bad=skip_bad)


def resume(
    run: AnyRun,
    *,
    overrides: Sequence[str] = (),
    device: str = "auto",
    skip_bad: bool = False,
    callbacks: Sequence[str] = (),
    reporter: Reporter | None = None,
) -> Run:
    """Go on with a stopped run, bit for bit on the same machine; score it if that is all that is left.

    Args:
        run: The run.
        overrides: A longer `training.total_kimg`, other `*_kimg` intervals, other `[scoring]`.
        device: Where to compute.
        skip_bad: Leave out images that cannot be read, with a warning.
        callbacks: What watches the run, as for `ganzoo.run`.
        reporter: Takes messages and progress; None: nothing is shown.

    Raises:
        GanzooError: The run cannot be gone on with; the message says why.
    """
    opened = open(run)
    opened.look_at(overrides)  # before torch is imported
    from ganzoo._training.together import resume_together

    settings: dict[str, Any] = {"overrides": overrides, "skip_bad": skip_bad, "watching": callbacks}
    resume_together(opened, device=device, reporter=reporter or SILENT, **settings)
    return opened


def score(
    run: AnyRun,
    *,
    overrides: Sequence[str] = (),
    dataset: str | None = None,
    at: int | None = None,
    snapshots: bool = False,
    published: bool = False,
    device: str = "auto",
    skip_bad: bool = False,
    reporter: Reporter | None = None,
) -> list[Score]:
    """Score a run and keep the scores in its record.

    Args:
        run: The run.
        overrides: Another protocol, such as `"scoring.generated=5000"`.
        dataset: Compare with this dataset instead of the run's own; an imported run has none.
        at: The generator kept at this many images seen; None: the newest.
        snapshots: Score every snapshot that was kept instead.
        published: Score as the recipe's published values were measured, as it says; `overrides` count on top.
        device: Where to compute.
        skip_bad: Leave out images that cannot be read, with a warning.
        reporter: Takes messages and progress; None: nothing is shown.

    Raises:
        GanzooError: The run has no such generator, its data are not there, or another process holds it.
    """
    opened = open(run)
    opened.look_at(overrides)  # before torch is imported
    from ganzoo._training.together import do_together
    from ganzoo.scoring.score_against import ScoreRequest, score_requested

    request, told = ScoreRequest(tuple(overrides), dataset, at, snapshots, published, skip_bad), reporter or SILENT
    return do_together(device, lambda own, ranks: score_requested(opened, request, own, told, ranks))


def compare(
    runs: AnyRun | Iterable[AnyRun] = "runs",
    *,
    metric: str | None = None,
    by: str | None = None,
    where: Sequence[str] = (),
    protocol: str | None = None,
    **agreed: Unpack[RuleOptions],
) -> Comparison:
    """Rank runs by their scores: one table per dataset and protocol, seeds as mean ± sd. Needs no torch.

    Args:
        runs: Runs, folders of runs, or several of either. Runs named one by one are to be ranked together.
        metric: The metric that ranks; None: the first of the recipe that there are enough images for.
        by: Field by whose values rows are put in sections: `loss`, `training.batch_size`.
        where: Conditions such as `"dataset=oasis"`, or on scores, `"scoring.generated=1000"`.
        protocol: Only scores of the protocol whose hash begins so; tables print it.
        agreed: `equivalence`, `assumed_spread`, `looks` and `checkpoint`, as `RuleOptions` explains.

    Raises:
        RefusedError: Runs named one by one whose scores do not mean the same.
        GanzooError: There are no runs, nothing meets a condition, or a field or metric is unknown.
    """
    from ganzoo._leaderboard.gather import compare_runs, paths_of

    return compare_runs(paths_of(runs), metric=metric, by=by, where=where, protocol=protocol, **agreed)


def sweep(source: SweepSource, **settings: Unpack[SweepOptions]) -> SweepResult:
    """Compute every cell of a sweep that is not done yet, and compare its runs; progress is shown in a notebook.

    Args:
        source: A sweep file, or its content: `{"recipes": ["quickstart"], "seeds": range(3)}`.
        **settings: `runs`, `jobs`, `device`, `retry_failed`, `reporter` and others, as `SweepOptions` explains.

    Raises:
        RecipeError: The sweep or a recipe of it is not valid.
        RefusedError: It is another plan than the one written down before its first run.
        RunStopped: A signal stopped it, its cells at a checkpoint.
    """
    from ganzoo._sweep.sweep import compute_sweep

    return compute_sweep(source, **settings)


def sample(
    run: AnyRun,
    seeds: int | Sequence[int] = 64,
    *,
    at: int | None = None,
    weights: Weights = "ema",
    **view: Unpack[View],
) -> Samples:
    """Return images of a run's generator, one per seed, each independent of the others.

    Args:
        run: The run.
        seeds: Seeds, or how many from 0 on.
        at: The generator kept at this many images seen; None: the newest.
        weights: EMA weights (`ema`) or those of the optimizer (`raw`).
        **view: `device`, `resolution` and `alpha` of a growing network, `truncation_psi`, `truncation_cutoff`,
            `truncation_threshold`, `noise_mode`, `rotation`, `shift_right`, `shift_down`, `label`, `progress`.

    Raises:
        GanzooError: The generator cannot do what is asked, or there is no such checkpoint.
    """
    from ganzoo._inference.samples import Samples, chosen_seeds

    chosen = chosen_seeds(seeds)
    return Samples(chosen, open(run).generator(at, weights, **view).images(chosen))


def export(
    run: AnyRun,
    out: str | Path,
    *,
    format: Literal["safetensors", "onnx"] | None = None,
    weights: Weights = "ema",
    at: int | None = None,
    noise_mode: NoiseMode | None = None,
) -> int:
    """Write a run's generator for use elsewhere, and return how many images it had seen.

    Args:
        run: The run.
        out: The file.
        format: `safetensors`, with what builds the network inside, or `onnx`; None: as the file's name ends.
        weights: EMA weights (`ema`) or those of the optimizer (`raw`).
        at: The generator kept at this many images seen; None: the newest.
        noise_mode: Noise inside of an ONNX graph; None: the network's own constant one, if it has any.

    Raises:
        GanzooError: `out` ends otherwise, the generator cannot be written, or it has no noise to choose.
    """
    from ganzoo._inference.export_run import export_run

    return export_run(open(run), Path(out), format, weights=weights, at=at, noise_mode=noise_mode)
