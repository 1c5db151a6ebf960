"""Localisation metrics against pixel-by-pixel definitions, and boxes against slices."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import (
    EnergyPointingGame,
    Localization,
    RelevanceMass,
    RelevanceRank,
    boxes_to_mask,
)
from seewhy.benchmark.case import Case
from seewhy.explainer import Gradient
from tests.networks import Spec, images, make, tensor

CLASSES = Spec().classes
SHARED = [
    Localization(CLASSES),
    Localization(CLASSES, "IoSR"),
    RelevanceMass(CLASSES),
    RelevanceRank(CLASSES),
    EnergyPointingGame(CLASSES),
]


def evaluate(framework: str, metric: Any, maps: np.ndarray, mask: Any) -> np.ndarray:
    """Scores of maps (N, H, W) by masks (N, H, W)."""
    x = np.zeros((len(maps), 3, *maps.shape[1:]), np.float32)
    explainer = Gradient(make(framework))
    return metric.evaluate(explainer, tensor(framework, x), 0, maps[:, None], mask[:, None])


def random_case(number: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(number, 7, 5))
    mask = rng.random((number, 7, 5)) < np.linspace(0.1, 0.8, number)[:, None, None]
    return maps, mask


def pointing(s: np.ndarray, mask: np.ndarray, tolerance: float) -> float:
    places = [(r, c) for r in range(s.shape[0]) for c in range(s.shape[1])]
    peak = max(places, key=lambda place: s[place])
    near = [
        mask[r, c] for r, c in places if (r - peak[0]) ** 2 + (c - peak[1]) ** 2 <= tolerance**2
    ]
    return float(any(near))


def iosr(s: np.ndarray, mask: np.ndarray, theta: float) -> float:
    salient = [place for place in np.ndindex(s.shape) if s[place] > theta * s.max()]
    return sum(mask[place] for place in salient) / len(salient)


def mass(s: np.ndarray, mask: np.ndarray) -> float:
    return sum(max(s[p], 0) * mask[p] for p in np.ndindex(s.shape)) / sum(
        max(value, 0) for value in s.ravel()
    )


def rank(s: np.ndarray, mask: np.ndarray) -> float:
    """Mean over all orders of the pixels that are equal."""
    number = int(mask.sum())
    relevance = np.maximum(s, 0).ravel()
    scores = []
    for order in permutations(range(s.size)):
        if all(relevance[a] >= relevance[b] for a, b in pairwise(order)):
            scores.append(sum(mask.ravel()[k] for k in order[:number]) / number)
    return float(np.mean(scores))


@pytest.mark.parametrize("tolerance", [0, 1, 1.5, 2])
def test_pointing_game_equals_its_definition(framework: str, tolerance: float) -> None:
    maps, mask = random_case(20)
    mask[:, 2:] = False
    mask[:, 0, 0] = True
    got = evaluate(framework, Localization(CLASSES, tolerance=tolerance), maps, mask)
    expected = [pointing(s, m, tolerance) for s, m in zip(maps, mask, strict=True)]
    assert 0 < np.mean(expected) < 1
    np.testing.assert_array_equal(got, expected)


def test_the_peak_is_not_transposed_and_the_tolerance_is_closed(framework: str) -> None:
    maps, mask = np.zeros((1, 12, 9)), np.zeros((1, 12, 9), bool)
    maps[0, 10, 2] = 1
    mask[0, 6, 5] = True
    for tolerance, expected in ((5, 1), (4.9, 0)):
        metric = Localization(CLASSES, tolerance=tolerance)
        assert evaluate(framework, metric, maps, mask) == expected
    mask[0, 6, 5], mask[0, 10, 2] = False, True
    assert evaluate(framework, Localization(CLASSES), maps, mask) == 1
    maps[0, 3, 8] = 1
    assert evaluate(framework, Localization(CLASSES), maps, mask) == 0, "the first of equal peaks"


@pytest.mark.parametrize("theta", [0, 0.5, 0.9])
def test_iosr_equals_its_definition(framework: str, theta: float) -> None:
    maps, mask = random_case()
    got = evaluate(framework, Localization(CLASSES, "IoSR", theta=theta), maps, mask)
    expected = [iosr(s, m, theta) for s, m in zip(maps, mask, strict=True)]
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("metric", [RelevanceMass, EnergyPointingGame])
def test_mass_equals_its_definition(framework: str, metric: Any) -> None:
    maps, mask = random_case()
    expected = [mass(s, m) for s, m in zip(maps, mask, strict=True)]
    np.testing.assert_allclose(evaluate(framework, metric(CLASSES), maps, mask), expected)
    tiny = evaluate(framework, metric(CLASSES), 1e-200 * maps, mask)
    np.testing.assert_allclose(tiny, expected)
    huge = evaluate(framework, metric(CLASSES), 1e308 * (maps / np.abs(maps).max()), mask)
    np.testing.assert_allclose(huge, expected)


def test_absolute_relevance_counts_what_speaks_against_the_class(framework: str) -> None:
    maps, mask = random_case()
    for metric in (RelevanceMass, RelevanceRank):
        signed = evaluate(framework, metric(CLASSES, negative="absolute"), maps, mask)
        np.testing.assert_allclose(
            signed, evaluate(framework, metric(CLASSES), np.abs(maps), mask), rtol=1e-12
        )


def test_rank_equals_its_definition_with_ties(framework: str) -> None:
    rng = np.random.default_rng(2)
    maps = rng.integers(-2, 3, size=(12, 3, 2)).astype(float)
    maps[:, 0, 0] = 2
    mask = np.stack([rng.permutation(6).reshape(3, 2) < 1 + n % 5 for n in range(12)])
    got = evaluate(framework, RelevanceRank(CLASSES), maps, mask)
    expected = [rank(s, m) for s, m in zip(maps, mask, strict=True)]
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("metric", SHARED, ids=lambda metric: metric.name)
def test_chance_is_the_mean_score_of_all_orders_of_the_pixels(metric: Any, framework: str) -> None:
    orders = np.array(list(permutations([0.1, 0.5, 2.0, 0.7])))
    maps, mask = orders.reshape(-1, 2, 2), np.zeros((24, 2, 2), bool)
    mask[:, 0, 1] = True
    x = np.zeros((24, 3, 2, 2))
    explainer = Gradient(make(framework))
    case = Case(explainer, metric.network_of(explainer), x, np.zeros(24, int), maps, mask)
    np.testing.assert_allclose(metric.chance_of(case), 0.25)
    assert evaluate(framework, metric, maps, mask).mean() == pytest.approx(0.25)


def test_within_the_tolerance_there_is_more_chance(framework: str) -> None:
    metric, explainer = Localization(CLASSES, tolerance=1), Gradient(make(framework))
    mask = np.zeros((2, 5, 5), bool)
    mask[0, 2, 2] = True
    x = np.zeros((2, 3, 5, 5))
    case = Case(explainer, metric.network_of(explainer), x, np.zeros(2, int), mask * 1.0, mask)
    np.testing.assert_allclose(metric.chance_of(case), [5 / 25, 0])


@pytest.mark.parametrize("metric", SHARED, ids=lambda metric: metric.name)
def test_what_says_nothing_is_neutral_with_a_warning(metric: Any, framework: str) -> None:
    maps, mask = random_case(4)
    mask[0], mask[1], maps[2] = False, True, 3
    with pytest.warns(UserWarning, match="neutral score for 1 sample") as heard:
        got = evaluate(framework, metric, maps, mask)
    np.testing.assert_allclose(got[:3], [0, 1, mask[2].mean()])
    reasons = " ".join(str(w.message) for w in heard)
    for reason in ("mask is empty", "mask covers the whole image", "saliency map is constant"):
        assert reason in reasons
    # None of these says what becomes of a map that speaks against the class everywhere.
    maps, mask = -np.abs(random_case(4)[0]), random_case(4)[1]
    if metric.name == "PointingGame":
        expected = [pointing(s, m, 0) for s, m in zip(maps, mask, strict=True)]
        np.testing.assert_array_equal(evaluate(framework, metric, maps, mask), expected)
        return
    with pytest.warns(UserWarning, match="neutral score for 4 samples: (no value|the saliency)"):
        np.testing.assert_allclose(evaluate(framework, metric, maps, mask), mask.mean((1, 2)))


def test_masks_of_every_accepted_form(framework: str) -> None:
    maps, mask = random_case(3)
    x, explainer = tensor(framework, np.zeros((3, 3, 7, 5), np.float32)), Gradient(make(framework))
    metric = Localization(CLASSES, "IoSR")
    forms = (
        mask[:, None],
        mask[:, None].astype(np.int64),
        mask[:, None].astype(np.float64),
        tensor(framework, mask[:, None].astype(np.float32)),
        tensor(framework, mask[:, None]),
    )
    scores = [metric.evaluate(explainer, x, 0, maps[:, None], mask=form) for form in forms]
    for score in scores:
        np.testing.assert_array_equal(score, scores[0])


def test_refuses_bad_masks(framework: str) -> None:
    maps, mask = random_case(2)
    x, explainer = tensor(framework, images(2, size=(7, 5))), Gradient(make(framework))
    metric = Localization(CLASSES)
    with pytest.raises(ValueError, match="`mask` must be given, PointingGame needs one, got None"):
        metric.evaluate(explainer, x, 0, maps[:, None])
    with pytest.raises(ValueError, match=r"`mask` must have shape \(2, 1, 7, 5\), got \(2, 1, 5"):
        metric.evaluate(explainer, x, 0, maps[:, None], mask[:, None].swapaxes(2, 3))
    with pytest.raises(ValueError, match=r"`mask` must have shape \(2, 1, 7, 5\), got \(1, 1, 7"):
        metric.evaluate(explainer, x, 0, maps[:, None], mask[:1, None])
    with pytest.raises(ValueError, match="`mask` must hold nothing but 0 and 1"):
        metric.evaluate(explainer, x, 0, maps[:, None], 2 * mask[:, None])
    with pytest.raises(ValueError, match="`mask` must hold nothing but 0 and 1"):
        metric.evaluate(explainer, x, 0, maps[:, None], mask[:, None] * np.nan)
    with pytest.raises(TypeError, match=r"`mask` must be a .*Tensor or an array"):
        metric.evaluate(explainer, x, 0, maps[:, None], mask.tolist())


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"metric": "IoU"}, ValueError, "`metric` must be one of PointingGame, IoSR"),
        ({"tolerance": -1}, ValueError, "`tolerance` must be a number of 0 or more"),
        ({"tolerance": "15"}, TypeError, "`tolerance` must be a number"),
        ({"theta": 1}, ValueError, "`theta` must be less than 1, got 1"),
        ({"theta": None}, TypeError, "`theta` must be a number"),
        ({"num_labels": 0}, ValueError, "`num_labels` must be positive"),
    ],
)
def test_refuses_bad_arguments(arguments: dict[str, Any], kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        Localization(**{"num_labels": 3, **arguments})
    with pytest.raises(ValueError, match="`negative` must be one of zero, absolute"):
        RelevanceMass(3, negative="sign")  # type: ignore[arg-type]


def test_boxes_are_slices_of_whole_pixels() -> None:
    expected = np.zeros((1, 1, 224, 224), bool)
    expected[:, :, 66:196, 80:223] = True
    np.testing.assert_array_equal(boxes_to_mask([(80, 66, 143, 130)], (224, 224)), expected)


def test_boxes_are_clipped_joined_and_may_be_padding() -> None:
    made = boxes_to_mask(
        [[[-2, -1, 4, 3], [3, 3, 9, 9]], [[1, 1, 0, 3], [1, 1, 3, -1]], []], (5, 4)
    )
    expected = np.zeros((3, 1, 5, 4), bool)
    expected[0, 0, :2, :2] = expected[0, 0, 3:, 3:] = True
    np.testing.assert_array_equal(made, expected)


def test_a_pixel_is_in_a_box_if_its_centre_is() -> None:
    def columns(x: float, w: float) -> list[int]:
        return np.flatnonzero(boxes_to_mask([[x, 0, w, 1]], (1, 6))[0, 0, 0]).tolist()

    assert columns(1.5, 2) == [1, 2]
    assert columns(1.51, 2) == [2, 3]
    assert columns(1.4, 2.2) == [1, 2, 3]
    assert columns(1.6, 0.8) == []


@pytest.mark.parametrize(
    ("boxes", "size", "kind", "message"),
    [
        (5, (3, 3), TypeError, "`boxes` must hold one entry for each sample, got int"),
        (["a box"], (3, 3), TypeError, "`boxes` must hold numbers"),
        ([[1, 2, 3]], (3, 3), ValueError, r"\(4,\) or \(B, 4\) for each sample, got \(3,\)"),
        ([[1, 2, 3, np.nan]], (3, 3), ValueError, "`boxes` must be finite"),
        ([[1, 2, 3, 4]], (3, 0), ValueError, "`size` must be a pair of positive ints"),
        ([[1, 2, 3, 4]], 3, ValueError, "`size` must be a pair of positive ints"),
    ],
)
def test_refuses_bad_boxes(boxes: Any, size: Any, kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        boxes_to_mask(boxes, size)
