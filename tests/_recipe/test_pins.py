"""Pins: a resolved recipe means the very parts that it was resolved to, and says which they were."""

from __future__ import annotations

import sys

import pytest
from installed_plugin import PARTS, install
from made_up_records import record

from ganzoo._leaderboard.record_fields import lookup
from ganzoo._recipe.find_recipe import recipe_folder
from ganzoo._recipe.load import validate
from ganzoo._recipe.toml_source import parse, read
from ganzoo._registry.code import installed_code, source_of
from ganzoo._registry.part import Part, PluginOrigin
from ganzoo._registry.pinned import allow_changed_code
from ganzoo._registry.registry import Registry
from ganzoo._runs.code import changes, code_fields
from ganzoo._runs.experiment import experiment_id
from ganzoo.errors import ChangedCodeError, RecipeError

LOSS = f"""{PARTS}
import acme_pinned_math
class Steep(TinyLoss):
    name = "steep"
"""


@pytest.fixture(scope="module")
def own():
    """The parts that are installed."""
    return Registry.discover()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A plugin of one module that imports a second one beside it; a third is nobody's."""
    for name in ("acme_pinned_math", "stranger"):
        (tmp_path / f"{name}.py").write_text("factor = 2\n")
    install(tmp_path, LOSS, module="acme_pinned", distribution="acme-pinned", version="1.0")
    info = tmp_path / "acme_pinned-1.0.dist-info"
    (info / "RECORD").write_text("acme_pinned.py,,\nacme_pinned_math.py,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("acme_pinned", "acme_pinned_math"):
        sys.modules.pop(name, None)


def steep(distribution="acme-pinned", version="1.0"):
    import acme_pinned

    return Part("loss", "steep", acme_pinned.Steep, PluginOrigin("acme", distribution, version))


def resolved(registry, loss="steep"):
    data = parse(read(recipe_folder() / "quickstart.toml"), "mine") | {"loss": {"name": loss}}
    return validate(data, registry, "mine")


def test_a_resolved_recipe_means_the_very_parts(own, site):
    recipe = resolved(Registry([*own.parts(), steep()]))
    plain = recipe.plain()
    assert validate(plain, Registry([*own.parts(), steep()]), "mine") == recipe
    rival = steep("rival", "3")
    both = validate(plain, Registry([*own.parts(), rival, steep()]), "mine")
    assert both.loss.part.origin.distribution == "acme-pinned"

    for registry in (Registry(own.parts()), Registry([*own.parts(), rival])):
        with pytest.raises(
            ChangedCodeError, match=r"loss 'steep' was that of acme-pinned 1\.0\+\w{8}, which is not inst"
        ):
            validate(plain, registry, "mine")
        with allow_changed_code(), pytest.raises(ChangedCodeError, match="not installed"):
            validate(plain, registry, "mine")
    newer = Registry([*own.parts(), steep(version="1.1")])
    with pytest.raises(ChangedCodeError, match="use what is installed with --allow-changed-code"):
        validate(plain, newer, "mine")
    with allow_changed_code():
        again = validate(plain, newer, "mine")
    assert again.plain()["parts"]["loss"]["steep"]["version"] == "1.1"
    assert again.training_hash == recipe.training_hash

    plain["parts"]["loss"]["steep"]["source"] = 3
    with pytest.raises(RecipeError, match=r"parts\.loss\.steep\.source: .*leave the whole of it out"):
        validate(plain, newer, "mine")


def test_the_hash_is_over_all_files_of_the_plugin_and_over_no_other(own, site):
    code = steep().code
    assert code.packages == ("acme_pinned",)
    assert len(code.source) == 64
    assert installed_code(code) == code

    def edited(path, text="factor = 3\n"):
        path.write_text(text)
        return source_of(code.packages, "acme-pinned")

    assert edited(site / "stranger.py") == code.source
    after = edited(site / "acme_pinned_math.py")
    assert after != code.source
    assert edited(site / "acme_pinned.py", LOSS + "# and more\n") not in (after, code.source)
    assert source_of(["ganzoo_losses"], "ganzoo-toolkit") != source_of(["ganzoo_dcgan"], "ganzoo-toolkit")


THIRD = """
from ganzoo import Regularizer, Role
class Drift(Regularizer):
    name = "drift"
    applies_to = Role.DISCRIMINATOR
    def penalty(self, step):
        return step.real_logits.square().mean()
"""
BRINGS = """
    @classmethod
    def regularizers(cls, options):
        from acme_third import Drift
        from ganzoo import ConfiguredPart
        return (ConfiguredPart(Drift, Drift.Options()),)
"""


def test_a_penalty_that_a_loss_brings_from_a_third_distribution_is_pinned(own, site):
    install(site, THIRD, module="acme_third", distribution="acme-third", entry_point="third", version="2.0")
    (site / "acme_pinned.py").write_text(LOSS + BRINGS)
    try:
        registry = Registry([*own.parts(), steep()])
        plain = resolved(registry).plain()
        pin = plain["parts"]["penalty of the loss"]["drift"]
        assert (pin["distribution"], pin["version"], pin["packages"]) == ("acme-third", "2.0", ["acme_third"])
        assert code_fields(record(sections={"parts": plain["parts"]}))["acme_third"].startswith("2.0+"), (
            "another one is another row"
        )
        assert validate(plain, registry, "mine").plain() == plain

        pin["source"] = "0" * 64
        with pytest.raises(
            ChangedCodeError, match=r"penalty of the loss 'drift' was that of acme-third 2\.0\+0{8}, and"
        ):
            validate(plain, registry, "mine")
        with allow_changed_code():
            validate(plain, registry, "mine")
        bundled = resolved(registry, "wgan-gp").plain()
        assert "penalty of the loss" not in bundled["parts"], "what is of the loss's own package is in its source"
    finally:
        sys.modules.pop("acme_third", None)


def coded(version="1.0", source="a" * 64, core="c" * 64, **more):
    loss = {"acme": {"distribution": "acme-gan", "version": version, "packages": ["acme_gan"], "source": source}}
    plain = {
        "parts": {"loss": loss, "metric": {"fid": loss["acme"] | {"packages": ["m"], "version": version + source}}}
    }
    versions = {"ganzoo": "0.1"}
    return record(sections=plain, core_source=core, versions=versions, **more)


def test_seeds_of_different_code_are_different_experiments():
    one = coded()
    assert code_fields(one) == {"ganzoo": "0.1+cccccccc", "acme_gan": "1.0+aaaaaaaa"}
    assert lookup(one, "code.acme_gan") == "1.0+aaaaaaaa"
    others = [coded(version="1.1"), coded(source="b" * 64), coded(core="d" * 64)]
    assert len({experiment_id(each) for each in (one, *others)}) == 4
    assert experiment_id(coded(seed=7)) == experiment_id(one)

    seen = {"discriminator": {"name": "projected", "features": {"name": "fid"}}}  # as a part of the training
    judged = [coded(version=version) for version in ("1.0", "1.1")]
    assert all("m" not in code_fields(each) for each in judged)
    trained = [each.model_copy(update={"recipe": {**each.recipe, **seen}}) for each in judged]
    assert [code_fields(each)["m"][:4] for each in trained] == ["1.0a", "1.1a"], "what training saw parts the rows"

    found = [each for other in others for each in changes(one, other.recipe, "0.1", other.core_source)]
    assert [(each.what, each.before[-4:], each.after[-4:], each.images_seen) for each in found] == [
        ("loss 'acme'", "aaaa", "aaaa", 30_000),
        ("metric 'fid'", "aaaa", "aaaa", 30_000),
        ("loss 'acme'", "aaaa", "bbbb", 30_000),
        ("metric 'fid'", "aaaa", "bbbb", 30_000),
        ("ganzoo", "cccc", "dddd", 30_000),
    ]
    mixed = coded(version="1.1", code_changes=tuple(found[:1]))
    assert code_fields(mixed)["acme_gan"] == "1.0+aaaaaaaa then 1.1+aaaaaaaa"
    assert experiment_id(mixed) not in (experiment_id(one), experiment_id(others[0]))
