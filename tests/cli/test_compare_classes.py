"""`ganzoo compare --classes`, and what a score says of its classes in one line."""

import csv
import io

import command_line
import pytest
from made_up_records import by_class, scores
from training_world import in_memory, installed, recipe_of, start

from ganzoo._runs.class_text import class_text
from ganzoo._runs.record import write_record


def ganzoo(*arguments):
    return command_line.ganzoo(*map(str, arguments))


@pytest.fixture
def runs(tmp_path):
    for stem, values in (("a", [0.1, 0.2]), ("b", [0.3, 0.1])):
        for seed in range(2):
            run = by_class(stem, seed, [each + seed / 100 for each in values], names=("cat", "dog"))
            write_record(tmp_path / run.name / "record.json", run)
    return tmp_path


def test_classes_stand_below_the_table_or_alone(runs):
    whole, alone = ganzoo("compare", runs), ganzoo("compare", runs, "--classes")
    assert (whole.code, alone.code) == (0, 0)
    assert "Ranked by" in whole.out
    assert "Ranked by" not in alone.out
    tables = [found.out[found.out.index("class-KD ×10³ ↓ by class") :].split() for found in (whole, alone)]
    assert tables[0] == tables[1]
    assert alone.out.startswith("oasis 64×64×1")
    assert "cat" in alone.out
    assert "105.0 ± 7.1" in alone.out


def test_programs_get_a_line_per_class_and_row(runs):
    found = list(csv.DictReader(io.StringIO(ganzoo("compare", runs, "--classes", "--format", "csv").out)))
    assert [(line["class_name"], line["recipe"]) for line in found] == [(c, r) for c in ("cat", "dog") for r in "ab"]
    assert [float(line["mean"]) for line in found] == pytest.approx([0.105, 0.305, 0.205, 0.105])
    assert ganzoo("compare", runs, "--classes", "--format", "markdown").out.count("\n| ") == 5


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--format", "json"), "--format json has all values by class without it"),
        (("--format", "html"), "--format html shows them without it"),
        (("--format", "toml"), "--format toml is of plans alone"),
        (("--plan",), "--plan and --classes are each shown in place of the tables: leave one of them out"),
    ],
)
def test_what_has_no_form_for_them_is_refused(runs, more, said):
    found = ganzoo("compare", runs, "--classes", *more)
    assert found.code == 2
    assert said in " ".join(found.err.split())


def test_two_recipes_have_them_on_their_page(runs):
    page = ganzoo("compare", *(runs / f"{stem}-s0" for stem in "ab"))
    assert "by class" in page.out
    assert "difference" in page.out
    assert ganzoo("compare", *(runs / f"{stem}-s0" for stem in "ab"), "--classes").out.count("±") == 0


def test_a_score_says_its_classes_in_one_line():
    few = by_class("a", 0, [0.1, 0.2], names=("cat", "dog"), few=(1,)).scores[1]
    assert class_text(few) == "by class: cat 100.0 (10.0), dog 200.0 [few images]"
    many = by_class("a", 0, [number / 100 for number in range(1, 31)]).scores[1]
    assert class_text(many).startswith("by class, of 30 the worst: class 29 300.0 (30.0), class 28 290.0")
    assert class_text(many).endswith("class 1 20.0 (2.0), class 0 10.0 (1.0)")
    high = many.model_copy(update={"lower_is_better": False})
    assert class_text(high).startswith("by class, of 30 the worst: class 0 10.0 (1.0), class 1")
    assert scores()[0].by_class == ()


@pytest.mark.ci
def test_trainings_with_classes_end_with_them(tmp_path):
    metrics = ["class-distances", "class-accuracy", {"name": "kid", "subset_size": 20, "subsets": 2}]
    conditional = {
        "generator": {"name": "tiny-styled"},
        "dataset": {"name": "tiny", "resolution": 8, "count": 66, "channels": 3, "classes": 3},
        "training": {"total_kimg": 0.016},
        "scoring": {"metrics": metrics, "generated": 90, "reference_images": 66},
    }
    with installed(tmp_path), in_memory() as folder:
        for seed in range(2):
            start(folder, recipe_of(conditional, {"seed": seed}))
        shown = ganzoo("compare", folder)
        lines = list(csv.DictReader(io.StringIO(ganzoo("compare", folder, "--classes", "--format", "csv").out)))
    for label in ("class-KD-random ×10³ ↓", "class-accuracy-random % ↑"):
        assert f"{label} by class" in shown.out
    assert {(line["metric"], line["class"]) for line in lines} == {
        (metric, number) for metric in ("class_kd", "class_accuracy") for number in "012"
    }
    assert {line["class_reference_images"] for line in lines} == {"22"}
    assert {line["n"] for line in lines} == {"2"}
    assert all(
        float(line["sampling_error"]) > 0 for line in lines if line["metric"] == "class_kd" and not line["notes"]
    )
