"""Values by class on the page of a report."""

from __future__ import annotations

import re

import pytest
from made_up_records import by_class, record

from ganzoo._leaderboard.leaderboard import leaderboards
from ganzoo._report.page import report_html


def page(*runs):
    return report_html(leaderboards(runs))


def of_classes(html):
    found = re.search(r'<h3 id="t1-classes">(.*?)<h3>Protocol', html, re.DOTALL)
    return found and found.group(1)


def rows(section):
    found = re.findall(r"<tr.*?</tr>", section, re.DOTALL)
    return [[re.sub(r"<.*?>", " ", cell).split() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in found]


def test_few_classes_are_columns_with_errors_below_the_values():
    html = page(
        *(by_class(stem, seed, [0.1 + seed / 50, 0.4], names=("<b>", "dog")) for stem in "ab" for seed in (0, 1))
    )
    section = of_classes(html)
    header, first, *others = rows(section)
    assert header == [["recipe"], ["&lt;b&gt;"], ["dog"]]
    assert first[1:] == [["110.0", "±", "14.1"], ["400.0", "±", "0.0"]]
    assert [line[0] for line in others] == [["b"], ["generated,", "real"]]
    assert 'data-value="0.11' in section
    assert "By class, nothing is ranked." in section
    assert "<details" not in section
    assert '<a href="#t1-classes">By class</a>' in html


@pytest.mark.parametrize(("classes", "shown"), [(13, 13), (300, 200)])
def test_many_classes_are_lines_folded_away(classes, shown):
    section = of_classes(
        page(*(by_class("a", seed, [0.1 + each / 1000 for each in range(classes)]) for seed in (0, 1)))
    )
    assert f"by class: {shown} classes</summary>" in section
    assert len(rows(section)) == 1 + shown
    assert ("The 100 worst and the 100 best of 300 classes" in section) == (classes > shown)


def test_reports_of_other_metrics_have_no_such_part():
    html = page(record(), record(seed=1))
    assert "by class" not in html.lower()
