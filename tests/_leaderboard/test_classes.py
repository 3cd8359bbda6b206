"""Values by class of several runs: what a row scored in each class, and how tables show it."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
from hostile_names import HOSTILE
from made_up_records import by_class, class_scores, record
from rich.cells import cell_len
from rich.console import Console

from ganzoo._leaderboard.class_grid import class_grids
from ganzoo._leaderboard.class_render import print_all_classes
from ganzoo._leaderboard.comparison import Comparison
from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._leaderboard.render import print_rich
from ganzoo._runs.plain_data import Floor

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def compared(*runs):
    found = leaderboards(runs)
    return Comparison(found.tables, found.unfinished, found.unscored)


def printed(comparison, width, *, every=False):
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False)
    (print_all_classes if every else print_rich)(comparison, console)
    text = console.file.getvalue()
    return text if every else text[text.index(" by class\n") :]


def rng_values(classes, seed, base=0.2):
    return [base * math.exp(each) for each in np.random.default_rng(seed).normal(0, 0.3, classes)]


def three_of(classes, recipes=("a", "b", "c"), **more):
    return compared(
        *(
            by_class(stem, seed, rng_values(classes, 10 * place + seed, 0.2 * 1.2**place), **more)
            for place, stem in enumerate(recipes)
            for seed in range(2)
        )
    )


def test_a_row_has_the_mean_and_the_spread_of_each_class_over_its_seeds():
    floor = Floor(value=0.001, images=50, reference_images=50, choice="half", by_class=class_scores([0.001, 0.002]))
    runs = [by_class("a", seed, [0.1 + seed / 100, 0.4], names=("cat", "dog"), floor=floor) for seed in range(3)]
    (table,) = compared(*runs).tables
    cat, dog = table.classes["class_kd"].classes
    assert (cat.number, cat.name, cat.generated, cat.reference_images, cat.floor.value) == (0, "cat", 100, 90, 0.001)
    assert (dog.number, dog.name, dog.generated, dog.floor.value) == (1, "dog", 101, 0.002)
    of_cat, of_dog = (table.rows[0].by_class["class_kd"][number] for number in (0, 1))
    assert (of_cat.mean, of_cat.deviation, of_cat.count) == (pytest.approx(0.11), pytest.approx(0.01), 3)
    assert of_cat.sampling_error == pytest.approx(np.sqrt(np.mean(np.square([0.01, 0.011, 0.012]))))
    assert (of_dog.mean, of_dog.deviation) == (pytest.approx(0.4), 0)
    assert "fid" not in table.classes
    assert "fid" not in table.rows[0].by_class


def test_values_near_zero_and_below_have_intervals_too():
    (table,) = compared(*(by_class("a", seed, [0.001 * (seed - 1), 0.4], error=1.0) for seed in range(3))).tables
    assert table.classes["class_kd"].transform == "raw"
    assert table.metrics["class_kd"].transform == "log"
    near = table.rows[0].by_class["class_kd"][0]
    assert near.low < near.mean < near.high


def test_nothing_is_ranked_by_class():
    better, worse = by_class("a", 0, [0.1, 0.9]), by_class("b", 0, [0.5, 0.5])
    with_classes, without = (
        leaderboards([run.model_copy(update={"scores": kept(run.scores)}) for run in (better, worse)]).tables[0]
        for kept in (tuple, lambda scores: tuple(each.model_copy(update={"by_class": ()}) for each in scores))
    )
    assert [row.rank for row in with_classes.rows] == [row.rank for row in without.rows]
    assert with_classes.verdict == without.verdict
    assert without.classes == {}


def test_runs_of_unlike_classes_share_no_table_of_classes():
    comparison = compared(by_class("a", 0, [0.1, 0.2]), by_class("b", 0, [0.1, 0.2, 0.3]))
    (table,) = comparison.tables
    assert (table.classes, [row.by_class for row in table.rows]) == ({}, [{}, {}])
    assert "Class-KD is not shown by class: these runs have it of unlike classes." in " ".join(str(comparison).split())
    assert comparison.classes() == []


def test_a_row_that_is_not_known_by_class_says_so():
    bare = by_class("b", 0, [0.1, 0.2])
    bare = bare.model_copy(update={"scores": tuple(each.model_copy(update={"by_class": ()}) for each in bare.scores)})
    comparison = compared(by_class("a", 0, [0.1, 0.2]), by_class("a", 1, [0.1, 0.2]), bare)
    assert [bool(row.by_class) for row in sorted(comparison.tables[0].rows, key=lambda row: row.recipe)] == [
        True,
        False,
    ]
    shown = printed(comparison, 120)
    assert "b" in shown
    assert "—: not known by class; ganzoo score RUN scores again." in shown
    # A mean of some seeds would stand beside one of all.
    half = compared(by_class("b", 1, [0.1, 0.2]), bare)
    assert half.tables[0].rows[0].by_class == {}
    assert "by class" not in str(half)


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("classes", [2, 10])
def test_all_of_few_classes_are_shown_at_any_width(width, classes):
    recipes = ("projection_cifar10_hinge_32", "sagan_cifar10_hinge_32", "biggan_cifar10_hinge_32")
    shown = printed(three_of(classes, recipes, names=NAMES), width)
    assert max(map(cell_len, shown.splitlines())) <= width
    for name in NAMES[:classes]:
        assert name in shown
    assert shown.count(" ± ") == 3 * classes + 1  # the last in the caption
    told = " ".join(shown.split())
    assert "By class, nothing is ranked. ± is the spread over trainings (standard deviation over 2 seeds)," in told
    assert f"Each class: 100 to {99 + classes} images generated, 90 real ones. Protocol 10000-9000" in told


def test_no_value_is_cut_at_any_width():
    comparison = three_of(5, ("projection_cifar10_hinge_32", "b"), names=NAMES)
    (grid,) = class_grids(comparison.tables[0])
    texts = [*grid.classes, "cifar10_hinge_", *(cell.text for line in grid.lines for cell in line.cells)]
    for width in range(44, 120, 3):
        shown = printed(comparison, width)
        assert all(text in shown for text in texts), width
        assert max(map(cell_len, shown.splitlines())) <= width


def test_of_many_classes_the_worst_and_the_best_are_shown_unless_all_are_asked_for():
    values = [0.2 + 0.001 * ((7 * number) % 100) for number in range(100)]
    comparison = compared(*(by_class("a", seed, values) for seed in range(2)))
    place = {(7 * number) % 100: f"class {number}" for number in range(100)}
    shown = printed(comparison, 200)
    (header,) = (line for line in shown.splitlines() if line.strip().startswith("recipe"))
    names = [place[rank] for rank in (*range(99, 93, -1), *range(5, -1, -1))]
    assert [each.strip() for each in header.split("  ") if each.strip()] == ["recipe", *names]
    assert "The 6 worst and the 6 best of 100 classes, by the mean over the rows, worst first;" in shown
    every = printed(comparison, 200, every=True)
    assert sum(line.strip().startswith("class ") for line in every.splitlines()) == 101
    assert "10 classes" not in every
    assert "worst" not in every


def test_where_high_values_are_good_the_worst_are_the_lowest():
    def high(seed):
        run = by_class("a", seed, [number / 20 + 0.01 for number in range(20)])
        scores = tuple(each.model_copy(update={"lower_is_better": False}) for each in run.scores)
        return run.model_copy(update={"scores": scores})

    shown = printed(compared(high(0), high(1)), 200)
    assert shown.index("class 0 ") < shown.index("class 5 ") < shown.index("class 14 ") < shown.index("class 19")


def test_a_class_with_few_images_is_marked_and_has_no_error():
    comparison = compared(by_class("a", 0, [0.1, 0.2], few=(1,)))
    shown = printed(comparison, 120)
    assert "100.0 (10.0)" in shown
    assert "200.0†" in shown
    assert "†: few images." in shown
    assert "100, 90" in shown
    assert "9, 90" in shown
    assert [line["notes"] for line in comparison.classes()] == ["", "few images"]


def test_markdown_json_csv_and_python_have_the_same_values():
    comparison = three_of(2, names=("=cat", "a|b"))
    text = comparison.to_markdown()
    assert "### class-KD ×10³ ↓ by class" in text
    assert "| recipe | =cat | a\\|b |" in text
    alone = comparison.to_markdown(classes=True)
    assert alone.startswith("## oasis")
    assert "FID" not in alone.splitlines()[2]
    assert text[text.index("### class-KD") :].startswith(alone[alone.index("### class-KD") :].rstrip())
    lines = comparison.classes()
    assert [(line["recipe"], line["class"], line["class_name"]) for line in lines[:3]] == [
        (row.recipe, 0, "=cat") for row in comparison.tables[0].rows
    ]
    written = list(csv.DictReader(io.StringIO(comparison.to_csv(classes=True))))
    assert [float(line["mean"]) for line in written] == [line["mean"] for line in lines]
    assert written[0]["class_name"] == "'=cat"
    assert {line["protocol_id"] for line in written} == {comparison.tables[0].protocol_id}
    assert [line["n"] for line in written] == ["2"] * 6
    (table,) = json.loads(comparison.to_json())["tables"]
    assert [each["name"] for each in table["classes"]["class_kd"]["classes"]] == ["=cat", "a|b"]
    rows = [row for section in table["sections"] for row in section["rows"]]
    assert [row["by_class"]["class_kd"][key]["mean"] for key in "01" for row in rows] == [
        each["mean"] for each in lines
    ]
    assert "<td>a|b</td>" not in comparison._repr_html_()
    assert "<th>a|b</th>" in comparison._repr_html_()


def test_markdown_of_many_classes_has_a_line_for_each():
    alone = three_of(30).to_markdown(classes=True)
    assert "| class | a | b | c | generated, real |" in alone
    assert sum(line.startswith("| class ") for line in alone.splitlines()) == 31


def test_without_values_by_class_that_is_said():
    comparison = compared(record(), record(seed=1))
    assert "No score of these runs is known by class" in printed(comparison, 100, every=True)
    assert "No score of these runs is known by class" in comparison.to_markdown(classes=True)
    assert comparison.to_csv(classes=True).count("\n") == 1


def test_many_rows_are_cut_on_a_terminal_and_said():
    comparison = three_of(2, tuple("abcdefghijklmno"))
    shown = printed(comparison, 120)
    assert "The first 12 rows; 3 more: ganzoo compare RUNS --classes." in shown
    assert printed(comparison, 120, every=True).count(" ± ") == 31


def test_rows_of_one_recipe_are_told_apart():
    runs = [
        by_class("a", 0, [0.1, 0.2]).model_copy(
            update={"recipe": {**record("a").recipe, "training": {"batch_size": size}}}
        )
        for size in (16, 32)
    ]
    shown = printed(compared(*runs), 160)
    assert "a (training.batch_size=16)" in shown
    assert "a (training.batch_size=32)" in shown


def test_two_recipes_have_their_classes_side_by_side():
    page = three_of(2, names=("cat", "dog")).between("a", "b")
    text = str(page)
    assert "class-KD ×10³ ↓ by class" in text
    (line,) = (line for line in text.splitlines() if line.strip().startswith("cat "))
    assert line.rstrip().endswith(" %")
    assert "| class | A | B | difference |" in page.to_markdown()


def test_names_of_classes_are_shown_literally():
    comparison = compared(*(by_class("a", seed, [0.1] * len(HOSTILE), names=HOSTILE) for seed in range(2)))
    assert all(line.isprintable() for line in printed(comparison, 120, every=True).splitlines())
    for text in (comparison.to_markdown(classes=True), comparison.to_csv(classes=True), comparison._repr_html_()):
        assert text.replace("\n", "").isprintable()
    assert "<script" not in comparison._repr_html_()
