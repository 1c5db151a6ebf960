"""Saliency maps as pictures: colours, overlays, grids, notebooks. Loads no framework."""

from seewhy.visual import cv
from seewhy.visual.bars import Bars, bar_figure
from seewhy.visual.contact_sheet import grid_image
from seewhy.visual.curves import plot_curves
from seewhy.visual.cv import normalize_saliency, saliency_to_image, saliency_to_rgba
from seewhy.visual.edits import edited_image
from seewhy.visual.figure import figure_grid, saliency_grid
from seewhy.visual.notebook import in_notebook, show
from seewhy.visual.pictures import images_from_maps
from seewhy.visual.resize import resize_bilinear

__all__ = [
    "Bars",
    "bar_figure",
    "cv",
    "edited_image",
    "figure_grid",
    "grid_image",
    "images_from_maps",
    "in_notebook",
    "normalize_saliency",
    "plot_curves",
    "resize_bilinear",
    "saliency_grid",
    "saliency_to_image",
    "saliency_to_rgba",
    "show",
]
