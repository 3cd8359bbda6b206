"""Other people's checkpoints become runs, by the command line: sampled, scored, trained further, exported."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path

import foreign_files as files
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save
from training_world import DCGAN, go_on, in_memory, installed, recipe_of, start
from typer.testing import CliRunner

from ganzoo import api
from ganzoo._cli.app import app
from ganzoo._inference.import_run import import_checkpoint
from ganzoo._inference.run import Run
from ganzoo._recipe.locations import without_locations
from ganzoo._registry.part import Part, PluginOrigin
from ganzoo._registry.registry import Registry
from ganzoo._runs.checkpoint import newest_good
from ganzoo._runs.directory import RunDirectory
from ganzoo._runs.record import read_record
from ganzoo._runs.verify import verify_run
from ganzoo._training.warm_start import find_initial
from ganzoo.contracts.checkpoints import Importer
from ganzoo.errors import CheckpointError, GanzooError, PluginError, RecipeError, RefusedError, RunError
from ganzoo.interchange import parse
from ganzoo.testing import check_importer

REFERENCE = os.environ.get("GANZOO_REFERENCE")
needs_reference = pytest.mark.skipif(not REFERENCE, reason="GANZOO_REFERENCE names no folder of reference numbers")
REGISTRY = Registry.discover()
WIDTHS = {4: 8, 8: 8, 16: 5}


@pytest.fixture
def folder():
    with in_memory() as folder:
        folder.mkdir()
        yield folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))


def ganzoo(*arguments: object) -> str:
    """Run a command; whatever it raises is raised here."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None:
        raise result.exception
    return result.output


def imported(folder: Path, data: bytes, name: str = "run") -> RunDirectory:
    file = folder / f"{name}.file"
    file.write_bytes(data)
    return import_checkpoint(file, folder / name, REGISTRY)[0]


def generator_of(run: RunDirectory, weights: str = "ema") -> torch.nn.Module:
    generator = Run(run).generator(read_record(run.record).images_seen, weights, device="cpu").generator
    if hasattr(generator, "use_noise"):
        generator.use_noise("constant")
    return generator


# --- parity ---------------------------------------------------------------------------------------------------------

CASES = {
    "stylegan2_ada_g32.pkl": ("stylegan2_g32.npz", "image_noise_const", ["--noise-mode", "constant"]),
    "stylegan2_tf_g32.pkl": ("stylegan2_g32.npz", "image_noise_none", ["--noise-mode", "none"]),
    "stylegan1_tf_32.pkl": ("stylegan1_tf_32.npz", "image_depth3_alpha1", ["--noise-mode", "none"]),
    "stylegan1_huangzh13_32.pth": ("stylegan1_huangzh13_32.npz", "image_depth3_alpha1", ["--noise-mode", "none"]),
}


@pytest.mark.ci
@needs_reference
@pytest.mark.parametrize("name", CASES)
def test_imported_files_give_the_reference_images(folder, name):
    numbers, key, options = CASES[name]
    with np.load(Path(str(REFERENCE), numbers)) as arrays:
        np.save(folder / "z.npy", arrays["z"])
        expected = arrays[key]
    said = ganzoo("import", Path(str(REFERENCE), name), "--out", folder / "run")
    assert "32 pixels, color" in said
    ganzoo("sample", folder / "run", "--latents", folder / "z.npy", "--raw", folder / "out.npy", *options)
    assert np.abs(np.load(folder / "out.npy") - expected).max() <= 1e-4 * max(1.0, np.abs(expected).max())
    assert not verify_run(folder / "run")


# --- layouts --------------------------------------------------------------------------------------------------------


