"""Dropout rates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.network.rates import check_rate


@pytest.mark.parametrize("rate", [None, 0, 0.0, 0.5, 0.999, np.float64(0.25)])
def test_rates_that_may_be(rate: Any) -> None:
    check_rate(rate)


@pytest.mark.parametrize("rate", [1, 1.0, -0.1, 2, float("nan"), float("inf")])
def test_rates_out_of_range(rate: Any) -> None:
    with pytest.raises(ValueError, match=rf"`rate` must be in \[0, 1\), got {rate}"):
        check_rate(rate)


@pytest.mark.parametrize("rate", ["0.5", True, [0.5], 0.5j])
def test_rates_of_a_wrong_type(rate: Any) -> None:
    with pytest.raises(TypeError, match=r"`rate` must be a number in \[0, 1\) or None, got "):
        check_rate(rate)
