"""`ganzoo check`: mistakes as one message, and what a good recipe would do."""

from __future__ import annotations

import re

import pytest
from command_line import ganzoo
from installed_plugin import install, offering
from training_world import installed

from ganzoo._recipe.find_recipe import recipe_folder, shipped_recipes
from ganzoo._recipe.load import load
from ganzoo._registry.registry import Registry

TINY = """
[dataset]
name = "phantom"
resolution = 16

[generator]
name = "{generator}"

[discriminator]
name = "dcgan"
width = 4

[loss]
name = "logistic"

[training]
total_kimg = 0.1
batch_size = 16
"""


def test_every_recipe_that_ships_is_valid():
    registry = Registry.discover()
    assert [name for name in shipped_recipes() if load(name, registry)[0] != name] == []


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(recipe_folder().glob("*.toml")), ids=lambda path: path.stem)
def test_the_memory_of_every_recipe_that_ships_is_estimated(path):
    done = ganzoo("check", str(path))
    if "needs the weights" in done.err:  # of features that its training reads
        assert done.code == 2
        pytest.skip("weights of pretrained features are not on this machine")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{path.stem}: valid. ")


def test_quickstart_ships():
    assert "quickstart" in shipped_recipes()


def test_it_tells_parameters_memory_and_phases():
    done = ganzoo("check", "quickstart", "--set", "training.total_kimg=3.2")
    assert done.code == 0
    assert re.search(r"generator +dcgan, [\d,]+ parameters", done.out)
    assert re.search(r"discriminator +dcgan, [\d,]+ parameters", done.out)
    assert re.search(r"memory +about \d+ MiB for training \(weights, moments, activations\)\n", done.out)
    assert re.search(r"phase +32 pixels, 0 to 3\.2 kimg, batches of 32, learning rate 0\.001\n", done.out)
    assert len(done.out.splitlines()) == 5


def test_half_precision_that_this_device_is_slow_at_is_told():
    done = ganzoo("check", "quickstart", "--device", "cpu", "--no-dry-run", "--set", "training.precision=fp16")
    (line,) = (each for each in done.out.splitlines() if "warning" in each)
    assert re.search(r'training.precision = "fp16" is for GPUs: .*; take "fp32", or a GPU', line)


def test_good_and_bad_recipes_together(tmp_path):
    bad, worse = tmp_path / "bad.toml", tmp_path / "worse.toml"
    bad.write_text(TINY.format(generator="dcgam"), "utf-8")
    worse.write_text("[dataset\n", "utf-8")
    done = ganzoo("check", str(bad), "quickstart", str(worse), "nowhere")
    assert done.code == 2
    assert done.out.startswith("quickstart: valid.")
    assert f"{bad} is not a valid recipe:\n  generator: no generator called 'dcgam'" in done.err
    assert f"{worse} is not valid TOML: " in done.err
    assert "there is no recipe file 'nowhere'" in done.err
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err


def test_foreign_text_is_shown_literally(tmp_path):
    path = tmp_path / "hostile.toml"
    path.write_text('"[red]\\u001b[31mkey" = 1\n' + TINY.format(generator="[bold]x[/bold]"), "utf-8")
    done = ganzoo("check", str(path))
    assert done.code == 2
    assert "\x1b" not in done.err
    assert "[red]\\x1b[31mkey: unknown key" in done.err
    assert "no generator called '[bold]x[/bold]'" in done.err


BROKEN_NETWORKS = {
    "raises": (
        "    def __init__(self, options, images):\n        raise RuntimeError('no such size')",
        "generator: 'broken' of plugin 'acme' (acme-gan 0.1) cannot be built: no such size",
    ),
    "shape": (
        "    def forward(self, latents, labels): return super().forward(latents, labels)[..., :8]",
        "generator: gives shape (16, 1, 16, 8) where its contract says (16, 1, 16, 16)",
    ),
    "forward": (
        "    def forward(self, latents, labels): return latents.no_such_method()",
        "generator: its forward fails for inputs (16, 8): ",
    ),
    "latents": (
        "    def __init__(self, options, images):\n"
        "        super().__init__(options, images)\n        del self.latent_dim",
        "generator: its latent_dim should be a positive integer set in __init__, but is None",
    ),
}


@pytest.mark.ci
@pytest.mark.parametrize("case", BROKEN_NETWORKS)
def test_a_network_that_breaks_its_contract(case, tmp_path, monkeypatch):
    method, expected = BROKEN_NETWORKS[case]
    body = f"class Broken(TinyGenerator):\n    name = 'broken'\n{method}"
    module = f"broken_network_{case}"
    install(tmp_path, offering("ganzoo_generators", "Broken", body=body), module=module)
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "recipe.toml"
    path.write_text(TINY.format(generator="broken"), "utf-8")
    done = ganzoo("check", str(path))
    assert done.code == 2
    assert expected in done.err
    assert "Traceback" not in done.err


GROWING = (
    TINY.format(generator="tiny-growable")
    .replace('"dcgan"\nwidth = 4', '"tiny-growable"')
    .replace("total_kimg = 0.1\n", "discriminator_optimizer = { learning_rate = 0.001 }\n")
    + """
[training.growth]
order = "fade-first"
epochs = { 4 = 2, 8 = 4, 16 = 8.5 }
batch_size = { 4 = 32 }
learning_rate = { 16 = 0.0015 }
"""
)


