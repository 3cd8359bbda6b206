"""What a network knows of images: `project`, `neighbors` and `pca`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ganzoo._cli import figure_options as options


def project(
    run: options.Run,
    images: Annotated[list[Path] | None, typer.Argument(help="Image files and folders of them.")] = None,
    coverage: Annotated[
        int | None,
        typer.Option(min=2, max=5000, help="Project so many training and held-out images instead, and compare them."),
    ] = None,
    space: Annotated[Literal["w", "w+"], typer.Option(help="One style for all layers, or one for each.")] = "w",
    steps: Annotated[int, typer.Option(min=1, max=100_000, help="Steps of the search.")] = 1000,
    learning_rate: Annotated[float, typer.Option(min=1e-6, max=10, help="Its largest learning rate.")] = 0.1,
    distance: Annotated[
        str, typer.Option(help="pixels, an extractor's name, or auto: the run's extractor if it can, else pixels.")
    ] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search.")] = 0,
    film: Annotated[Literal["mp4", "webp", "gif"], typer.Option(help="Kind of the film of the search.")] = "gif",
    noise: Annotated[
        Literal["fit", "constant", "none"] | None,
        typer.Option(help="Noise maps: fitted to each image, the network's own, or none. [default: fit if it can]"),
    ] = None,
    class_: options.Class = None,
    at: options.At = None,
    weights: options.Weights = "ema",
    resolution: options.Resolution = None,
    scale: options.Scale = None,
    out: Annotated[Path | None, typer.Option(help="Folder. [default: <run>/figures/projection]")] = None,
    device: options.Device = "auto",
) -> None:
    """Find the styles that make given images: latents, reconstructions, the film of the search, distances."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo.errors import GanzooError
    from ganzoo.figures.projection import project as find
    from ganzoo.figures.projector import Schedule

    if bool(images) == bool(coverage):
        raise GanzooError("name image files or folders to project, or ask for --coverage N; one of both")
    options.check_out(out)
    mode = None if noise == "fit" else noise
    subject = options.opened(
        run, noise=mode, label=class_, at=at, weights=weights, resolution=resolution, device=device, what="projecting"
    )
    schedule = Schedule(space=space, steps=steps, learning_rate=learning_rate)
    extra: dict[str, object] = {}
    if coverage:
        from ganzoo.figures.coverage import chosen
        from ganzoo.figures.coverage import coverage as measure

        choice = chosen(subject, coverage, seed)
        targets, names = choice.images, choice.names
    else:
        from ganzoo.figures.target_images import read_targets

        targets, names = read_targets(subject, images or [])
    fit = True if noise == "fit" else None
    found = find(subject, targets, names, schedule=schedule, distance=distance, fit_noise=fit, seed=seed)
    terminal = Terminal()
    if coverage:
        extra = {"coverage": measure(found, choice, seed)}
        terminal.info(f"coverage: {extra['coverage']}")
    for path in found.write(out or run / "figures" / "projection", f".{film}", scale, extra):
        terminal.info(f"wrote {path}")


def neighbors(
    run: options.Run,
    seeds: options.Seeds = None,
    rows: Annotated[int, typer.Option(min=1, max=100, help="Most suspicious samples that are drawn.")] = 8,
    extractor: Annotated[
        str | None, typer.Option(help="Features compared beside pixels, or pixels alone. [default: those of the score]")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the tests.")] = 0,
    class_: options.Class = None,
    truncation: options.Truncation = 1.0,
    truncation_cutoff: options.Cutoff = None,
    noise: options.Noise = None,
    at: options.At = None,
    weights: options.Weights = "ema",
    scale: options.Scale = None,
    out: options.Out = None,
    device: options.Device = "auto",
) -> None:
    """Draw the real images nearest to samples (of 100 seeds), and test whether training images are remembered."""
    from ganzoo._cli.terminal import Terminal
    from ganzoo.figures.nearest_neighbors import SAMPLES
    from ganzoo.figures.nearest_neighbors import neighbors as find

    options.check_out(out, *options.STILL)
    subject = options.opened(
        run,
        truncation=truncation,
        cutoff=truncation_cutoff,
        noise=noise,
        label=class_,
        at=at,
        weights=weights,
        device=device,
    )
    found = find(subject, options.seeds_of(seeds, range(SAMPLES)), extractor=extractor, seed=seed)
    Terminal().info(found.verdict)
    options.written(found.figure(rows, scale), run, out)


def pca(
    run: options.Run,
    source: Annotated[
        Literal["styles", "weights"], typer.Option(help="Where styles vary (GANSpace), or what weights see (SeFa).")
    ] = "styles",
    seed: Annotated[int, typer.Option(min=0, help="Whose style walks.")] = 0,
    count: Annotated[int, typer.Option(min=1, max=100, help="Directions.")] = 5,
    reach: Annotated[
        float, typer.Option(min=0.01, max=100, help="Length to both sides, in standard deviations.")
    ] = 2.0,
    steps: Annotated[int, typer.Option(min=3, max=99, help="Images of a walk, an odd number.")] = 7,
    layers: Annotated[str | None, typer.Option(help="Style layers that walk, such as 0-3. [default: all]")] = None,
    class_: options.Class = None,
    truncation: options.Truncation = 1.0,
    noise: options.Noise = None,
    at: options.At = None,
    weights: options.Weights = "ema",
    resolution: options.Resolution = None,
    scale: options.Scale = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Figure (.png, .svg) or film (.mp4, .webp, .gif). [default: <run>/figures/pca.png]"),
    ] = None,
    device: options.Device = "auto",
) -> None:
    """Draw walks along the principal directions of styles, or of the weights that see them."""
    from ganzoo.figures import pca as figures

    options.check_out(out, *options.STILL, *options.FILMS)
    subject = options.opened(
        run,
        truncation=truncation,
        noise=noise,
        label=class_,
        at=at,
        weights=weights,
        resolution=resolution,
        device=device,
    )
    chosen = None if layers is None else options.seeds_of(layers, ())
    if out is None or out.suffix.lower() in options.STILL:
        drawn = figures.pca(subject, seed, source, count=count, reach=reach, steps=steps, layers=chosen, scale=scale)
        options.written(drawn, run, out)
        return
    options.written(figures.walk(subject, seed, source, count=count, reach=reach, layers=chosen, scale=scale), run, out)
