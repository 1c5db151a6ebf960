"""Explainers: one short file a method."""

from seewhy.explainer.base import Explainer
from seewhy.explainer.gradcam import GradCAM
from seewhy.explainer.gradient import Gradient
from seewhy.explainer.modified_relu import Deconvolution, GuidedBackprop
from seewhy.explainer.occlusion import Occlusion
from seewhy.explainer.rise import RISE
from seewhy.explainer.riseplus import RISEPlus

__all__ = [
    "RISE",
    "Deconvolution",
    "Explainer",
    "GradCAM",
    "Gradient",
    "GuidedBackprop",
    "Occlusion",
    "RISEPlus",
]
