"""Figures of the metrics that look at maps alone; see make_metrics.py."""

from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from metrics_common import (
    BLUE,
    CAMERA,
    CAT,
    COFFEE,
    GREEN,
    LABELS,
    ORANGE,
    draw_boxes,
    explainer,
    mask_of,
    net,
    panel,
    photograph,
    picture,
    probability,
    row,
    saliency,
    tensor,
)
from scipy.stats import spearmanr

import seewhy.benchmark as metrics
from seewhy import adapt
from seewhy.benchmark.noisy_copies import UniformNoise
from seewhy.demo.columns import to_display
from seewhy.demo.photographs import class_names
from seewhy.demo.torch import activation_fn
from seewhy.perturb.by_saliency import ranks


def localization() -> Figure:
    """Peak, salient region and box."""
    name, label = COFFEE
    x, mask = tensor(name), mask_of(name)
    figure, cells = row(4)
    panel(cells[0], photograph(name).image, f"box:\n{mask.mean():.0%} of the image")
    draw_boxes(cells[0], name)
    for cell, by in zip(cells[1:], ("GradCAM", "GuidedBackprop", "Deconvolution"), strict=True):
        values = saliency(by, x, label)
        hit, iosr = (
            metrics.Localization(LABELS, kind).evaluate(explainer(by), x, label, mask=mask)[0]
            for kind in ("PointingGame", "IoSR")
        )
        verdict = "hit" if hit else "miss"
        panel(cell, picture(values, photograph(name).image), f"{by}:\n{verdict}, IoSR {iosr:.2f}")
        cell.contour(values > values.max() / 2, [0.5], colors=ORANGE, linewidths=1.5)
        top, left = np.unravel_index(values.argmax(), values.shape)
        cell.plot(left, top, "*", color="red", markeredgecolor="white", markersize=16)
        draw_boxes(cell, name)
    return figure


def relevance_mass() -> Figure:
    """Maps, dimmed outside the box."""
    name, label = COFFEE
    x, mask = tensor(name), mask_of(name)
    figure, cells = row(4)
    panel(cells[0], photograph(name).image, f"box: {mask.mean():.0%} of the image")
    draw_boxes(cells[0], name)
    metric = metrics.RelevanceMass(LABELS)
    for cell, by in zip(cells[1:], ("GradCAM", "GuidedBackprop", "RandomMap"), strict=True):
        score = metric.evaluate(explainer(by), x, label, mask=mask)[0]
        panel(cell, picture(saliency(by, x, label)), f"{by}: {score:.2f}")
        draw_boxes(cell, name)
    return figure


def relevance_rank() -> Figure:
    """The K pixels of largest relevance, by whether they lie in the box."""
    name, label = COFFEE
    x, mask = tensor(name), mask_of(name)
    figure, cells = row(4)
    panel(cells[0], photograph(name).image, f"box: K = {mask.sum():,} pixels")
    draw_boxes(cells[0], name)
    metric = metrics.RelevanceRank(LABELS)
    grey = np.asarray(photograph(name).image.convert("L"), np.float64)[..., None] / 255
    for cell, by in zip(cells[1:], ("GradCAM", "GuidedBackprop", "RandomMap"), strict=True):
        values = saliency(by, x, label)
        score = metric.evaluate(explainer(by), x, label, mask=mask)[0]
        top = ranks(np.maximum(values, 0)[None])[0] < mask.sum()
        shown = 0.45 * np.repeat(grey, 3, axis=2) + 0.55
        shown[top & mask[0, 0]] = (0, 0.62, 0.45)
        shown[top & ~mask[0, 0]] = (0.84, 0.37, 0)
        panel(cell, shown, f"{by}: {score:.2f}")
        draw_boxes(cell, name)
    return figure


def energy_pointing_game() -> Figure:
    """Grad-CAM and the box of three photographs."""
    figure, cells = row(3, 3.2)
    metric = metrics.EnergyPointingGame(LABELS)
    for cell, (name, label) in zip(cells, (COFFEE, CAMERA, CAT), strict=True):
        x, mask = tensor(name), mask_of(name)
        score = metric.evaluate(explainer("GradCAM"), x, label, mask=mask)[0]
        title = f"{class_names()[label]}: {score:.2f} (chance {mask.mean():.2f})"
        shown = picture(saliency("GradCAM", x, label), photograph(name).image)
        panel(cell, shown, title)
        draw_boxes(cell, name)
    return figure


def noisy_copies(x: torch.Tensor, level: float, limit: float) -> list[torch.Tensor]:
    """The ten copies that the metrics make; noise that moves the probabilities is drawn again."""
    noise, made = UniformNoise(level, (0,)), []
    for draw in range(10):
        for attempt in range(3):
            copy = x + torch.from_numpy(noise.draw((3, 224, 224), draw, attempt))
            with torch.no_grad():
                p, moved = net()(torch.cat([x, copy])).softmax(-1)
            if torch.linalg.norm(moved - p) <= limit:
                break
        made.append(copy)
    return made


