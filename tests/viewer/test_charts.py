"""Scales and marks of the charts that pages share."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import jinja2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.ticker import MaxNLocator

from seewhy.viewer.charts import Scale, make_scale, swarm

numbers = st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-9)


@settings(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=20), st.integers(2, 8))
def test_a_scale_holds_its_values_between_round_ends(values: list[float], count: int) -> None:
    scale = make_scale(values, count)
    slack = 1e-6 * (scale.high - scale.low)
    assert scale.low <= min(values) + slack
    assert max(values) - slack <= scale.high
    assert (scale.ticks[0], scale.ticks[-1]) == (scale.low, scale.high)
    assert 2 <= len(scale.ticks) <= count + 3
    steps = np.diff(scale.ticks)
    mantissa = float(f"{steps[0]:e}".split("e")[0])
    assert np.isclose(mantissa, [1, 2, 5, 10]).any()
    assert np.allclose(steps, steps[0])
    places = [scale.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert 0 <= places[0]
    assert places[-1] <= 100


@pytest.mark.parametrize("span", [(0, 1), (-0.3, 0.42), (0, 93), (2e-4, 7e-4), (-1e6, 5e6)])
def test_steps_are_about_those_of_a_plotting_library(span: tuple[float, float]) -> None:
    theirs = np.diff(MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(*span))[0]
    ours = np.diff(make_scale(span).ticks)[0]
    assert 0.4 <= ours / theirs <= 2.5


def test_equal_values_and_none_at_all_have_a_scale() -> None:
    assert make_scale([5.0, 5.0]).at(5.0) == pytest.approx(50, abs=15)
    assert make_scale([0.0]).at(0.0) == 50
    assert make_scale([np.nan, np.inf])[:2] == (0, 1)


def test_values_are_written_with_the_digits_that_the_scale_needs() -> None:
    assert make_scale([0, 1]).text(0.41237) == "0.412"
    assert make_scale([0, 100]).text(41.237) == "41.2"
    assert make_scale([0, 1]).text(-0.5) == "−0.500"
    assert make_scale([-1, 1]).text(-0.0001) == "0.000"
    assert make_scale([0, 1e-9]).text(4.2e-10) == "4.2e−10"
    assert [make_scale([0, 1]).tick_text(tick) for tick in make_scale([0, 1]).ticks][:2] == [
        "0.0",
        "0.5",
    ]


def test_places_beyond_the_ends_are_the_ends() -> None:
    scale = Scale(0, 2, (0, 1, 2))
    assert [scale.at(value) for value in (-9, 0, 0.5, 2, 9)] == [0, 0, 25, 100, 100]


@settings(deadline=None)
@given(st.lists(st.floats(0, 100), max_size=200), st.floats(12, 60))
def test_a_swarm_stays_in_its_strip_and_keeps_dots_apart(
    places: list[float], height: float
) -> None:
    heights = swarm(places, height)
    assert len(heights) == len(places)
    assert all(2.49 <= y <= height - 2.49 for y in heights)
    columns: dict[int, list[float]] = {}
    for place, y in zip(places, heights, strict=True):
        columns.setdefault(round(place), []).append(y)
    for column in columns.values():
        gaps = np.diff(sorted(column))
        if len(column) <= (height - 5) // 5:
            assert (gaps > 4.9).all()


def test_marks_are_well_formed_and_hostile_titles_stay_text() -> None:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("seewhy.viewer"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    hostile = "</title></svg><script>alert(1)</script>\"'&"
    drawn = environment.from_string(
        '{% import "_charts.html" as charts %}{{ charts.axis(scale) }}'
        "{% call charts.strip(scale) %}{{ charts.bar(scale, 0, -0.5, 'against', title) }}"
        "{{ charts.interval(scale, 0.1, 0.3, title) }}{{ charts.dot(scale, 0.2, title) }}"
        "{{ charts.diamond(scale, 1, title) }}{{ charts.line(scale, 0, title=title) }}{% endcall %}"
    ).render(scale=Scale(-1, 1, (-1, 0, 1)), title=hostile)
    root = ElementTree.fromstring(f"<div>{drawn}</div>")
    titles = [element.text for element in root.iter("title")]
    assert titles == [hostile] * 5
    assert [text.text for text in root.iter("text")] == ["−1", "0", "1"]
    bar = next(root.iter("rect"))
    assert (bar.get("x"), bar.get("width")) == ("25.0%", "25.00%")
    assert not re.search("<script", drawn)