def test_conditional_stylegan2_of_another_size(folder):
    make = files.Maker(1)
    both = files.stylegan2_generator(make, WIDTHS), files.stylegan2_discriminator(make, WIDTHS)
    average = files.stylegan2_generator(make, WIDTHS)
    run = imported(folder, files.pickled((*both, average)))
    networks = Run(run).networks
    assert (networks.images.resolution, networks.images.channels, networks.images.label_dim) == (16, 1, 3)
    assert generator_of(run, "raw").state_dict().keys() == generator_of(run).state_dict().keys()

    # What the first StyleGAN2 code does with labels, written out.
    generator, z, labels = generator_of(run), torch.randn(4, 6), torch.eye(3)[[0, 1, 2, 0]]
    mapping = {name: torch.from_numpy(value) for name, value in average.components["mapping"].variables}
    x = torch.cat([z, labels @ mapping["LabelConcat/weight"]], dim=1)
    x = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)
    for layer in range(2):
        weight, bias = mapping[f"Dense{layer}/weight"], mapping[f"Dense{layer}/bias"]
        x = torch.nn.functional.leaky_relu(x @ weight * 0.01 / len(weight) ** 0.5 + bias * 0.01, 0.2) * 2**0.5
    assert torch.allclose(generator.map(z, labels)[:, 0], x, atol=1e-5)
    images = generator(z, labels)
    assert images.shape == (4, 1, 16, 16)

    discriminator = Run(run).discriminator(0, device="cpu").discriminator
    each = [discriminator(images, torch.eye(3)[[kind] * 4]) for kind in range(3)]
    assert torch.allclose(discriminator(images, labels), torch.stack(each)[[0, 1, 2, 0], range(4)])


def test_a_growing_stylegan_is_sampled_where_it_stands(folder):
    run = imported(folder, files.pickled(files.stylegan_generator(files.Maker(2), WIDTHS, lod=0.75)))
    networks = Run(run).networks
    assert (networks.resolution, networks.alpha) == (16, 0.25)
    run = imported(folder, files.pickled(files.stylegan_generator(files.Maker(2), WIDTHS, lod=1.0)), "other")
    assert Run(run).networks.resolution == 8
    ganzoo("sample", run.path, "--seeds", "0-1", "--raw", folder / "out.npy")
    assert np.load(folder / "out.npy").shape == (2, 3, 8, 8)


def test_a_discriminator_alone_is_a_run_that_judges(folder):
    run = imported(folder, files.saved(files.huangzh13_discriminator(files.Maker(3), WIDTHS)))
    assert Run(run).networks.generator is None
    np.save(folder / "x.npy", np.zeros((4, 3, 16, 16), "f4"))
    ganzoo("sample", run.path, "--critic", folder / "x.npy", "--raw", folder / "logits.npy")
    assert np.load(folder / "logits.npy").shape == (4,)
    with pytest.raises(GanzooError, match="no generator"):
        ganzoo("sample", run.path, "--seeds", "0", "--raw", folder / "out.npy")


def test_a_discriminator_that_no_part_computes_is_left_out_with_a_note(folder):
    make = files.Maker(10)
    critic = files.huangzh13_discriminator(make, WIDTHS) | {"embeddings.0.weight": torch.zeros(3, 768)}
    with pytest.raises(CheckpointError, match="sees classes"):
        imported(folder, files.saved(critic))
    generator = files.huangzh13_generator(make, WIDTHS, classes=3)
    run = imported(folder, files.saved({"gen_shadow": generator, "dis": critic}))
    networks = Run(run).networks
    assert networks.images.label_dim == 3 and networks.discriminator is None
    assert any("left out" in note for note in networks.origin.notes)
    # Its classes: the row of the embedding stands behind the latents, and both are normalized together.
    z = torch.randn(3, 6)
    x = torch.cat([z, generator["class_embedding.weight"]], dim=1)
    x = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)
    for layer in range(2):
        weight, bias = (generator[f"g_mapping.map.dense{layer}.{name}"] for name in ("weight", "bias"))
        x = torch.nn.functional.leaky_relu(x @ weight.t() * 0.01 * (2 / weight.shape[1]) ** 0.5 + bias * 0.01, 0.2)
    assert torch.allclose(generator_of(run).map(z, torch.eye(3))[:, 0], x, atol=1e-5)


def test_what_a_person_should_know_of_a_file_is_noted(folder):
    make = files.Maker(12)
    generator = files.huangzh13_generator(make, WIDTHS, classes=3)
    generator["truncation.avg_latent"] = torch.zeros_like(generator["truncation.avg_latent"])
    critic = files.huangzh13_discriminator(make, WIDTHS)
    networks = Run(imported(folder, files.saved({"gen_shadow": generator, "dis": critic}))).networks
    assert networks.images.label_dim == 3 and networks.discriminator is None
    assert [note.split(" and ")[0].split(",")[0] for note in networks.origin.notes] == [
        "its discriminator knows other classes than its generator",
        "its mean style is 0",
    ]


