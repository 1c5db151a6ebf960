"""LIME on tables, beside its predictions and beside lime: `python -m benchmarks.tabular_lime`.

CPU time of one thread in one process, all contenders in turn. The limit is the predictor alone on
the very rows that an explanation asks for. "new" makes the explainer, draws included, for this one
row. Half a minute.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy.typing as npt
import torch
from lime.lime_tabular import LimeTabularExplainer
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmarks.machine import machine_line
from seewhy import LIMETabular

Array = npt.NDArray[Any]
Call = Callable[[], object]

MANY_ROWS = 100
# Time over the predictions, by model; time of lime over ours.
MOST = {"forest": 1.3, "mlp": 4.0, "module": 4.0}
FASTER_ONE, FASTER_MANY = 5.0, 10.0


def main() -> int:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("--rounds", type=int, default=15, help="of one row; many rows take two")
    rounds = made.parse_args().rounds
    torch.set_num_threads(1)
    console = Console(width=120)
    console.print(machine_line())
    with threadpool_limits(1):
        rows, missed = one_row(rounds)
        more, missed_more = many_rows()
    console.print(table("One row of 30 features, 2 labels", rows))
    console.print(table(f"{MANY_ROWS} rows of 13 features, 3 labels", more))
    for line in missed + missed_more:
        console.print(f"missed: {line}")
    return 0


def one_row(rounds: int) -> tuple[list[list[str]], list[str]]:
    data, classes = load_breast_cancer(return_X_y=True)
    rows, missed = [], []
    for name, (predictor, predict) in models(data, classes).items():
        stats = LIMETabular.to_feat_stats(data)
        ours, theirs = LIMETabular(predictor, stats), LimeTabularExplainer(data, random_state=0)
        asked = rows_asked(data, predict)
        calls: dict[str, Call] = {
            "limit": lambda f=predict, x=asked: f(x),
            "seewhy": lambda e=ours: e(data[0], [[0, 1]]),
            "seewhy, new": lambda p=predictor, s=stats: LIMETabular(p, s)(data[0], [[0, 1]]),
            "lime": lambda e=theirs, f=predict: e.explain_instance(data[0], f, labels=(0, 1)),
        }
        seconds = interleaved(calls, rounds)
        rows += lines(name, seconds)
        if seconds["seewhy"] > MOST[name] * seconds["limit"]:
            missed.append(f"{name}: at most {MOST[name]} x the predictions")
        if name == "mlp" and seconds["lime"] < FASTER_ONE * seconds["seewhy"]:
            missed.append(f"{name}: {FASTER_ONE} x faster than lime")
    return rows, missed


def rows_asked(data: Array, predict: Callable[[Array], Array]) -> Array:
    """Return the rows that an explanation asks the predictor for."""
    seen: list[Array] = []

    def record(rows: Array) -> Array:
        seen.append(rows)
        return predict(rows)

    LIMETabular(record, LIMETabular.to_feat_stats(data))(data[0])
    return seen[-1]


def many_rows() -> tuple[list[list[str]], list[str]]:
    data, classes = load_wine(return_X_y=True)
    predictor, predict = models(data, classes)["mlp"]
    ours = LIMETabular(predictor, LIMETabular.to_feat_stats(data))
    theirs = LimeTabularExplainer(data, random_state=0)
    chosen = data[:MANY_ROWS]

    def one_by_one() -> None:
        for row in chosen:
            theirs.explain_instance(row, predict, labels=(0, 1, 2))

    calls: dict[str, Call] = {
        "seewhy": lambda: ours(chosen, [[0, 1, 2]] * MANY_ROWS),
        "lime": one_by_one,
    }
    seconds = interleaved(calls, 2)
    slow = seconds["lime"] < FASTER_MANY * seconds["seewhy"]
    return lines("mlp", seconds), [f"many rows: {FASTER_MANY} x faster than lime"] if slow else []


def models(data: Array, classes: Array) -> dict[str, tuple[Any, Callable[[Array], Array]]]:
    """Return for each model what SeeWhy is given, and a function on arrays."""
    forest = RandomForestClassifier(100, random_state=0, n_jobs=1).fit(data, classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        perceptron = MLPClassifier((32, 32), random_state=0, max_iter=50)
        mlp = make_pipeline(StandardScaler(), perceptron).fit(data, classes)
    width = data.shape[1]
    layers = [torch.nn.Linear(width, 32), torch.nn.ReLU(), torch.nn.Linear(32, 32)]
    head = [torch.nn.ReLU(), torch.nn.Linear(32, 2), torch.nn.Softmax(-1)]
    module = torch.nn.Sequential(*layers, *head).eval()

    def forward(rows: Array) -> Array:
        with torch.inference_mode():
            return module(torch.from_numpy(rows).float()).numpy()

    return {
        "forest": (forest.predict_proba, forest.predict_proba),
        "mlp": (mlp.predict_proba, mlp.predict_proba),
        "module": (module, forward),
    }


def interleaved(calls: dict[str, Call], rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each call, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            start = time.process_time()
            call()
            times[name].append(time.process_time() - start)
    return {name: statistics.median(found[1:]) for name, found in times.items()}


def lines(model: str, seconds: dict[str, float]) -> list[list[str]]:
    limit, ours = seconds.get("limit"), seconds["seewhy"]
    return [
        [
            model,
            name,
            f"{value * 1e3:.1f}",
            f"{value / limit:.2f}" if limit else "-",
            f"{value / ours:.2f}",
        ]
        for name, value in seconds.items()
    ]


def table(title: str, rows: list[list[str]]) -> Table:
    made = Table(title=title, title_justify="left")
    for column in ("model", "contender", "CPU ms", "x limit", "x seewhy"):
        made.add_column(column, justify="left" if column in ("model", "contender") else "right")
    for row in rows:
        made.add_row(*row)
    return made


if __name__ == "__main__":
    raise SystemExit(main())
