"""Figures of a generator's images: `grid`, `truncation`, `mix`, `noise`, `resolutions`, `spectrum`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from ganzoo._cli import figure_options as options

_SPAN = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)


def grid(
    run: options.Run,
    seeds: options.Seeds = None,
    columns: Annotated[
        int | None, typer.Option(min=1, help="Images in a row. [default: about as many as rows]")
    ] = None,
    reals: Annotated[bool, typer.Option("--reals", help="Show as many real images beside them.")] = False,
    class_: options.Class = None,
    truncation: options.Truncation = 1.0,
    truncation_cutoff: options.Cutoff = None,
    noise: options.Noise = None,
    at: options.At = None,
    weights: options.Weights = "ema",
    resolution: options.Resolution = None,
    scale: options.Scale = None,
    out: options.Out = None,
    device: options.Device = "auto",
) -> None:
    """Draw images of seeds in rows, 36 unless told otherwise."""
    from ganzoo.figures.grid import PREVIEWS
    from ganzoo.figures.grid import grid as draw

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
    chosen = options.seeds_of(seeds, range(PREVIEWS))
    options.written(draw(subject, chosen, columns=columns, reals=reals, scale=scale), run, out)


def truncation(
    run: options.Run,
    seeds: options.Seeds = None,
    psi: Annotated[str, typer.Option(help="Columns, with commas between: 1 is the image, 0 the mean.")] = (
        "1,0.7,0.5,0,-0.5,-1"
    ),
    truncation_cutoff: options.Cutoff = None,
    class_: options.Class = None,
    noise: options.Noise = None,
    at: options.At = None,
    weights: options.Weights = "ema",
    resolution: options.Resolution = None,
    scale: options.Scale = None,
    out: options.Out = None,
    device: options.Device = "auto",
) -> None:
    """Draw rows of seeds as their styles are pulled to the mean style and past it."""
    from ganzoo.figures.truncation import truncation as draw

    psis = _numbers(psi)
    subject = options.opened(
        run, noise=noise, label=class_, at=at, weights=weights, resolution=resolution, device=device
    )
    figure = draw(subject, options.seeds_of(seeds, range(4)), psis=psis, cutoff=truncation_cutoff, scale=scale)
    options.written(figure, run, out)


def mix(
    run: options.Run,
    left: Annotated[str, typer.Option(help="Seeds at the left: they give all other styles.")] = "0-2",
    top: Annotated[str, typer.Option(help="Seeds at the top: they give the styles of a range.")] = "4-8",
    sides: Annotated[
        str | None, typer.Option(help="Ranges by resolution, such as 4-8,16-32. [default: coarse, middle and fine]")
    ] = None,
    layers: Annotated[str | None, typer.Option(help="Ranges by number of the layer instead: 0-3,4-7.")] = None,
    grids: Annotated[bool, typer.Option("--grids", help="Two grids instead, without and with mixing.")] = False,
    seeds: Annotated[str | None, typer.Option(help="Seeds of the two grids. [default: 0-15]")] = None,
    class_: options.Class = None,
    truncation: options.Truncation = 1.0,
    truncation_cutoff: options.Cutoff = None,
    noise: options.Noise = None,
    at: options.At = None,
    weights: options.Weights = "ema",
    resolution: options.Resolution = None,
    scale: options.Scale = None,
    out: options.Out = None,
    device: options.Device = "auto",
) -> None:
    """Draw images that have some styles of one seed and the others of another."""
    from ganzoo.figures.style_mixing import mix as draw
    from ganzoo.figures.style_mixing import mixing_pair

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
    if grids:
        options.leave_out({"--sides": sides, "--layers": layers}, "--grids mixes from a random layer on")
        options.written(mixing_pair(subject, options.seeds_of(seeds, range(16)), scale=scale), run, out)
        return
    options.leave_out({"--seeds": seeds}, "--left and --top say already what is mixed")
    ranges = _ranges(subject, sides, layers)
    figure = draw(subject, options.seeds_of(left, ()), options.seeds_of(top, ()), ranges=ranges, scale=scale)
    options.written(figure, run, out)


def noise(
    run: options.Run,
    seeds: options.Seeds = None,
    realizations: Annotated[int, typer.Option(min=2, help="Noises that the deviation is taken over.")] = 32,
    class_: options.Class = None,
    truncation: options.Truncation = 1.0,
    at: options.At = None,
    weights: options.Weights = "ema",
    resolution: options.Resolution = None,
    scale: options.Scale = None,
    out: options.Out = None,
    device: options.Device = "auto",
) -> None:
    """Draw what the noise inputs change: several noises, their deviation, noise in all, fine, coarse, no layers."""
    from ganzoo.figures.noise import noise as draw

    subject = options.opened(
        run, truncation=truncation, label=class_, at=at, weights=weights, resolution=resolution, device=device
    )
    figure = draw(subject, options.seeds_of(seeds, range(3)), realizations=realizations, scale=scale)
    options.written(figure, run, out)


def resolutions(
    run: options.Run,
    seeds: options.Seeds = None,
    present: Annotated[
        bool,
        typer.Option("--present", help="Draw all stages of the present weights, not each of its own time."),
    ] = False,
    class_: options.Class = None,
    truncation: options.Truncation = 1.0,
    noise: options.Noise = None,
    at: options.At = None,
    weights: options.Weights = "ema",
    scale: options.Scale = None,
    out: options.Out = None,
    device: options.Device = "auto",
) -> None:
    """Draw one sample as it comes out at each resolution, of generators that grow or have skip outputs."""
    from ganzoo.figures.resolutions import resolutions as draw

    subject = options.opened(
        run, truncation=truncation, noise=noise, label=class_, at=at, weights=weights, device=device
    )
    options.written(draw(subject, options.seeds_of(seeds, range(3)), present=present, scale=scale), run, out)


def spectrum(
    run: options.Run,
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="Images on either side.")] = 256,
    class_: options.Class = None,
    truncation: options.Truncation = 1.0,
    noise: options.Noise = None,
    at: options.At = None,
    weights: options.Weights = "ema",
    resolution: options.Resolution = None,
    out: options.Out = None,
    device: options.Device = "auto",
) -> None:
    """Draw the mean power of real and generated images over spatial frequency."""
    from ganzoo.figures.spectrum import spectrum as draw

    options.check_out(out, *options.STILL)
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
    options.written(draw(subject, count=count), run, out)


def curves(
    runs: Annotated[list[Path], typer.Argument(help="One run, or several whose curves share each chart.")],
    out: options.Out = None,
) -> None:
    """Draw losses, scores, D's outputs, ADA's p and images/s over kimg."""
    from ganzoo._runs.directory import find_runs
    from ganzoo.figures.curves import curves as draw

    found = find_runs(runs)
    options.written(draw(found), found[0] if len(found) == 1 else Path(), out)


def _numbers(text: str) -> list[float]:
    from ganzoo.errors import GanzooError

    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(abs(each) <= 1e6 for each in found):
        raise GanzooError(f"--psi '{text[:40]}': should be numbers with commas between, such as 1,0.5,0,-1")
    return found


def _ranges(subject: Any, sides: str | None, layers: str | None) -> Any:
    from ganzoo.errors import GanzooError
    from ganzoo.figures.layer_ranges import ranges_by_layer, ranges_by_side
    from ganzoo.figures.requirements import require

    if sides is None and layers is None:
        return None
    if sides is not None and layers is not None:
        raise GanzooError("--sides and --layers both choose ranges; leave one of them out")
    require(subject, "mix")
    return ranges_by_side(subject, _spans(sides)) if sides is not None else ranges_by_layer(subject, _spans(layers))


def _spans(text: str | None) -> list[tuple[int, int]]:
    from ganzoo.errors import GanzooError

    spans = []
    for part in (text or "").split(","):
        found = _SPAN.fullmatch(part.strip())
        if not found:
            raise GanzooError(f"'{part[:40]}' is no range; write such as 4-8,16 with commas between")
        spans.append((int(found[1]), int(found[2] or found[1])))
    return spans
