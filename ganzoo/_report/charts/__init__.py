"""Charts: numbers in, one SVG out, the same in a report and as a file of its own.

Colors stand as attributes, so that a file needs no style sheet; a page's classes may override them.
"""

from ganzoo._report.charts.curve_chart import CurvePoint, CurveSeries, curve_chart
from ganzoo._report.charts.frame import ChartText
from ganzoo._report.charts.pareto_chart import CostPoint, pareto_chart, pareto_front
from ganzoo._report.charts.rank_chart import RankedRow, RealImagesLine, rank_chart

__all__ = [
    "ChartText",
    "CostPoint",
    "CurvePoint",
    "CurveSeries",
    "RankedRow",
    "RealImagesLine",
    "curve_chart",
    "pareto_chart",
    "pareto_front",
    "rank_chart",
]
