"""The benchmark of a GPU: it runs whole in small on a CPU, loses nothing to one failure, and sees what is wrong."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
# What NVIDIA's source offers by these names, with networks of a few weights.
NETWORKS = """
import torch
from torch import nn
class Generator(nn.Module):
    def __init__(self, z_dim, c_dim, w_dim, img_resolution, img_channels, mapping_kwargs, synthesis_kwargs):
        super().__init__()
        self.mapping, self.synthesis = nn.Linear(z_dim, 2), nn.Linear(2, img_channels * img_resolution**2)
        self.register_buffer("seen", torch.zeros(()))
class Discriminator(nn.Module):
    def __init__(self, c_dim, img_resolution, img_channels, channel_base, channel_max, num_fp16_res, conv_clamp,
                 epilogue_kwargs):
        super().__init__()
        self.logit = nn.Linear(img_channels * img_resolution**2, 1)
"""
LOSS = """
class StyleGAN2Loss:
    def __init__(self, device, G_mapping, G_synthesis, D, augment_pipe, style_mixing_prob, r1_gamma, pl_weight):
        self.parts, self.asked = (G_mapping, G_synthesis, D), []
    def accumulate_gradients(self, phase, real_img, real_c, gen_z, gen_c, sync, gain):
        mapping, synthesis, critic = self.parts
        self.asked.append((phase, gain))
        made = synthesis(mapping(gen_z)) if phase[0] == "G" else real_img.flatten(1)
        (critic.logit(made).mean() * gain).backward()
"""


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import gpu

    return gpu


def found(gpu, folder, *arguments):
    gpu.main(["--device", "cpu", "--tiny", "--out", str(folder), *arguments])
    return json.loads((folder / "gpu.json").read_text())


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # the compiler looks at all inputs alike
@pytest.mark.slow  # compiles for a minute
def test_compiled_networks_are_timed(gpu):
    from torch._dynamo.utils import counters

    counters.clear()
    game = gpu.games.TINY["DCGAN 16"]
    timed = gpu.training.measure(game, torch.device("cpu"), "fp32 + compiled", 0.0, profile=False)
    assert 0 < timed["s_per_kimg"] < math.inf
    assert counters["stats"]["unique_graphs"] >= 2  # both networks, without a break


def test_steps_are_timed_and_told(gpu, tmp_path, monkeypatch, capsys):
    monkeypatch.delitem(gpu.games.TINY, "StyleGAN2 16")  # the slow test has it
    steps = found(gpu, tmp_path, "--only", "training")["training"]["DCGAN 16, fp32"]
    assert 0 < steps["s_per_kimg"] < math.inf
    assert sum(steps["families"].values()) == pytest.approx(1, abs=0.01)
    assert "convolution" in steps["families"]
    assert "s_per_kimg" in capsys.readouterr().out


def test_a_failure_loses_no_other_number(gpu, tmp_path, monkeypatch, capsys):
    measurement = gpu.Measurement(torch.device("cpu"), tmp_path, True, end=math.inf)

    def fail():
        raise RuntimeError("no such kernel")

    measurement.attempt("speed", "one", 1, lambda: {"seconds": 1.0})
    measurement.attempt("speed", "two", 1, fail)
    measurement.end = 0.0
    measurement.attempt("speed", "three", 5, lambda: {"seconds": 1.0})
    rows = json.loads((tmp_path / "gpu.json").read_text())["speed"]
    assert rows["one"]["seconds"] == 1.0
    assert "no such kernel" in rows["two"]["failed"]
    assert "left out" in rows["three"]["failed"]


def test_an_error_is_a_share_of_the_largest_value_and_nan_is_one(gpu, tmp_path):
    def case(reference):
        yield "good", torch.tensor([10.0, 1.0]), torch.tensor([10.0, 1.0])
        yield "off", torch.tensor([10.0, 1.5]), torch.tensor([10.0, 1.0])
        yield "lost", torch.tensor([math.nan]), torch.tensor([1.0])

    row = gpu.errors(tmp_path, torch.device("cpu"), case, "fp32")
    assert row["of"] == "lost"
    assert row["within"] == "False"
    assert row["largest"]["off"] == "5.00e-02"


def test_nvidias_step_is_driven_phase_by_phase(gpu, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))  # taken back with whatever is added before it
    (tmp_path / "training").mkdir()
    for name, text in (("networks", NETWORKS), ("loss", LOSS)):
        (tmp_path / "training" / f"{name}.py").write_text(text)
    sizes = {"resolution": 4, "batch": 2, "mapping": 1, "group": 2, "base": 8}
    official = gpu.nvlabs.Official(tmp_path, torch.device("cpu"), half=0, augmented=False, **sizes)
    before = [each.detach().clone() for network in official.networks.values() for each in network.parameters()]
    for _ in range(5):
        official.step()
    main = [("Gmain", 1), ("Dmain", 1)]
    first = [("Gmain", 1), ("Greg", 4), ("Dmain", 1), ("Dreg", 16)]
    assert official.loss.asked == [*first, *main * 3, ("Gmain", 1), ("Greg", 4), ("Dmain", 1)]
    after = [each for network in official.networks.values() for each in network.parameters()]
    assert all((old != new).any() for old, new in zip(before, after, strict=True))


@pytest.mark.slow  # starts a process for the sweep
def test_every_section_runs(gpu, tmp_path):
    rows = found(gpu, tmp_path)
    failed = {name: row["failed"] for section in rows.values() for name, row in section.items() if "failed" in row}
    assert {name for name in failed if "GANZOO_REFERENCE" not in failed[name]} == set()
    assert all(row["equal"] == "True" for row in rows["resuming"].values())
    assert all(row["within"] == "True" for row in rows["parity"].values() if "within" in row)
    assert rows["architectures"]["at once"]["failed_runs"] == {}
    assert (tmp_path / "architecture-dcgan.png").exists()
