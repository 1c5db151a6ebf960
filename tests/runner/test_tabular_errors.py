"""Bad tables, models and explainers are refused before any work, in one shape of message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

from seewhy import GradCAM, LIMETabular, PseudoLinearCoef, SHAPGradient, SHAPKernel, TabularRunner
from tests.explainer.tabular.models import probabilities, softmax_network
from tests.networks import make, tensor
from tests.runner.helpers import SPEC
from tests.runner.tabular_models import CLASSES, FEATURES, background, explainers, iris

X, Y = iris()
FRAME = pandas.DataFrame(X, columns=FEATURES)


def with_cell(value: float) -> Any:
    made = X.copy()
    made[3, 2] = value
    return made


def model(rows: Any) -> Any:
    return probabilities(rows)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"data": with_cell(np.nan)}, ValueError, "`data` must be finite, got nan in row 3, colum"),
        ({"data": with_cell(np.inf)}, ValueError, "`data` must be finite, got inf in row 3, colum"),
        (
            {"data": pandas.DataFrame(with_cell(np.nan), columns=FEATURES)},
            ValueError,
            r"got nan in row 3, column 2 \(petal length\); fill missing values in first",
        ),
        ({"data": X[:0]}, ValueError, r"`data` must have shape \(N, K\) with at least one row"),
        ({"data": []}, ValueError, "`data` must have shape"),
        ({"data": [[1, 2], [3]]}, ValueError, "`data` must have rows of the same length"),
        ({"data": 7}, TypeError, "`data` must be an array, .* got int"),
        ({"data": [["a", "b"]]}, TypeError, "`data` must hold numbers"),
        ({"data": (X, CLASSES, 3)}, ValueError, "`data` must be a tuple .*, got 3 elements"),
        ({"data": (X, "abc")}, TypeError, "list of class names, got str"),
        ({"data": (X, ["a", "b"])}, ValueError, "class name for each output .* has 3, got 2"),
        ({"data": (X, ["a", "b", "a"])}, ValueError, "distinct, got 'a' more than once"),
        ({"data": (X, ["a", " ", "c"])}, ValueError, "must not be blank"),
        ({"data": X[:, :3]}, ValueError, "matmul|mismatch|shapes"),  # of the model itself
        (
            {"data": pandas.DataFrame(X, columns=["a", "b", "c", "a"])},
            ValueError,
            "`data` must have distinct columns, got 'a' more than once",
        ),
        ({"predictor": 3}, TypeError, "`predictor` must be callable, .* got int"),
        ({"predictor": lambda x: np.full((len(x), 2), np.nan)}, ValueError, "returned NaN"),
        ({"predictor": lambda x: "?"}, TypeError, "`predictor` must return numbers"),
        ({"predictor": lambda x: np.ones((3, 2))}, ValueError, "one answer for each row, got 3"),
        ({"ground_truth": Y[:5]}, ValueError, r"for each of the 20 rows, got shape \(5,\)"),
        ({"ground_truth": 5}, TypeError, "`ground_truth` must be an array, .* got int"),
        ({"ground_truth": Y + 1}, ValueError, r"class ids in 0\.\.2, or -1 .* got 3"),
        ({"ground_truth": Y - 2}, ValueError, r"class ids in 0\.\.2, or -1 .* got -2"),
        ({"ground_truth": Y + 0.5}, TypeError, "must hold class ids or class names, got 0.5"),
        ({"ground_truth": ["rose"] * 20}, ValueError, "one of the classes setosa, .*, got 'rose'"),
        ({"ground_truth": "kind"}, TypeError, "a column of a DataFrame only, `data` is ndarray"),
        ({"data": FRAME, "ground_truth": "kind"}, ValueError, "must be a column .*, got 'kind'"),
        ({"feature_names": ["a"]}, ValueError, "`feature_names` must have 4 names, got 1"),
        ({"feature_names": "abcd"}, TypeError, "`feature_names` must be a list of str, got str"),
        ({"categorical_names": {9: ["x"]}}, ValueError, "`categorical_names` must be of"),
        ({"targets": 1}, TypeError, "`targets` must be 'predicted' or 'all', got int"),
        ({"targets": "some"}, ValueError, "`targets` must be 'predicted' or 'all', got 'some'"),
        ({"threshold": 2}, ValueError, r"`threshold` must be in \[0, 1\], got 2"),
        ({"names": ["a"]}, ValueError, "a name for each of the 20 samples, got 1"),
        ({"job": "a/b"}, ValueError, "`job` must be a file name"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be positive, got 0"),
        ({"progress": 1}, TypeError, "`progress` must be a bool or None, got int"),
        ({"summary_dir": 3}, TypeError, "`summary_dir` must be a str or Path, got int"),
    ],
)
def test_bad_arguments(
    tmp_path: Path, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    arguments = {"summary_dir": tmp_path, "data": (X, CLASSES), "predictor": model, **change}
    with pytest.raises(error, match=message) as caught:
        TabularRunner(**arguments)
    assert type(caught.value) is error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("explainer", "error", "message"),
    [
        (lambda: [], ValueError, "at least one explainer, got an empty list"),
        (lambda: SHAPKernel(model, X[:5]), TypeError, "`explainers` must be a list, got SHAPKer"),
        (lambda: [SHAPKernel], TypeError, "must hold LIMETabular, .*got .*; an explainer is an in"),
        (lambda: [SHAPKernel(probabilities, X[:5])], ValueError, "SHAPKernel was made for another"),
        (lambda: [SHAPKernel(model, X[:5])] * 2, ValueError, "distinct classes, got SHAPKernel tw"),
        (
            lambda: [SHAPKernel(model, X[:5, :3])],
            ValueError,
            "made for the 4 columns of `data`, SHAPKernel was made for 3",
        ),
        (
            lambda: [LIMETabular(model, LIMETabular.to_feat_stats(X[:, :2]))],
            ValueError,
            "made for the 4 columns of `data`, LIMETabular was made for 2",
        ),
        (
            lambda: [PseudoLinearCoef(model, 2)],
            ValueError,
            "explain the 3 outputs of the predictor, PseudoLinearCoef was made for 2 classes",
        ),
    ],
)
def test_bad_explainers(
    tmp_path: Path, explainer: Any, error: type[Exception], message: str
) -> None:
    job = TabularRunner(tmp_path, (X, CLASSES), model)
    with pytest.raises(error, match=message):
        job.register_explainers(explainer())
    with pytest.raises(ValueError, match="`register_explainers` must be called before `run`"):
        job.run()
    assert not list(tmp_path.iterdir())


def test_names_of_features_must_be_distinct(tmp_path: Path) -> None:
    job = TabularRunner(tmp_path, X, model, feature_names=["a", "b", "c", "a"])
    with pytest.raises(ValueError, match="`feature_names` must be distinct, got 'a' more than"):
        job.register_explainers([SHAPKernel(model, X[:5])])


def test_a_second_registration_is_refused(tmp_path: Path) -> None:
    job = TabularRunner(tmp_path, (X, CLASSES), model)
    job.register_explainers([SHAPKernel(model, X[:5])])
    with pytest.raises(RuntimeError, match="`register_explainers` must be called once"):
        job.register_explainers([SHAPKernel(model, X[:5])])


def test_a_network_of_its_own_is_asked_for(framework: str, tmp_path: Path) -> None:
    network = softmax_network(framework)
    job = TabularRunner(tmp_path, (tensor(framework, X), CLASSES), network)
    for made in (SHAPGradient(softmax_network(framework), background()),):
        with pytest.raises(ValueError, match="SHAPGradient was made for another one"):
            job.register_explainers([made])
    with pytest.raises(TypeError, match=r"`explainers` must hold LIMETabular, .* got GradCAM"):
        job.register_explainers([GradCAM(make(framework, SPEC), layer="conv")])
    job.register_explainers(explainers(network))


def test_an_error_names_the_rows(tmp_path: Path) -> None:
    def breaks(rows: Any) -> Any:
        made = probabilities(rows)
        return np.where((np.asarray(rows)[:, :1] == X[7, 0]) & (len(rows) > 50), np.nan, made)

    job = TabularRunner(tmp_path, (X, CLASSES), breaks, batch_size=4)
    job.register_explainers([SHAPKernel(breaks, background())])
    with pytest.raises(ValueError, match=r"NaN or infinity .*\(rows \d+ to \d+ of `data` were"):
        job.run()


def test_what_is_not_known_is_none(tmp_path: Path) -> None:
    from tests.runner.tabular_models import stored

    truths: list[Any] = ["setosa", None, float("nan"), -1, 2.0, np.int64(1), pandas.NA]
    job = TabularRunner(tmp_path, (X[:7], CLASSES), model, ground_truth=truths)
    job.register_explainers([SHAPKernel(model, X[:5])])
    found = [row.truth for row, _ in stored(job.run()).values()]
    assert found == [0, None, None, None, 2, 1, None]


def test_an_image_job_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    from seewhy.store import ExplainerInfo, JobWriter

    JobWriter(
        tmp_path, "tabular", settings={"kind": "image classification"}, labels=CLASSES,
        explainers=[ExplainerInfo("GradCAM", False, {})], total=1,
    ).close()  # fmt: skip
    job = TabularRunner(tmp_path, (X, CLASSES), model)
    job.register_explainers([SHAPKernel(model, X[:5])])
    with pytest.raises(ValueError, match="setting `kind` = 'image classification', this run has"):
        job.run()
