"""Make the images of docs/explainers/shap_*.md: ``python docs/images/make_shapley.py``."""

from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

from seewhy import SHAPGradient, SHAPKernel
from seewhy.explainer import global_importance

HERE = Path(__file__).parent


def save(figure: Figure, name: str) -> None:
    """Write a figure beside this file."""
    figure.savefig(HERE / f"{name}.png", dpi=80, pil_kwargs={"optimize": True})


def network(x: np.ndarray, y: np.ndarray) -> torch.nn.Module:
    """A small classifier of standardised rows, trained for a second."""
    torch.manual_seed(0)
    made = torch.nn.Sequential(
        torch.nn.Linear(13, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3), torch.nn.Softmax(-1)
    )
    optimizer = torch.optim.Adam(made.parameters(), 0.02)
    rows, labels = torch.tensor(x), torch.tensor(y)
    for _ in range(100):
        optimizer.zero_grad()
        torch.nn.functional.nll_loss(made(rows).log(), labels).backward()
        optimizer.step()
    return made.eval()


def main() -> None:
    """Write the images."""
    matplotlib.use("agg")
    wine = load_wine(as_frame=True)
    names = list(wine.target_names)
    forest = RandomForestClassifier(100, random_state=0).fit(wine.data, wine.target)
    explained = SHAPKernel(forest, wine.data, None, names, 1000, summarise=30).explain(wine.data, 1)
    row = int(np.argmax((wine.target == 1) & (explained.outputs[:, 0] < 0.95)))
    save(explained.waterfall(row, max_features=7), "shap_waterfall")
    save(explained.beeswarm(), "shap_beeswarm")
    save(global_importance(explained).bar(), "shap_bar")

    scaled = ((wine.data - wine.data.mean()) / wine.data.std()).to_numpy(np.float32)
    by_gradient = SHAPGradient(
        network(scaled, wine.target.to_numpy()),
        scaled[::2],
        list(wine.data.columns),
        names,
    )
    save(by_gradient.explain(scaled[row : row + 1], 1).waterfall(max_features=7), "shap_gradient")


if __name__ == "__main__":
    main()
