"""Bars and colours of attributions, against plain Python."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.viewer.attribution_charts import SHADES, from_zero, shades, signed, waterfall
from seewhy.viewer.charts import make_scale

numbers = st.integers(-1000, 1000).map(lambda number: number / 8)
values = st.lists(numbers, min_size=1, max_size=30)


@given(values=values, base=numbers, shown=st.integers(1, 40))
def test_a_waterfall_leads_from_the_base_to_the_output(
    values: list[float], base: float, shown: int
) -> None:
    bars = waterfall(np.array(values), base, shown)
    assert bars[0].start == base
    assert bars[-1].end == base + sum(values)
    assert all(one.end == other.start for one, other in pairwise(bars))
    assert all(bar.end - bar.start == bar.value for bar in bars)
    assert [bar.value for bar in from_zero(np.array(values), shown)] == [bar.value for bar in bars]


@given(values=values, shown=st.integers(1, 40))
def test_the_largest_are_shown_and_the_others_are_one(values: list[float], shown: int) -> None:
    bars = from_zero(np.array(values), shown)
    singles = [bar for bar in bars if bar.feature is not None]
    others = [bar for bar in bars if bar.feature is None]
    assert all(bar.value == values[bar.feature or 0] for bar in singles)
    assert len({bar.feature for bar in singles}) == len(singles)
    sizes = sorted(map(abs, values), reverse=True)
    assert [abs(bar.value) for bar in singles] == sizes[: len(singles)]
    # Others are never only one: that one could be named.
    assert len(values) - len(singles) != 1
    assert len(singles) == (shown if others else len(values))
    assert bars[len(singles) :] == others
    assert sum(bar.value for bar in bars) == sum(values)


@given(cells=values)
def test_shades_go_with_the_values(cells: list[float]) -> None:
    found = dict(zip(cells, shades(np.array(cells)).tolist(), strict=True))
    assert all(
        found[cell] == shade for cell, shade in zip(cells, shades(np.array(cells)), strict=True)
    )
    ordered = [found[cell] for cell in sorted(found)]
    assert ordered == sorted(ordered)
    assert all(0 <= shade < SHADES for shade in ordered)
    if len(found) == 1:
        assert ordered == [SHADES // 2]
    elif len(found) <= SHADES:
        assert (ordered[0], ordered[-1]) == (0, SHADES - 1)


@pytest.mark.parametrize(("value", "text"), [(0.25, "+0.250"), (-0.25, "−0.250"), (0.0, "0.000")])
def test_signs(value: float, text: str) -> None:
    assert signed(make_scale([0, 1]), value) == text