@pytest.fixture
def growing(tmp_path):
    path = tmp_path / "growing.toml"
    path.write_text(GROWING, "utf-8")
    with installed(tmp_path / "site"):
        yield path


def rows(text):
    table = text[text.index("phases") :].splitlines()
    return [re.split(r" {2,}", line.strip())[1 if number == 0 else 0 :] for number, line in enumerate(table)]


def test_phases_of_a_growing_training_are_a_table_in_epochs_until_the_data_are_known(growing):
    done = ganzoo("check", str(growing))
    assert (done.code, done.err) == (0, "")
    assert (
        "length         in epochs: kimg depend on the data; give the number of training images with --images"
        in done.out
    )
    header, *table = rows(done.out)
    assert header == ["pixels", "epochs", "batch", "learning rate", "memory"]
    assert [row[:5] for row in table] == [
        ["4", "stable", "0 to 2", "32", "G 0.0002, D 0.001"],
        ["8", "fade", "2 to 4", "16", "G 0.0002, D 0.001"],
        ["8", "stable", "4 to 6", "16", "G 0.0002, D 0.001"],
        ["16", "fade", "6 to 10.25", "16", "0.0015"],
        ["16", "stable", "10.25 to 14.5", "16", "0.0015"],
    ]
    assert all(re.fullmatch(r"\d+ MiB", row[5]) for row in table)


@pytest.mark.ci
def test_epochs_are_kimg_once_the_number_of_images_is_told(growing):
    done = ganzoo("check", str(growing), "--images", "1000")
    header, *table = rows(done.out)
    assert header[1] == "kimg"
    assert "epochs" not in done.out
    assert [row[2] for row in table] == [
        "0 to 2.016",
        "2.016 to 4.016",
        "4.016 to 6.016",
        "6.016 to 10.272",
        "10.272 to 14.528",
    ]
    one = growing.with_name("one.toml")
    one.write_text(TINY.format(generator="dcgan").replace("total_kimg = 0.1", "epochs = 3"), "utf-8")
    assert re.search(r"phase +16 pixels, 0 to 3 epochs, batches of 16", ganzoo("check", str(one)).out)
    assert re.search(r"phase +16 pixels, 0 to 30 kimg,", ganzoo("check", str(one), "--images", "10000").out)


def test_one_real_step_of_the_heaviest_phase(growing, monkeypatch):
    folder = growing.parent / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    done = ganzoo("check", str(growing), "--dry-run", "--device", "cpu")
    assert (done.code, done.err) == (0, "")
    assert re.search(
        r"one step +works at 16 pixels, fading in, batches of 16, on cpu: \d+\.\d\d s .*, "
        r"peak memory [\d.]+ [MG]iB of this process, \d+ MiB of it for the training\n",
        done.out,
    )
    assert list(folder.iterdir()) == []


def test_a_step_that_fails_is_an_error_of_its_own(growing):
    growing.write_text(GROWING.replace('"logistic"', '"failing"\ncall = 1\nhow = "memory"'), "utf-8")
    done = ganzoo("check", str(growing), "--dry-run", "--device", "cpu")
    assert done.code == 1
    assert "out of memory; lower training.growth.batch_size for " in done.err
    assert "growing: valid." in done.out


def test_a_part_that_fails_in_a_step_is_an_error_without_a_dry_run_too(growing):
    growing.write_text(GROWING.replace('"logistic"', '"failing"\ncall = 1\nhow = "crash"'), "utf-8")
    done = ganzoo("check", str(growing), "--device", "cpu")
    assert done.code == 1
    assert re.search(r"a step at 4 pixels .* on cpu: loss 'failing' .* fails at .*tiny_parts\.py:\d+: ", done.err)


def test_memory_that_cannot_be_told_is_said_not_guessed(growing):
    growing.write_text(GROWING.replace('"logistic"', '"looking"'), "utf-8")
    done = ganzoo("check", str(growing), "--dry-run", "--device", "cpu")
    assert done.code == 0
    assert re.search(r"memory +cannot be estimated \(.+\); --dry-run measures it", done.out)
    assert rows(done.out)[1][5] == "?"
    assert "one step       works at 16 pixels" in done.out


def test_nothing_to_check():
    done = ganzoo("check")
    assert done.code == 2
    assert "Missing argument" in done.err


def test_batch_normalization_goes_with_r1_and_is_refused_with_the_penalty_of_wgan_gp(tmp_path):
    """R1 sums squares of gradients, whoever they come from; the other bounds the gradient of each image by itself."""
    path = tmp_path / "bn.toml"
    path.write_text(TINY.format(generator="dcgan"), "utf-8")
    batch = ("--set", "discriminator.normalization='batch'")
    done = ganzoo("check", str(path), *batch, "--set", "regularizers=[{name='r1', gamma=1.0}]")
    assert (done.code, done.err) == (0, "") and done.out.startswith("bn: valid.")
    done = ganzoo("check", str(path), *batch, "--set", "regularizers=[{name='gradient-penalty'}]")
    assert done.code == 2
    assert re.search(r"'gradient-penalty'.* set discriminator\.normalization = \"layer\"", done.err)