def test_rosinality_checkpoints_name_the_averaged_generator(folder):
    raw, averaged = (files.rosinality_generator(files.Maker(seed), WIDTHS, trained=8) for seed in (4, 5))
    wrapped = {f"module.{name}": value for name, value in raw.items()}
    content = {"generator": wrapped, "g_running": averaged, "g_optimizer": {"state": {}, "param_groups": []}}
    run = imported(folder, files.saved(content))
    networks = Run(run).networks
    assert networks.resolution == 8  # the image layer of 16 pixels was never trained
    key = "generator.progression.0.conv1.input"
    assert torch.equal(generator_of(run).state_dict()["start.constant"], averaged[key])
    assert torch.equal(generator_of(run, "raw").state_dict()["start.constant"], raw[key])
    styles = generator_of(run).map(torch.randn(2000, 6), torch.zeros(2000, 0))[:, 0]
    assert (styles.mean(dim=0) - generator_of(run).mean_w()).abs().max() < 0.2


@pytest.mark.ci
@pytest.mark.parametrize("part", REGISTRY.parts("importer"), ids=lambda part: part.name)
def test_importers_keep_their_contract(part):
    make = files.Maker(6)
    contents = {
        "nvidia-stylegan2-tensorflow": files.pickled(files.stylegan2_generator(make, WIDTHS)),
        "nvidia-stylegan-tensorflow": files.pickled(files.stylegan_generator(make, WIDTHS)),
        "huangzh13-stylegan": files.saved(files.huangzh13_discriminator(make, WIDTHS)),
        "rosinality-stylegan": files.saved(files.rosinality_generator(make, WIDTHS)),
        "rosinality-stylegan2": files.saved({"g_ema": files.rosinality_stylegan2_generator(make, {4: 8, 8: 8})}),
    }
    data = contents.get(part.name)
    check_importer(part.cls, content=parse(data) if data else None)


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"hello, world", "it is text, and does not begin as pickles do"),
        (b"hello, \x00 world", "it does not begin as pickles do"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 363963008\n", "git lfs pull"),
        (b"cposix\nsystem\n(Vtouch canary\ntR.", "posix.system"),
        (b"}(Vweights\nK\x01Vepoch\nK\x02u.", "weights, epoch"),
        (b"]q\x00h\x00a.", "contains itself"),
    ],
    ids=["empty", "text", "bytes", "pointer", "call", "dictionary", "loop"],
)
def test_other_files_are_refused_in_one_line_and_nothing_is_written(folder, data, reason):
    (folder / "file.pkl").write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        ganzoo("import", folder / "file.pkl", "--out", folder / "run")
    assert reason in str(caught.value) and "\n" not in str(caught.value) and "file.pkl" in str(caught.value)
    assert caught.value.exit_code == 2
    assert sorted(path.name for path in folder.iterdir()) == ["file.pkl"]


def test_a_run_that_cannot_be_called_so_is_told_of_the_option_that_names_it(folder):
    with pytest.raises(GanzooError, match=r"'my run' cannot name a run: .* Give the new run's folder another .* --out"):
        ganzoo("import", folder / "file.pkl", "--out", folder / "my run")


def test_networks_that_no_part_computes_are_named_with_the_reason(folder):
    with pytest.raises(CheckpointError, match="holds a dictionary of weights: no installed importer reads that"):
        imported(folder, files.saved({"weights": torch.eye(2)}))
    with pytest.raises(CheckpointError, match="it is a folder"):
        import_checkpoint(folder, folder / "run", REGISTRY)


def test_weights_that_do_not_fit_are_refused(folder):
    state = files.rosinality_generator(files.Maker(7), WIDTHS)
    for name, value in (
        ("generator.progression.1.conv2.conv.weight_orig", torch.zeros(8, 8, 5, 5)),
        ("generator.progression.1.conv2.conv.bias", torch.full((8,), float("nan"))),
        ("generator.to_rgb.1.conv.weight_orig", torch.zeros(3)),
    ):
        with pytest.raises(CheckpointError) as caught:
            imported(folder, files.saved(state | {name: value}))
        assert "rosinality-stylegan" in str(caught.value) and "\n" not in str(caught.value)
        assert not (folder / "run").exists()


