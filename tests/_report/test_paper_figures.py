"""Charts of a comparison as files for papers: SVG and PDF, a file per table, with protocol and numbers beside them."""

import json
import xml.etree.ElementTree as ElementTree

import pytest
from command_line import ganzoo
from made_up_runs import made_up_run, made_up_zoo, scores_on_the_way

from ganzoo._report.report import report
from ganzoo._runs.record import DatasetId
from ganzoo.api import compare
from ganzoo.errors import GanzooError

_SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return made_up_zoo(tmp_path_factory.mktemp("zoo") / "runs", recipes=3, seeds=3, samples=False)


def marks(svg, *names):
    return [each for each in ElementTree.fromstring(svg).iter() if each.tag in {f"{_SVG}{name}" for name in names}]


def test_ranks_show_each_seed_and_say_the_protocol(runs, tmp_path):
    file = tmp_path / "ranks.svg"
    done = ganzoo("compare", str(runs), "--figure", str(file))
    assert done.code == 0 and f"wrote {file}" in done.err
    svg, said = file.read_text(), json.loads((tmp_path / "ranks.svg.json").read_text())
    tips = [each.text for each in marks(svg, "title")]
    assert sum("seed" in tip for tip in tips) == 9
    assert "Helvetica" in ElementTree.fromstring(svg).get("font-family")
    rows = compare(runs).rows()
    assert said["rows"] == rows and rows[0]["protocol_id"] in said["protocol"]


def test_curves_have_a_band_per_recipe_over_kimg_or_hours(runs):
    made = report(runs)
    (kimg,), (hours,) = made.figures("learning-curves"), made.figures("learning-curves", over="hours", column=True)
    assert [ElementTree.fromstring(each.svg).get("width") for each in (kimg, hours)] == ["760", "360"]
    bands = [each for each in marks(kimg.svg, "path") if "band" in (each.get("class") or "")]
    assert len(bands) == 3
    assert any(each.text == "hours of training" for each in marks(hours.svg, "text"))
    assert "fill-opacity" in hours._repr_svg_()


def test_a_pdf_is_written_and_pareto_drawn(runs, tmp_path):
    pytest.importorskip("svglib")
    (figure,) = report(runs).figures("pareto")
    first, second = (figure.write(tmp_path / f"{name}.pdf")[0].read_bytes() for name in "ab")
    assert first == second and first.startswith(b"%PDF-") and b"/FontFile2" in first


def test_each_table_has_a_file_and_what_is_not_there_is_explained(tmp_path):
    for place, name in enumerate(("a", "b")):
        data = DatasetId(name=name, resolution=8, channels=1, fingerprint=name * 64, images={"train": 9000})
        found = scores_on_the_way(40.0, points=1, dataset=data)
        made_up_run(tmp_path / "runs", f"net_{name}", place, dataset=data, scores=found, samples=False)
    done = ganzoo("compare", str(tmp_path / "runs"), "--figure", str(tmp_path / "out.svg"), "--draw", "ranks")
    assert done.code == 0 and sorted(path.name for path in tmp_path.glob("*.svg")) == ["out-1.svg", "out-2.svg"]
    with pytest.raises(
        GanzooError, match="nothing to draw as learning-curves: the runs were scored at their ends alone"
    ):
        report(tmp_path / "runs").figures("learning-curves")
    for more, message in (
        (("--figure", "out.gif"), "charts are written as .svg or .pdf"),
        (("--draw", "learning-curves"), "--draw, --over and --column say what --figure FILE is"),
    ):
        done = ganzoo("compare", str(tmp_path / "runs"), *more)
        assert done.code == 2 and message in done.err
