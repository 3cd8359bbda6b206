"""A recipe file: all its mistakes in one report, overrides, the resolved form, hashes, and files of strangers."""

from __future__ import annotations

import random
import string
import time
import tomllib
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field, PositiveInt

from ganzoo._recipe.find_recipe import recipe_folder, shipped_recipes
from ganzoo._recipe.load import load, validate
from ganzoo._recipe.recipe import Recipe
from ganzoo._recipe.toml_source import MAX_RECIPE_BYTES, parse
from ganzoo._registry.option_table import option_rows
from ganzoo._registry.part import Part, PluginOrigin
from ganzoo._registry.registry import Registry
from ganzoo.contracts.objectives import Regularizer, RegularizerOptions, Role
from ganzoo.errors import GanzooError, RecipeError

REGISTRY = Registry.discover()
INSTALLED = ", ".join(REGISTRY.names["generator"])
METRICS = ", ".join(REGISTRY.names["metric"])

MINIMAL = """
[dataset]
name = "phantom"
resolution = 16

[generator]
name = "dcgan"

[discriminator]
name = "dcgan"

[loss]
name = "logistic"

[training]
total_kimg = 1
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "mine.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def mistakes_of(folder: Path, text: str | bytes, *overrides: str) -> str:
    with pytest.raises(RecipeError) as error:
        load(write(folder, text), REGISTRY, overrides)
    return str(error.value)


def resolved(folder: Path, text: str = MINIMAL, *overrides: str) -> Recipe:
    return load(write(folder, text), REGISTRY, overrides)[1]


# --- mistakes -------------------------------------------------------------------------------------------------------


def test_all_mistakes_of_a_file_in_one_report(tmp_path):
    text = """
sead = 3

[dataset]
name = "phantom"
resolution = "big"

[generator]
name = "dcgam"

[discriminator]
name = "dcgan"
widht = 32

[loss]
name = "logistic"

[[regularizers]]
name = "r1"
gama = 1

[training]
batch_size = -4
first_player = "nobody"
generator_optimizer = { learning_rat = 1e-4 }