def test_what_exists_is_not_replaced(folder):
    data = files.saved(files.rosinality_generator(files.Maker(8), WIDTHS))
    imported(folder, data)
    with pytest.raises(RefusedError, match="exists already"):
        imported(folder, data)


class _Eager(Importer):
    """Recognizes everything."""

    name = "eager"

    @classmethod
    def recognizes(cls, content):
        return True

    @classmethod
    def read(cls, content):
        raise KeyError("surprise\nin two lines")


class _Broken(_Eager):
    """Fails to judge."""

    name = "broken"

    @classmethod
    def recognizes(cls, content):
        raise ValueError("no idea")


def test_importers_that_quarrel_or_fail_are_named(folder):
    parts = [Part("importer", cls.name, cls, PluginOrigin("acme", "acme-gan", "1.0")) for cls in (_Eager, _Broken)]
    (folder / "file").write_bytes(b"}.")
    for chosen, kind, text in (
        (parts[:1], CheckpointError, "KeyError"),
        (parts[:1] * 2, CheckpointError, "remove one"),
        (parts[1:], PluginError, "no idea"),
        ([], CheckpointError, "none is installed"),
    ):
        with pytest.raises(kind, match=text) as caught:
            import_checkpoint(folder / "file", folder / "run", Registry(chosen))
        assert "\n" not in str(caught.value)


# --- what a run is good for -----------------------------------------------------------------------------------------


@pytest.fixture
def stylegan2_run(folder):
    make = files.Maker(9)
    g, d = (kind(make, WIDTHS, classes=0) for kind in (files.stylegan2_generator, files.stylegan2_discriminator))
    return imported(folder, files.pickled((g, d, g)), "stylegan2")


SCORED = [
    *("--set", "dataset.count=20", "--set", "scoring.generated=8", "--set", "scoring.reference_images=8"),
    *("--set", "scoring.extractor.name=random-features", "--set", 'scoring.metrics=["fid"]'),
]


def test_an_imported_run_is_scored_against_a_named_data_set_and_compared(folder, stylegan2_run):
    with pytest.raises(RefusedError, match="--dataset"):
        ganzoo("score", stylegan2_run.path)
    ganzoo("score", stylegan2_run.path, "--dataset", "phantom", *SCORED)
    record = read_record(stylegan2_run.record)
    (score,) = record.scores
    assert record.dataset is None and score.dataset.name == "phantom" and score.dataset.resolution == 16
    said = ganzoo("compare", folder, "--where", "dataset=phantom")
    assert "phantom 16×16×1" in said and "it was imported" in said
    assert not verify_run(stylegan2_run.path)
    with pytest.raises(RecipeError, match="resolution"):
        ganzoo("score", stylegan2_run.path, "--dataset", "phantom", *SCORED, "--set", "dataset.resolution=32")
    with pytest.raises(RecipeError, match=r"dataset\.color"):
        ganzoo("score", stylegan2_run.path, "--dataset", "phantom", "--set", "dataset.color=3")


def test_an_imported_run_cannot_be_resumed_and_says_what_can_be_done(stylegan2_run):
    with pytest.raises(RefusedError, match="--init"):
        ganzoo("resume", stylegan2_run.path)


SIZES = {"latent_dim": 6, "style_dim": 5, "mapping_layers": 2, "channel_base": 80, "channel_max": 8}
FROM_STYLEGAN2 = {
    "dataset": {"name": "phantom", "resolution": 16, "count": 40},
    "generator": {"name": "stylegan2", **SIZES},
    "discriminator": {"name": "stylegan2", "channel_base": 80, "channel_max": 8, "minibatch_std_group": 2},
    "loss": {"name": "logistic"},
    "training": {"total_kimg": 0.032, "checkpoint_kimg": 0.032},
}


