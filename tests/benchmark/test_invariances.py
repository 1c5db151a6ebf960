"""What holds for every metric of the package; `tests.benchmark.construct` lists them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import Metric
from seewhy.explainer import Gradient
from tests.benchmark.construct import CLASSES, ENTRIES, SIZE, Brightness, Constant, Entry, kinds
from tests.benchmark.test_together import probes
from tests.networks import images, make
from tests.runner.test_results import Counter
from tests.snapshots import snapshot

every = pytest.mark.parametrize("entry", ENTRIES, ids=str)
sensitive = pytest.mark.parametrize("entry", [e for e in ENTRIES if not e.agnostic], ids=str)

TARGETS = [0, 4, 2]


def some_maps(number: int = 3) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.normal(size=(number, 1, *SIZE)).astype(np.float32)


def check_range(metric: Metric, scores: np.ndarray) -> None:
    low, high = metric.range
    assert np.isfinite(scores).all()
    assert ((low <= scores) & (scores <= high)).all(), (scores, metric.range)


def test_every_metric_is_tested() -> None:
    assert {entry.kind for entry in ENTRIES} == kinds(), "give a new metric its line in ENTRIES"


@every
def test_declares_what_its_scores_mean(entry: Entry) -> None:
    metric = entry.make()
    low, high = metric.range
    assert low < high
    assert metric.chance is None or low <= metric.chance <= high
    assert isinstance(metric.higher_is_better, bool)
    assert metric.name in (metric.kinds or (metric.name,))
    settings = {k: v for k, v in entry.settings.items() if k in metric.parameters}
    assert settings == {k: metric.parameters[k] for k in settings}
    assert entry.type.__doc__


@every
def test_samples_together_score_as_alone(entry: Entry, framework: str) -> None:
    x, maps = images(3, size=SIZE), some_maps()
    explainer = Gradient(make(framework))
    together = entry.evaluate(framework, explainer, x, TARGETS, maps)
    assert together.shape == (3,)
    assert together.dtype == np.float64
    check_range(entry.make(), together)
    alone = [
        entry.evaluate(framework, explainer, x[[n]], TARGETS[n], maps[[n]])[0] for n in range(3)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)


@every
@pytest.mark.parametrize("value", [0, 1])
def test_a_constant_map_is_neutral_or_has_a_score(entry: Entry, framework: str, value: int) -> None:
    x, maps = images(2, size=SIZE), np.full((2, 1, *SIZE), value, np.float32)
    explainer = Constant(make(framework), value)
    neutral = entry.constant if value else entry.zero
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        scores = entry.evaluate(framework, explainer, x, [1, 2], maps)
    check_range(entry.make(), scores)
    if neutral is not None:
        np.testing.assert_allclose(scores, neutral)
    if neutral is not None or value == 0:
        assert [str(w.message) for w in heard if "neutral score" in str(w.message)]
    else:
        assert not heard


COMPARED = ("MaxSensitivity", "Robustness")  # with maps that the explainer makes


@pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if not e.agnostic and e.kind not in COMPARED], ids=str
)
@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_the_size_of_a_map_says_nothing(entry: Entry, framework: str, scale: float) -> None:
    """Gradients behind a saturated softmax are tiny, and squares of them vanish."""
    x, maps, explainer = images(3, size=SIZE), some_maps(), Gradient(make(framework))
    expected = entry.evaluate(framework, explainer, x, TARGETS, maps)
    scaled = entry.evaluate(framework, explainer, x, TARGETS, scale * maps.astype(np.float64))
    np.testing.assert_allclose(scaled, expected, rtol=1e-6, atol=1e-12)


@sensitive
def test_refuses_what_is_no_map_or_no_class(entry: Entry, framework: str) -> None:
    x, maps = images(2, size=SIZE), some_maps(2)
    explainer = Gradient(make(framework))
    broken = maps.copy()
    broken[1, 0, 2, 2] = np.nan
    with pytest.raises(ValueError, match="`saliency` must be finite"):
        entry.evaluate(framework, explainer, x, 0, broken)
    with pytest.raises(ValueError, match=r"`saliency` must have shape \(2, 1, 5, 4\)"):
        entry.evaluate(framework, explainer, x, 0, maps[:1])
    with pytest.raises(
        ValueError, match=rf"`targets` must be in 0\.\.{CLASSES - 1}, got {CLASSES}"
    ):
        entry.evaluate(framework, explainer, x, CLASSES, maps)
    with pytest.raises(ValueError, match="`targets` must name one label a sample"):
        entry.evaluate(framework, explainer, x, [[0, 1], [1, 2]], maps)


@every
def test_costs_what_it_says(entry: Entry, framework: str) -> None:
    network = make(framework)
    counter, explainer = Counter(network), Brightness(network)
    cost = entry.make().cost(SIZE)
    entry.evaluate(framework, explainer, images(1, size=SIZE), 3, some_maps(1))
    assert counter.samples == cost.forwards + (probes(framework) if cost.forwards else 0)
    assert explainer.explained == cost.explanations


@every
def test_leaves_the_network_and_the_inputs_as_they_were(entry: Entry, framework: str) -> None:
    network = make(framework)
    network.train() if framework == "torch" else network.set_train(True)
    x, maps = images(2, size=SIZE), some_maps(2)
    before, x_before, maps_before = snapshot(framework, network), x.copy(), maps.copy()
    entry.evaluate(framework, Gradient(network), x, [1, 3], maps)
    assert snapshot(framework, network) == before
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(maps, maps_before)


@every
@pytest.mark.torch
@pytest.mark.mindspore
def test_both_frameworks_score_alike(entry: Entry) -> None:
    x, maps = images(3, size=SIZE), some_maps()

    def scores(framework: str) -> Any:
        return entry.evaluate(framework, Gradient(make(framework)), x, TARGETS, maps)

    np.testing.assert_allclose(scores("torch"), scores("mindspore"), rtol=1e-4, atol=1e-4)


@every
def test_adds_up_and_forgets(entry: Entry) -> None:
    metric = entry.make()
    labels = () if entry.agnostic else ([0, 4, 4],)
    metric.aggregate(np.array([0.25, 0.5, 0.75]), *labels)
    assert metric.performance == pytest.approx(0.5)
    metric.reset()
    assert metric.performance == 0