def noisy(metric: Any, level: float, limit: float) -> Figure:
    """Maps of a photograph and of the two of ten noisy copies that move them least and most."""
    name, label = COFFEE
    x = tensor(name)
    copies = noisy_copies(x, level, limit)
    figure = Figure(figsize=(8.6, 4.6), layout="constrained")
    cells = figure.subplots(2, 4)
    panel(cells[0, 0], photograph(name).image, f"p = {probability(x, label)[0]:.2f}")
    p = probability(copies[0], label)[0]
    panel(cells[1, 0], to_display(copies[0][0]), f"a noisy copy: p = {p:.2f}")
    for line, by in zip(cells, ("GradCAM", "Gradient"), strict=True):
        score = metric.evaluate(explainer(by), x, label)[0]
        maps = np.stack([saliency(by, image, label) for image in (x, *copies)])
        change = np.sqrt(((maps - maps[0]) ** 2).sum((1, 2)) / (maps[0] ** 2).sum())
        print(by, score, change.max(), np.exp(-change.max()))
        panel(line[1], picture(maps[0]), f"{by}: score {score:.2f}")
        for cell, most in zip(
            line[2:], (1 + int(change[1:].argmin()), change.argmax()), strict=True
        ):
            side = "most" if cell is line[3] else "least"
            panel(cell, picture(maps[most]), f"moved {side}, by {change[most]:.2f}")
    return figure


def robustness() -> Figure:
    """Maps under noise of 0.2."""
    return noisy(metrics.Robustness(LABELS, activation_fn()), 0.2, 0.1)


def max_sensitivity() -> Figure:
    """Maps under noise of 0.02."""
    return noisy(metrics.MaxSensitivity(LABELS), 0.02, np.inf)


def class_sensitivity() -> Figure:
    """Maps of the likeliest and the unlikeliest label."""
    name, _ = COFFEE
    x = tensor(name)
    with torch.no_grad():
        logits = net()(x)[0]
    classes = [int(logits.argmax()), int(logits.argmin())]
    figure = Figure(figsize=(9, 2.3), layout="constrained")
    cells = figure.subplots(1, 5)
    panel(cells[0], photograph(name).image, "photograph")
    for pair, by in ((cells[1:3], "GradCAM"), (cells[3:], "EdgeDetector")):
        score = metrics.ClassSensitivity().evaluate(explainer(by), x)[0]
        for cell, label in zip(pair, classes, strict=True):
            panel(cell, picture(saliency(by, x, label)))
            cell.set_xlabel(class_names()[label], fontsize=10)
        pair[0].set_title(f"{by}: score {score:.2f}", fontsize=10, loc="left")
    return figure


def parameter_randomisation() -> Figure:
    """Maps while the layers forget, from the output down."""
    name, label = COFFEE
    x, adapted, shown = tensor(name), adapt(net()), (1, 2, 4, 6, 8)
    layers = adapted.weighted_layers()[::-1]
    parts = np.array_split(np.arange(len(layers)), 8)
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    cells = figure.subplots(2, 1 + len(shown))
    for line, by in zip(cells, ("GradCAM", "GuidedBackprop"), strict=True):
        own, alike = saliency(by, x, label), []
        score = metrics.ParameterRandomisation(LABELS).evaluate(explainer(by), x, label)[0]
        panel(line[0], picture(own), "trained", f"{by}: {score:.2f}")
        for step, part in enumerate(parts, 1):
            with adapted.randomised([layers[k] for k in range(part[-1] + 1)], 0):
                made = saliency(by, x, label)
            alike.append(np.nan_to_num(spearmanr(own, made, axis=None).statistic))
            if step in shown:
                panel(line[1 + shown.index(step)], picture(made), f"step {step}: {alike[-1]:.2f}")
        print(by, score, 1 - np.mean(alike), np.round(alike, 2))
    return figure


FOUR = ("Deconvolution", "Gradient", "GradCAM", "RandomMap")


def sparseness() -> Figure:
    """Four maps with their Gini index, and how much the smallest pixels hold together."""
    name, label = COFFEE
    x = tensor(name)
    figure, cells = row(5, 2.2, 10)
    share = np.linspace(0, 1, 224**2)
    cells[4].plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for cell, by, color in zip(cells, FOUR, (BLUE, ORANGE, GREEN, "#cc79a7"), strict=False):
        values = saliency(by, x, label)
        score = metrics.Sparseness(LABELS).evaluate(explainer(by), x, label)[0]
        panel(cell, picture(values), f"{by}: {score:.2f}")
        cell.set_title(cell.get_title(), fontsize=10, color=color)
        held = np.sort(np.abs(values).ravel()).cumsum()
        cells[4].plot(share, held / held[-1], color=color)
    cells[4].set_xlabel("share of the pixels", fontsize=9)
    cells[4].set_title("the smallest hold", fontsize=10)
    return figure


def complexity() -> Figure:
    """Four maps with their entropy, and the number of equal pixels that would be as complex."""
    name, label = COFFEE
    x = tensor(name)
    figure, cells = row(4, 2.7)
    for cell, by in zip(cells, FOUR, strict=True):
        score = metrics.Complexity(LABELS).evaluate(explainer(by), x, label)[0]
        panel(cell, picture(saliency(by, x, label)), f"{by}: {score:.2f}")
        cell.set_xlabel(f"as {np.exp(score) / 224**2:.0%} of the pixels", fontsize=10)
    return figure
