import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from hostile_names import HOSTILE
from made_up_runs import PLAN, made_up_run, made_up_zoo
from typer.testing import CliRunner

import ganzoo
from ganzoo._cli.app import app as commands
from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._report.page import report_html
from ganzoo._report.without_places import without_places
from ganzoo._runs.record import DatasetId
from ganzoo._sweep.sweep_folder import SweepFolder
from ganzoo.errors import GanzooError

VOID = {"meta", "img", "br", "input", "link", "hr"}


class Page(HTMLParser):
    """What a page consists of: identifiers, attributes, texts, tables by key; elements that are not closed fail."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.ids, self.attributes, self.texts, self.opened = [], [], [], []
        self.tables: dict[str, list[list[tuple[str, str | None]]]] = {}
        self.feed(html)
        assert self.opened == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.ids += [found["id"]] if "id" in found else []
        if tag == "table":
            self.rows = self.tables.setdefault(found["id"], [])
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append(["", found.get("data-value")])
        if tag not in VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.opened[-2:]):
            self.rows[-1][-1][0] += data
        if self.opened and self.opened[-1] not in ("script", "style"):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    folder = made_up_zoo(tmp_path_factory.mktemp("zoo"), recipes=3, seeds=3)
    message = "the loss is nan at 3,200 images; see /home/someone/private/runs/log.txt"
    same = {"sections": {"generator": {"width": 32}}}
    made_up_run(folder, "net0_oasis_logistic", 3, scores=(), status="diverged", message=message, **same)
    return folder


@pytest.fixture(scope="module")
def report(zoo):
    return ganzoo.report(zoo)


@pytest.fixture(scope="module")
def html(report):
    return report.html


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_numbers_are_those_of_the_comparison(report, page):
    found = json.loads(report.comparison.to_json())["tables"][0]
    scores = page.tables["t1-scores"][1:]
    for row, line in zip(found["sections"][0]["rows"], scores, strict=False):
        values = {value for _, value in line if value is not None}
        assert {repr(float(estimate["mean"])) for estimate in row["estimates"].values()} <= values
        assert line[1][0].startswith(row["recipe"])
        first, last = row["rank"]
        assert line[0][0] == (str(first) if first == last else f"{first}–{last}")
    pairs = page.tables["t1-pairs"][1:]
    assert [float(line[3][1]) for line in pairs] == [pair["difference"] for pair in found["verdict"]["pairs"]]
    assert [line[1][0] for line in pairs] == [pair["answer"] for pair in found["verdict"]["pairs"]]


def test_the_verdict_stands_first_and_outcomes_are_not_dropped(page):
    verdict = page.text[: page.text.index("oasis 64×64×1")]
    assert "net0_oasis_logistic beats" in verdict
    assert "3 seeds each" in verdict
    assert "diverged on 1 of 4 seeds" in verdict
    assert [cell for cell, _ in page.tables["outcomes"][1][:2]] == ["net0_oasis_logistic-s3", "diverged"]


def test_the_page_may_load_nothing_and_its_policy_names_what_it_holds(html, page):
    policy = next(value for tag, name, value in page.attributes if tag == "meta" and "default-src" in str(value))
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("style", "script"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    loading = {(name, str(value)[:11]) for _, name, value in page.attributes if name in ("src", "href", "xlink:href")}
    assert {value for name, value in loading if name == "src"} == {"data:image/"}
    assert all(value.startswith("#") for name, value in loading if name == "href")
    assert not [name for _, name, _ in page.attributes if name == "style" or name.startswith("on")]


def test_everything_has_a_name_of_its_own_and_whoever_refers_to_one_finds_it(page):
    assert len(page.ids) == len(set(page.ids))
    referred = [
        word
        for _, name, value in page.attributes
        if name in ("aria-labelledby", "href") and value
        for word in value.removeprefix("#").split()
    ]
    assert set(referred) <= set(page.ids)
    assert {len(line) for line in page.tables["t1-scores"]} == {len(page.tables["t1-scores"][0])}
    described = [value for tag, name, value in page.attributes if tag == "img" and name == "alt"]
    assert described
    assert all(described)


def test_equal_runs_give_equal_bytes_and_the_command_and_compare_write_the_same(zoo, html, tmp_path):
    run = CliRunner().invoke(commands, ["report", str(zoo), "--out", str(tmp_path / "r.html")])
    assert run.exit_code == 0, run.output
    assert (tmp_path / "r.html").read_text("utf-8") == html
    assert "r.html" in run.output
    shown = CliRunner().invoke(commands, ["compare", str(zoo), "--format", "html"])
    assert shown.output == html, "the second of two that are made alike"


def test_no_path_user_or_host_is_in_it(html):
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", html)
    assert "/home/" not in text
    assert "someone" not in text
    assert "/somewhere" not in text, "where data lie on the machine of a run is not a reader's business"


def test_paths_and_addresses_are_taken_out_and_words_stay():
    assert without_places("cannot read /mnt/data/a b") == "cannot read …/a b"
    assert without_places("see '~/runs/x-s0/log.txt'.") == "see '…/log.txt'."
    assert without_places(r"C:\Users\me\runs\x is gone") == "…/x is gone"
    assert without_places("me@host.example wrote") == "…@… wrote"
    kept = "images/s 0.34 + 0.33, 1/2 of G / D, https://arxiv.org/abs/1812.04948, s/kimg, data/oasis"
    assert without_places(kept) == kept


def test_names_are_text_and_nothing_else(report):
    records = list(report.comparison.records.values())
    names = [f"{name}-s{record.seed}" for name, record in zip(HOSTILE[::10], records[:3], strict=True)]
    changed = [
        record.model_copy(update={"name": name, "title": name}) for name, record in zip(names, records, strict=False)
    ]
    failed = [records[3].model_copy(update={"name": name, "status": "failed", "message": name}) for name in HOSTILE]
    html = report_html(leaderboards([*changed, *failed]))
    shown = Page(html)
    assert html.count("<script") == 1
    assert not [tag for tag, attribute, _ in shown.attributes if attribute.startswith("on")]
    assert all(char.isprintable() or char == "\n" for char in html)
    assert len(shown.tables["outcomes"]) == 1 + len(HOSTILE)


@pytest.mark.slow
def test_fifty_runs_are_small(tmp_path):
    assert len(ganzoo.report(made_up_zoo(tmp_path)).html.encode()) < 3_000_000


def test_one_run_no_score_and_two_data_sets(tmp_path):
    one = Page(ganzoo.report(made_up_run(tmp_path / "one")).html)
    assert "There is no other recipe to compare it with yet." in one.text
    assert one.tables["t1-scores"][1][0][0] == "—"
    none = Page(ganzoo.report(made_up_run(tmp_path / "none", scores=())).html)
    assert "There is no score to compare yet" in none.text
    two = tmp_path / "two"
    for place, data in enumerate(("oasis", "knees")):
        dataset = DatasetId(name=data, resolution=64, channels=1, fingerprint=f"{place:064x}", images={"train": 9000})
        for loss, end in (("logistic", 30.0), ("hinge", 60.0)):
            for seed in range(2):
                sections = {"dataset": {"name": data, "resolution": 64, "root": "x"}}
                name = f"dcgan_{data}_{loss}"
                made_up_run(
                    two, name, seed, end=end + seed, loss=loss, dataset=dataset, sections=sections, samples=False
                )
    both = Page(ganzoo.report(two).html)
    across = both.tables["across"]
    assert [line[0][0] for line in across[1:]] == ["dcgan_logistic", "dcgan_hinge"]
    assert [float(line[1][1]) for line in across[1:]] == pytest.approx([1.0, 60.5 / 30.5], rel=1e-3)
    assert {"t1-scores", "t2-scores"} <= set(both.tables)


def test_a_report_is_a_file_of_html_and_nothing_is_written_otherwise(zoo, report, tmp_path):
    for out, said in ((tmp_path / "report.pdf", "end its name in .html"), (tmp_path / "a.html", "is a folder")):
        (tmp_path / "a.html").mkdir(exist_ok=True)
        with pytest.raises(GanzooError, match=re.escape(said)):
            ganzoo.report(zoo, out)
    assert list((tmp_path / "a.html").iterdir()) == []
    assert "srcdoc" in report._repr_html_()
    assert "kB" in repr(report)


CHANGE = {"planned": "2026-11-29T05:00:00Z", "reason": "of /home/jane/x", "file_sha256": "cd" * 32, "runs_before": 1}


def test_what_was_planned_is_shown_with_its_hash_and_what_was_tested_with_its_result(tmp_path):
    for seed, mark in ((0, PLAN), (1, {**PLAN, "amended": [CHANGE]}), (3, PLAN)):
        fate = {"status": "failed", "scores": (), "message": "out of memory"} if seed == 3 else {}
        made_up_run(tmp_path, seed=seed, sweep=mark, samples=False, **fate)
    folder = SweepFolder.of(tmp_path, "losses")
    versions = [{"file_sha256": "ab" * 32, "plan_sha256": "1"}, {"file_sha256": "cd" * 32, "plan_sha256": "2"}]
    folder.write("plan.json", {"format": 2, "versions": versions})
    folder.write("look-2.json", {"plan_sha256": "1", "look": 2, "when": "now", "open_pairs": [["a", "b"]]})
    folder.note_failure("gone-s1", "", 2, "cannot read /home/jane/data")
    made_up_run(tmp_path, "other", loss="hinge", samples=False)
    found = {"memorization_report": "no sign of memorization", "training_images": 900, "images_seen": 30_000}
    run = tmp_path / "dcgan_oasis_logistic-s1"
    (run / "figures").mkdir()
    (run / "figures" / "any.png.json").write_text(json.dumps(found))
    (run / "figures" / "other.png.json").write_text("[]")
    shown = Page(ganzoo.report(tmp_path).html)
    plan = {key: text for (key, _), (text, _) in shown.tables["plan-1"][1:]}
    assert plan["question"] == "three losses" and plan["SHA-256 of its file"] == "ab" * 32
    assert plan["written down"] == "2026-11-28 05:00:00 UTC, before its first run"
    assert plan["runs"] == "5 runs planned, 2 of them with a score", "with the one that a look asked for"
    assert plan["looks"].startswith("at 2, 5 and 8 seeds") and plan["held equal"] == "kimg, as the recipes say"
    assert plan["changed"].startswith("2026-11-29 05:00:00 UTC, after 1 run of it had begun: of …/x (SHA-256 cdcd")
    looked = [cell for cell, _ in shown.tables["looks-1"][1]]
    assert looked == ["2 seeds", "now, before the plan was changed", "a and b"]
    undone = [[cell for cell, _ in line] for line in shown.tables["undone-1"][1:]]
    assert undone == [
        ["dcgan_oasis_logistic-s3", "failed", "30", "out of memory"],
        ["gone-s0", "not begun", "—", ""],
        ["gone-s1", "failed", "—", "cannot read …/data"],
    ]
    assert "1 is of none" in shown.text
    assert "3 of the 5 runs that were planned have no score." in shown.text[: shown.text.index("oasis 64×64×1")]
    tested = [cell for cell, _ in shown.tables["memorization"][1]]
    assert tested == ["dcgan_oasis_logistic-s1", "no sign of memorization", "900 training", "30"]


def test_curves_say_when_one_recipe_is_where_another_ends(page):
    assert re.search(r"net0_oasis_logistic reaches net0_oasis_\w+'s final FID, [\d.]+, after \d+ % of", page.text)
    assert "KID puts the recipes in the same order as FID." in page.text
    assert [cell for cell, _ in page.tables["t1-logged"][0]] == ["recipe", "generator/loss", "discriminator/loss"]
    assert {cell for cell, _ in page.tables["t1-logged"][1][1:]} == {"0.05", "0.7"}
    for axis in ("kimg", "hours", "updates"):
        assert len(page.tables[f"t1-{axis}-numbers"]) == 1 + 3 * 6
