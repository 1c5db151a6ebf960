"""Runs over tables that a file describes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from seewhy import LIMETabular, SHAPKernel, TabularRunner
from seewhy.benchmark import TabularFaithfulness
from seewhy.runner.plan import load_runner
from seewhy.runner.plan_words import PlanError
from seewhy.store import read_tabular
from tests.runner.tabular_models import CLASSES, FEATURES, assert_same, iris, stored, truth

MODULE = """
import pandas as pd
from sklearn.linear_model import LogisticRegression
from tests.runner import tabular_models as given

classes = given.CLASSES
features = given.FEATURES
codes = {3: ["thin", "thick"]}

def model():
    x, _ = given.iris(150)
    return LogisticRegression(max_iter=200).fit(x.astype(float), given.iris(150)[1])

def named_model():
    x, y = given.iris(150)
    frame = pd.DataFrame(x.astype(float), columns=given.FEATURES)
    return LogisticRegression(max_iter=200).fit(frame[given.FEATURES[::-1]], y)

def rows():
    return given.iris(12)[0].astype(float)

def frame():
    return pd.DataFrame(rows(), columns=given.FEATURES).assign(species=truth())

def both():
    return rows(), given.CLASSES

def truth():
    return given.truth(20)[:12]

def background():
    return given.background().astype(float)

def first(rows):
    return rows[:, 0]
"""

TOML = """
predictor = "ours:model"
data = "table.csv"
labels = "ours:classes"
ground_truth = "species"
names = "flower"
training = "ours:background"
job = "plan"
batch_size = 5

[explainers.LIMETabular]
num_perturbs = 200
max_features = 3
[explainers.SHAPKernel]
[benchmarkers.Deletion]
[benchmarkers.Insertion]
"""

PYTHON = """
from ours import background, classes, features, model, rows, truth
from seewhy import LIMETabular, SHAPKernel
from seewhy.benchmark import TabularFaithfulness

