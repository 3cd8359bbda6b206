"""`ganzoo check`: mistakes as one message, and what a good recipe would do."""

from __future__ import annotations

import re

import pytest
from command_line import ganzoo
from installed_plugin import install, offering

from ganzoo.toml_source import recipe_folder, shipped_recipes

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


@pytest.mark.parametrize("path", sorted(recipe_folder().glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_that_ships_is_valid(path):
    done = ganzoo("check", str(path))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{path.stem}: valid. ")


def test_quickstart_ships():
    assert "quickstart" in shipped_recipes()


def test_it_tells_parameters_memory_and_phases():
    done = ganzoo("check", "quickstart", "--set", "training.total_kimg=3.2")
    assert done.code == 0
    assert re.search(r"generator +dcgan, [\d,]+ parameters", done.out)
    assert re.search(r"discriminator +dcgan, [\d,]+ parameters", done.out)
    assert re.search(r"memory +about \d+\.\d GiB", done.out)
    assert re.search(r"phase +32 pixels, 0 to 3\.2 kimg, batches of 32", done.out)


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


def test_nothing_to_check():
    done = ganzoo("check")
    assert done.code == 2
    assert "Missing argument" in done.err
