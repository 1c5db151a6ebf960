"""The conformance check of metrics passes ours and finds what is wrong with others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import (
    ClassSensitivity,
    Complexity,
    Cost,
    Faithfulness,
    LabelAgnosticMetric,
    LabelSensitiveMetric,
)
from seewhy.benchmark.questions import Question
from seewhy.explainer import Gradient
from seewhy.testing import check_metric
from tests.benchmark.construct import CLASSES, ENTRIES, Entry
from tests.benchmark.test_faithfulness import softmax
from tests.networks import images, make, tensor


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_ours(entry: Entry, framework: str) -> None:
    check_metric(entry.make(framework), Gradient(make(framework)), tensor(framework, images(3)))


def test_what_was_aggregated_stays(framework: str) -> None:
    metric = Complexity(CLASSES)
    metric.aggregate(0.25, 1)
    check_metric(metric, Gradient(make(framework)), tensor(framework, images(2)))
    assert metric.get_results() == {0: [], 1: [0.25], 2: [], 3: [], 4: []}


class Peak(LabelSensitiveMetric):
    """The largest value of the map, squeezed into 0..1."""

    wrong: Callable[..., Any] | None = None

    @property
    def range(self) -> tuple[float, float]:
        return 0.0, 1.0

    def cost(self, size: tuple[int, int]) -> Cost:
        return Cost(0)

    def judge(self, case: Any) -> Any:
        scores = 1 / (1 + np.exp(-case.maps.max((1, 2))))
        return scores if self.wrong is None else self.wrong(case, scores)


def outside(metric: Any, case: Any, scores: Any) -> Any:
    return scores + 1


def undefined(metric: Any, case: Any, scores: Any) -> Any:
    return np.where(np.ptp(case.maps, axis=(1, 2)) == 0, np.nan, scores)


def single(metric: Any, case: Any, scores: Any) -> Any:
    return scores.astype(np.float32)


def one_number(metric: Any, case: Any, scores: Any) -> Any:
    return scores.mean(keepdims=True)


def by_batch(metric: Any, case: Any, scores: Any) -> Any:
    return scores / len(scores)


def drifting(metric: Any, case: Any, scores: Any) -> Any:
    metric.calls = getattr(metric, "calls", 0) + 1
    return scores / metric.calls


def confused(metric: Any, case: Any, scores: Any) -> Any:
    """Images that differ have the same key: what depends on the map is asked for once only."""
    keys = [("hidden", n) for n in range(len(case))]
    shown = case.ops.tensor(case.maps[:, None], like=case.inputs)
    answers = yield Question(
        keys, lambda index: (case.inputs * shown)[case.ops.tensor(index)], case.ids, 1
    )
    return 1 / (1 + np.exp(-answers))


def careless(metric: Any, case: Any, scores: Any) -> Any:
    np.random.random()  # noqa: NPY002
    return scores


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (outside, r"Wrong must be in \(0.0, 1.0\), got"),
        (undefined, r"Wrong must be in \(0.0, 1.0\), got .*nan"),
        (single, r"Wrong must return a float64 array \(3,\), got float32 of \(3,\)"),
        (one_number, r"Wrong must return a float64 array \(3,\), got float64 of \(1,\)"),
        (by_batch, "Wrong on a batch and its samples: must be equal"),
        (drifting, "Wrong on the same call again: must be equal"),
        (confused, "Wrong on one label and on two together: must be equal"),
        (careless, "Wrong must leave no trace, but changed: the state of `numpy.random`"),
    ],
)
def test_wrong_scores(framework: str, wrong: Callable[..., Any], message: str) -> None:
    metric = type("Wrong", (Peak,), {"wrong": wrong})(CLASSES)
    with pytest.raises(AssertionError, match=message):
        check_metric(metric, Gradient(make(framework)), tensor(framework, images(3)))


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"name": ""}, "`name` must not be empty"),
        ({"parameters": {"steps": {1}}}, "`parameters` must be JSON values"),
        ({"range": (1.0, 0.0)}, r"`range` must be \(lowest, highest\), got \(1.0, 0.0\)"),
        ({"chance": 2.0}, r"`chance` must be in \(0.0, 1.0\) or None, got 2.0"),
        ({"higher_is_better": None}, "`higher_is_better` and `needs_mask` must be bools"),
        ({"cost": lambda metric, size: 3}, "`cost` must be a Cost of no negative number, got 3"),
        ({"performance": 0.1}, r"`performance` must be the mean, 0\.5, got 0\.1"),
    ],
)
def test_wrong_declarations(framework: str, declared: dict[str, Any], message: str) -> None:
    metric = type("Wrong", (Peak,), declared)(CLASSES)
    with pytest.raises(AssertionError, match=message):
        check_metric(metric, Gradient(make(framework)), tensor(framework, images(2)))


def test_errors_that_are_swallowed(framework: str) -> None:
    class Lenient(Faithfulness):
        def evaluate(self, explainer: Any, inputs: Any, targets: Any, saliency: Any = None) -> Any:
            saliency = np.array(saliency) if isinstance(saliency, list) else saliency
            return super().evaluate(explainer, inputs, targets, saliency)

    metric = Lenient(CLASSES, softmax(framework))
    with pytest.raises(AssertionError, match="on a list of maps: must be a TypeError, got none"):
        check_metric(metric, Gradient(make(framework)), tensor(framework, images(2)))


def test_a_wrong_label_agnostic_metric(framework: str) -> None:
    class Wrong(ClassSensitivity):
        def judge(self, subject: Any) -> Any:
            scores = yield from super().judge(subject)
            return scores / len(scores)

    assert issubclass(Wrong, LabelAgnosticMetric)
    with pytest.raises(AssertionError, match="Wrong on a batch and its samples: must be equal"):
        check_metric(Wrong(), Gradient(make(framework)), tensor(framework, images(2)))


def test_refuses_what_it_cannot_check(framework: str) -> None:
    explainer, x = Gradient(make(framework)), tensor(framework, images(2))
    with pytest.raises(TypeError, match="`metric` must be a metric, got Gradient"):
        check_metric(explainer, explainer, x)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`x` must hold two or more samples"):
        check_metric(Complexity(CLASSES), explainer, x[:1])
