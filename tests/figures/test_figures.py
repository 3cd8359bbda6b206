"""Figures: what they must show, which generators can make them, and that films play."""

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
from ganzoo._inference.import_run import import_checkpoint
from ganzoo._inference.run import Run
from ganzoo._registry.registry import Registry
from ganzoo.errors import GanzooError, RefusedError
from ganzoo.figures.grid import grid
from ganzoo.figures.interpolate import Way, interpolation, strip
from ganzoo.figures.latent_paths import lerp, slerp, through, walk
from ganzoo.figures.layer_ranges import ranges_by_layer, ranges_by_side, usual_ranges
from ganzoo.figures.noise import noise
from ganzoo.figures.requirements import NEEDS, possible
from ganzoo.figures.resolutions import resolutions
from ganzoo.figures.spectrum import radial_spectrum, spectrum
from ganzoo.figures.style_mixing import mix, mixing_pair
from ganzoo.figures.timelapse import strip as time_strip
from ganzoo.figures.timelapse import timelapse
from ganzoo.figures.truncation import truncation
from ganzoo.plotting.video import film_bytes

STYLED = ["dcgan-styled", "stylegan", "stylegan2", "stylegan2-growing"]
DRAW = {
    "grid": lambda subject: grid(subject, range(4)),
    "truncation": lambda subject: truncation(subject, [0, 1], psis=(1, 0, -1)),
    "mix": lambda subject: mix(subject, [0], [1, 2]),
    "noise": lambda subject: noise(subject, [0], realizations=3),
    "resolutions": lambda subject: resolutions(subject, [0]),
    "interpolate": lambda subject: strip(subject, [0, 1], panels=3),
    "timelapse": lambda subject: time_strip(subject, [0]),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def subjects(root):
    """Every generator of the zoo, gray and in colour."""
    return {
        (name, channels): Run(untrained(root, name, channels=channels)).generator(device="cpu")
        for name in GENERATORS
        for channels in (1, 3)
    }


def shown(figure):
    """The images on a sheet, in the order of drawing."""
    return [mark.pixels for mark in figure.canvas.marks if hasattr(mark, "pixels")]


def near(one, other):
    """Equal up to the rounding of values that differ by 1e-6."""
    return np.abs(np.asarray(one, int) - np.asarray(other, int)).max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("figure", DRAW)
def test_every_generator_works_with_each_figure_or_is_refused_by_name(subjects, figure, name, channels):
    subject = subjects[name, channels]
    if figure in possible(subject):
        drawn = DRAW[figure](subject)
        image = Image.open(io.BytesIO(drawn.canvas.png()))
        assert image.size == (drawn.canvas.width, drawn.canvas.height)
        assert all(np.ptp(pixels) > 0 for pixels in shown(drawn)[:1])
        assert drawn.facts["weights_sha256"] == subject.sha256
    else:
        with pytest.raises(RefusedError, match=f"'{figure}' needs .*'{name}' does not.*lacks the capability.*grid"):
            DRAW[figure](subject)


def test_what_each_generator_of_the_zoo_can_make(subjects):
    never = {name: set(NEEDS) - set(possible(subjects[name, 1])) for name in GENERATORS}
    assert {name: found & set(DRAW) for name, found in never.items()} == {
        "dcgan": {"truncation", "mix", "noise", "resolutions"},
        "dcgan-styled": {"resolutions"},
        "progan": {"truncation", "mix", "noise"},
        "stylegan": set(),
        "stylegan2": set(),
        "stylegan2-growing": set(),
    }


@pytest.mark.parametrize("name", STYLED)
def test_mixing_identical_sources_is_the_identity(subjects, name):
    subject = subjects[name, 3]
    figure = mix(subject, [3], [3, 3])
    images = subject.images([3, 3, 3])
    assert all(near(pixels, images[0]) for pixels in shown(figure))


def test_mixing_takes_the_range_from_the_top_and_the_rest_from_the_left(subjects):
    subject = subjects["stylegan2", 1]
    whole = ranges_by_layer(subject, [(0, 5)])
    of_top, of_left, mixed = shown(mix(subject, [0], [1], ranges=whole))
    with_noise_of_left = subject.images_of(subject.latents([1]), subject.labels([1]), [0])[0]
    assert near(mixed, with_noise_of_left)
    assert not near(mixed, of_left)
    assert near(of_top, subject.images([1])[0])


def test_ranges_by_side_by_layer_and_by_themselves(subjects):
    two, one = subjects["stylegan2", 1], subjects["dcgan-styled", 1]
    assert [each.layers for each in usual_ranges(two)] == [(0,), (1, 2), (3, 4, 5)]
    assert [each.layers for each in usual_ranges(one)] == [(0,), (1,), (2,)]
    assert ranges_by_side(subjects["stylegan", 1], [(4, 8)])[0].layers == (0, 1, 2, 3)
    with pytest.raises(GanzooError, match="0 to 5"):
        ranges_by_layer(two, [(4, 6)])
    with pytest.raises(GanzooError, match="there are 4, 8, 16"):
        ranges_by_side(two, [(64, 128)])


def test_the_pair_of_grids_shares_what_is_before_the_crossover(subjects):
    subject = subjects["stylegan2", 1]
    images = shown(mixing_pair(subject, range(4)))
    assert near(images[0], subject.images([0])[0])
    assert len(images) == 8
    assert not near(images[0], images[2])


@pytest.mark.parametrize("name", STYLED)
def test_psi_1_is_the_image_and_psi_0_the_mean_styles(subjects, name):
    subject = subjects[name, 1].with_sampling(noise_mode="constant")
    one, zero, *others = shown(truncation(subject, [0, 1], psis=(1, 0)))
    images = subject.images([0, 1])
    assert np.array_equal(one, images[0])
    assert near(zero, others[1])
    layers = subject.styles([0]).shape[1]
    mean = subject.generator.mean_w().expand(1, layers, -1)
    assert near(zero, subject.images_of_styles(mean, [0])[0])


def test_a_cutoff_of_no_layer_truncates_nothing(subjects):
    subject = subjects["stylegan", 1]
    first, last = shown(truncation(subject, [0], psis=(1, -1), cutoff=0))
    assert near(first, last)


@pytest.mark.parametrize("name", STYLED)
def test_noise_is_all_the_layers_together_and_nothing_without(subjects, name):
    subject = subjects[name, 1]
    images = shown(noise(subject, [0], realizations=3))
    every, fine, coarse, none = images[4:]
    assert np.ptp(images[3]) > 0
    assert near(every, subject.images([0])[0])
    assert near(none, subject.with_sampling(noise_mode="none").images([0])[0])
    assert not near(fine, none)
    assert not near(coarse, none)
    assert not near(fine, every)


def test_skip_outputs_end_with_the_image_itself(subjects):
    subject = subjects["stylegan2", 3]
    images = shown(resolutions(subject, [5]))
    assert len(images) == 3
    assert near(images[-1], subject.images([5])[0])
    assert np.array_equal(images[0], images[0][:, ::4, ::4].repeat(4, axis=1).repeat(4, axis=2))


def test_a_generator_of_one_resolution_is_told_so(root):
    subject = Run(untrained(root, "stylegan2", channels=2, architecture="resnet")).generator(device="cpu")
    with pytest.raises(RefusedError, match="no skip outputs"):
        resolutions(subject, [0])


@pytest.mark.parametrize("mode", ["constant", "random"])
@pytest.mark.parametrize(("name", "space"), [("stylegan2", "w"), ("stylegan2", "z"), ("dcgan", "z")])
def test_the_end_frames_of_an_interpolation_are_the_seeds_images(subjects, name, space, mode):
    subject = subjects[name, 3]
    if name != "dcgan":
        subject = subject.with_sampling(noise_mode=mode)
    film = interpolation(subject, [4, 7, 9], Way(space, steps=3), scale=1)
    frames = [frame.transpose(2, 0, 1) for frame in film.frames()]
    assert len(frames) == film.count == 7
    images = subject.images([4, 7, 9])
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


def test_a_walk_through_a_generator_without_styles_plays(subjects):
    film = interpolation(subjects["progan", 1], [3], Way(random=10, smoothness=2.0), scale=2)
    frames = list(film.frames())
    assert (len(frames), frames[0].shape) == (10, (32, 32))
    with pytest.raises(GanzooError, match="two or more"):
        interpolation(subjects["progan", 1], [3])
    with pytest.raises(RefusedError, match="StyleBased"):
        interpolation(subjects["progan", 1], [3, 4], Way("w"))


def decoded(data, suffix):
    if suffix == ".mp4":
        av = pytest.importorskip("av")
        with av.open(io.BytesIO(data)) as container:
            assert container.streams.video[0].codec_context.name == "h264"
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    image = Image.open(io.BytesIO(data))
    frames = []
    for number in range(image.n_frames):
        image.seek(number)
        frames.append(np.asarray(image.convert("RGB")))
    return frames


@pytest.mark.parametrize("suffix", [".mp4", ".webp", ".gif"])
@pytest.mark.parametrize("colour", [False, True])
def test_films_are_decoded_frame_by_frame(suffix, colour):
    ramp = np.arange(33 * 21).reshape(33, 21) // 4
    frames = [((ramp + 20 * number) % 200).astype(np.uint8) for number in range(5)]
    if colour:
        frames = [np.stack([frame, frame, frame // 2], axis=2) for frame in frames]
    played = decoded(film_bytes(iter(frames), suffix, 10), suffix)
    assert len(played) == 5
    for before, after in zip(frames, played, strict=True):
        same = before if colour else np.repeat(before[..., None], 3, axis=2)
        error = np.abs(after[:33, :21].astype(float) - same).mean()
        assert error < (0.01 if suffix == ".webp" or not (colour or suffix == ".mp4") else 8)


def test_an_mp4_says_what_its_colours_mean():
    av = pytest.importorskip("av")
    frame = np.full((16, 16, 3), (20, 40, 220), np.uint8)
    with av.open(io.BytesIO(film_bytes(iter([frame] * 2), ".mp4", 10))) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_range, context.colorspace) == (1, 6)
        for played in container.decode(video=0):
            assert near(played.to_ndarray(format="rgb24") // 3, frame // 3)


def test_a_gif_too_fast_for_players_is_refused():
    with pytest.raises(GanzooError, match="a GIF plays at most 50"):
        film_bytes(iter([np.zeros((2, 2), np.uint8)]), ".gif", 60)


def test_progress_is_that_of_the_whole_figure(subjects):
    told = []
    subject = replace(subjects["stylegan2", 1], progress=lambda *far: told.append(far))
    film = interpolation(subject, [0, 1], Way("z", steps=80))
    assert len(list(film.frames())) == 81
    assert told[-1] == (81, 81)
    assert {total for _, total in told} == {81}
    told.clear()
    truncation(subject, [0, 1], psis=(1, 0, -1))
    assert [done for done, _ in told] == [2, 4, 6]


def test_a_film_of_another_kind_is_refused():
    with pytest.raises(GanzooError, match=r"\.mp4, \.webp, \.gif"):
        film_bytes(iter([np.zeros((2, 2), np.uint8)]), ".avi", 5)


def test_a_timelapse_has_a_frame_for_each_kept_age(subjects):
    film = timelapse(subjects["stylegan2", 1], range(4))
    frames = list(film.frames())
    assert film.facts["ages"] == [1000, 2000]
    assert len(frames) == 2
    assert not np.array_equal(*frames)


def test_frames_of_a_timelapse_are_of_one_size_however_long_their_captions(subjects, monkeypatch, tmp_path):
    monkeypatch.setattr("ganzoo.figures.timelapse.scores_by_age", lambda subject: {2000: ("KID", 0.0123)})
    film = timelapse(subjects["dcgan", 1], [0])
    assert len({frame.shape for frame in film.frames()}) == 1
    path, _ = film.write(tmp_path / "film.webp")
    assert len(decoded(path.read_bytes(), ".webp")) == 2


def test_imported_runs_have_no_untrained_network(subjects):
    with pytest.raises(RefusedError, match="did not begin from its seed"):
        time_strip(subjects["dcgan", 1], [0], before=True)


def test_the_spectrum_of_white_noise_is_flat():
    noise = np.random.default_rng(0).normal(0, 0.5, (400, 1, 32, 32))
    assert radial_spectrum(noise)[2:] == pytest.approx(np.full(15, 0.25), rel=0.05)


def test_the_spectrum_peaks_where_a_wave_is():
    wave = np.cos(2 * np.pi * 8 * np.arange(32) / 32) * np.ones((1, 3, 32, 1))
    assert radial_spectrum(wave).argmax() == 8


def test_imported_runs_have_no_reals_to_show(subjects):
    for draw in (lambda subject: spectrum(subject, count=2), lambda subject: grid(subject, [0], reals=True)):
        with pytest.raises(RefusedError, match=r"names no data set.*It can make: grid, interpolate, timelapse$"):
            draw(subjects["dcgan", 1])


def test_classes_follow_the_seed_or_are_chosen(root):
    subject = Run(untrained(root, "stylegan2", channels=4, classes=3)).generator(device="cpu")
    assert subject.labels([0, 4, 5]).argmax(1).tolist() == [0, 1, 2]
    assert replace(subject, label=2).labels([0, 1]).argmax(1).tolist() == [2, 2]
    with pytest.raises(GanzooError, match="classes 0 to 2"):
        replace(subject, label=3).images([0])
    with pytest.raises(GanzooError, match="knows no classes"):
        replace(Run(untrained(root, "dcgan", channels=4)).generator(device="cpu"), label=0).images([0])


@pytest.mark.parametrize(
    "file", ["stylegan2_ada_g32.pkl", "stylegan2_tf_g32.pkl", "stylegan1_tf_32.pkl", "stylegan1_huangzh13_32.pth"]
)
def test_imported_checkpoints_work_with_each_figure(file, tmp_path):
    if "GANZOO_REFERENCE" not in os.environ:
        pytest.skip("GANZOO_REFERENCE names no folder of other people's checkpoints")
    run = tmp_path / "imported"
    import_checkpoint(Path(os.environ["GANZOO_REFERENCE"]) / file, run, Registry.discover())
    subject = Run(run).generator(device="cpu")
    for name, draw in DRAW.items():
        if name == "timelapse":
            with pytest.raises(RefusedError, match="nothing to watch"):
                draw(subject)
        else:
            assert draw(subject).canvas.png()


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
    played = decoded(film.read_bytes(), ".mp4")
    assert (facts["frames"], facts["height"], facts["width"]) == (len(played), *played[0].shape[:2])
