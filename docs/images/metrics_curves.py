"""Figures of the metrics that ask for probabilities; see make_metrics.py."""

from io import BytesIO
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from metrics_common import (
    BLUE,
    COFFEE,
    DPI,
    GREEN,
    LABELS,
    ORANGE,
    explainer,
    net,
    panel,
    probability,
    row,
    saliency,
    tensor,
)
from PIL import Image
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

import seewhy.benchmark as metrics
from seewhy import SHAPKernel
from seewhy.benchmark.case import Case
from seewhy.benchmark.curves import Curve
from seewhy.benchmark.infidelity import best_scale
from seewhy.benchmark.infidelity_perturbations import Squares
from seewhy.demo.columns import to_display
from seewhy.demo.torch import activation_fn
from seewhy.perturb.by_saliency import ranks
from seewhy.perturb.imputation import imputed
from seewhy.visual import plot_curves


def faithfulness() -> Image.Image:
    """Deletion and insertion: the curves above, the photograph at a few steps below."""
    (name, label), charts = COFFEE, []
    x = tensor(name)
    cam = saliency("GradCAM", x, label)
    for kind in ("DeletionAUC", "InsertionAUC"):
        metric = metrics.Faithfulness(LABELS, activation_fn(), kind, steps=50)
        names = ("GradCAM", "RandomMap", "EdgeDetector")
        curves = {by: metric.curve(explainer(by), x, label) for by in names}
        print(kind, {by: metric.evaluate(explainer(by), x, label).round(3) for by in names})
        with BytesIO() as png:
            chart = plot_curves(curves, f"{kind[:-3].lower()}: mean height in the legend")
            chart.set_size_inches(5, 3.1)
            chart.savefig(png, dpi=DPI)
            charts.append(Image.open(png).convert("RGB"))
    figure, cells = row(8, 1.5, 10)
    order, shares = ranks(cam[None])[0] / cam.size, (0.0, 0.1, 0.25, 0.5)
    for cell, share, inserted in zip(cells, shares * 2, [0] * 4 + [1] * 4, strict=True):
        gone = (order >= share) if inserted else (order < share)
        seen = torch.where(torch.from_numpy(gone), 0.0, x)
        p = probability(seen, label)[0]
        panel(cell, to_display(seen[0]), f"{share:.0%}: p = {p:.2f}")
    with BytesIO() as png:
        figure.savefig(png, dpi=DPI)
        below = Image.open(png).convert("RGB")
    sheet = Image.new("RGB", (900, charts[0].height + below.height), "white")
    for image, place in zip(
        (*charts, below), ((0, 0), (450, 0), (0, charts[0].height)), strict=True
    ):
        sheet.paste(image, place)
    return sheet


def scatter(axes: Any, x: Any, y: Any, color: str, title: str) -> None:
    """Points with light axes."""
    axes.scatter(x, y, s=14, color=color, alpha=0.7, linewidths=0)
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.locator_params(axis="x", nbins=4)


def faithfulness_correlation() -> Figure:
    """What the map gives to random sets of pixels against what the network loses with them."""
    (name, label), random = COFFEE, np.random.default_rng(0)
    x = tensor(name)
    # The sets of the metric: its seed is 0, its share 0.2.
    drawn = [random.permutation(224**2)[: int(224**2 * 0.2)] for _ in range(100)]
    hidden = np.zeros((100, 224**2), bool)
    np.put_along_axis(hidden, np.array(drawn), True, axis=1)
    seen = torch.where(torch.from_numpy(hidden.reshape(100, 1, 224, 224)), 0.0, x)
    drop = probability(x, label) - np.concatenate([probability(s, label) for s in seen.split(20)])
    figure, cells = row(3, 2.9)
    panel(cells[0], to_display(seen[0]), f"one set of 100: p falls by {drop[0]:.2f}")
    metric = metrics.FaithfulnessCorrelation(LABELS, activation_fn())
    for cell, by, color in zip(cells[1:], ("GradCAM", "RandomMap"), (BLUE, ORANGE), strict=True):
        values = saliency(by, x, label).ravel()
        sums, score = (hidden @ values) / values.sum(), metric.evaluate(explainer(by), x, label)[0]
        print(by, score, np.corrcoef(sums, drop)[0, 1])
        scatter(cell, sums, drop, color, f"{by}: score {score:.2f}")
        cell.set_xlabel("share of the map in the set")
    cells[1].set_ylabel("drop of the probability")
    return figure


