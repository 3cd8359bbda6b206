"""Films, and strips of them for print: `interpolate` and `timelapse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ganzoo._cli import figure_options as options

FilmOut = Annotated[
    Path | None,
    typer.Option(help="Film (.mp4, .webp, .gif) or strip (.png, .svg). [default: <run>/figures/<name>.mp4]"),
]


def interpolate(
    run: options.Run,
    seeds: options.Seeds = None,
    space: Annotated[
        Literal["z", "w"] | None, typer.Option(help="Latents or styles. [default: w if there are styles]")
    ] = None,
    course: Annotated[
        Literal["slerp", "lerp"] | None,
        typer.Option(help="On the sphere, for z alone, or straight. [default: slerp in z, lerp in w]"),
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Go back to the first seed.")] = False,
    walk: Annotated[
        float | None, typer.Option(min=0.1, max=3600, help="Seconds of a closed random walk in z instead.")
    ] = None,
    smoothness: Annotated[float, typer.Option(min=0.01, help="Seconds over which the walk is smoothed.")] = 1.0,
    seconds: Annotated[float, typer.Option(min=0.01, max=600, help="From one seed to the next.")] = 2.0,
    panels: Annotated[int, typer.Option(min=2, max=100, help="Images in each row of a strip.")] = 8,
    fps: Annotated[int, typer.Option(min=1, max=120, help="Frames per second.")] = 25,
    class_: options.Class = None,
    truncation: options.Truncation = 1.0,
    truncation_cutoff: options.Cutoff = None,
    noise: options.Noise = None,
    at: options.At = None,
    weights: options.Weights = "ema",
    resolution: options.Resolution = None,
    scale: options.Scale = None,
    out: FilmOut = None,
    device: options.Device = "auto",
) -> None:
    """Film the way from seed to seed, or a random walk; or draw a strip of it."""
    from ganzoo.figures.interpolate import Way, interpolation, steps_for, strip

    options.check_out(out, *options.STILL, *options.FILMS)
    subject = options.opened(
        run,
        truncation=truncation,
        cutoff=truncation_cutoff,
        noise=noise,
        label=class_,
        at=at,
        weights=weights,
        resolution=resolution,
        device=device,
    )
    still = out is not None and out.suffix.lower() in options.STILL
    random = steps_for(walk, fps) if walk else 0
    way = Way(space, course, loop, steps_for(seconds, fps), random, smoothness * fps)
    if still:
        options.leave_out({"--walk": walk}, "a strip goes through seeds")
        options.written(strip(subject, options.seeds_of(seeds, range(4)), way, panels=panels, scale=scale), run, out)
        return
    film = interpolation(subject, options.seeds_of(seeds, range(4)), way, fps=fps, scale=scale)
    options.written(film, run, out, ".mp4")


def timelapse(
    run: options.Run,
    seeds: options.Seeds = None,
    before: Annotated[bool, typer.Option("--before", help="Begin with the untrained network.")] = False,
    columns: Annotated[int, typer.Option(min=2, max=100, help="Ages in a strip at most.")] = 8,
    fps: Annotated[int, typer.Option(min=1, max=120, help="Frames per second: kept ages.")] = 4,
    class_: options.Class = None,
    truncation: options.Truncation = 1.0,
    truncation_cutoff: options.Cutoff = None,
    noise: options.Noise = None,
    weights: options.Weights = "ema",
    scale: options.Scale = None,
    out: FilmOut = None,
    device: options.Device = "auto",
) -> None:
    """Film the same latents over all kept ages of a run, with kimg and score; or draw a strip of them."""
    from ganzoo.figures.timelapse import strip
    from ganzoo.figures.timelapse import timelapse as film

    options.check_out(out, *options.STILL, *options.FILMS)
    subject = options.opened(
        run,
        truncation=truncation,
        cutoff=truncation_cutoff,
        noise=noise,
        label=class_,
        weights=weights,
        device=device,
    )
    if out is not None and out.suffix.lower() in options.STILL:
        drawn = strip(subject, options.seeds_of(seeds, range(3)), before=before, columns=columns, scale=scale)
        options.written(drawn, run, out)
        return
    shown = film(subject, options.seeds_of(seeds, range(16)), before=before, fps=fps, scale=scale)
    options.written(shown, run, out, ".mp4")
