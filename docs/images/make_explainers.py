"""Make the images of docs/explainers: ``python docs/images/make_explainers.py`` (extra: demo)."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from seewhy import Deconvolution, GradCAM, Gradient, GuidedBackprop
from seewhy.demo.columns import from_display
from seewhy.demo.photographs import class_names, photographs
from seewhy.demo.torch import network
from seewhy.visual import grid_image, images_from_maps

HERE = Path(__file__).parent
# scikit-image's photographs, whose licences allow to show them.
NAMES = ("chelsea", "coffee", "rocket")


def main() -> None:
    """Write one image for each explainer beside this file."""
    chosen = [photo for photo in photographs() if photo.name in NAMES]
    net, names = network(), class_names()
    x = torch.from_numpy(np.stack([from_display(photo.image) for photo in chosen]))
    with torch.no_grad():
        targets = net(x).topk(2).indices
    titles = [[names[k] for k in row] for row in targets.tolist()]
    for explainer in (Gradient(net), Deconvolution(net), GuidedBackprop(net), GradCAM(net, "auto")):
        maps = explainer(x, targets).numpy()
        if explainer.name != "GradCAM":
            # A few outliers would darken the rest.
            maps = np.minimum(maps, np.quantile(maps, 0.99, axis=(2, 3), keepdims=True))
        originals: list[Image.Image] = [photo.image for photo in chosen]
        pictures = images_from_maps(maps, originals if explainer.name == "GradCAM" else None)
        sheet = grid_image(pictures, originals, titles)
        sheet.save(HERE / f"explainers_{explainer.name.lower()}.jpg", quality=82)


if __name__ == "__main__":
    main()
