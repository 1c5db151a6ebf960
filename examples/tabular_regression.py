"""How a model tells the progression of diabetes from ten measurements.

    python examples/tabular_regression.py [FOLDER]

Regression: scikit-learn's diabetes data and a boosted ensemble. Takes a few seconds. With
matplotlib, a beeswarm of all patients is saved in FOLDER.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import train_test_split

from seewhy import LIMETabular, SHAPKernel, TabularRunner
from seewhy.runner import stored_explanation, stored_importance
from seewhy.store import read_tabular


def main(folder: str | Path = "explanations") -> None:
    """Train, explain the patients that were not trained on, and print some of it."""
    data = load_diabetes(scaled=False)
    names = list(data.feature_names)
    train, test, train_truth, truth = train_test_split(data.data, data.target, random_state=0)
    model = GradientBoostingRegressor(random_state=0).fit(train, train_truth)
    print(f"R² {model.score(test, truth):.2f} on {len(test)} patients")

    runner = TabularRunner(
        folder, (test, ["progression"]), model, ground_truth=truth, job="diabetes"
    )
    runner.register_explainers(
        [
            LIMETabular(model, LIMETabular.to_feat_stats(train), names, num_perturbs=2000),
            SHAPKernel(model, train, names, summarise=10),
        ]
    )
    with read_tabular(runner.run()) as job:
        row = max(job.rows(), key=lambda row: row.outputs[0])
        print(f"Patient {row.name}: {row.outputs[0]:.0f} expected, {row.truth:.0f} found. Because")
        (shap,) = (a for a in job.attributions_of(row.id) if a.explainer == "SHAPKernel")
        print(f"  {shap.base:6.1f}  is the mean, and")
        parts = zip(shap.values, job.features, row.features, strict=True)
        for value, feature, cell in sorted(parts, key=lambda part: -abs(part[0]))[:5]:
            print(f"  {value:+6.1f}  {feature.name} = {feature.describe(cell)}")
        print("Mean size over all patients:")
        for name, size in stored_importance(job, "SHAPKernel").ranking()[:5]:
            print(f"  {size:6.1f}  {name}")
        if find_spec("matplotlib"):
            path = Path(folder, "diabetes.png")
            stored_explanation(job, "SHAPKernel").beeswarm().savefig(path)
            print(f"All of them: {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