def road() -> Figure:
    """Half of the pixels as zeros and as ROAD fills them in; p along the shares."""
    name, label = COFFEE
    x, p = tensor(name), probability(tensor(name), label)[0]
    hidden = ranks(saliency("GradCAM", x, label)[None]) < 224**2 // 2
    zeros = torch.where(torch.from_numpy(hidden)[:, None], 0.0, x)
    filled = torch.from_numpy(imputed(x.double().numpy(), hidden)).float()
    figure = Figure(figsize=(9, 3), layout="constrained")
    cells = figure.subplots(1, 3, width_ratios=(1, 1, 1.4))
    panel(cells[0], to_display(zeros[0]), f"zeros: p = {probability(zeros, label)[0]:.2f}")
    panel(cells[1], to_display(filled[0]), f"filled in: p = {probability(filled, label)[0]:.2f}")
    shares = np.arange(1, 10) / 10
    for by, color in (("GradCAM", BLUE), ("RandomMap", ORANGE)):
        lines = []
        for order, dashes in (("LeRF", "--"), ("MoRF", "-")):
            sign = 1 if order == "LeRF" else -1
            moved = [
                metrics.ROAD(LABELS, activation_fn(), order, shares=[share]).evaluate(
                    explainer(by), x, label
                )[0]
                for share in shares
            ]
            lines.append(p + sign * np.array(moved))
            cells[2].plot(shares, lines[-1], dashes, color=color, label=f"{by}, {order}")
        print(by, "combined", (lines[0] - lines[1]).mean())
        if by == "GradCAM":
            cells[2].fill_between(shares, *lines, color=color, alpha=0.1, linewidth=0)
    cells[2].set(xlabel="share of the pixels removed", ylabel="probability", ylim=(-0.03, 1.03))
    cells[2].spines[["top", "right"]].set_visible(False)
    cells[2].legend(fontsize=8, frameon=False, loc="center", bbox_to_anchor=(0.62, 0.55))
    return figure


def infidelity() -> Figure:
    """Change foretold by the map against the change of the logit."""
    name, label = COFFEE
    x, metric = tensor(name), metrics.Infidelity(LABELS, None)
    figure, cells = row(4, 2.6)
    names = ("Occlusion", "GradCAM", "RandomMap")
    for cell, by, color in zip(cells[1:], names, (GREEN, BLUE, ORANGE), strict=True):
        made, values = explainer(by), saliency(by, x, label)
        case = Case(made, metric.network_of(made), x, np.array([label]), values[None])
        squares = Squares(case, 0.0, 100, (0,), 56)
        seen = squares.make(np.arange(100), np.zeros(100, np.int64))
        with torch.no_grad():
            f = torch.cat([net()(part)[:, label] for part in (x, *seen.split(25))]).double()
        change, foretold = (f[0] - f[1:]).numpy()[:, None], squares.foretold()
        foretold = best_scale(foretold, change) * foretold
        score = metric.evaluate(made, x, label)[0]
        print(by, score, ((foretold - change) ** 2).mean(), "zeros:", (change**2).mean())
        scatter(cell, foretold, change, color, f"{by}: score {score:.2f}")
        ends = [change.min(), change.max()]
        cell.plot(ends, ends, color="0.6", linewidth=1, zorder=0)
        cell.set_xlabel("change foretold")
    most = int(change.argmax())
    panel(cells[0], to_display(seen[most]), f"a square: logit -{change[most, 0]:.1f}")
    cells[1].set_ylabel("change of the logit")
    return figure


def tabular_faithfulness() -> Figure:
    """Deletion and insertion of SHAP values and of random ones, on wines."""
    wine = load_wine()
    forest = RandomForestClassifier(100, random_state=0).fit(wine.data[::2], wine.target[::2])
    rows = wine.data[1::6]
    targets = forest.predict(rows)[:, None]
    shap = SHAPKernel(forest, wine.data[::2], None, None, 1000, summarise=20)
    values = {
        "SHAPKernel": np.asarray(shap(rows, targets)),
        "random": np.random.default_rng(0).random((len(rows), 1, 13)),
    }
    figure, cells = row(2, 3.4)
    for cell, kind in zip(cells, ("Deletion", "Insertion"), strict=True):
        metric = metrics.TabularFaithfulness(forest, wine.data[::2], kind)
        for (by, each), color in zip(values.items(), (BLUE, ORANGE), strict=True):
            curve = Curve(np.arange(14) / 13, metric.curves(rows, targets, each)[:, 0])
            score = metric.evaluate(rows, targets, each).mean()
            mean = curve.probability.mean(0)
            cell.plot(curve.share, mean, ".-", color=color, label=f"{by}: {score:.2f}")
        cell.set(xlabel="share of the features", title=kind, ylim=(0, 1))
        cell.spines[["top", "right"]].set_visible(False)
        cell.legend(frameon=False, title="mean score")
    cells[0].set_ylabel("probability of the class")
    return figure
