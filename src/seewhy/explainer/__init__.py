"""Explainers: one short file a method."""

from seewhy.explainer.base import Explainer
from seewhy.explainer.exact_shapley import exact_shapley
from seewhy.explainer.gradcam import GradCAM
from seewhy.explainer.gradient import Gradient
from seewhy.explainer.lime_tabular import LIMETabular
from seewhy.explainer.modified_relu import Deconvolution, GuidedBackprop
from seewhy.explainer.occlusion import Occlusion
from seewhy.explainer.pseudo_linear_coef import PseudoLinearCoef
from seewhy.explainer.rise import RISE
from seewhy.explainer.riseplus import RISEPlus
from seewhy.explainer.shap_gradient import SHAPGradient
from seewhy.explainer.shap_kernel import SHAPKernel
from seewhy.explainer.shapley.explanation import (
    GlobalImportance,
    ShapleyExplanation,
    global_importance,
)

__all__ = [
    "RISE",
    "Deconvolution",
    "Explainer",
    "GlobalImportance",
    "GradCAM",
    "Gradient",
    "GuidedBackprop",
    "LIMETabular",
    "Occlusion",
    "PseudoLinearCoef",
    "RISEPlus",
    "SHAPGradient",
    "SHAPKernel",
    "ShapleyExplanation",
    "exact_shapley",
    "global_importance",
]
