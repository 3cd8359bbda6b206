"""`ganzoo sample`: seeds, files, stages of growth, noise, the critic, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from training_world import GROWING, in_memory, installed, only_run, recipe_of, start, stop_at

from ganzoo._cli import app
from ganzoo._inference.run import Run
from ganzoo._random.seeds import MOST_SEEDS, seeds_in
from ganzoo.errors import GanzooError, RunStopped

STYLED = {
    "generator": {"name": "tiny-styled"},
    "dataset": {"name": "tiny", "resolution": 8, "count": 40, "channels": 3, "classes": 3},
}
MIDDLE_OF_A_FADE = 48


@pytest.fixture(scope="module", autouse=True)
def tiny_plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")):
        yield


@pytest.fixture(scope="module")
def plain():
    with in_memory() as folder:
        yield start(folder, recipe_of())


@pytest.fixture(scope="module")
def styled():
    """Three classes, three channels, styles and noise."""
    with in_memory() as folder:
        yield start(folder, recipe_of(STYLED))


@pytest.fixture(scope="module")
def growing():
    """Stopped while 8 pixels fade in, at 2/5."""
    with in_memory() as folder:
        with pytest.raises(RunStopped):
            start(folder, recipe_of(GROWING), stop_at(MIDDLE_OF_A_FADE))
        yield only_run(folder)


@pytest.fixture
def sample(monkeypatch, tmp_path):
    """Run `ganzoo sample RUN OPTIONS` in a folder of its own; an error is raised as it is."""
    monkeypatch.chdir(tmp_path)

    def run(directory, *options):
        app.app(["sample", str(directory.path), "--device", "cpu", *map(str, options)], standalone_mode=False)

    return run


def picture(path):
    return np.asarray(Image.open(path))


def generator_of(run, weights="ema"):
    newest = int(max(path.name for path in run.checkpoints.iterdir()))
    return Run(run).generator(newest, weights, device="cpu").generator


def loaded(path):
    return np.load(path, allow_pickle=False)


def test_the_image_of_a_seed_is_the_same_in_any_company(styled, sample):
    sample(styled, "--seeds", "0-19,100", "--folder", "many", "--raw", "many.npy")
    sample(styled, "--seeds", "100,7", "--folder", "few", "--raw", "few.npy")
    many, few = loaded("many.npy"), loaded("few.npy")
    assert (many.shape, many.dtype) == ((21, 3, 8, 8), np.float32)
    np.testing.assert_allclose(few, many[[20, 7]], atol=1e-6)
    for name in ("00007.png", "00100.png"):
        assert np.array_equal(picture(f"few/{name}"), picture(f"many/{name}"))
    assert picture("few/00007.png").shape == (8, 8, 3)
    assert not (styled.samples / "grid.png").exists()


def test_grids_have_the_columns_asked_for_and_true_intensities(plain, sample):
    sample(plain, "--seeds", "5-10", "--grid", "3x2", "--out", "grid.png", "--raw", "images.npy")
    grid, images = picture("grid.png"), loaded("images.npy")
    assert grid.shape == (2 * 10 + 2, 3 * 10 + 2)  # one channel stays one channel
    expected = np.clip(np.floor(images[4, 0] * 127.5 + 128), 0, 255)
    assert np.array_equal(grid[12:20, 12:20], expected)
    sample(plain, "--grid", "2x2", "--raw", "four.npy")
    assert loaded("four.npy").shape == (4, 1, 8, 8)
    assert picture(plain.samples / "grid.png").shape == (22, 22)


def test_count_and_seed_are_seeds_too(plain, sample):
    sample(plain, "--count", 3, "--seed", 4, "--raw", "a.npy")
    sample(plain, "--seeds", "4-6", "--raw", "b.npy")
    assert np.array_equal(loaded("a.npy"), loaded("b.npy"))
    sample(plain, "--raw", "c.npy")
    assert len(loaded("c.npy")) == 64


def test_latents_and_labels_from_files_give_the_networks_own_images(styled, sample):
    rng = np.random.RandomState(0)
    latents, labels = rng.standard_normal((5, 8)).astype(np.float32), np.array([2, 0, 1, 1, 2])
    np.save("z.npy", latents)
    np.save("c.npy", labels)
    np.save("one_hot.npy", np.eye(3)[labels])
    generator = generator_of(styled)
    generator.use_noise("none")
    expected = generator(torch.from_numpy(latents), torch.eye(3)[torch.from_numpy(labels)]).numpy()
    options = ("--latents", "z.npy", "--noise-mode", "none", "--raw", "images.npy")
    for file in ("c.npy", "one_hot.npy"):
        sample(styled, *options, "--labels", file)
        np.testing.assert_allclose(loaded("images.npy"), expected, atol=1e-6)
    sample(styled, *options, "--class", 1)
    np.testing.assert_allclose(loaded("images.npy")[2:4], expected[2:4], atol=1e-6)
    with pytest.raises(
        GanzooError, match=r"conditional: give the classes of the latents by --labels FILE or --class K"
    ):
        sample(styled, *options)


def test_a_seed_has_its_own_class_unless_another_is_asked_for(styled, sample):
    sample(styled, "--seeds", "4,5", "--noise-mode", "none", "--raw", "own.npy")
    sample(styled, "--seeds", "4,5", "--noise-mode", "none", "--class", 1, "--raw", "one.npy")
    own, one = loaded("own.npy"), loaded("one.npy")
    assert np.array_equal(own[0], one[0])
    assert not np.array_equal(own[1], one[1])


def test_a_grid_of_classes_has_a_row_of_each_with_its_name_before_it(styled, sample):
    seeds = ("--seeds", "0-8", "--noise-mode", "none")
    sample(styled, *seeds, "--raw", "raw.npy", "--out", "classes.png")
    sample(styled, *seeds, "--grid", "3x3", "--out", "plain.png")
    made, rows, plain = loaded("raw.npy"), picture("classes.png"), picture("plain.png")
    pixels = np.clip(np.rint((made + 1) * 127.5), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    side = pixels.shape[1]
    assert rows.shape[1] > plain.shape[1] + 40, "names stand before the rows"
    right = rows.shape[1] - 8 - 3 * side - 2 * 4  # margin and gaps of figures
    for place, seed in enumerate((0, 3, 6, 1, 4, 7, 2, 5, 8)):
        top, left = 8 + (place // 3) * (side + 4), right + (place % 3) * (side + 4)
        found = rows[top : top + side, left : left + side].astype(int)
        assert abs(found - pixels[seed]).max() <= 1, (place, seed)


def test_truncation_and_noise_are_those_asked_for(styled, sample):
    def images(*options):
        sample(styled, "--seeds", "0-2", "--class", 0, "--raw", "images.npy", *options)
        return loaded("images.npy")

    assert not np.array_equal(images("--noise-mode", "constant"), images("--noise-mode", "none"))
    assert not np.array_equal(images("--noise-mode", "constant"), images())
    assert np.array_equal(images("--noise-mode", "random"), images())
    mean = images("--noise-mode", "none", "--truncation-psi", 0)
    assert np.allclose(mean, mean[:1], atol=1e-6)
    half = images("--noise-mode", "none", "--truncation-psi", 0, "--truncation-cutoff", 1)
    assert not np.allclose(half, half[:1], atol=1e-4)
    mirrored = images("--noise-mode", "none", "--truncation-psi", -1)
    assert not np.allclose(mirrored, images("--noise-mode", "none"), atol=1e-4)


def test_raw_weights_are_others_than_the_averaged_ones(plain, sample):
    np.save("z.npy", np.random.RandomState(0).standard_normal((2, 8)))
    latents = torch.from_numpy(loaded("z.npy")).float()
    found = {}
    for weights in ("ema", "raw"):
        sample(plain, "--latents", "z.npy", "--weights", weights, "--raw", "images.npy")
        found[weights] = loaded("images.npy")
        expected = generator_of(plain, weights)(latents, torch.zeros(2, 0)).numpy()
        np.testing.assert_allclose(found[weights], expected, atol=1e-6)
    assert not np.array_equal(found["ema"], found["raw"])


def test_a_run_in_the_middle_of_growing_is_used_where_it_stands(growing, sample):
    np.save("z.npy", np.random.RandomState(0).standard_normal((2, 8)))
    latents = torch.from_numpy(loaded("z.npy")).float()
    generator = generator_of(growing)

    def images(*options):
        sample(growing, "--latents", "z.npy", "--raw", "images.npy", *options)
        return loaded("images.npy")

    for options, stage in (
        ((), (8, 0.4)),
        (("--alpha", 1), (8, 1.0)),
        (("--resolution", 4), (4, 1.0)),
        (("--resolution", 8), (8, 1.0)),
        (("--resolution", 8, "--alpha", 0), (8, 0.0)),
    ):
        generator.grow(*stage)
        np.testing.assert_allclose(images(*options), generator(latents, torch.zeros(2, 0)).numpy(), atol=1e-6)
    sample(growing, "--at", 32, "--weights", "raw", "--seeds", "0", "--folder", "early")
    assert picture("early/00000.png").shape == (4, 4)


def test_a_grown_run_is_used_fully_grown(sample):
    with in_memory() as folder:
        run = start(folder, recipe_of(GROWING))
        sample(run, "--seeds", "0-1", "--raw", "images.npy")
        assert loaded("images.npy").shape == (2, 1, 8, 8)


@pytest.mark.parametrize(("options", "stage"), [((), (8, 0.4)), (("--resolution", 4), (4, 1.0))])
def test_the_critic_judges_float_images_where_it_stands(growing, sample, options, stage):
    images = np.random.RandomState(0).standard_normal((3, 1, stage[0], stage[0])) * 3  # beyond [-1, 1]
    np.save("images.npy", images)
    sample(growing, "--critic", "images.npy", "--raw", "logits.npy", *options)
    newest = int(max(path.name for path in growing.checkpoints.iterdir()))
    critic = Run(growing).discriminator(newest, device="cpu").discriminator
    critic.grow(*stage)
    expected = critic(torch.from_numpy(images).float(), torch.zeros(3, 0)).numpy()
    logits = loaded("logits.npy")
    assert (logits.shape, logits.dtype) == ((3,), np.float32)
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)


def test_a_conditional_critic_needs_classes(styled, sample):
    np.save("images.npy", np.zeros((2, 3, 8, 8), np.float32))
    with pytest.raises(GanzooError, match="the discriminator is conditional"):
        sample(styled, "--critic", "images.npy", "--raw", "logits.npy")
    np.save("c.npy", np.array([0, 2]))
    sample(styled, "--critic", "images.npy", "--raw", "logits.npy", "--labels", "c.npy")
    first = loaded("logits.npy")
    sample(styled, "--critic", "images.npy", "--raw", "logits.npy", "--class", 2)
    assert first[1] == loaded("logits.npy")[1]
    assert first[0] != loaded("logits.npy")[0]


MOVABLE = {
    "dataset": {"name": "tiny", "resolution": 16, "count": 40},
    "generator": {"name": "stylegan3", "latent_dim": 4, "style_dim": 4, "layers": 3, "critical_layers": 1}
    | {"channel_base": 64, "channel_max": 4, "margin": 4, "equivariance": "rotation"},
    "training": {"total_kimg": 0.008, "batch_size": 8},
}


def test_what_can_be_moved_is_moved_as_figures_move_it(sample):
    with in_memory() as folder:
        run = start(folder, recipe_of(MOVABLE))
        sample(run, "--count", 2, "--rotation", 90, "--shift-right", 0.25, "--shift-down", -0.5, "--raw", "moved.npy")
        moved, view = loaded("moved.npy"), {"rotation": 90.0, "shift_right": 0.25, "shift_down": -0.5}
        opened = Run(run.path)
        (own,) = opened.generator(device="cpu", **view).batches(*inputs_of(opened, [0, 1]))
        assert np.array_equal(moved, own.numpy())
        sample(run, "--count", 2, "--raw", "still.npy")
        assert not np.allclose(loaded("still.npy"), moved, atol=1e-3)
        with pytest.raises(GanzooError, match=r"noise_mode 'none' needs .*its noise is at no resolution"):
            sample(run, "--noise-mode", "none")


def inputs_of(run, seeds):
    generator = run.generator(device="cpu")
    return generator.latents(seeds), generator.labels(seeds), seeds


@pytest.mark.ci
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rotation", 30], r"rotation and shifts need .* \(it lacks the capability Transformable\); leave them out"),
        (["--shift-down", "inf"], "shift_down inf is no number"),
        (["--critic", "z.npy", "--shift-right", 0.1, "--rotation", 1], "leave --rotation and --shift-right out"),
        (
            ["--truncation-psi", 0.7],
            r"truncation_psi 0.7 needs a generator with styles, .* \(it lacks the capability StyleBased\)",
        ),
        (["--truncation-cutoff", 3], "give --truncation-psi too"),
        (["--truncation-psi", "nan"], "--truncation-psi nan: should be a number"),
        (["--truncation-threshold", 0.5], r"truncation_threshold 0.5 needs .* the capability TruncatableLatents\)"),
        (["--latents", "z.npy", "--truncation-threshold", 0.5], "leave --truncation-threshold out"),
        (["--noise-mode", "constant"], "lacks the capability NoiseInputs"),
        (["--noise-mode", "random"], "lacks the capability NoiseInputs"),
        (
            ["--alpha", 0.5],
            r"alpha 0.5 needs a growing network, which 'tiny' is not \(it lacks the capability Growable\)",
        ),
        (["--resolution", 8], "resolution 8 needs a growing network"),
        (["--alpha", 1.5], "--alpha 1.5: should be between 0"),
        (["--class", 0], "the network has no classes"),
        (["--labels", "c.npy", "--class", 0], "--labels and --class both choose classes"),
        (["--out", "grid.jpg"], r"--out grid\.jpg: grids are written as PNG, .*; name it grid\.png"),
        (["--out", "."], r"--out \.: is a folder; name a file in it"),
        (["--raw", "."], r"--raw \.: is a folder; name a file in it"),
        (["--seeds", "3", "--count", 4], "--seeds already sets what is made; leave --count out"),
        (["--latents", "z.npy", "--seeds", "3", "--seed", 0], "leave --seeds and --seed out"),
        (["--latents", "wide.npy"], r"wide.npy has shape \[2, 9\]; latents of this generator have \[any, 8\]"),
        (["--grid", "8"], "--grid '8': should be columns x rows, such as 8x8"),
        (["--grid", "2x2", "--seeds", "0-4"], "5 images are too many for a grid of 4"),
        (["--count", 10_001], "10,001 images are too many for a grid of 10,000; .* with --folder"),
        (["--critic", "i.npy"], "--critic needs --raw LOGITS.npy"),
        (["--critic", "i.npy", "--raw", "l.npy", "--out", "g.png"], "makes none; leave --out out"),
        (["--critic", "i.npy", "--raw", "l.npy", "--truncation-psi", 0.5], "leave --truncation-psi out"),
        (
            ["--critic", "z.npy", "--raw", "l.npy"],
            r"z.npy has shape \[2, 8\]; images for this discriminator have \[any, 1, 8, 8\]",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(plain, sample, tmp_path, options, message):
    np.save("z.npy", np.zeros((2, 8), np.float32))
    np.save("wide.npy", np.zeros((2, 9), np.float32))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(GanzooError, match=message) as error:
        sample(plain, *options)
    assert sorted(tmp_path.iterdir()) == before
    is_a_lack = any(words in str(error.value) for words in ("lacks the capability", "has no classes"))
    assert error.value.exit_code == (3 if is_a_lack else 2)


def test_stages_and_classes_that_are_not_there_are_refused(growing, styled, sample):
    with pytest.raises(GanzooError, match="resolution 16: this network grows through 4, 8; choose one of them"):
        sample(growing, "--resolution", 16)
    with pytest.raises(GanzooError, match="class 3: the network has classes 0 to 2"):
        sample(styled, "--class", 3)


def test_seeds_are_lists_and_ranges():
    assert seeds_in("0-3, 100,7-7") == [0, 1, 2, 3, 100, 7]
    assert seeds_in("9223372036854775807") == [2**63 - 1]
    for text in ("", "a", "3-1", "1,", "-1", "1-2-3", "9223372036854775808", "²", "1_0"):
        with pytest.raises(GanzooError, match="is no seed and no range of seeds; write such as 7 or 0-63"):
            seeds_in(text)
    with pytest.raises(GanzooError, match=f"names more than {MOST_SEEDS:,} seeds"):
        seeds_in("0-9223372036854775806")
