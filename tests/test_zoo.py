"""Everything combines: every generator with every discriminator and loss that fits trains; the rest is refused."""

from __future__ import annotations

import math
from itertools import combinations, groupby, product
from typing import get_args

import pytest
import torch
from training_world import installed, merged, recipe_of, trainer_of

from ganzoo._registry.part import Part
from ganzoo._registry.registry import Registry
from ganzoo.contracts.capabilities import Featured, Growable, StyleBased
from ganzoo.contracts.networks import Discriminator
from ganzoo.contracts.objectives import Role
from ganzoo.errors import RecipeError

OWN = [part for part in Registry.discover().parts() if part.origin.distribution == "ganzoo-toolkit"]
GENERATORS = [part for part in OWN if part.kind == "generator"]
DISCRIMINATORS = [part for part in OWN if part.kind == "discriminator"]
LOSSES = [part for part in OWN if part.kind == "loss"]
SMALL = {
    "latent_dim": 8,
    "style_dim": 8,
    "mapping_layers": 2,
    "layers": 3,
    "critical_layers": 1,
    "width": 4,
    "max_width": 8,
    "channel_base": 64,
    "channel_max": 8,
    "capacity": 2,
    "excites": 4,
    "end": 4,
    "features": {"name": "random-features"},
    "seen_at": 16,
    "mixed_channels": 2,
    "projection": 2,
}
SIDE = 16


@pytest.fixture(autouse=True, scope="module")
def _plugin(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("plugin")):
        yield


def small(part: Part, **more) -> dict:
    """The part with the sizes among its options made tiny."""
    fields = part.cls.Options.model_fields
    sizes = {key: value for key, value in (SMALL | more).items() if key in fields}
    # A size to one part may be a switch to another, which stays as it is.
    return {"name": part.name} | {
        key: value for key, value in sizes.items() if not isinstance(fields[key].default, bool)
    }


def experiment(generator: Part, discriminator: Part, loss: Part, *, grows: bool, classes: int, channels: int) -> dict:
    """A recipe of two batches, or of one per phase; penalties of every kind that fits, lazy ones too."""
    per_image = bool(loss.cls.regularizers(loss.cls.Options()))
    penalties = [] if per_image else [{"name": "r1", "gamma": 0.1, "every": 2}, {"name": "r2", "gamma": 0.1}]
    if issubclass(discriminator.cls, Featured):
        penalties.append({"name": "feature-matching", "weight": 0.1})
    if issubclass(generator.cls, StyleBased):
        penalties.append({"name": "path-length", "every": 2})
    growth = {"growth": {"start_resolution": 4, "stable_kimg": 0.004, "fade_kimg": 0.004}} if grows else {}
    return {
        "dataset": {"name": "tiny", "resolution": SIDE, "count": 24, "channels": channels, "classes": classes},
        "generator": small(generator, style_mixing=0.9),
        "discriminator": small(discriminator, normalization=normalization(discriminator)),
        "loss": {"name": loss.name},
        "regularizers": penalties,
        "training": {"total_kimg": 0.024 if grows else 0.008, "batch_size": 4, **growth},
    }


def normalization(discriminator: Part) -> str:
    """The one that goes with every penalty."""
    field = discriminator.cls.Options.model_fields.get("normalization")
    return "layer" if field is not None and "layer" in get_args(field.annotation) else "none"


def fit(discriminator: Part, loss: Part) -> bool:
    """Whether the loss takes as many logits as the discriminator gives."""
    one = discriminator.cls.logits_per_image.__func__ is Discriminator.logits_per_image.__func__
    return one or loss.cls.takes_many_logits


def can_grow(*parts: Part) -> bool:
    return all(issubclass(part.cls, Growable) for part in parts)


def used(network: torch.nn.Module, inputs: int | tuple[int, ...], classes: int) -> set[str]:
    """The parameters that a forward depends on: a network that can grow but does not leaves some out."""
    labels = torch.eye(max(classes, 1))[torch.arange(4) % max(classes, 1)][:, :classes]
    shape = (4, inputs) if isinstance(inputs, int) else (4, *inputs)
    output = network(torch.randn(shape), labels)
    names, parameters = zip(*network.named_parameters(), strict=True)
    slopes = torch.autograd.grad((output * torch.randn_like(output)).sum(), parameters, allow_unused=True)
    return {name for name, slope in zip(names, slopes, strict=True) if slope is not None}


