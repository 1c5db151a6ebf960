"""What make_metrics.py and its parts share: the photographs, the explainers, and panels."""

from functools import cache
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

import seewhy.benchmark as metrics
from seewhy import Deconvolution, GradCAM, Gradient, GuidedBackprop, Occlusion
from seewhy.demo.columns import from_display
from seewhy.demo.photographs import Photograph, photographs
from seewhy.demo.torch import network
from seewhy.visual import saliency_to_image

DPI = 90
LABELS = 1000
BLUE, ORANGE, GREEN = "#0072b2", "#d55e00", "#009e73"
# scikit-image's photographs, whose licences allow to show them: (name, class explained).
COFFEE, CAT, CAMERA = ("coffee", 967), ("chelsea", 282), ("camera", 872)


@cache
def net() -> torch.nn.Module:
    """The demo's network."""
    return network()


def explainer(name: str) -> Any:
    """An explainer or baseline by its name."""
    if name == "GradCAM":
        return GradCAM(net(), "auto")
    if name == "Occlusion":  # of the logits, as the others are
        return Occlusion(net(), torch.nn.Identity(), window=56, stride=14)
    classes = (Gradient, Deconvolution, GuidedBackprop, metrics.RandomMap, metrics.EdgeDetector)
    return {made.__name__: made for made in classes}[name](net())


@cache
def photograph(name: str) -> Photograph:
    """One of the demo's photographs."""
    return next(photo for photo in photographs() if photo.name == name)


def tensor(name: str) -> torch.Tensor:
    """A photograph as the network takes it, (1, 3, 224, 224)."""
    return torch.from_numpy(from_display(photograph(name).image))[None]


def saliency(by: str, x: torch.Tensor, label: int) -> NDArray[np.float64]:
    """The map (224, 224) of a class."""
    made: NDArray[np.float64] = explainer(by)(x, label).numpy()[0, 0].astype(np.float64)
    return made


@torch.no_grad()
def probability(x: torch.Tensor, label: int) -> NDArray[np.float64]:
    """Of the class, (N,)."""
    made: NDArray[np.float64] = net()(x).softmax(-1)[:, label].double().numpy()
    return made


def mask_of(name: str) -> NDArray[np.bool_]:
    """The pixels in the boxes of a photograph, (1, 1, 224, 224)."""
    return metrics.boxes_to_mask([photograph(name).boxes], (224, 224))


def picture(values: NDArray[np.float64], over: Image.Image | None = None) -> Image.Image:
    """A map in colours; cut at its 99th percentile, as a few outliers would darken the rest."""
    return saliency_to_image(np.minimum(values, np.quantile(values, 0.99)), over)


def panel(axes: Any, image: Any, title: str = "", side: str = "") -> None:
    """Put a picture into axes without ticks."""
    axes.imshow(image, cmap=None)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=10)
    axes.set_ylabel(side, fontsize=10)


def draw_boxes(axes: Any, name: str) -> None:
    """Outline the boxes of a photograph."""
    for x, y, w, h in photograph(name).boxes:
        corners = [x, x + w, x + w, x, x], [y, y, y + h, y + h, y]
        axes.plot(*np.array(corners) - 0.5, color="white", linewidth=3)
        axes.plot(*np.array(corners) - 0.5, color="black", linewidth=1.2)


def row(panels: int, height: float = 2.5, width: float = 9) -> tuple[Figure, Any]:
    """A figure of panels beside each other."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(1, panels)
