"""Make the image of LIMETabular: ``python docs/images/make_lime_tabular.py``."""

from pathlib import Path

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

from seewhy import LIMETabular
from seewhy.visual import Bars, bar_figure

HERE = Path(__file__).parent


def main() -> None:
    """Write the image beside this file."""
    wine = load_wine()
    forest = RandomForestClassifier(100, random_state=0).fit(wine.data, wine.target)
    stats = LIMETabular.to_feat_stats(wine.data)
    charts = []
    for number in (5000, 200):
        explainer = LIMETabular(
            forest.predict_proba, stats, wine.feature_names, num_perturbs=number, max_features=8
        )
        spreads = explainer.stability(wine.data[0], repeats=20)[0][0]
        weights = [(each.description, each.mean) for each in spreads]
        title = f"class 0, num_perturbs={number}"
        charts.append(Bars(title, weights, [each.spread for each in spreads]))
    bar_figure(charts).savefig(HERE / "explainers_limetabular.png", dpi=80)


if __name__ == "__main__":
    main()