@pytest.mark.ci
def test_training_begins_from_imported_weights_and_needs_them_no_more(folder, tmp_path, stylegan2_run):
    # An option that matters in training alone may differ.
    with installed(tmp_path):
        recipe = recipe_of(FROM_STYLEGAN2, {"generator": {"style_mixing": 0.5}})
        initial = find_initial(recipe, Run(stylegan2_run))
        run = start(folder / "runs", recipe, initial=initial)
        record = read_record(run.record)
        assert record.initial == {"run": "stylegan2", "images_seen": 0, "weights": initial.sha256}
        assert record.recipe["initial_weights"] == initial.sha256
        assert Run(run).recipe.training_hash != recipe.training_hash
        began, _ = newest_good(run.initial)
        for role in ("generator", "ema", "discriminator"):
            kept = newest_good(stylegan2_run.checkpoints)[0].tensors[role]
            assert all(torch.equal(began.tensors[role][name], value) for name, value in kept.items())
        unbroken = newest_good(run.checkpoints)[0].tensors["generator"]

        # From nothing but its own folder, it begins again the same way.
        shutil.rmtree(stylegan2_run.path)
        for each in (run.checkpoints, run.snapshots):
            shutil.rmtree(each, ignore_errors=True)
        go_on(run.path)
        again = newest_good(run.checkpoints)[0].tensors["generator"]
        assert all(torch.equal(again[name], value) for name, value in unbroken.items())
        assert not verify_run(run.path)


@pytest.mark.ci
@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        ({"generator": {"channel_max": 4}}, "channel_max is 8 there and 4 here"),
        ({"generator": {"demodulate": False}}, "demodulate"),
        ({"discriminator": {"minibatch_std_group": 4}}, "minibatch_std_group is 2 there and 4 here"),
        ({"generator": {"name": "dcgan"}}, "'stylegan2', the recipe 'dcgan'"),
        ({"dataset": {"resolution": 32}}, "1 channels at 16 pixels, the recipe's data of 1 channels at 32 pixels"),
    ],
    ids=["width", "function", "group", "part", "images"],
)
def test_weights_that_a_recipe_cannot_take_are_refused_with_both_sides_named(tmp_path, stylegan2_run, layer, reason):
    with installed(tmp_path), pytest.raises(RefusedError) as caught:
        find_initial(recipe_of(FROM_STYLEGAN2, layer), Run(stylegan2_run))
    assert reason in str(caught.value)


def test_a_recipe_that_names_weights_needs_them(folder, tmp_path):
    with installed(tmp_path):
        recipe = recipe_of({"initial_weights": "0" * 64})
        with pytest.raises(RecipeError, match="--init"):
            start(folder, recipe)


# --- export ---------------------------------------------------------------------------------------------------------


@pytest.mark.ci
def test_safetensors_carry_what_builds_the_network(folder, tmp_path, stylegan2_run):
    ganzoo("export", stylegan2_run.path, "--out", folder / "g.safetensors")
    with safe_open(folder / "g.safetensors", "pt") as file:
        metadata, names = file.metadata(), set(file.keys())
    assert 'name = "stylegan2"' in metadata["networks"] and "recipe" not in metadata
    assert names == set(generator_of(stylegan2_run).state_dict())
    with installed(tmp_path):
        run = start(folder / "runs", recipe_of())
        ganzoo("export", run.path, "--out", folder / "t.safetensors", "--weights", "raw")
        with safe_open(folder / "t.safetensors", "pt") as file:
            kept, own = tomllib.loads(file.metadata()["recipe"]), tomllib.loads(run.recipe.read_text("utf-8"))
            assert kept == without_locations(own)
    with pytest.raises(GanzooError, match="--onnx"):
        ganzoo("export", stylegan2_run.path)


@pytest.mark.ci
def test_what_was_exported_is_imported_again(folder, tmp_path, stylegan2_run):
    ganzoo("export", stylegan2_run.path, "--out", folder / "g.safetensors")
    said = ganzoo("import", folder / "g.safetensors", "--out", folder / "again")
    again = RunDirectory.open(folder / "again")
    theirs = generator_of(stylegan2_run).state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in generator_of(again).state_dict().items())
    assert "generator 'stylegan2' at 16 pixels, gray" in said and not verify_run(again.path)
    growing = imported(folder, files.pickled(files.stylegan_generator(files.Maker(2), WIDTHS, lod=1.25)), "growing")
    ganzoo("export", growing.path, "--out", folder / "grown.safetensors")
    ganzoo("import", folder / "grown.safetensors", "--out", folder / "grown")
    networks = Run(RunDirectory.open(folder / "grown")).networks
    assert (networks.resolution, networks.alpha) == (8, 0.75)
    with pytest.raises(RefusedError, match="is a run already"):
        ganzoo("import", again.path, "--out", folder / "third")
    part = next(again.checkpoints.glob("*/ema.safetensors"))
    with pytest.raises(CheckpointError, match="part of a run's checkpoint"):
        ganzoo("import", part, "--out", folder / "third")


