"""The demo's table: a forest that tells three Italian wines apart, explained row by row."""

from __future__ import annotations

from pathlib import Path

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from seewhy.explainer import LIMETabular, SHAPKernel
from seewhy.runner import TabularRunner

CULTIVARS = ["barolo", "grignolino", "barbera"]
BACKGROUND = 20


def explain_table(summary_dir: Path, progress: bool | None = None) -> Path:
    """Explain what a forest says of 60 wines by 13 measurements; return the path of the store.

    The data come with scikit-learn (Forina et al., 1991). Takes some seconds.
    """
    wines = load_wine()
    names = [name.replace("_", " ") for name in wines.feature_names]
    train, test, train_truth, truth = train_test_split(
        wines.data, wines.target, test_size=60, random_state=0, stratify=wines.target
    )
    forest = RandomForestClassifier(100, min_samples_leaf=3, random_state=0)
    forest.fit(train, train_truth)
    runner = TabularRunner(
        summary_dir,
        (test, CULTIVARS),
        forest,
        ground_truth=truth,
        feature_names=names,
        targets="all",
        job="wines",
        progress=progress,
    )
    statistics = LIMETabular.to_feat_stats(train, names)
    runner.register_explainers(
        [
            LIMETabular(forest, statistics, names, class_names=CULTIVARS, max_features=6),
            SHAPKernel(forest, train, names, CULTIVARS, summarise=BACKGROUND),
        ]
    )
    return runner.run()