def train(recipe: dict) -> None:
    """Train to the end: losses are finite, and gradients reach every parameter of both networks.

    But for biases behind a critic's last activation: they are the same for all logits of a class, and a loss of their
    differences (or a hinge within its margins) gives them a gradient of exactly 0.
    """
    trainer = trainer_of(recipe)
    spec = recipe["dataset"]
    networks = {
        Role.GENERATOR: (trainer.game.generator, trainer.game.generator.latent_dim),
        Role.DISCRIMINATOR: (trainer.game.discriminator, (spec["channels"], SIDE, SIDE)),
    }
    missed: set[str] = set()
    connected: set[str] = set()
    for side, (network, inputs) in networks.items():
        grows = "growth" in recipe["training"]
        names = {name for name, _ in network.named_parameters()} if grows else used(network, inputs, spec["classes"])
        missed |= {f"{side.value} {name}" for name in names}

    def watch(name: str, parameter: torch.nn.Parameter) -> None:
        def note(reached: torch.nn.Parameter) -> None:
            assert torch.isfinite(reached.grad).all(), name
            connected.add(name)
            if reached.grad.any():
                missed.discard(name)

        parameter.register_post_accumulate_grad_hook(note)

    for side, (network, _) in networks.items():
        for name, parameter in network.named_parameters():
            watch(f"{side.value} {name}", parameter)
    reports = []
    trainer.callbacks.append(type("Note", (), {"on_step_end": lambda self, trainer, report: reports.append(report)})())
    trainer.run()
    assert trainer.finished
    assert all(math.isfinite(value) for report in reports for value in report.values())
    biases = {name for name in missed & connected if name.startswith("discriminator") and name.endswith(".bias")}
    assert not missed - {bias for bias in biases if _moves_logits_alike(trainer.game.discriminator, bias, spec)}


def _moves_logits_alike(critic: torch.nn.Module, bias: str, spec: dict) -> bool:
    """Whether a bias adds the same to the logits of all images of a class: it stands behind all that is not linear."""
    parameter = critic.get_parameter(bias.removeprefix("discriminator "))
    images, labels = torch.randn(4, spec["channels"], SIDE, SIDE), torch.eye(max(spec["classes"], 1))[[0] * 4]
    labels = labels[:, : spec["classes"]]
    with torch.no_grad():
        before = critic(images, labels)
        parameter += 1
        moved = critic(images, labels) - before
        parameter -= 1
    return torch.allclose(moved, moved[:1].expand_as(moved), atol=1e-4)


# In the fast suite, any two choices that go together meet in one case at least; the slow test has all cases.
PAIRS = list(product(GENERATORS, DISCRIMINATORS))
EVERY = [
    (generator, discriminator, loss, grows, classes, channels)
    for (generator, discriminator), loss in product(PAIRS, LOSSES)
    for grows, classes, channels in product((False, True), (0, 2), (1, 3))
    if fit(discriminator, loss) and (not grows or can_grow(generator, discriminator))
]


def _by_twos(case: tuple) -> list[tuple]:
    """All pairs of choices of a case, each with its place."""
    return list(combinations(enumerate(getattr(choice, "name", choice) for choice in case), 2))


def _cover() -> list[tuple]:
    """A pairwise cover of all cases: of each two networks the case with most that is new, then what is left.

    Fewer are not possible by much, since each two networks need a case.
    """
    twos = {case: _by_twos(case) for case in EVERY}
    left = dict.fromkeys(two for case in EVERY for two in twos[case])  # in order: each process finds the same cases
    chosen = []

    def take(cases: list[tuple]) -> None:
        chosen.append(max(cases, key=lambda case: sum(two in left for two in twos[case])))
        for two in twos[chosen[-1]]:
            left.pop(two, None)

    for _, cases in groupby(EVERY, key=lambda case: (case[0].name, case[1].name)):
        take(list(cases))
    while left:
        wanted = next(iter(left))
        take([case for case in EVERY if wanted in twos[case]])
    return chosen


