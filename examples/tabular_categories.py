"""Who survived the Titanic, and why does a forest think so? Rules and Shapley values of each row.

    python examples/tabular_categories.py [FOLDER]

Classification with categorical features: 1309 passengers, out of the scikit-learn package. Takes a
few seconds.
"""

from __future__ import annotations

import csv
import gzip
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from seewhy import LIMETabular, SHAPKernel, TabularRunner
from seewhy.runner import stored_importance
from seewhy.store import read_tabular

FEATURES = ["pclass", "sex", "age", "sibsp", "parch", "fare", "embarked"]
CATEGORIES = {"sex": ["female", "male"], "embarked": ["C", "Q", "S"]}
CLASSES = ["died", "survived"]
FILE = "tests/data/openml/id_40945/data-v1-dl-16826755.arff.gz"


def passengers() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Features (1309, 7), categories as codes and gaps filled with medians, and who survived."""
    text = gzip.decompress(files("sklearn.datasets").joinpath(FILE).read_bytes()).decode()
    head, _, body = text.partition("@data\n")
    names = [line.split("'")[1] for line in head.splitlines() if line.startswith("@attribute")]
    rows = [dict(zip(names, row, strict=True)) for row in csv.reader(body.splitlines())]
    table = np.array([[_cell(name, row[name]) for name in FEATURES] for row in rows])
    table = np.where(np.isnan(table), np.nanmedian(table, axis=0), table)
    return table, np.array([int(row["survived"]) for row in rows])


def _cell(name: str, text: str) -> float:
    if text == "?":
        return float("nan")
    return float(CATEGORIES[name].index(text) if name in CATEGORIES else text)


def main(folder: str | Path = "explanations") -> None:
    """Train, explain the first 60 passengers that were not trained on, and print some of it."""
    table, survived = passengers()
    train, test, train_truth, truth = train_test_split(table, survived, random_state=0)
    forest = RandomForestClassifier(100, min_samples_leaf=5, random_state=0)
    forest.fit(train, train_truth)
    print(f"Right about {forest.score(test, truth):.0%} of {len(test)} passengers")

    names = {FEATURES.index(name): texts for name, texts in CATEGORIES.items()}
    statistics = LIMETabular.to_feat_stats(train, FEATURES, list(names))
    lime = LIMETabular(
        forest, statistics, FEATURES, list(names), CLASSES, max_features=4, categorical_names=names
    )
    shap = SHAPKernel(forest, train, FEATURES, CLASSES, summarise=20)

    runner = TabularRunner(
        folder,
        (test[:60], CLASSES),
        forest,
        ground_truth=truth[:60],
        feature_names=FEATURES,
        categorical_names=names,
        targets="all",
        job="titanic",
    )
    runner.register_explainers([lime, shap])
    with read_tabular(runner.run()) as job:
        row = next(job.rows(labels=["survived"], kinds=["FP"]))
        cells = zip(job.features, row.features, strict=True)
        print(", ".join(f"{feature.name}={feature.describe(cell)}" for feature, cell in cells))
        print(f"was thought to survive with {row.outputs[1]:.2f}, and did not. LIME says:")
        for found in job.attributions_of(row.id):
            if found.label == 1:
                for rule in found.rules:
                    print(f"  {rule.weight:+.3f}  {rule.description}")
        print("Shapley values of survival, mean size over all passengers:")
        for name, size in stored_importance(job, "SHAPKernel", "survived").ranking():
            print(f"  {size:.3f}  {name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
