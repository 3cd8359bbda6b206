import xml.etree.ElementTree as ElementTree

import pytest

from ganzoo._report.charts import (
    ChartText,
    CostPoint,
    CurvePoint,
    CurveSeries,
    RankedRow,
    RealImagesLine,
    curve_chart,
    pareto_chart,
    pareto_front,
    rank_chart,
)
from ganzoo._report.charts.axis import Axis

SVG = "{http://www.w3.org/2000/svg}"
TEXT = ChartText("Scores <of> \x1b[31m & more", "What is seen", "chart-1")
HOSTILE = '"><script>alert(1)</script>\x00\ud800'


def parsed(chart):
    return ElementTree.fromstring(chart)


def points(chart, shape):
    return [element for element in parsed(chart).iter(SVG + shape)]


def test_an_axis_places_values_evenly_on_its_scale_and_writes_round_numbers():
    axis = Axis.around([1.0, 100.0], 0, 100, log=True)
    assert axis.place(10.0) == pytest.approx(50)
    assert axis.ticks() == [1, 10, 100] or set(axis.ticks()) <= {1, 2, 3, 5, 10, 20, 30, 50, 100}
    linear = Axis.around([0.0, 8.0], 0, 100, from_zero=True)
    assert linear.low == 0
    assert linear.ticks()[:2] == [0, 2]
    assert linear.place(-5) == 0, "what lies outside stays at the edge"
    assert Axis.around([3.0, 3.0], 0, 100).place(3.0) == pytest.approx(50)
    assert Axis.around([0.0, 1.0], 0, 1, log=True).log is False, "there is no logarithm of 0"
    assert Axis.around([float("nan")], 0, 1).ticks()


@pytest.mark.parametrize("width", [760, 360])
def test_every_seed_is_a_point_of_the_rank_chart_and_every_mean_is_drawn(width):
    rows = [
        RankedRow("a", "1", 10.0, 9.0, 11.0, {0: 9.5, 1: 10.5}, "10 ± 0.7", 0),
        RankedRow(HOSTILE, "2", 20.0, None, None, {0: 20.0}, "20", 0),
    ]
    chart = rank_chart(rows, TEXT, "FID ↓", log=True, real=RealImagesLine(5.0), width=width)
    assert [float(point.get("cx")) for point in points(chart, "circle")] == sorted(
        float(point.get("cx")) for point in points(chart, "circle")
    )
    assert len(points(chart, "circle")) == 3
    assert len([each for each in points(chart, "line") if each.get("class") == "mean"]) == 2
    assert not points(chart, "script")
    assert "real images" in chart


def test_real_images_that_are_far_away_do_not_press_the_rows_together():
    row = RankedRow("a", "1", 10.0, 9.0, 11.0, {0: 9.5})
    assert "real images" not in rank_chart([row], TEXT, "FID", real=RealImagesLine(1000.0))
    assert "real images" not in rank_chart([row], TEXT, "FID", log=True, real=RealImagesLine(0.001))


def test_curves_show_the_mean_its_band_and_the_single_seeds():
    courses = {0: ((1.0, 9.0), (2.0, 4.0)), 1: ((1.0, 11.0), (2.0, 6.0))}
    curve = CurveSeries("a", (CurvePoint(1.0, 10.0, 8.0, 12.0), CurvePoint(2.0, 5.0, 3.0, 7.0)), courses, 1)
    chart = curve_chart([curve], TEXT, "kimg", "FID ↓", log=True)
    assert len(points(chart, "path")) == 4  # the band, two seeds, the mean
    title = parsed(chart).find(SVG + "title")
    assert title is not None
    assert "<of>" in str(title.text)
    assert "\x1b" not in chart
    assert parsed(chart).get("aria-labelledby") == "chart-1-title chart-1-desc"


def test_the_front_holds_what_no_other_beats_in_both():
    costs = [CostPoint("slow", 3.0, 5.0), CostPoint("fast", 1.0, 9.0), CostPoint("beaten", 3.5, 6.0)]
    assert pareto_front(costs, lower_is_better=True) == (1, 0)
    assert pareto_front(costs, lower_is_better=False) == (1,)
    twins = [CostPoint("a", 1.0, 1.0), CostPoint("b", 1.0, 1.0)]
    assert pareto_front(twins, lower_is_better=True) == (0, 1)
    chart = pareto_chart(costs, TEXT, "hours", "FID ↓")
    assert chart == pareto_chart(costs, TEXT, "hours", "FID ↓")
    assert len(points(chart, "circle")) == 3


def test_charts_of_nothing_are_drawn():
    for chart in (rank_chart([], TEXT, "x"), curve_chart([], TEXT, "x", "y"), pareto_chart([], TEXT, "x", "y")):
        assert parsed(chart).tag == SVG + "svg"