COVER = _cover()


def test_any_two_choices_that_go_together_meet():
    assert {two for case in COVER for two in _by_twos(case)} == {two for case in EVERY for two in _by_twos(case)}
    assert len(COVER) < len(PAIRS) + max(len(LOSSES), 12)


def _name(case: tuple) -> str:
    generator, discriminator, loss, grows, classes, channels = case
    kind = f"{'growing' if grows else 'whole'}-{classes}classes-{channels}channels"
    return f"{generator.name}+{discriminator.name}+{loss.name}-{kind}"


@pytest.mark.parametrize("case", COVER, ids=_name)
def test_parts_that_fit_train(case):
    generator, discriminator, loss, grows, classes, channels = case
    train(experiment(generator, discriminator, loss, grows=grows, classes=classes, channels=channels))


@pytest.mark.slow
@pytest.mark.parametrize("case", EVERY, ids=_name)
def test_parts_that_fit_train_in_every_kind(case):
    generator, discriminator, loss, grows, classes, channels = case
    train(experiment(generator, discriminator, loss, grows=grows, classes=classes, channels=channels))


@pytest.mark.parametrize(
    ("generator", "discriminator"),
    [pair for pair in PAIRS if not can_grow(*pair)],
    ids=lambda part: part.name,
)
def test_growth_of_what_cannot_grow_is_refused(generator, discriminator):
    recipe = experiment(generator, discriminator, LOSSES[0], grows=True, classes=0, channels=1)
    with pytest.raises(RecipeError) as caught:
        recipe_of(recipe)
    for part in (generator, discriminator):
        assert (f"{part.kind} '{part.name}' cannot grow" in str(caught.value)) is not can_grow(part)


def test_losses_of_one_logit_are_refused_where_there_are_several():
    for discriminator, loss in product(DISCRIMINATORS, LOSSES):
        if fit(discriminator, loss):
            continue
        recipe = experiment(GENERATORS[0], discriminator, loss, grows=False, classes=0, channels=1)
        with pytest.raises(RecipeError) as caught:
            recipe_of(recipe)
        assert f"'{discriminator.name}'" in str(caught.value) and f"'{loss.name}'" in str(caught.value)


@pytest.mark.parametrize(
    "generator", [part for part in GENERATORS if not issubclass(part.cls, StyleBased)], ids=lambda part: part.name
)
def test_path_lengths_of_what_has_no_styles_are_refused(generator):
    recipe = experiment(generator, DISCRIMINATORS[0], LOSSES[0], grows=False, classes=0, channels=1)
    with pytest.raises(RecipeError, match=f"StyleBased generator, which '{generator.name}' is not"):
        recipe_of(merged(recipe, {"regularizers": [{"name": "path-length"}]}))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda part: part.name)
@pytest.mark.parametrize("discriminator", DISCRIMINATORS, ids=lambda part: part.name)
def test_what_cannot_be_split_is_refused(discriminator, loss):
    recipe = experiment(GENERATORS[0], discriminator, loss, grows=False, classes=0, channels=1)
    kept = [each for each in recipe["regularizers"] if each["name"] != "feature-matching"]  # its means are of a batch
    recipe = merged(recipe, {"training": {"micro_batch": 2}, "regularizers": kept})
    parts = [(GENERATORS[0], recipe["generator"]), (discriminator, recipe["discriminator"]), (loss, recipe["loss"])]
    couples = [
        part
        for part, section in parts
        if part.cls.depends_on_batch(
            part.cls.Options(**{key: value for key, value in section.items() if key != "name"})
        )
    ]
    if not couples:
        recipe_of(recipe)
        return
    with pytest.raises(RecipeError) as caught:
        recipe_of(recipe)
    assert all(f"{part.kind} '{part.name}' depends on the other images" in str(caught.value) for part in couples)
