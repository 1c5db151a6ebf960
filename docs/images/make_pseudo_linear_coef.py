"""Make the image of PseudoLinearCoef: ``python docs/images/make_pseudo_linear_coef.py``."""

from pathlib import Path

from sklearn.datasets import load_wine
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from seewhy import PseudoLinearCoef
from seewhy.visual import Bars, bar_figure

HERE = Path(__file__).parent


def main() -> None:
    """Write the image beside this file."""
    wine = load_wine()
    # One scale for all features: coefficients are compared.
    features = StandardScaler().fit_transform(wine.data)
    model = MLPClassifier((16,), max_iter=2000, random_state=0).fit(features, wine.target)
    plc, _ = PseudoLinearCoef(model.predict_proba, 3)(features)
    charts = []
    for target, values in enumerate(PseudoLinearCoef.normalize(plc)):
        order = sorted(range(len(values)), key=lambda k: -abs(values[k]))[:6]
        weights = [(wine.feature_names[k], float(values[k])) for k in order]
        charts.append(Bars(f"towards class {target}", weights))
    bar_figure(charts).savefig(HERE / "explainers_pseudolinearcoef.png", dpi=72)


if __name__ == "__main__":
    main()
