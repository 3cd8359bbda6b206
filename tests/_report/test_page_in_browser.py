"""Reports in a real browser, cut off from networks: widths, colors, accessibility, numbers, scripts off, injections."""

import base64
import json
from pathlib import Path

import pytest
from axe import axe_script, violations
from command_line import ganzoo
from injections import INJECTIONS
from made_up_runs import LOSSES, PLAN, made_up_run, made_up_zoo, scores_on_the_way

from ganzoo._runs.record import DatasetId
from ganzoo.text import literal

pytestmark = pytest.mark.browser

WIDTHS = (400, 1000, 1600)
MOST_BYTES = 3_000_000


def report(runs: Path, file: Path) -> Path:
    found = ganzoo("report", str(runs), "--out", str(file))
    assert found.code == 0, found.err
    return file


@pytest.fixture(scope="module")
def fifty(tmp_path_factory):
    """Fifty runs with samples in color, as large as they come."""
    root = tmp_path_factory.mktemp("fifty")
    plan = {**PLAN, "rows": [f"net{at // 5}_oasis_{loss}" for at, loss in enumerate(2 * LOSSES)], "seeds": [*range(6)]}
    return made_up_zoo(root / "runs", side=64, channels=3, sweep=plan), report(root / "runs", root / "fifty.html")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two recipes of three seeds on one data set, one of them on another; failed and diverged runs, one not scored."""
    root = tmp_path_factory.mktemp("small")
    plan = {**PLAN, "rows": ["net0_oasis_logistic", "net0_oasis_hinge"], "seeds": [0, 1, 2, 3]}
    runs = made_up_zoo(root / "runs", recipes=2, seeds=3, sweep=plan)
    other = DatasetId(name="people", resolution=16, channels=1, fingerprint="cd" * 32, images={"train": 900})
    for seed in range(3):
        scores = scores_on_the_way(50.0 + seed, dataset=other)
        made_up_run(runs, "net0_people_hinge", seed, loss="hinge", dataset=other, scores=scores)
    made_up_run(runs, "net1_oasis_hinge", 7, status="diverged", message="loss is nan at 3,200 images", scores=())
    made_up_run(runs, "net2_oasis_hinge", 0, status="failed", message="out of memory", scores=())
    made_up_run(runs, "net3_oasis_hinge", 0, scores=(), samples=False)
    return runs, report(runs, root / "small.html")


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    root = tmp_path_factory.mktemp("one")
    made_up_run(root / "runs")
    return report(root / "runs", root / "one.html")


@pytest.fixture(scope="module")
def example():
    """The report that the documentation shows."""
    file = Path(__file__).parents[2] / "docs" / "example-report.html"
    return file if file.exists() else pytest.skip("this checkout has no documentation")


@pytest.mark.parametrize("which", ["fifty", "small", "one", "example"])
def test_pages_fit_any_width_in_any_light_and_ask_for_nothing(which, page, request):
    made = request.getfixturevalue(which)
    file = made if isinstance(made, Path) else made[1]
    colors = set()
    for dark in (False, True):
        page.show(file, width=WIDTHS[0], dark=dark)
        for width in WIDTHS:
            page.resize(width)
            root = "document.documentElement"
            assert page.run(f"{root}.scrollWidth - {root}.clientWidth") <= 0, f"at {width} pixels"
        colors.add(page.run("getComputedStyle(document.body).backgroundColor"))
        assert (page.complaints, page.requests) == ([], [])
    assert len(colors) == 2


@pytest.mark.skipif(axe_script() is None, reason="axe-core is not installed")
@pytest.mark.parametrize(
    ("which", "views"),
    [
        ("small", [(400, False), (1000, True)]),
        ("one", [(1600, False)]),
        ("fifty", [(1000, False)]),
    ],
)
def test_axe_finds_nothing(which, views, page, request):
    made = request.getfixturevalue(which)
    for width, dark in views:
        page.show(made if isinstance(made, Path) else made[1], width=width, dark=dark)
        page.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        assert violations(page) == [], f"at {width} pixels"


_TEXTS = """[...document.querySelectorAll(
        'h1, h2, h3, main p, li, td, th, caption, figcaption, summary, pre, svg text, svg title, svg desc')]
    .filter(each => !each.closest('.tools, .pin, .difference, .script-only') && !each.querySelector('p, li'))
    .map(each => each.textContent.trim()).filter(text => text)"""
_VALUES = """Object.fromEntries([...document.querySelectorAll('table')].map(table => [table.id, {
    head: [...table.tHead.rows[0].cells].filter(cell => !cell.matches('.pin')).map(cell => cell.textContent.trim()),
    rows: [...table.tBodies[0].rows].map(row => [...row.cells].filter(cell => !cell.matches('.pin'))
        .map(cell => cell.dataset.value ?? cell.firstChild?.data ?? cell.textContent.trim()))}]))"""


@pytest.mark.parametrize("scripts", [True, False])
def test_numbers_are_those_of_compare(scripts, fifty, small, page):
    for runs, file in (fifty, small):
        comparison = json.loads(ganzoo("compare", str(runs), "--format", "json").out)
        tables = page.show(file, scripts=scripts).run(_VALUES)
        for number, table in enumerate(comparison["tables"], 1):
            rows = [row for section in table["sections"] for row in section["rows"]]
            shown = tables[f"t{number}-scores"]
            assert [len(row["runs"]) for row in rows] == [
                int(float(_cell(shown, line, "seeds"))) for line in _rows(shown)
            ]
            for metric, how in table["metrics"].items():
                head = next(name for name in shown["head"] if name.startswith(how["label"]))
                found = [float(_cell(shown, line, head)) for line in _rows(shown)]
                assert found == [row["estimates"][metric]["mean"] for row in rows]
            pairs = [pair["difference"] for pair in table["verdict"]["pairs"]]
            if pairs:
                shown = tables[f"t{number}-pairs"]
                assert [float(_cell(shown, line, "difference", start=True)) for line in shown["rows"]] == pairs


def _rows(shown):
    return [line for line in shown["rows"] if "real images" not in line]


def _cell(shown, line, head, *, start=False):
    place = next(at for at, name in enumerate(shown["head"]) if name == head or (start and name.startswith(head)))
    return line[place]


def test_it_reads_the_same_without_scripts(fifty, small, one, page):
    for file in (fifty[1], small[1], one):
        with_scripts = page.show(file).run(_TEXTS)
        without = page.show(file, scripts=False).run(_TEXTS)
        assert with_scripts == without and len(without) > 40
        assert page.run("[...document.querySelectorAll('.script-only')].every(each => !each.getClientRects().length)")
        assert page.run("document.querySelectorAll('.tools').length") == 0


def test_equal_runs_give_equal_bytes_of_a_size_that_can_be_mailed(fifty, tmp_path):
    runs, file = fifty
    moved = tmp_path / "elsewhere"
    runs.rename(moved)
    again = report(moved, tmp_path / "again.html")
    moved.rename(runs)
    assert again.read_bytes() == file.read_bytes()
    assert file.stat().st_size <= MOST_BYTES


def test_hundreds_of_runs_are_one_page(tmp_path, page):
    runs = made_up_zoo(tmp_path / "runs", recipes=40, seeds=5)
    file = report(runs, tmp_path / "many.html")
    assert file.stat().st_size <= 2 * MOST_BYTES
    page.show(file)
    assert page.run("document.querySelectorAll('#t1-scores tbody tr').length") == 40
    page.run("document.querySelector('#t1-scores thead button').click()")
    assert page.complaints == []


def _injected(root: Path) -> Path:
    """A run for each text, which stands wherever a record lets text stand."""
    for place, text in enumerate(INJECTIONS):
        other = DatasetId(
            name=text, resolution=8, channels=1, label_dim=2, class_names=(text, "b"), fingerprint=f"{place:064x}",
            images={"train": 9000, text: 5},
        )  # fmt: skip
        scores = scores_on_the_way(
            30.0 + place, points=3, notes=(text,), protocol={"note": text} if place % 6 == 0 else None
        )
        fate = {"status": "failed", "message": text, "scores": ()} if place % 5 == 4 else {"scores": scores}
        made_up_run(
            root, f"run{place}", place % 3, name=f"{text}-s{place % 3}", title=text, loss=text, penalties=(text,),
            hardware={"cpu": text, text: text}, versions={"torch": text, text: text}, plugins={text: text},
            device=text, git={"commit": text, text: text}, samples=place < 3,
            sections={"generator": {"name": text, "key": text, text: text}, "discriminator": {"name": text},
                      "augmentation": {"name": text}, "published": {"fid": {"value": 3.0, "source": text}}},
            **({"dataset": other} if place % 10 == 0 else {}), **fate,
        )  # fmt: skip
    return root


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    return report(_injected(root / "runs"), root / "hostile.html")


_INERT = """(all => ({
    scripts: document.querySelectorAll('script').length,
    styles: document.querySelectorAll('style').length,
    foreign: document.querySelectorAll('iframe, object, embed, link, base, form, template').length,
    images: all('img').filter(each => !each.src.startsWith('data:image/webp;base64,')).length,
    links: all('a[href]').filter(each => !each.getAttribute('href').startsWith('#')).length,
    handlers: all('*').flatMap(each => [...each.attributes]).filter(each => each.name.startsWith('on')).length,
    metas: document.querySelectorAll('meta[http-equiv]').length,
    pwned: String(window.pwned),
    shown: document.body.getClientRects().length > 0})
    )(selector => [...document.querySelectorAll(selector)])"""
_CLEAN = {"scripts": 1, "styles": 1, "foreign": 0, "images": 0, "links": 0, "handlers": 0, "metas": 1} | {
    "pwned": "undefined",
    "shown": True,
}
_USE = """(() => {
    const press = (selector, most) =>
        [...document.querySelectorAll(selector)].slice(0, most).forEach(each => each.click());
    press('[data-highlight]', 3); press('thead button', 40); press('.pin button', 6); press('.columns input', 4);
    document.querySelectorAll('input[type=search]').forEach(each => {
        each.value = '<img src=x onerror=window.pwned=1>';
        each.oninput();
    });
})()"""


def test_sixty_injections_are_inert_and_read_literally(hostile, page):
    for scripts in (True, False):
        page.show(hostile, scripts=scripts)
        assert page.run(_INERT) == _CLEAN
        text = page.run("document.documentElement.textContent")
        assert [each for each in INJECTIONS if literal(each) not in text] == []
    page.show(hostile)
    page.run(_USE)
    assert page.run(_INERT) == _CLEAN
    assert (page.complaints, page.requests, page.dialogs) == ([], [], [])


@pytest.mark.parametrize(
    "state",
    [
        "recipe=%",
        "recipe=<img src=x onerror=window.pwned=1>",
        "t1-scores.pin=x'],*",
        "t1-scores.sort=99&a.b.c=d",
        "=&&",
    ],
)
def test_a_link_into_the_page_can_do_nothing_else(state, small, page):
    page.show(small[1], fragment=f"#!{state}")
    assert (page.complaints, page.run(_INERT)) == ([], _CLEAN)
    page.run("document.querySelector('#t1-scores thead button').click()")
    assert page.complaints == []


def test_the_state_of_a_page_is_in_its_link(small, page):
    page.show(small[1])
    page.run(
        "document.querySelectorAll('[data-highlight]')[1].click();"
        "document.querySelectorAll('#t1-scores thead button')[1].click()"
    )
    page.run("[...document.querySelectorAll('#t1-scores .pin button')].forEach(each => each.click())")
    seen = (
        "[...document.querySelectorAll('#t1-scores tbody tr')].map(each => each.className + each.cells[1].textContent)"
    )
    state, before = page.run("location.hash"), page.run(seen)
    page.show(small[1], fragment=state)
    assert page.run(seen) == before and any("pinned" in each for each in before)
    assert page.run("document.querySelector('.difference table caption').textContent").endswith("what differs")


_CATCH = (
    "window.saved = []; HTMLAnchorElement.prototype.click = function () { saved.push([this.download, this.href]); }"
)


def test_files_that_a_reader_saves_hold_what_is_shown(small, page):
    page.show(small[1])
    page.run(_CATCH)
    for kind in ("CSV", "Markdown", "LaTeX", "SVG", "PNG"):
        page.run(
            "document.querySelectorAll('#t1 .tools button').forEach("
            f"each => each.textContent === '{kind}' && each.click())"
        )
    page.browser.wait_for(lambda: any(name.endswith(".png") for name, _ in page.run("saved")))
    saved = dict(page.run("saved"))
    saved |= {
        name: base64.b64decode(href.split(",")[1]).decode() for name, href in saved.items() if not name.endswith(".png")
    }
    rows = saved["t1-scores.csv"].splitlines()
    assert len(rows) == 3 and rows[0].startswith("rank,recipe") and "net0_oasis_logistic" in rows[1]
    assert saved["t1-scores.md"].splitlines()[1].startswith("| --- |")
    assert saved["t1-scores.tex"].startswith("\\begin{tabular}") and "net0\\_oasis\\_logistic" in saved["t1-scores.tex"]
    assert saved["t1-ranks.svg"].startswith("<svg") and "net0_oasis_logistic" in saved["t1-ranks.svg"]
    assert saved["t1-ranks.png"].startswith("data:image/png;base64,iVBOR")
    assert page.complaints == []


def test_keyboards_reach_the_verdict_first_and_paper_shows_all(small, page, tmp_path):
    page.show(small[1])
    page.press("Tab", 9)
    assert page.run("document.activeElement.getAttribute('href')") == "#main"
    assert page.printed(tmp_path / "page.pdf").read_bytes()[:5] == b"%PDF-"
    assert page.complaints == []
