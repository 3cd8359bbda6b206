"""`ganzoo explore`: files, refusals, what its figures give in Python, and what is read once."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from training_world import GROWING, in_memory, installed, recipe_of, start

from ganzoo._cli import app
from ganzoo._inference.build import build_generator
from ganzoo._inference.checkpoints import Checkpoints
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo._inference.run import Run
from ganzoo.errors import GanzooError, PluginError, RefusedError
from ganzoo.figures import dataset_of, possible_figures
from ganzoo.figures.run_curves import curves_of
from ganzoo_figures.curves import Curves
from ganzoo_figures.grid import Grid
from ganzoo_figures.mix import Mix
from ganzoo_figures.neighbors import Neighbors
from ganzoo_figures.pca import PCA
from ganzoo_figures.pca_directions import of_styles, of_weights
from ganzoo_figures.project import Project
from ganzoo_figures.timelapse import Timelapse

STYLEGAN2 = {
    "generator": {
        "name": "stylegan2",
        "latent_dim": 8,
        "style_dim": 8,
        "mapping_layers": 1,
        "channel_base": 64,
        "channel_max": 8,
    },
    "dataset": {"name": "tiny", "resolution": 8, "count": 100, "channels": 3, "held_out": 0.4},
}
STYLED = {
    "generator": {"name": "tiny-styled"},
    "dataset": {"name": "tiny", "resolution": 8, "count": 40, "channels": 1, "classes": 3},
}


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


@pytest.fixture(scope="module")
def stylegan2():
    """Three channels, held-out images."""
    with in_memory() as folder:
        yield start(folder, recipe_of(STYLEGAN2))


@pytest.fixture(scope="module")
def styled():
    """One channel, three classes, no held-out images."""
    with in_memory() as folder:
        yield start(folder, recipe_of(STYLED))


@pytest.fixture(scope="module")
def growing():
    with in_memory() as folder:
        yield start(folder, recipe_of(GROWING))


@pytest.fixture
def explore(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(command, directory, *options):
        arguments = ["explore", command, str(directory.path), *map(str, options), "--device", "cpu"]
        app.app(arguments, standalone_mode=False)

    return run


def sidecar(path):
    return json.loads(path.with_name(f"{path.name}.json").read_text())


def frames_of(path):
    with Image.open(path) as film:
        return film.n_frames


def save(images, folder):
    folder.mkdir()
    for number, image in enumerate(images):
        pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
        Image.fromarray(np.ascontiguousarray(pixels)).save(folder / f"{number}.png")


@pytest.mark.ci
@pytest.mark.parametrize("distance", ["pixels", "random-features"])
def test_project_writes_latents_pictures_film_and_distances(stylegan2, explore, tmp_path, distance):
    generator = Run(stylegan2.path).generator(device="cpu")
    save(generator.images(range(2)), tmp_path / "images")
    explore("project", stylegan2, "images", "--steps", 5, "--distance", distance, "--out", "p", "--film", "webp")
    styles = np.load("p/styles.npy", allow_pickle=False)
    assert styles.shape == (2, 4, 8)
    noise = sorted(path.name for path in (tmp_path / "p/noise").iterdir())
    assert noise == [
        "blocks.4.conv1.noise_const.npy",
        "blocks.8.conv0.noise_const.npy",
        "blocks.8.conv1.noise_const.npy",
    ]
    found = json.loads((tmp_path / "p/distances.json").read_text())
    assert [image["name"] for image in found["images"]] == ["images/0.png", "images/1.png"]
    assert (found["distance"], found["projection"]["steps"], found["noise_mode"]) == (distance, 5, "fitted")
    assert found["projection"]["whiteness"] == (1.0 if distance == "pixels" else 1e5)
    assert found["weights_sha256"] == generator.sha256
    assert frames_of("p/search.webp") == 5  # of the five steps, the first stands still
    with Image.open("p/reconstructions/00001.png") as opened:
        picture = np.asarray(opened)
    assert picture.shape == (8, 8, 3)
    assert sidecar(tmp_path / "p/projection.png")["shown"] == 2


def test_coverage_compares_held_out_images_with_training_images(stylegan2, explore, tmp_path):
    explore("project", stylegan2, "--coverage", 3, "--steps", 3, "--noise-mode", "constant", "--out", "p")
    found = json.loads((tmp_path / "p/distances.json").read_text())
    names = [image["name"].split()[0] for image in found["images"]]
    assert names == ["train"] * 3 + ["held-out"] * 3
    distances = [image["distance"] for image in found["images"]]
    measure = found["coverage"]
    assert measure["held_out_mean_distance"] == pytest.approx(np.mean(distances[3:]))
    assert measure["training_mean_distance"] == pytest.approx(np.mean(distances[:3]))
    assert 0.04 < measure["p_held_out_farther"] <= 1  # 20 ways to divide six images
    assert found["fitted_noise"] == []


def test_neighbors_are_drawn_and_tested_in_both_spaces(stylegan2, explore, tmp_path):
    explore("neighbors", stylegan2, "--seeds", "0-9", "--rows", 3, "--out", "n.png")
    found = sidecar(tmp_path / "n.png")
    assert [test["space"] for test in found["tests"]] == ["random-features", "pixels"]
    assert (found["training_images"], found["held_out_images"], found["shown"]) == (60, 40, 3)
    for test in found["tests"]:
        assert test["images_per_set"] == 40
        assert 0 < test["p_nearer_to_training"] <= 1
    assert len(found["samples"]) == 10
    assert found["assumptions"]


def test_neighbors_report_their_progress(stylegan2):
    calls = []
    progress = lambda done, total, facts=None: calls.append((done, total))  # noqa: E731
    Run(stylegan2.path).draw(Neighbors(seeds=range(3), extractor="pixels"), device="cpu", progress=progress)
    assert {(3, 3), (60, 60), (40, 40)} <= set(calls)


@pytest.mark.parametrize("which", ["stylegan2", "growing"])
def test_a_timelapse_may_begin_with_the_untrained_network(request, which):
    run = Run(request.getfixturevalue(which).path)
    first = Checkpoints(run.generator(device="cpu")).untrained()
    fresh = build_generator(run.recipe.generator, first.spec, run.recipe.seed).state_dict()
    assert all(torch.equal(fresh[name], kept) for name, kept in first.generator.state_dict().items())
    film = run.draw(Timelapse(seeds=[0, 1], before=True), device="cpu")
    assert film.facts["checkpoints"][0] == 0
    assert len({frame.shape for frame in film.frames()}) == 1
    strip = run.draw(Timelapse(seeds=[0], before=True, columns=2, still=True), device="cpu")
    assert strip.facts["checkpoints"][0] == 0


def test_projection_goes_on_in_smaller_groups_where_memory_runs_out(stylegan2, monkeypatch):
    def hungry(module, inputs):
        if len(inputs[0]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")

    generator = Run(stylegan2.path).generator(device="cpu")
    figure = Project(images=generator.images(range(3)), steps=2, distance="pixels")
    found = figure.draw(generator)
    next(iter(generator.generator.blocks.values())).conv1.register_forward_pre_hook(hungry)
    torch.testing.assert_close(figure.draw(generator).styles, found.styles)


def test_what_is_found_is_shown_inline(styled):
    run = Run(styled.path)
    targets = run.generator(device="cpu").images([0])
    for figure in (Project(images=targets, steps=2, distance="pixels"), Neighbors(seeds=range(2), extractor="pixels")):
        shown = run.draw(figure, device="cpu")
        assert shown._repr_png_() == shown.figure()._repr_png_()


def test_without_held_out_images_neighbors_say_so(styled, explore, tmp_path, capsys):
    explore("neighbors", styled, "--seeds", "0-4", "--extractor", "pixels", "--out", "n.svg")
    assert "no held-out images" in capsys.readouterr().out
    found = sidecar(tmp_path / "n.svg")
    assert found["tests"][0]["p_copy"] is None
    with pytest.raises(GanzooError, match="no held-out images"):
        explore("project", styled, "--coverage", 3)


def test_the_training_image_itself_is_its_own_neighbor(stylegan2, monkeypatch):
    generator = Run(stylegan2.path).generator(device="cpu")
    training = dataset_of(generator).training
    planted = np.stack([*generator.images(range(5)), training.images(np.array([17]))[0]])
    monkeypatch.setattr(OpenedGenerator, "images", lambda self, seeds: planted)
    found = Neighbors(seeds=range(6)).draw(generator)
    assert found.order[0] == 5
    assert [int(report.training.index[5]) for report in found.reports] == [17, 17]
    assert max(float(report.training.distance[5]) for report in found.reports) < 1e-2
    assert found.summary.startswith("at least one sample is nearer to a training image than chance allows")


def test_walks_go_along_directions_and_through_the_seeds_own_image(stylegan2, explore, tmp_path):
    for source in ("styles", "weights"):
        explore(
            "pca",
            stylegan2,
            "--source",
            source,
            "--count",
            2,
            "--steps",
            3,
            "--seed",
            4,
            "--scale",
            1,
            "--out",
            "p.png",
        )
        found = sidecar(tmp_path / "p.png")
        assert (found["source"], len(found["shares"]), found["seeds"]) == (source, 2, [4])
    run = Run(stylegan2.path)
    drawn = run.draw(PCA(seed=4, count=2, steps=3, samples=200), device="cpu")
    pictures = [mark.pixels for mark in drawn.canvas.marks if hasattr(mark, "pixels")]
    own = run.generator(device="cpu").images([4])[0]
    assert len(pictures) == 6
    assert np.array_equal(pictures[1], own)
    assert np.array_equal(pictures[4], own)
    assert not np.array_equal(pictures[0], own)
    explore("pca", stylegan2, "--count", 2, "--layers", "0-1", "--out", "p.gif")
    assert frames_of("p.gif") > 30


def test_directions_are_those_of_the_covariance_and_of_the_weights():
    torch.manual_seed(0)
    turn, _ = torch.linalg.qr(torch.randn(6, 6))
    spread = torch.tensor([5.0, 3.0, 2.0, 1.0, 0.5, 0.1])
    found = of_styles(torch.randn(20_000, 6) * spread @ turn, 3)
    torch.testing.assert_close(found.deviations, spread[:3], rtol=0.05, atol=0)
    torch.testing.assert_close((found.vectors @ turn.T).abs().diagonal(), torch.ones(3), rtol=0.01, atol=0)
    assert (found.vectors.gather(1, found.vectors.abs().argmax(1, keepdim=True)) > 0).all()
    weights = [torch.diag(torch.tensor([0.0, 2.0, 0.0])), torch.diag(torch.tensor([1.0, 0.0, 0.0]))]
    seen = of_weights(weights, torch.randn(100, 3), 2)
    torch.testing.assert_close(seen.vectors, torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]))
    torch.testing.assert_close(seen.shares, torch.tensor([0.8, 0.2]))


@pytest.mark.parametrize(
    ("which", "command", "options", "lacking"),
    [
        ("growing", "project", ["x.png"], "StyleBased"),
        ("growing", "pca", [], "StyleBased"),
        ("styled", "pca", ["--source", "weights"], "StyleAffines"),
        ("styled", "project", ["x.png", "--noise-mode", "fit"], "NoiseMaps"),
    ],
)
def test_what_a_generator_lacks_is_named(request, explore, tmp_path, which, command, options, lacking):
    Image.new("L", (8, 8)).save(tmp_path / "x.png")
    with pytest.raises(RefusedError, match=f"it lacks the capability {lacking}.*It can make: curves, grid"):
        explore(command, request.getfixturevalue(which), *options)


@pytest.mark.ci
@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("project", [], "name image files or folders to project, or ask for --coverage N"),
        ("project", ["x.png", "--coverage", 3], "one of both"),
        ("project", ["missing.png"], "missing.png"),
        ("project", ["x.png", "--distance", "nothing"], "nothing"),
        ("pca", ["--steps", 4], "it needs an odd number"),
        ("pca", ["--count", 9], "w has 8 dimensions"),
        ("pca", ["--layers", "4"], "this generator has 0 to 3"),
        ("mix", ["--grids", "--layers", "0"], "--grids mixes from a random layer on; leave --layers out"),
        ("mix", ["--seeds", "0-3"], "--left and --top already set what is mixed; leave --seeds out"),
        ("mix", ["--layers", "0", "--resolutions", "4"], "both choose ranges; leave one of them out"),
        ("mix", ["--layers", "few"], "--layers 'few' is no range; write such as 4-8,16"),
        ("mix", ["--resolutions", "64-128"], "there are 4, 8"),
        ("interpolate", ["--walk", "1", "--out", "strip.png"], "a strip goes through seeds; leave --walk out"),
        ("interpolate", ["--space", "w", "--course", "slerp"], "styles are not on a sphere"),
        ("grid", ["--class", "1"], "has no classes"),
    ],
)
def test_bad_options_are_refused(stylegan2, explore, tmp_path, command, options, message):
    Image.new("L", (8, 8)).save(tmp_path / "x.png")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(GanzooError, match=message):
        explore(command, stylegan2, *options)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("command", ["neighbors", "spectrum", "pca", "interpolate", "timelapse", "project"])
def test_a_file_that_could_not_be_written_is_refused_before_any_work(stylegan2, explore, tmp_path, command):
    (tmp_path / "x.jpg").touch()
    images = ["no-such-image.png"] if command == "project" else []
    with pytest.raises(GanzooError, match=r"--out 'x\.jpg': (should end in|is a file)"):
        explore(command, stylegan2, *images, "--out", "x.jpg")


def test_curves_of_a_folder_without_runs_are_refused(tmp_path):
    with pytest.raises(GanzooError, match="there are no runs in"):
        app.app(["explore", "curves", str(tmp_path)], standalone_mode=False)


def test_a_missing_image_is_named_by_its_path(stylegan2, explore):
    with pytest.raises(GanzooError, match=r"folder/absent\.png"):
        explore("project", stylegan2, "folder/absent.png")


def test_a_conditional_one_channel_run_is_projected(styled):
    run = Run(styled.path)
    targets = run.generator(device="cpu").images(range(2))
    found = run.draw(Project(images=targets, steps=20, distance="pixels"), device="cpu")
    assert found.facts["noise_mode"] == "constant"
    assert found.images.shape == (2, 1, 8, 8)
    assert found.figure().canvas.gray
    with pytest.raises(GanzooError, match=r"this generator makes uint8 \[N, 1, 8, 8\]"):
        run.draw(Project(images=targets[:, :, :4], distance="pixels"), device="cpu")


def test_a_run_draws_figures_by_class_and_by_name(stylegan2):
    run = Run(stylegan2.path)
    assert run.draw(Curves())._repr_png_().startswith(b"\x89PNG")
    by_name = run.draw("grid", device="cpu", truncation_psi=0.5)
    assert by_name.facts["truncation_psi"] == 0.5
    assert {"grid", "project"} <= set(possible_figures(run.generator(device="cpu")))
    with pytest.raises(PluginError, match="no figure called 'gird'; did you mean 'grid'"):
        run.draw("gird")
    with pytest.raises(GanzooError, match="is no figure"):
        run.draw(7)
    with pytest.raises(GanzooError, match="'timelapse' takes no at; leave it out"):
        run.draw(Timelapse(), at=32)


def test_wrong_options_are_sentences_from_python_too():
    with pytest.raises(GanzooError, match=r"frames: is not an option of figure 'pca', which has source, seed"):
        PCA(frames=3)
    with pytest.raises(GanzooError, match=r"; did you mean 'count'\?"):
        PCA(counts=3)
    for options, words in (
        ({"seeds": "0-7"}, "seeds: should be numbers, such as [0, 1, 2] or range(8), but is '0-7'"),
        ({"seeds": 3}, "seeds: should be numbers, such as [0, 1, 2] or range(8), but is '3'"),
        ({"seeds": [1, "x"]}, "seeds: entry 2 should be a whole number, but is 'x'"),
        ({"columns": "x"}, "columns: should be a whole number, but is 'x'"),
    ):
        with pytest.raises(GanzooError, match=f"^{re.escape(words)}$"):
            Grid(**options)
    with pytest.raises(GanzooError, match=re.escape("layers: should be pairs of first and last, such as [(4, 8)")):
        Mix(layers="4-8")
    with pytest.raises(GanzooError, match="count: should be greater than or equal to 1, but is '0'"):
        PCA(count=0)


def test_scores_that_cannot_be_compared_have_charts_of_their_own(stylegan2, styled):
    def titles(*runs):
        words = [mark.text for mark in curves_of([run.path for run in runs]).marks if hasattr(mark, "text")]
        return [text for text in words if text.startswith("FD-random")]

    assert titles(stylegan2) == titles(stylegan2, stylegan2) == ["FD-random"]
    one, other = titles(stylegan2, styled)
    assert one != other
    assert one.startswith("FD-random (tiny ")
