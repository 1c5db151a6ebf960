"""Predictors of any make, as one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

from seewhy.explainer.tabular import Predictor, Rows, read_rows
from tests.explainer.tabular.models import IRIS_BIAS, IRIS_WEIGHT, probabilities, softmax_network
from tests.networks import library, tensor
from tests.snapshots import snapshot

X, Y = load_iris(return_X_y=True)
ROWS = X[::10]


def rows_of(given: Any = ROWS) -> Rows:
    return read_rows("inputs", given)


def answers(predictor: Any, given: Any = ROWS, **settings: Any) -> Any:
    rows = rows_of(given)
    made = Predictor(predictor, **settings)
    return made(rows.values, rows.kind)


def test_networks_answer_in_evaluation_mode_and_stay_as_they_were(framework: str) -> None:
    network = softmax_network(framework)
    dropped = with_dropout(framework, network)
    before = snapshot(framework, dropped)
    for given in (ROWS, tensor(framework, ROWS.astype(np.float32)), pd.DataFrame(ROWS)):
        np.testing.assert_allclose(answers(dropped, given), probabilities(ROWS), atol=1e-6)
    assert snapshot(framework, dropped) == before


def with_dropout(framework: str, network: Any) -> Any:
    native = library(framework)
    if framework == "torch":
        return native.nn.Sequential(native.nn.Dropout(0.5), network).train()
    return native.nn.SequentialCell(native.nn.Dropout(p=0.5), network).set_train()


@pytest.mark.parametrize("kind", ["array", "frame", "tensor"])
def test_callables_on_tensors(framework: str, kind: str) -> None:
    network = softmax_network(framework)
    float32 = ROWS.astype(np.float32)
    given = {"array": ROWS, "frame": pd.DataFrame(ROWS), "tensor": tensor(framework, float32)}
    np.testing.assert_allclose(
        answers(lambda x: network(x), given[kind]), probabilities(ROWS), atol=1e-6
    )


@pytest.mark.torch
def test_a_callable_on_tensors_of_double_precision() -> None:
    network = softmax_network("torch").double()
    np.testing.assert_allclose(answers(lambda x: network(x)), probabilities(ROWS), atol=1e-6)


@pytest.mark.parametrize("kind", ["array", "frame", "tensor"])
def test_callables_on_arrays(framework: str, kind: str) -> None:
    def predict(rows: Any) -> Any:
        assert isinstance(rows, np.ndarray)
        return probabilities(rows)

    float32 = ROWS.astype(np.float32)
    given = {"array": ROWS, "frame": pd.DataFrame(ROWS), "tensor": tensor(framework, float32)}
    np.testing.assert_allclose(answers(predict, given[kind]), probabilities(ROWS), atol=1e-6)


def test_a_callable_is_given_what_the_caller_holds(framework: str) -> None:
    seen = []

    def predict(rows: Any) -> Any:
        seen.append(type(rows))
        return np.zeros((len(rows), 2))

    for given in (ROWS, pd.DataFrame(ROWS), tensor(framework, ROWS)):
        answers(predict, given)
        assert seen[-1] is type(given)


def test_estimators_and_their_methods() -> None:
    forest = RandomForestClassifier(5, random_state=0).fit(X, Y)
    expected = forest.predict_proba(ROWS)
    np.testing.assert_array_equal(answers(forest), expected)
    np.testing.assert_array_equal(answers(forest.predict_proba), expected)
    np.testing.assert_array_equal(answers(forest.predict), forest.predict(ROWS)[:, None])
    line = LinearRegression().fit(X, Y)
    np.testing.assert_array_equal(answers(line), line.predict(ROWS)[:, None])


def test_an_estimator_gets_names_only_if_it_was_fitted_with_names() -> None:
    frame = pd.DataFrame(X, columns=list("abcd"))
    named = RandomForestClassifier(5, random_state=0).fit(frame, Y)
    plain = RandomForestClassifier(5, random_state=0).fit(X, Y)
    expected = plain.predict_proba(ROWS)
    # scikit-learn warns of names it did not expect, and a warning is an error here.
    for forest in (named, plain):
        np.testing.assert_array_equal(answers(forest.predict_proba, frame[::10]), expected)


@pytest.mark.parametrize(
    "shaped",
    [lambda y: y, lambda y: y[:, None], lambda y: y.squeeze(), list, pd.Series],
    ids=["(N,)", "(N, 1)", "squeezed", "list", "Series"],
)
def test_a_regression_has_one_column(shaped: Callable[[Any], Any]) -> None:
    def predict(rows: Any) -> Any:
        return shaped(np.asarray(rows).sum(1))

    for given in (ROWS, ROWS[:1]):
        np.testing.assert_allclose(answers(predict, given), given.sum(1)[:, None])


def test_networks_with_one_output_may_drop_the_axis(framework: str) -> None:
    native = library(framework)
    network = softmax_network(framework)
    base = native.nn.Module if framework == "torch" else native.nn.Cell

    class First(base):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            self.inner = network

        def forward(self, x: Any) -> Any:
            return self.inner(x)[:, 0]

        construct = forward

    made = Predictor(First())
    rows = rows_of()
    np.testing.assert_allclose(made(rows.values, rows.kind), probabilities(ROWS)[:, :1], atol=1e-6)
    assert not made.is_classifier


def test_batches_are_bounded_and_change_nothing() -> None:
    sizes = []

    def predict(rows: Any) -> Any:
        sizes.append(len(rows))
        return probabilities(rows)

    made = answers(predict, ROWS, rows_at_once=4)
    np.testing.assert_allclose(made, probabilities(ROWS), rtol=1e-12)
    assert sizes == [4, 4, 4, 3]
    assert Predictor(predict).batch_size(10**6) == 4
    assert Predictor(predict).batch_size(10**8) == 1


def test_a_predictor_may_work_in_place() -> None:
    def predict(rows: Any) -> Any:
        rows *= 0
        return np.zeros((len(rows), 2))

    rows = rows_of(ROWS.copy())
    Predictor(predict)(rows.values, rows.kind)
    np.testing.assert_array_equal(rows.values, ROWS)


def test_begin_asks_once() -> None:
    calls = []

    def predict(rows: Any) -> Any:
        calls.append(len(rows))
        return np.zeros((len(rows), 3))

    made = Predictor(predict)
    assert made.num_outputs is None
    for _ in range(3):
        made.begin(rows_of())
    assert calls == [1]
    assert made.num_outputs == 3
    assert made.is_classifier


def constant(answer: Any) -> Callable[[Any], Any]:
    return lambda rows: answer


@pytest.mark.parametrize(
    ("predictor", "error", "words"),
    [
        (None, TypeError, "`predictor` must be callable, a network, or have `predict_proba`"),
        (3, TypeError, "got int"),
        (constant(np.zeros((2, 3))), ValueError, "one answer for each row, got 2 for 15"),
        (constant(np.zeros((15, 3, 1))), ValueError, r"must return \(N,\) or \(N, L\)"),
        (constant(np.zeros((15, 0))), ValueError, r"must return \(N,\) or \(N, L\)"),
        (constant(np.full(15, "a")), TypeError, "must return numbers, got <U1"),
        (
            lambda rows: np.where(np.arange(15) == 7, np.nan, 0),
            ValueError,
            "returned NaN or infinity for row 7 of 15",
        ),
    ],
)
def test_bad_predictors_are_refused(predictor: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        answers(predictor)


def test_a_network_of_another_answer_is_refused(framework: str) -> None:
    native = library(framework)
    base = native.nn.Module if framework == "torch" else native.nn.Cell

    class Odd(base):  # type: ignore[misc, valid-type]
        def __init__(self, deep: bool) -> None:
            super().__init__()
            self.deep = deep

        def forward(self, x: Any) -> Any:
            return x[None] if self.deep else (x, x)

        construct = forward

    with pytest.raises(TypeError, match=r"`predictor` must return one tensor .*, got tuple"):
        answers(Odd(False))
    with pytest.raises(ValueError, match=r"`predictor` must return \(N,\) or \(N, L\), got \(1,"):
        answers(Odd(True))


def test_the_width_must_not_change() -> None:
    widths = iter([3, 2])
    rows, made = rows_of(), Predictor(lambda rows: np.zeros((len(rows), next(widths))))
    made(rows.values, rows.kind)
    with pytest.raises(ValueError, match="as many outputs as before, 3, got 2"):
        made(rows.values, rows.kind)


def test_an_error_of_the_predictor_is_its_own() -> None:
    def predict(rows: Any) -> Any:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        answers(predict)


def test_outputs_that_are_no_probabilities_are_told_once() -> None:
    made = Predictor(lambda rows: np.asarray(rows) @ IRIS_WEIGHT.T + IRIS_BIAS)
    rows = rows_of()
    outputs = made(rows.values, rows.kind)
    with pytest.warns(UserWarning, match="not to one: are they logits"):
        made.warn_unless_probabilities(outputs)
    made.warn_unless_probabilities(outputs)
    other = Predictor(probabilities)
    other.warn_unless_probabilities(other(rows.values, rows.kind))


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (lambda x: None, "NoneType"),
        (lambda x: (probabilities(x), 1), "tuple"),
        (lambda x: csr_matrix(probabilities(x)), "csr_matrix"),
        (lambda x: pd.DataFrame(probabilities(x)).astype(object), "DataFrame of objects"),
    ],
)
def test_answers_that_are_no_numbers_are_named(answer: Any, named: str) -> None:
    with pytest.raises(TypeError, match=f"`predictor` must return numbers, got {named}; give"):
        answers(answer)