predictor = model()
network = "a word of their own"
data = (rows(), classes)
feature_names = features
ground_truth = truth()
explainers = [
    LIMETabular(
        predictor, LIMETabular.to_feat_stats(background()), features, num_perturbs=200,
        max_features=3,
    ),
    SHAPKernel(predictor, background()),
]
benchmarkers = [TabularFaithfulness(predictor, background(), k) for k in ("Deletion", "Insertion")]
names = [f"no {number}" for number in range(12)]
job = "plan"
"""


@pytest.fixture(autouse=True)
def fresh_modules() -> Iterator[None]:
    path, modules = sys.path.copy(), set(sys.modules)
    yield
    sys.path[:] = path
    for name in {"ours", "plan"} & (set(sys.modules) - modules):
        del sys.modules[name]


FIRST = repr(float(iris(1)[0][0, 0]))


def csv_text(separator: str = ",") -> str:
    x, _ = iris(12)
    rows = [[f"no {n}", *map(repr, map(float, row))] for n, row in enumerate(x)]
    species = [CLASSES[label] for label in truth(20)[:12]]
    lines = [["flower", *FEATURES, "species"]]
    lines += [[*row, name] for row, name in zip(rows, species, strict=True)]
    return "\n".join(separator.join(line) for line in lines) + "\n"


def write(folder: Path, text: str, name: str = "plan.toml", table: str | None = None) -> Path:
    (folder / "ours.py").write_text(MODULE)
    (folder / "table.csv").write_text(csv_text() if table is None else table)
    (folder / name).write_text(text)
    return folder / name


def run(folder: Path, text: str, name: str = "plan.toml", table: str | None = None) -> Path:
    return load_runner(write(folder, text, name, table), str(folder / "out"), progress=False).run()


def by_hand(folder: Path) -> Path:
    """The same run without a plan."""
    x, y = (each.astype(np.float64) for each in iris(150))
    model = LogisticRegression(max_iter=200).fit(x, y.astype(int))
    background = x[60::9]
    made = TabularRunner(
        folder,
        (x[:12], CLASSES),
        model,
        ground_truth=truth(20)[:12],
        feature_names=FEATURES,
        names=[f"no {number}" for number in range(12)],
        progress=False,
    )
    stats = LIMETabular.to_feat_stats(background)
    lime = LIMETabular(model, stats, FEATURES, num_perturbs=200, max_features=3)
    metrics = [TabularFaithfulness(model, background, kind) for kind in ("Deletion", "Insertion")]
    made.register_explainers([lime, SHAPKernel(model, background)], metrics)
    return made.run()


def scores(path: Path) -> Any:
    with read_tabular(path) as job:
        return [(s[:4], s.value) for row in job.rows() for s in job.scores_of(row.id)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (TOML, "plan.toml"),
        (PYTHON, "plan.py"),
        (TOML.replace('"table.csv"', '"ours:rows"')
         .replace('"species"', '"ours:truth"\nfeature_names = "ours:features"')
         .replace('"flower"', str([f"no {n}" for n in range(12)])), "plan.toml"),
        (TOML.replace('"table.csv"', '"ours:frame"')
         .replace('"flower"', str([f"no {n}" for n in range(12)])), "plan.toml"),
        (TOML.replace('"table.csv"\nlabels = "ours:classes"', '"ours:both"')
         .replace('"species"', '"ours:truth"\nfeature_names = "ours:features"')
         .replace('"flower"', str([f"no {n}" for n in range(12)])), "plan.toml"),
    ],
    ids=["CSV", "Python", "arrays", "DataFrame", "tuple"],
)  # fmt: skip
def test_a_plan_does_what_its_objects_do(text: str, name: str, tmp_path: Path) -> None:
    path, expected = run(tmp_path, text, name), by_hand(tmp_path / "hand")
    assert path == tmp_path / "out" / "plan.seewhy.db"
    with read_tabular(path) as job, read_tabular(expected) as other:
        assert job.feature_names == FEATURES
        assert job.labels == other.labels
        names = [explainer.name for explainer in job.explainers]
        assert names == ["LIMETabular", "SHAPKernel"]
        assert [m.name for m in job.metrics()] == ["Deletion", "Insertion"]
    assert_same(stored(path), stored(expected))
    made, others = dict(scores(path)), dict(scores(expected))
    assert made.keys() == others.keys()
    np.testing.assert_allclose([made[key] for key in others], list(others.values()), atol=1e-9)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_a_byte_order_mark(separator: str, tmp_path: Path) -> None:
    expected = stored(run(tmp_path, TOML))
    table = "\ufeff" + csv_text(separator).replace("\n", "\r\n") + "\r\n"
    (tmp_path / "other").mkdir()
    assert_same(stored(run(tmp_path / "other", TOML, table=table)), expected)


def test_columns_are_chosen_by_name(tmp_path: Path) -> None:
    lines = [line.split(",") for line in csv_text().splitlines()]
    table = "\n".join(
        ",".join([*line[:2], "none" if n else "note", *line[2:]]) for n, line in enumerate(lines)
    )
    text = TOML.replace("job", f"columns = {FEATURES}\njob")
    (tmp_path / "other").mkdir()
    made = stored(run(tmp_path / "other", text, table=table))
    assert_same(made, stored(run(tmp_path, TOML)))


@pytest.mark.peers
def test_an_estimator_with_names_gets_its_columns_in_its_order(tmp_path: Path) -> None:
    path = run(tmp_path, TOML.replace("ours:model", "ours:named_model").replace(
        'training = "ours:background"\n', "").replace("names =", "# names ="))  # fmt: skip
    x = iris(150)[0].astype(np.float64)
    frame = pd.DataFrame(x, columns=FEATURES)[FEATURES[::-1]]
    model = LogisticRegression(max_iter=200).fit(frame, iris(150)[1])
    with read_tabular(path) as job:
        assert job.feature_names == FEATURES[::-1]
        made = np.array([row.outputs for row in job.rows()])
        values = job.attributions("SHAPKernel", "setosa")
    np.testing.assert_allclose(made, model.predict_proba(frame.iloc[:12]), atol=1e-9)
    expected = SHAPKernel(model, frame.iloc[:12])(frame.iloc[values.row_ids], 0)[:, 0]
    np.testing.assert_allclose(values.values, expected, atol=1e-9)


def test_categories_are_named_by_column(tmp_path: Path) -> None:
    lines = [line.split(",") for line in csv_text().splitlines()]
    table = "\n".join(
        ",".join([*line[:4], line[4] if not n else str(n % 2), line[5]])
        for n, line in enumerate(lines)
    )
    text = TOML.replace('training = "ours:background"\n', "")
    text += '[categorical_names]\n"petal width" = ["thin", "thick"]\n'
    with read_tabular(run(tmp_path, text, table=table)) as job:
        assert dict(job.features[3].categories or {}) == {0: "thin", 1: "thick"}
        rules = [r.description for row in job.rows() for a in job.attributions_of(row.id)
                 for r in a.rules]  # fmt: skip
        assert {"petal width=thin", "petal width=thick"} <= set(rules)
        assert not any("petal width >" in rule for rule in rules)


def test_a_regression_out_of_a_file(tmp_path: Path) -> None:
    text = """
    predictor = "ours:first"
    data = "table.csv"
    columns = ["sepal length", "sepal width"]
    ground_truth = "petal width"
    targets = "all"
    explainers = ["SHAPKernel"]
    """
    with read_tabular(run(tmp_path, text)) as job:
        assert job.is_regression
        x = iris(12)[0].astype(np.float64)
        found = job.attributions("SHAPKernel")
        expected = np.stack([x[:, 0] - x[:, 0].mean(), np.zeros(12)], axis=1)
        np.testing.assert_allclose(found.values, expected, atol=1e-9)
        np.testing.assert_allclose([row.truth for row in job.rows()], x[:, 3])


def without(word: str) -> str:
    return "".join(line for line in TOML.splitlines(True) if not line.startswith(word))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (without("data"), "plan.toml must define data; see `seewhy run --help`"),
        ('network = "ours:model"\n' + TOML, "must define `predictor` for a table, or `network`"),
        ("treshold = 1\n" + TOML, "unknown key 'treshold'; did you mean 'threshold'"),
        ('display = "a:b"\n' + TOML, "unknown key 'display'; known: predictor, data"),
        (TOML.replace("ours:model", "ours:modl"), "'ours:modl' cannot be found"),
        (TOML.replace("table.csv", "tabel.csv"), "tabel.csv does not exist, or is not a file"),
        (TOML.replace("table.csv", "table"), "`data` must name an object as 'module:name'"),
        (TOML.replace('"species"', '"specis"'), "must name a column of .*did you mean 'species'"),
        (TOML.replace('"flower"', '"x:y"'), "`names` names a module 'x', which cannot be found"),
        (
            TOML.replace("names", 'columns = ["sepal length", "wdth"]\nnames', 1),
            "`columns` must name a column of .*table.csv, got 'wdth'",
        ),
        (TOML.replace("names", "columns = 3\nnames", 1), "must be a list of column names, got 3"),
        (
            TOML.replace("table.csv", "ours:rows").replace("names", 'columns = ["a"]\nnames', 1),
            "`columns` is for `data` out of a CSV file",
        ),
        (TOML.replace("SHAPKernel", "SHAPKernal"), "did you mean 'SHAPKernel'"),
        (TOML.replace("SHAPKernel", "GradCAM"), "unknown name 'GradCAM'; known: LIMETabular"),
        (TOML.replace("num_perturbs", "num_pertubs"), "an unknown argument 'num_pertubs'; did"),
        (TOML.replace("Deletion", "Delete"), "unknown name 'Delete'; did you mean 'Deletion'"),
        (
            TOML.replace('labels = "ours:classes"', "").replace(
                "[explainers.SHAPKernel]", "[explainers.PseudoLinearCoef]"
            ),
            r"\[explainers.PseudoLinearCoef\] must have `num_classes`",
        ),
        (
            TOML + '[categorical_names]\n"petal wdth" = ["a", "b"]',
            "`categorical_names` has no column 'petal wdth'; did you mean 'petal width'",
        ),
    ],
)
def test_mistakes_in_toml(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=message):
        load_runner(write(tmp_path, text))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace(FIRST, "", 1), "got '' in line 2, column 'sepal length'; fill miss"),
        (lambda t: t.replace(FIRST, "nan", 1), "must hold finite numbers, got 'nan' in line 2"),
        (lambda t: t.replace(FIRST, "1_0", 1), "must hold finite numbers, got '1_0' in line 2"),
        (lambda t: t.replace(FIRST, "low", 1), "got 'low' in line 2, .*; give categories as int"),
        (lambda t: t.replace(FIRST, "5,7", 1), "must have 6 cells in each row, .* got 7 in line"),
        (lambda t: t.replace("sepal length", "sepal width"), "got 'sepal width' more than once"),
        (lambda t: t.replace("sepal length", ""), "none of them blank, got ''"),
        (lambda t: t.splitlines()[0], "must hold a line of column names and at least one row"),
        (lambda t: "", "must hold a line of column names and at least one row"),
    ],
)
def test_mistakes_in_the_table(change: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=message):
        load_runner(write(tmp_path, TOML, table=change(csv_text())))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    plan = write(tmp_path, TOML)
    (tmp_path / "table.csv").write_bytes(b"a,b\n\xff\xfe,1\n")
    with pytest.raises(PlanError, match=r"table\.csv is not CSV in UTF-8"):
        load_runner(plan)


def test_mistakes_that_the_runner_finds(tmp_path: Path) -> None:
    plan = write(tmp_path, TOML.replace('"ours:classes"', '["a", "b"]'))
    with pytest.raises(ValueError, match="`data` must have a class name for each output"):
        load_runner(plan)
    plan.write_text(TOML.replace('job = "plan"', 'targets = "some"'))
    with pytest.raises(ValueError, match="`targets` must be 'predicted' or 'all', got 'some'"):
        load_runner(plan)


def test_a_python_plan_that_lacks_something(tmp_path: Path) -> None:
    text = PYTHON.replace("\nexplainers =", "\nexplaners =")
    with pytest.raises(PlanError, match=r"plan\.py must define explainers; see"):
        load_runner(write(tmp_path, text, "plan.py"))