@pytest.mark.ci
def test_exports_that_were_changed_are_refused(folder, stylegan2_run):
    ganzoo("export", stylegan2_run.path, "--out", folder / "g.safetensors")
    with safe_open(folder / "g.safetensors", "pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dictionary
    text = metadata["networks"]
    for changed, reason in (
        (text.replace("channel_max = 8", "channel_max = 1000000000"), "in the part"),
        (text.replace('name = "stylegan2"', 'name = "stylegan9"'), "stylegan9"),
        (text.replace("resolution = 16", "resolution = 1073741824"), "cannot be used|does not fit|resolution"),
        ("[images", "TOML"),
        (text + "#" * 70_000, "larger than any export writes"),
        ("[images]\nresolution = 16\nchannels = 1\n", "describes no generator"),
    ):
        (folder / "h.safetensors").write_bytes(save(tensors, metadata | {"networks": changed}))
        with pytest.raises(CheckpointError, match=reason) as caught:
            ganzoo("import", folder / "h.safetensors", "--out", folder / "again")
        assert "\n" not in str(caught.value) and not (folder / "again").exists()


def same_in_onnx(folder: Path, run: RunDirectory) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    ganzoo("export", run.path, "--onnx", folder / "g.onnx")
    session = onnxruntime.InferenceSession(folder / "g.onnx")
    assert [node.name for node in session.get_inputs()] == ["latents"]
    generator = generator_of(run)
    for count in (1, 3):
        z = torch.randn(count, generator.latent_dim)
        (images,) = session.run(None, {"latents": z.numpy()})
        with torch.no_grad():
            expected = generator(z, torch.zeros(count, 0)).numpy()
        assert np.abs(images - expected).max() < 1e-4


@pytest.mark.ci  # tracing takes seconds
def test_an_onnx_graph_makes_the_same_images_for_any_batch(folder, tmp_path):
    with installed(tmp_path):
        same_in_onnx(folder, start(folder / "runs", recipe_of(DCGAN)))


@pytest.mark.ci
def test_a_graph_of_one_batch_size_is_refused_with_the_reason(folder, tmp_path, monkeypatch):
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    with installed(tmp_path):
        run = start(folder / "runs", recipe_of(DCGAN))
        network = type(generator_of(run))
        forward = network.forward
        monkeypatch.setattr(network, "forward", lambda self, z, y: forward(self, z.reshape(len(z), -1), y))
        with pytest.raises(RunError, match=r"'dcgan' cannot be written .* of any batch size: .* len\(tensor\) does"):
            ganzoo("export", run.path, "--onnx", folder / "g.onnx")
        assert not (folder / "g.onnx").exists()


def test_a_graph_has_no_noise_mode_where_there_is_no_noise(folder, tmp_path):
    with installed(tmp_path):
        run = start(folder / "runs", recipe_of(DCGAN))
        with pytest.raises(RefusedError, match=r"noise_mode .none. needs a generator that adds noise, .* leave it out"):
            ganzoo("export", run.path, "--onnx", folder / "g.onnx", "--noise-mode", "none")
        with pytest.raises(GanzooError, match="--noise-mode is for the graph of --onnx"):
            ganzoo("export", run.path, "--out", folder / "g.safetensors", "--noise-mode", "none")
        with pytest.raises(GanzooError, match="noise_mode 'none' is of an ONNX graph"):
            api.export(run.path, folder / "g.safetensors", noise_mode="none")


@pytest.mark.ci  # tracing takes seconds
def test_onnx_graphs_of_style_based_networks(folder, stylegan2_run):
    same_in_onnx(folder, stylegan2_run)
    same_in_onnx(folder, imported(folder, files.pickled(files.stylegan_generator(files.Maker(2), WIDTHS)), "stylegan"))
