"""Built-in figures: what they must show, and which generators can make them."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from exploring_world import GENERATORS, untrained
from PIL import Image

from ganzoo._cli.app import app
from ganzoo._inference.checkpoints import Checkpoints
from ganzoo._inference.drawing import draw_several
from ganzoo._inference.import_run import import_checkpoint
from ganzoo._inference.run import Run
from ganzoo._registry.registry import Registry
from ganzoo.errors import GanzooError, RefusedError
from ganzoo.figures import possible_figures
from ganzoo.plotting import Picture
from ganzoo_figures.grid import Grid
from ganzoo_figures.interpolate import Interpolate
from ganzoo_figures.latent_paths import lerp, slerp, through, walk
from ganzoo_figures.layer_ranges import ranges_by_layer, ranges_by_resolution, usual_ranges
from ganzoo_figures.mix import Mix
from ganzoo_figures.noise import Noise
from ganzoo_figures.resolutions import Resolutions
from ganzoo_figures.spectrum import Spectrum, radial_spectrum
from ganzoo_figures.sticking import Sticking
from ganzoo_figures.timelapse import Timelapse
from ganzoo_figures.truncation import Truncation

STYLED = ["dcgan-styled", "stylegan", "stylegan2", "stylegan2-growing"]
FIGURES = {
    figure.name: figure
    for figure in (
        Grid(seeds=range(4)),
        Truncation(seeds=[0, 1], psi=(1, 0, -1)),
        Mix(left=[0], top=[1, 2]),
        Noise(seeds=[0], realizations=3),
        Resolutions(seeds=[0]),
        Interpolate(seeds=[0, 1], panels=3, still=True),
        Timelapse(seeds=[0], still=True),
    )
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def runs(root):
    """Every generator of the zoo, gray and in color."""
    return {
        (name, channels): Run(untrained(root, name, channels=channels)) for name in GENERATORS for channels in (1, 3)
    }


def draw(run, figure, **view):
    return run.draw(figure, device="cpu", **view)


def opened(run, **view):
    return run.generator(device="cpu", **view)


def shown(figure):
    """The images on a sheet, in the order of drawing."""
    return [mark.pixels for mark in figure.canvas.marks if hasattr(mark, "pixels")]


def near(one, other):
    """Equal up to the rounding of values that differ by 1e-6."""
    return np.abs(np.asarray(one, int) - np.asarray(other, int)).max() <= 1


# One and three channels take turns, so that each figure and each generator meets both.
@pytest.mark.ci
@pytest.mark.parametrize(
    ("figure", "name", "channels"),
    [
        (figure, name, (1, 3)[(row + column) % 2])
        for row, figure in enumerate(FIGURES)
        for column, name in enumerate(GENERATORS)
    ],
)
def test_every_generator_works_with_each_figure_or_is_refused_by_name(runs, figure, name, channels):
    run = runs[name, channels]
    if figure in possible_figures(opened(run)):
        drawn = draw(run, FIGURES[figure])
        image = Image.open(io.BytesIO(drawn.canvas.png()))
        assert image.size == (drawn.canvas.width, drawn.canvas.height)
        assert all(np.ptp(pixels) > 0 for pixels in shown(drawn)[:1])
        assert drawn.facts["weights_sha256"] == opened(run).sha256
    else:
        with pytest.raises(RefusedError, match=f"'{figure}' needs .*'{name}' does not.*lacks the capability.*grid"):
            draw(run, FIGURES[figure])


def test_what_each_generator_of_the_zoo_can_make(runs):
    never = {name: set(FIGURES) - set(possible_figures(opened(runs[name, 1]))) for name in GENERATORS}
    assert never == {
        "dcgan": {"truncation", "mix", "noise", "resolutions"},
        "dcgan-styled": {"resolutions"},
        "progan": {"truncation", "mix", "noise"},
        "stylegan": set(),
        "stylegan2": set(),
        "stylegan2-growing": set(),
    }


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dcgan-styled", {"noise": False}),
        (
            "stylegan3",
            {"latent_dim": 8, "style_dim": 8, "layers": 3, "channel_base": 64, "channel_max": 4, "margin": 2},
        ),
    ],
)
def test_noise_of_a_generator_that_has_it_at_no_resolution_is_refused_by_name(tmp_path, name, options):
    run = Run(untrained(tmp_path, name, **options))
    assert "noise" not in possible_figures(opened(run))
    with pytest.raises(RefusedError, match=f"'noise' needs a generator that has noise inputs, which '{name}' does not"):
        draw(run, Noise(seeds=[0]))


@pytest.mark.parametrize("name", STYLED)
def test_mixing_identical_sources_is_the_identity(runs, name):
    figure = draw(runs[name, 3], Mix(left=[3], top=[3, 3]))
    images = opened(runs[name, 3]).images([3, 3, 3])
    assert all(near(pixels, images[0]) for pixels in shown(figure))


def test_mixing_takes_the_range_from_the_top_and_the_rest_from_the_left(runs):
    run = runs["stylegan2", 1]
    generator = opened(run)
    of_top, of_left, mixed = shown(draw(run, Mix(left=[0], top=[1], layers=[(0, 5)])))
    with_noise_of_left = generator.images_of(generator.latents([1]), generator.labels([1]), [0])[0]
    assert near(mixed, with_noise_of_left)
    assert not near(mixed, of_left)
    assert near(of_top, generator.images([1])[0])


def test_ranges_by_resolution_by_layer_and_by_themselves(runs):
    two, one = opened(runs["stylegan2", 1]), opened(runs["dcgan-styled", 1])
    assert [each.layers for each in usual_ranges(two)] == [(0,), (1, 2), (3, 4, 5)]
    assert [each.layers for each in usual_ranges(one)] == [(0,), (1,), (2,)]
    assert ranges_by_resolution(opened(runs["stylegan", 1]), [(4, 8)])[0].layers == (0, 1, 2, 3)
    with pytest.raises(GanzooError, match="0 to 5"):
        ranges_by_layer(two, [(4, 6)])
    with pytest.raises(GanzooError, match="there are 4, 8, 16"):
        ranges_by_resolution(two, [(64, 128)])


def test_the_pair_of_grids_shares_what_is_before_the_crossover(runs):
    run = runs["stylegan2", 1]
    images = shown(draw(run, Mix(grids=True, seeds=range(4))))
    assert near(images[0], opened(run).images([0])[0])
    assert len(images) == 8
    assert not near(images[0], images[2])


@pytest.mark.parametrize("name", STYLED)
def test_psi_1_is_the_image_and_psi_0_the_mean_styles(runs, name):
    run = runs[name, 1]
    generator = opened(run, noise_mode="constant")
    one, zero, *others = shown(draw(run, Truncation(seeds=[0, 1], psi=(1, 0)), noise_mode="constant"))
    assert np.array_equal(one, generator.images([0, 1])[0])
    assert near(zero, others[1])
    mean = opened(run, noise_mode="constant", truncation_psi=0.0).styles([0])
    assert near(zero, generator.images_of_styles(mean, [0])[0])


def test_a_cutoff_of_no_layer_truncates_nothing(runs):
    first, last = shown(draw(runs["stylegan", 1], Truncation(seeds=[0], psi=(1, -1), truncation_cutoff=0)))
    assert near(first, last)


@pytest.fixture(scope="module")
def truncatable(root):
    return Run(untrained(root, "sngan", latent_dim=8, width=4))


def test_latents_are_truncated_where_there_are_no_styles(truncatable):
    drawn = draw(truncatable, Truncation(seeds=[0, 3], thresholds=(1, 0.25)))
    columns = [opened(truncatable, **view).images([0, 3]) for view in THRESHOLDS]
    assert np.array_equal(shown(drawn), [column[row] for row in (0, 1) for column in columns])
    assert not near(columns[0][0], columns[2][0])
    words = [mark.text for mark in drawn.canvas.marks if hasattr(mark, "text")]
    assert {"whole latent", "within 1", "within 0.25", "seed 3"} <= set(words)
    assert drawn.facts["thresholds"] == [None, 1.0, 0.25]
    assert not {"psi", "truncation_psi", "truncation_threshold"} & set(drawn.facts)
    assert draw(truncatable, Truncation(seeds=[0])).facts["thresholds"] == [None, 2.0, 1.0, 0.5, 0.04]


THRESHOLDS = ({}, {"truncation_threshold": 1.0}, {"truncation_threshold": 0.25})


def test_what_cannot_be_truncated_so_is_refused_by_name(runs, truncatable):
    with pytest.raises(RefusedError, match="'truncation of styles' needs a generator that has styles, which 'sngan'"):
        draw(truncatable, Truncation(psi=(1, 0)))
    with pytest.raises(RefusedError, match=r"'truncation of latents' needs .* truncated, which 'stylegan2' does not"):
        draw(runs["stylegan2", 1], Truncation(thresholds=(1, 0.5)))
    with pytest.raises(RefusedError, match="'truncation' needs a generator that has styles or has latents that can be"):
        draw(runs["dcgan", 1], Truncation())
    for wrong, message in (
        ({"thresholds": (1,), "psi": (1,)}, "thresholds truncate latents, psi and truncation_cutoff styles"),
        ({"thresholds": (1, 0)}, "thresholds: 0 leaves no latent"),
        ({"thresholds": ()}, "at least 1"),
    ):
        with pytest.raises(GanzooError, match=message):
            Truncation(**wrong)


@pytest.mark.parametrize("name", STYLED)
def test_noise_is_all_the_layers_together_and_nothing_without(runs, name):
    run = runs[name, 1]
    images = shown(draw(run, Noise(seeds=[0], realizations=3)))
    every, fine, coarse, none = images[4:]
    assert np.ptp(images[3]) > 0
    assert near(every, opened(run).images([0])[0])
    assert near(none, opened(run, noise_mode="none").images([0])[0])
    assert not near(fine, none)
    assert not near(coarse, none)
    assert not near(fine, every)


def test_skip_outputs_end_with_the_image_itself(runs):
    run = runs["stylegan2", 3]
    images = shown(draw(run, Resolutions(seeds=[5])))
    assert len(images) == 3
    assert near(images[-1], opened(run).images([5])[0])
    assert np.array_equal(images[0], images[0][:, ::4, ::4].repeat(4, axis=1).repeat(4, axis=2))


def test_a_generator_of_one_resolution_is_refused(root):
    run = Run(untrained(root, "stylegan2", channels=2, architecture="resnet"))
    with pytest.raises(RefusedError, match="no skip outputs"):
        draw(run, Resolutions(seeds=[0]))


@pytest.mark.parametrize("mode", ["constant", "random"])
@pytest.mark.parametrize(("name", "space"), [("stylegan2", "w"), ("stylegan2", "z"), ("dcgan", "z")])
def test_the_end_frames_of_an_interpolation_are_the_seeds_images(runs, name, space, mode):
    view = {} if name == "dcgan" else {"noise_mode": mode}
    film = draw(runs[name, 3], Interpolate(seeds=[4, 7, 9], space=space, seconds=0.12, scale=1), **view)
    frames = [frame.transpose(2, 0, 1) for frame in film.frames()]
    assert len(frames) == film.count == 7
    images = opened(runs[name, 3], **view).images([4, 7, 9])
    assert all(near(frames[at], image) for at, image in zip((0, 3, 6), images, strict=True))


def test_paths_keep_their_ends_and_slerp_its_length():
    start, end = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
    t = torch.linspace(0, 1, 5)
    assert torch.allclose(slerp(start, end, t).norm(dim=1), torch.full((5,), 3.0))
    assert torch.equal(slerp(start, end, t)[[0, -1]], torch.stack([start, end]))
    assert torch.equal(lerp(start, end, t)[2], torch.tensor([1.5, 1.5]))
    assert torch.allclose(slerp(start, 2 * start, t), lerp(start, 2 * start, t))


def test_a_loop_goes_back_and_ends_just_before_its_beginning():
    keys = torch.eye(3)
    path, nearest = through(keys, 4, course="lerp", loop=True)
    assert len(path) == 12
    assert torch.equal(path[[0, 4, 8]], keys)
    assert torch.allclose(path[-1], 0.25 * keys[2] + 0.75 * keys[0])
    assert nearest[8:] == [2, 2, 2, 0]


def test_a_random_walk_is_closed_smooth_and_as_long_as_its_draws():
    draws = torch.randn(120, 64, generator=torch.Generator().manual_seed(0))
    path = walk(draws, 6.0)
    assert torch.allclose(path.square().mean(dim=1), draws.square().mean().expand(120), rtol=1e-4)
    steps = (path - path.roll(1, 0)).norm(dim=1)
    assert steps.max() < 0.4 * path[0].norm()
    assert steps[0] < 2 * steps.mean()


def test_a_walk_through_a_generator_without_styles_plays(runs):
    film = draw(runs["progan", 1], Interpolate(seeds=[3], walk=1, fps=10, smoothness=0.2, scale=2))
    frames = list(film.frames())
    assert (len(frames), frames[0].shape) == (10, (32, 32))
    with pytest.raises(GanzooError, match="two or more"):
        Interpolate(seeds=[3])
    with pytest.raises(RefusedError, match="StyleBased"):
        draw(runs["progan", 1], Interpolate(seeds=[3, 4], space="w"))


def test_progress_is_that_of_the_whole_figure(runs):
    calls = []
    progress = lambda done, total, facts=None: calls.append((done, total))  # noqa: E731
    film = draw(runs["stylegan2", 1], Interpolate(seeds=[0, 1], space="z", seconds=3.2), progress=progress)
    assert len(list(film.frames())) == 81
    assert calls[-1] == (81, 81)
    assert {total for _, total in calls} == {81}
    calls.clear()
    draw(runs["stylegan2", 1], Truncation(seeds=[0, 1], psi=(1, 0, -1)), progress=progress)
    assert [done for done, _ in calls] == [2, 4, 6]


def test_a_timelapse_has_a_frame_for_each_kept_checkpoint(runs):
    film = draw(runs["stylegan2", 1], Timelapse(seeds=range(4)))
    frames = list(film.frames())
    assert film.facts["checkpoints"] == [1000, 2000]
    assert len(frames) == 2
    assert not np.array_equal(*frames)


def test_frames_of_a_timelapse_are_of_one_size_however_long_their_captions(runs, monkeypatch, tmp_path):
    monkeypatch.setattr(Checkpoints, "scores", lambda self: {2000: ("KID", "0.0123")})
    film = draw(runs["dcgan", 1], Timelapse(seeds=[0]))
    assert len({frame.shape for frame in film.frames()}) == 1
    path, _ = film.write(tmp_path / "film.webp")
    with Image.open(path) as played:
        assert played.n_frames == 2


def test_imported_runs_have_no_untrained_network(runs):
    with pytest.raises(RefusedError, match="did not begin from its seed"):
        draw(runs["dcgan", 1], Timelapse(seeds=[0], before=True, still=True))


def test_the_spectrum_of_white_noise_is_flat():
    noise = np.random.default_rng(0).normal(0, 0.5, (400, 1, 32, 32))
    assert radial_spectrum(noise)[2:] == pytest.approx(np.full(15, 0.25), rel=0.05)


def test_the_spectrum_peaks_where_a_wave_is():
    wave = np.cos(2 * np.pi * 8 * np.arange(32) / 32) * np.ones((1, 3, 32, 1))
    assert radial_spectrum(wave).argmax() == 8


def test_imported_runs_have_no_real_images_to_show(runs):
    for figure in (Spectrum(count=2), Grid(seeds=[0], reals=True)):
        with pytest.raises(
            RefusedError, match=r"names no dataset.*It can make: grid, interpolate, sticking, timelapse$"
        ):
            draw(runs["dcgan", 1], figure)


def test_classes_follow_the_seed_or_are_chosen(root):
    generator = opened(Run(untrained(root, "stylegan2", channels=4, classes=3)))
    assert generator.labels([0, 4, 5]).argmax(1).tolist() == [0, 1, 2]
    assert replace(generator, label=2).labels([0, 1]).argmax(1).tolist() == [2, 2]
    with pytest.raises(GanzooError, match="classes 0 to 2"):
        replace(generator, label=3).images([0])
    with pytest.raises(GanzooError, match="has no classes"):
        opened(Run(untrained(root, "dcgan", channels=4)), label=0).images([0])


FOREIGN = ["stylegan2_tf_g32.pkl", "stylegan1_tf_32.pkl", "stylegan1_huangzh13_32.pth"]


@pytest.mark.parametrize(
    "file", ["stylegan2_ada_g32.pkl", *(pytest.param(name, marks=pytest.mark.slow) for name in FOREIGN)]
)
def test_imported_checkpoints_work_with_each_figure(file, tmp_path):
    if "GANZOO_REFERENCE" not in os.environ:
        pytest.skip("GANZOO_REFERENCE names no folder of other people's checkpoints")
    run = tmp_path / "imported"
    import_checkpoint(Path(os.environ["GANZOO_REFERENCE"]) / file, run, Registry.discover())
    for name, figure in FIGURES.items():
        if name == "timelapse":
            with pytest.raises(RefusedError, match="nothing to watch"):
                draw(Run(run), figure)
        else:
            assert draw(Run(run), figure).canvas.png()


def test_grids_of_several_runs_are_rows_of_the_same_seeds(runs, root, tmp_path):
    """A smaller image is enlarged to the scale of the others; other latents are not called the same."""
    gray = [runs["stylegan2", 1], runs["dcgan-styled", 1], Run(untrained(root, "progan", channels=1, resolution=8))]
    generators = [run.generator(device="cpu") for run in gray]
    figure = Grid(seeds=range(4), columns=2).draw_several(generators)
    shown = [mark.pixels for mark in figure.canvas.marks if isinstance(mark, Picture)]
    expected = [each.images(range(4)) for each in generators]
    expected[2] = expected[2].repeat(2, axis=2).repeat(2, axis=3)
    order = [images[seed] for half in ((0, 1), (2, 3)) for images in expected for seed in half]
    assert all(np.array_equal(one, other) for one, other in zip(shown, order, strict=True))
    assert figure.facts["same_latents"] is True
    assert [each["seeds"] for each in figure.facts["runs"]] == [[0, 1, 2, 3]] * 3
    wider = Run(untrained(root, "progan", latent_dim=8))
    assert Grid(seeds=[0]).draw_several([generators[0], wider.generator(device="cpu")]).facts["same_latents"] is False
    out = tmp_path / "pair.svg"
    paths = [str(run.path) for run in gray[:2]]
    app(["explore", "grid", *paths, "--out", str(out), "--device", "cpu", "--seeds", "0-1"], standalone_mode=False)
    assert len(json.loads((tmp_path / "pair.svg.json").read_text())["runs"]) == 2
    with pytest.raises(RefusedError, match="was imported, so the images it learned from are not known"):
        Grid(reals=True).draw_several(generators)
    with pytest.raises(RefusedError, match="figure 'noise' shows one run; name one"):
        draw_several(Noise(), generators)


@pytest.mark.ci
def test_commands_write_the_figure_and_say_what_it_shows(root, tmp_path):
    run = untrained(root, "stylegan2", channels=5)
    for command, *more in (
        ("grid", "--seeds", "0-3", "--scale", "2"),
        ("truncation", "--psi", "1,0.5", "--seeds", "7"),
        ("mix", "--left", "0", "--top", "1", "--layers", "0-1,2-5"),
        ("mix", "--grids", "--seeds", "0-3"),
        ("noise", "--seeds", "0", "--realizations", "3"),
        ("resolutions", "--seeds", "0"),
    ):
        for suffix in ("png", "svg"):
            out = tmp_path / f"{command}.{suffix}"
            app(["explore", command, str(run), "--out", str(out), "--device", "cpu", *more], standalone_mode=False)
            facts = json.loads((tmp_path / f"{out.name}.json").read_text())
            assert {"run", "weights_sha256", "images_seen", "noise_mode", "width", "height"} <= facts.keys()
        with Image.open(tmp_path / f"{command}.png") as image:
            assert image.size == (facts["width"], facts["height"])
    app(["explore", "interpolate", str(run), "--seeds", "0,1", "--seconds", "0.2"], standalone_mode=False)
    film = run / "figures" / "interpolate.mp4"
    facts = json.loads(film.with_name(f"{film.name}.json").read_text())
    av = pytest.importorskip("av")
    with av.open(str(film)) as container:
        played = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert (facts["frames"], facts["height"], facts["width"]) == (len(played), *played[0].shape[:2])


def test_a_column_over_time_and_a_mean_show_what_stays_in_place(runs):
    run = runs["progan", 1]
    figure = Sticking(seeds=[3, 5], frames=4, near=3, column=2, scale=1)
    first, mean, over_time = shown(draw(run, figure))[:3]
    generator = opened(run)
    path = slerp(*generator.latents([3, 5]), torch.linspace(0, 1, 4))
    images = generator.images_of(path, generator.labels([3] * 4), [3] * 4)
    assert near(first, generator.images([3])[0])
    assert near(over_time, images[..., 2].transpose(1, 2, 0))
    # Near the image, and not it.
    assert 0 < np.abs(mean.astype(int) - first).mean() < np.abs(images[-1].astype(int) - first).mean()
    frames = list(draw(run, Sticking(seeds=[3, 5], frames=4, column=2, scale=1, still=False)).frames())
    assert len(frames) == 8 and not np.array_equal(frames[3], frames[4])
    view = {"noise_mode": "none"}
    styled = shown(draw(runs["stylegan2", 3], Sticking(seeds=[1], frames=2, near=2), **view))
    assert near(styled[2], opened(runs["stylegan2", 3], **view).images([1, 2])[..., 8].transpose(1, 2, 0))
    with pytest.raises(GanzooError, match="there is no column 16: they are 0 to 15"):
        draw(run, Sticking(column=16))