[scoring]
extractor = { name = "random-features", layer = 3 }
metrics = ["fid", "kit"]
"""
    path = write(tmp_path, text)
    with pytest.raises(RecipeError) as error:
        load(path, REGISTRY)
    assert str(error.value) == "\n".join(
        [
            f"{path} is not a valid recipe:",
            "  dataset.resolution: should be a whole number, but is 'big'",
            f"  generator: no generator called 'dcgam'; did you mean 'dcgan'? (installed: {INSTALLED})",
            "  discriminator.widht: unknown key 'widht'; did you mean 'width'?",
            "  regularizers.0.gama: unknown key 'gama'; did you mean 'gamma'?",
            "  training.batch_size: should be greater than 0, but is -4",
            "  training.first_player: should be 'discriminator' or 'generator', but is 'nobody'",
            "  training.generator_optimizer.learning_rat: unknown key 'learning_rat'; did you mean 'learning_rate'?",
            f"  scoring.metrics.1: no metric called 'kit'; did you mean 'kid'? (installed: {METRICS})",
            "  scoring.extractor.layer: unknown key 'layer' (it has no options)",
            "  sead: unknown key 'sead'; did you mean 'seed'?",
            "  training.total_kimg: is missing; add it (Length of the training), or epochs in its place",
        ]
    )


def test_an_empty_file_names_every_missing_section(tmp_path):
    text = mistakes_of(tmp_path, "")
    for section, part in [("dataset", "phantom"), ("generator", "dcgan"), ("loss", "rahinge")]:
        line = next(line for line in text.splitlines() if line.startswith(f"  {section}: "))
        assert f"add a section [{section}] whose key 'name' is one of: " in line
        assert part in line
    assert "  training: is missing; add the section" in text


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("generator=dcgan", 'generator: should be a table with a key "name"'),
        ("generator={}", f"generator: needs a key 'name', the generator to use ({INSTALLED})"),
        ("generator={name = 3}", "generator: needs a key 'name'"),
        ("loss.name=wgan", "loss: no loss called 'wgan'; did you mean 'wgan-gp'?"),
        ("loss.name=dcgan", "'dcgan' is the name of a discriminator and a generator"),
        ("regularizers=r1", 'regularizers: should be a list, such as ["r1"], but is'),
        ("regularizers=[{name = 'r1', override = 3}]", "regularizers.0: 'override' should be true or false"),
        ("training.total_kimg=0", "training.total_kimg: should be greater than or equal to 0.001, but is 0"),
        ("training.total_kimg=inf", "training.total_kimg: should be a finite number, but is inf"),
        ("training.total_kimg=nan", "training.total_kimg: should be a finite number, but is nan"),
        ("training.total_kimg=1e300", "training.total_kimg: should be less than or equal to 1000000000"),
        ("training.total_kimg=soon", "training.total_kimg: should be a number"),
        (
            "training.total_kimg={from=1,to=0,kimg=1}",
            "training.total_kimg: should be a number: this option takes no",
        ),
        ("training.total_kimg=", "training.total_kimg: should be a number"),
        ("training.batch_size=1.5", "training.batch_size: should be a whole number"),
        ("training.generator_optimizer.betas=[0.5]", "training.generator_optimizer.betas.1: is missing"),
        ("training.generator_optimizer.betas=[0.5, 1]", "training.generator_optimizer.betas.1: should be less than 1"),
        ("training.precision=fp8", "training.precision: should be 'fp32', 'bf16' or 'fp16', but is 'fp8'"),
        ("training.grow=true", "training.grow: unknown key 'grow'; did you mean 'growth'?"),
        ("training.growth=true", "training.growth: should be a table"),
        ("training.growth.fade=3", "training.growth.fade: unknown key 'fade'; did you mean 'fade_kimg'?"),
        ("training.growth.batch_size.big=3", "training.growth.batch_size.big"),
        ("training.micro_batch=48", "micro_batch 48 does not divide the batch size 64"),
        ("scoring.extractor.name=inception", "did you mean 'inception-v3-compat'?"),
        ('scoring.metrics="fid"', """scoring.metrics: should be a list, such as ["fid"], but is 'fid'"""),
        ("scoring.metrics=[]", "scoring.metrics: names no metric; list at least one ("),
        ("scoring.metrics=[3]", 'scoring.metrics.0: should be a table with a key "name"'),
        (
            "scoring.metrics=[{name='kid', subset=9}]",
            "scoring.metrics.0.subset: unknown key 'subset'; did you mean 'subset",
        ),
        ("scoring.metrics=[{name='kid', subset_size=1}]", "scoring.metrics.0.subset_size: should be greater than or"),
        ("scoring.kid_subset_size=9", "scoring.kid_subset_size: unknown key 'kid_subset_size'"),
        ("scoring.truncation_psi=1.5", "scoring.truncation_psi: should be less than or equal to 1, but is 1.5"),
        ("published.fid.value=3", "published.fid.source: is missing; add it (Source of the value"),
        ("seed=-1", "seed: should be greater than or equal to 0, but is -1"),
        ("seed=1.5", "seed: should be a whole number"),
        ("title=[3]", "title: should be text"),
        ("dataset.root=x", "dataset.root: unknown key 'root'"),
        ("generator.kernel=3", "generator.kernel: "),
        ("nonsense.deeper=1", "nonsense: unknown key 'nonsense'"),
        ("lr=1", "did you mean training.generator_optimizer.learning_rate or training.discriminator_optimizer.lea"),
        ("training.beta1=0", "did you mean training.generator_optimizer.betas or training.discriminator_optimizer.be"),
        ("generator.resolution=8", "unknown key 'resolution'; did you mean dataset.resolution?"),
        ("total_kimgs=1", "unknown key 'total_kimgs'; did you mean training.total_kimg?"),
        ("training.generator_optimizer.betas=[1,2,3]", "betas: should have at most 2 items, not 3"),
    ],
)
def test_a_wrong_value_is_found_in_its_place(tmp_path, override, expected):
    assert expected in mistakes_of(tmp_path, MINIMAL, override)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r'root = "C:\Users\anna"', "line 2: in double quotes \\ begins an escape: write / in its place"),
        (r'root = "C:\data"', "or put the text in 'single quotes'"),
        ("root = ~/scans  # here", "line 2: text stands in quotes: root = '~/scans'"),
        ("mirror = True", "line 2: write mirror = true"),
        ("pack = None", "line 2: leave pack out"),
    ],
)
def test_what_other_formats_write_is_explained(tmp_path, line, expected):
    assert f"{expected}" in mistakes_of(tmp_path, f"[dataset]\n{line}\n")


def test_a_number_is_taken_as_text_where_text_is_wanted(tmp_path):
    assert resolved(tmp_path, MINIMAL, "title=2023").title == "2023"
    text = MINIMAL.replace('name = "phantom"', 'name = "folder"')
    assert resolved(tmp_path, text, "dataset.root=2023").dataset.options.root == Path("2023")
    in_file = text.replace("[dataset]", "[dataset]\nroot = 2023")
    assert 'dataset.root: should be a path in quotes, such as "2023", but is 2023' in mistakes_of(tmp_path, in_file)


def test_very_many_mistakes_are_counted_quickly(tmp_path):
    text = "".join(f"key{number} = 1\n" for number in range(4000)) + MINIMAL
    start = time.process_time()
    found = mistakes_of(tmp_path, text)
    assert time.process_time() - start < 10
    assert len(found.splitlines()) == 52
    assert found.endswith("and 3950 more validation errors")


def test_long_words_are_shown_shortened(tmp_path):
    found = mistakes_of(tmp_path, f"{'k' * 9000} = 1\n{MINIMAL}", f"loss.name={'x' * 9000}", f"title={'y' * 9000}")
    assert "unknown key" in found
    assert max(map(len, found.splitlines())) < 10_000


class Failing(Regularizer):
    """A penalty whose options cannot be checked."""

    name = "failing"
    applies_to = Role.DISCRIMINATOR

    class Options(Regularizer.Options):
        """Options."""

        @classmethod
        def model_validate(cls, *args: object, **kwargs: object) -> object:
            raise KeyError("oops")

    def penalty(self, step: object) -> object:
        raise NotImplementedError


def test_a_plugin_that_fails_to_check_its_options_is_named(tmp_path):
    registry = Registry(
        [*REGISTRY.parts(), Part("regularizer", "failing", Failing, PluginOrigin("acme", "acme-gan", "0.1"))]
    )
    with pytest.raises(RecipeError) as error:
        load(write(tmp_path, MINIMAL), registry, ["regularizers=[{name = 'failing'}]"])
    assert "regularizers.0: plugin 'acme' (acme-gan 0.1) fails to check its options: KeyError: 'oops'" in str(
        error.value
    )


class Plain(BaseModel):
    """Nothing more."""

    kind: Literal["plain"] = "plain"


class Sized(BaseModel):
    """A size."""

    kind: Literal["sized"] = "sized"
    size: PositiveInt = 4


class KindOptions(RegularizerOptions):
    """Of one of two kinds."""

    how: Plain | Sized = Field(Plain(), discriminator="kind", description="How.")


class OfKinds(Regularizer[KindOptions]):
    """A penalty with an option that is a table of one of two kinds."""

    name = "of-kinds"
    applies_to = Role.DISCRIMINATOR
    Options = KindOptions

    def penalty(self, step: object) -> object:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("{kind = 'siezd'}", "regularizers.0.how.kind: should be 'plain' or 'sized', but is 'siezd'"),
        ("{size = 3}", "regularizers.0.how.kind: is missing; add it"),
        ("{kind = 'sized', size = -1}", "regularizers.0.how.size: should be greater than 0, but is -1"),
    ],
)
def test_a_table_of_one_of_several_kinds(tmp_path, how, expected):
    registry = Registry(
        [*REGISTRY.parts(), Part("regularizer", "of-kinds", OfKinds, PluginOrigin("acme", "acme-gan", "0.1"))]
    )
    with pytest.raises(RecipeError) as error:
        load(write(tmp_path, MINIMAL), registry, [f"regularizers=[{{name = 'of-kinds', how = {how}}}]"])
    assert str(error.value).splitlines()[1:] == [f"  {expected}"]
    rows = {row.name: row for row in option_rows(KindOptions)}
    assert (rows["how"].type, rows["how"].default) == ("table", "kind = plain")


# --- overrides ------------------------------------------------------------------------------------------------------


def test_overrides_are_typed(tmp_path):
    recipe = resolved(
        tmp_path,
        MINIMAL,
        "training.total_kimg=10",
        "training.batch_size = 8",
        "training.generator_optimizer.betas=[0.0, 0.99]",
        "dataset.mirror=true",
        "title=two words",
        'notes="quoted"',
        "loss.name=rahinge",
        "regularizers=[{name = 'r1', gamma = 3.0}]",
        "regularizers.0.every=16",
        "scoring.extractor.name=random-features",
        "published.fid={value = 3.5, source = 'Table 2'}",
    )
    assert recipe.training.total_kimg == 10
    assert recipe.training.batch_size == 8
    assert recipe.training.generator_optimizer.options.betas == (0.0, 0.99)
    assert recipe.dataset.options.mirror is True
    assert (recipe.title, recipe.notes) == ("two words", "quoted")
    assert recipe.loss.name == "rahinge"
    assert recipe.regularizers[0].options.model_dump() == {"every": 16, "gamma": 3.0}
    assert recipe.scoring.extractor.name == "random-features"
    assert recipe.published["fid"].value == 3.5
    assert recipe.total_images == 10_000


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("training", "--set training: write it as --set section.key=value, such as training.total_kimg=10"),
        ("=3", "write it as"),
        ("training.=3", "write it as"),
        (".total_kimg=3", "write it as"),
        ("training.total_kimg.more=3", "--set training.total_kimg.more=3: 'training.total_kimg' is a value, not a"),
        ("regularizers.0.gamma=3", "regularizers"),
        ("loss.name.x=1", "'loss.name' is a value"),
    ],
)
def test_overrides_of_a_wrong_form(tmp_path, override, expected):
    assert expected in mistakes_of(tmp_path, MINIMAL, override)


@pytest.mark.parametrize("index", ["1", "-1", "x", "99999999999999999999", "9" * 5000, "²", "٣"])
def test_overrides_beyond_a_list(tmp_path, index):
    text = MINIMAL + '\n[[regularizers]]\nname = "r1"\n'
    found = mistakes_of(tmp_path, text, f"regularizers.{index}.gamma=3")
    assert f"'regularizers.{index}' does not exist; the list has 1 entry, counted from 0" in found


def test_an_override_is_one_value(tmp_path):
    assert resolved(tmp_path, MINIMAL, "title=1\nseed = 3").title == "1\nseed = 3"


def test_a_seed_replaces_the_recipes(tmp_path):
    assert load(write(tmp_path, f"seed = 3\n{MINIMAL}"), REGISTRY)[1].seed == 3
    assert load(write(tmp_path, f"seed = 3\n{MINIMAL}"), REGISTRY, seed=7)[1].seed == 7
    assert load(write(tmp_path, f"seed = 3\n{MINIMAL}"), REGISTRY, seed=0)[1].seed == 0


# --- the resolved recipe --------------------------------------------------------------------------------------------

GROWING = """
[training.growth]
start_resolution = 16
stable_kimg = 0.1
batch_size = { 16 = 8 }
learning_rate = { 16 = 0.0015 }
"""


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_resolved_recipe_is_read_back_equal(tmp_path, name):
    overrides = ["dataset.root=somewhere"] if name.startswith("dcgan_oasis") else []
    stem, recipe = load(name, REGISTRY, overrides)
    assert stem == name
    again = load(write(tmp_path, recipe.to_toml()), REGISTRY)[1]
    assert again == recipe
    assert again.to_toml() == recipe.to_toml()
    assert again.training_hash == recipe.training_hash


def test_every_default_is_explicit(tmp_path):
    recipe = resolved(tmp_path)
    plain = tomllib.loads(recipe.to_toml())
    assert plain == recipe.plain()
    sections = {
        "dataset": recipe.dataset.options,
        "generator": recipe.generator.options,
        "discriminator": recipe.discriminator.options,
        "loss": recipe.loss.options,
        "training": recipe.training,
        "scoring": recipe.scoring,
    }
    for name, section in sections.items():
        unset = {key for key in type(section).model_fields if getattr(section, key) is None}
        assert set(plain[name]) - {"name"} == set(type(section).model_fields) - unset
    assert plain["training"]["generator_optimizer"] == {
        "name": "adam",
        "learning_rate": 2e-4,
        "betas": [0.5, 0.999],
        "epsilon": 1e-8,
        "weight_decay": 0.0,
    }
    assert plain["scoring"]["extractor"] == recipe.scoring.extractor.plain()
    assert set(plain) == set(Recipe.model_fields) - {"augmentation", "initial_weights"}  # none unless asked for


def test_tables_by_resolution_survive(tmp_path):
    data = tomllib.loads(MINIMAL + GROWING)
    settings = Recipe.model_fields["training"].annotation.model_validate(
        data["training"], context={"registry": REGISTRY}
    )
    recipe = resolved(tmp_path).model_copy(update={"training": settings})
    assert recipe.plain()["training"]["growth"]["batch_size"] == {"16": 8}
    again = Recipe.model_validate(tomllib.loads(recipe.to_toml()), context={"registry": REGISTRY})
    assert again == recipe


def test_hostile_text_survives(tmp_path):
    recipe = resolved(tmp_path).model_copy(update={"title": "[red]\x1b[31m \"quoted\" \\ ''' \u202e\n\t\x7f é"})
    assert load(write(tmp_path, recipe.to_toml()), REGISTRY)[1] == recipe


def test_recipes_are_equal_by_content(tmp_path):
    assert resolved(tmp_path) == resolved(tmp_path)
    assert resolved(tmp_path) != resolved(tmp_path, MINIMAL, "generator.width=32")
    assert resolved(tmp_path) != resolved(tmp_path, MINIMAL, "loss.name=hinge")


# --- hashes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "override",
    [
        "title=Other",
        "paper=p",
        "notes=n",
        "scoring.generated=20000",
        "scoring.extractor.name=random-features",
        "published.fid={value = 1, source = 's'}",
        "training.log_kimg=9",
        "training.samples_kimg=9",
        "training.snapshot_kimg=9",
        "training.score_kimg=9",
        "training.checkpoint_kimg=9",
        "training.keep_checkpoints=9",
    ],
)
def test_what_cannot_move_the_weights_is_not_hashed(tmp_path, override):
    plain, changed = resolved(tmp_path), resolved(tmp_path, MINIMAL, override)
    assert changed.training_hash == plain.training_hash
    assert changed.dynamics_hash == plain.dynamics_hash


@pytest.mark.parametrize(
    "override",
    [
        "seed=1",
        "dataset.count=50",
        "generator.width=32",
        "discriminator.width=32",
        "loss.name=hinge",
        "regularizers=[{name = 'r1'}]",
        "training.batch_size=32",
        "training.discriminator_steps=2",
        "training.ema_half_life_kimg=2",
        "training.penalty_space=final",
        "training.precision=bf16",
        "training.discriminator_optimizer.learning_rate=1e-3",
    ],
)
def test_what_moves_the_weights_is_hashed(tmp_path, override):
    plain, changed = resolved(tmp_path), resolved(tmp_path, MINIMAL, override)
    assert changed.training_hash != plain.training_hash
    assert changed.dynamics_hash != plain.dynamics_hash


def test_a_longer_training_has_the_same_dynamics(tmp_path):
    plain, longer = resolved(tmp_path), resolved(tmp_path, MINIMAL, "training.total_kimg=2")
    assert longer.training_hash != plain.training_hash
    assert longer.dynamics_hash == plain.dynamics_hash


def test_with_growth_the_length_belongs_to_the_dynamics(tmp_path):
    data = tomllib.loads(MINIMAL + GROWING)
    hashes = set()
    for total in (1, 2):
        data["training"]["total_kimg"] = total
        settings = Recipe.model_fields["training"].annotation.model_validate(
            data["training"], context={"registry": REGISTRY}
        )
        hashes.add(resolved(tmp_path).model_copy(update={"training": settings}).dynamics_hash)
    assert len(hashes) == 2


def test_where_the_data_lie_is_not_hashed():
    recipes = [load("dcgan_oasis_logistic", REGISTRY, [f"dataset.root={root}"])[1] for root in ("here", "there")]
    assert recipes[0].training_hash == recipes[1].training_hash
    assert len(recipes[0].training_hash) == 64


# --- finding the file -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["quickstart", "quickstart.toml", "recipes/quickstart.toml"])
def test_shipped_recipes_are_found_by_name(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load(name, REGISTRY)[0] == "quickstart"


def test_a_file_here_comes_before_a_shipped_recipe(monkeypatch, tmp_path):
    (tmp_path / "quickstart.toml").write_text(MINIMAL, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert load("quickstart.toml", REGISTRY)[1].title == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "quickstat",
            "there is no recipe file 'quickstat'; did you mean 'quickstart'? `ganzoo recipes` lists those that ship",
        ),
        ("contragan", "'contragan'; did you mean 'contragan_cifar10_hinge' or 'contragan_cifar10_hinge_32'? `ganzoo"),
        ("elsewhere/quickstart.toml", "there is no recipe file 'elsewhere/quickstart.toml'"),
        ("", "is a folder; name a recipe file"),
        (".", "is a folder; name a recipe file"),
        ("a" * 5000, "File name too long"),
        ("nul\0byte", "there is no recipe file"),
        ("/dev/null", "there is no recipe file"),
    ],
)
def test_a_file_that_is_none(name, expected):
    with pytest.raises(RecipeError) as error:
        load(name, REGISTRY)
    assert expected in str(error.value)


# --- files of strangers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"title = '\xff\xfe'", "is not UTF-8 text (byte 9); save it as UTF-8"),
        ("title = 'x'".encode("utf-16"), "is not UTF-8 text"),
        (b"title = 'a\0b'", "is not valid TOML: "),
        (b"\0" * 100, "is not valid TOML"),
        (b"[dataset\nname = 3", "is not valid TOML: Expected ']' at the end of a table declaration (at line 1"),
        (b"a = 1\na = 2", "is not valid TOML: Cannot overwrite a value"),
        (b"#" * (MAX_RECIPE_BYTES + 1), "is larger than 64 KiB"),
        (b"seed = " + b"9" * 5000, "is not valid TOML"),
        (b"seed = 99999999999999999999", "seed is an integer that does not fit 64 bits; write a smaller one"),
        (b"seed = 0x" + b"f" * 60_000, "seed is an integer that does not fit 64 bits"),
        (b"a = [[1], [{b = -9223372036854775809}]]", "a.1.0.b is an integer that does not fit 64 bits"),
        (b"a." * 20_000 + b"a = 1", "a key has more than 32 dotted parts"),
        (b"[" + b"a." * 20_000 + b"a]", "a key has more than 32 dotted parts"),
        (b'"x y" . ' * 7000 + b"a = 1", "a key has more than 32 dotted parts"),
        (b"a = {" + b"'b'." * 10_000 + b"c = 1}", "a key has more than 32 dotted parts"),
        (b"a = " + b"[" * 30_000, "is nested too deeply"),
        (b"a = " + b"[" * 60 + b"]" * 60, "values are nested more than 32 levels"),
        (b"a = " + b"{b = " * 10_000, "is nested too deeply"),
        (b"a = 1e999", "a: unknown key 'a'"),
        (b"a = 1979-05-27T07:32:00Z", "a: unknown key 'a'"),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value[:20]),
)
def test_hostile_toml(tmp_path, content, expected):
    start = time.process_time()
    assert expected in mistakes_of(tmp_path, content)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "content",
    [
        "notes = '" + "a" * 60_000 + "'",
        "# " + "-" * 60_000,
        "notes = '" + "a.b " * 15_000 + "'",
        'notes = "' + '\\"' * 30_000 + '"',
        "a = [" + "0.1, " * 12_000 + "]",
        "notes = '''\n" + "Fig. 3.1. See e.g. v1.2.3.\n" * 2000 + "'''",
        "notes = '" + "." * 1000 + "'",
        '"' * 3 + "\\" * 60_000,
        "[a]\n" * 1 + "\n".join(f"b{i}.c.d = {i}" for i in range(4000)),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_unusual_but_harmless_toml_is_quick(content):
    start = time.process_time()
    try:
        parse(content, "a file")
    except RecipeError as error:
        assert "dotted" not in str(error)
    assert time.process_time() - start < 3


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = write(tmp_path, b"\xef\xbb\xbf" + MINIMAL.encode())
    assert load(path, REGISTRY)[0] == "mine"


def test_windows_line_ends_are_no_mistake(tmp_path):
    assert load(write(tmp_path, MINIMAL.replace("\n", "\r\n")), REGISTRY)[1].dataset.name == "phantom"


def test_an_unreadable_file_is_named(tmp_path, monkeypatch):
    path = write(tmp_path, MINIMAL)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(RecipeError, match=r"mine\.toml cannot be read: Permission denied"):
        load(path, REGISTRY)


PIECES = ("[", "]", "{", "}", "=", ".", '"', "'", "\n", "-", "1e999", "inf", "nan", "\\u", "0", "true", "[[a]]", "#")


def _damaged(text: str, rng: random.Random) -> str:
    at, kind = rng.randrange(len(text) + 1), rng.randrange(5)
    lines = text.splitlines(keepends=True)
    rng.shuffle(lines)
    return (
        text[:at] + rng.choice(PIECES) + text[at:],
        text[:at] + text[at + rng.randint(1, 8) :],
        text[:at] + rng.choice(string.printable) + text[at + 1 :],
        text[:at] + chr(rng.choice([0, 27, 0x85, 0x202E, 0xFFFF, 0x1F600])) + text[at:],
        "".join(lines),
    )[kind]


def _fuzz(count: int, seed: int, folder: Path) -> None:
    rng = random.Random(seed)
    texts = [path.read_text("utf-8") for path in sorted(recipe_folder().glob("*.toml"))] + [MINIMAL + GROWING]
    path = folder / "fuzz.toml"
    for _ in range(count):
        text = rng.choice(texts)
        for _ in range(rng.randint(1, 5)):
            text = _damaged(text, rng)
        path.write_text(text, "utf-8")
        override = f"{rng.choice(string.printable) * rng.randint(0, 3)}a={rng.choice(PIECES)}"
        try:
            recipe = load(path, REGISTRY, [override] if rng.random() < 0.2 else [])[1]
        except GanzooError as error:
            assert str(error)
        else:
            assert load_text(recipe) == recipe


def load_text(recipe: Recipe) -> Recipe:
    return validate(parse(recipe.to_toml(), "again"), REGISTRY, "again")


def test_damaged_recipes_end_in_a_message(tmp_path):
    _fuzz(500, 1, tmp_path)


@pytest.mark.slow
def test_many_damaged_recipes_end_in_a_message(tmp_path):
    _fuzz(10_000, 2, tmp_path)


# --- epochs ---------------------------------------------------------------------------------------------------------

EPOCHS = MINIMAL.replace("total_kimg = 1\n", "epochs = 3\nbatch_size = 10\n")


def test_epochs_are_kimg_once_the_images_are_counted(tmp_path):
    recipe = resolved(tmp_path, EPOCHS)
    assert recipe.counts_epochs
    known = recipe.with_image_count(1234)
    assert not known.counts_epochs
    assert known.training.total_kimg == 3.71
    assert known.phases[-1].end == known.total_images == 3710
    plain = known.plain()["training"]
    assert "epochs" not in plain
    in_kimg_ = resolved(tmp_path, MINIMAL, "training.total_kimg=3.71", "training.batch_size=10")
    assert in_kimg_ == known
    assert in_kimg_.training_hash == known.training_hash
    assert known.with_image_count(99) == known  # what is saved does not change with the data


def test_a_recipe_in_epochs_is_read_back_equal(tmp_path):
    recipe = resolved(tmp_path, EPOCHS)
    assert load(write(tmp_path, recipe.to_toml()), REGISTRY)[1] == recipe


def test_growth_in_epochs_survives_and_is_saved_in_kimg(tmp_path):
    data = tomllib.loads(EPOCHS.replace("epochs = 3\n", ""))
    data["training"]["growth"] = {"order": "fade-first", "epochs": {"4": 2, "8": 3, "16": 4}}
    recipe = Recipe.model_validate(data, context={"registry": REGISTRY})
    again = Recipe.model_validate(tomllib.loads(recipe.to_toml()), context={"registry": REGISTRY})
    assert again == recipe
    known = recipe.with_image_count(100)
    growth = known.plain()["training"]["growth"]
    assert growth["stable_kimg"] == {"4": 0.2, "8": 0.15}
    assert growth["fade_kimg"] == {"8": 0.15, "16": 0.2}
    assert not {"epochs", "fade_share"} & set(growth)
    assert known.training.total_kimg == 0.9
    saved = Recipe.model_validate(tomllib.loads(known.to_toml()), context={"registry": REGISTRY})
    assert saved == known
    assert saved.phases == known.phases


ALREADY = "training.growth.epochs gives every length already; remove one of the two"
LENGTHS = {
    "total_kimg = 1\nepochs = 2": "training.epochs: the length is given twice; remove epochs or total_kimg",
    "": "training.total_kimg: is missing; add it (Length of the training), or epochs in its place",
    "epochs = 2\ngrowth = {}": "training.epochs: with growth, epochs go by resolution; write them as ",
    "total_kimg = 1\ngrowth = { epochs = { 4 = 1 } }": f"training.total_kimg: {ALREADY}",
    "growth = { epochs = { 4 = 1 }, fade_kimg = 3 }": f"training.growth.fade_kimg: {ALREADY}",
    "total_kimg = 1\ngrowth = { fade_share = 0.1 }": "training.growth.fade_share: is a share of epochs, and there are ",
    "total_kimg = 1\ngrowth = { fade_kimg = { 8 = -1 } }": "training.growth.fade_kimg.8: should be greater than or",
    "total_kimg = 1\ngrowth = { stable_kimg = 'x' }": "training.growth.stable_kimg: should be a number",
    "total_kimg = 1\ngrowth = { epochs = { 4 = 0 } }": "training.growth.epochs.4: should be greater than 0, but is 0",
    "total_kimg = 1\ngrowth = { order = 'no' }": "training.growth.order: should be 'stabilize-first' or 'fade-first'",
}


@pytest.mark.parametrize("text", LENGTHS)
def test_a_length_is_said_once(tmp_path, text):
    assert LENGTHS[text] in mistakes_of(tmp_path, MINIMAL.replace("total_kimg = 1", text))


def test_what_was_changed_is_named_with_what_is_wrong():
    with pytest.raises(RecipeError, match=r"^quickstart with training.batch_size=0, seed=3 is not a valid recipe:\n"):
        load("quickstart", REGISTRY, ["training.batch_size=0", "seed=3"])
