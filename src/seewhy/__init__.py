"""SeeWhy: why an image classifier decided as it did.

PyTorch and MindSpore networks alike; this import loads neither framework.
"""

from seewhy.counterfactual import HierarchicalOcclusion
from seewhy.explainer import (
    RISE,
    Deconvolution,
    Explainer,
    GradCAM,
    Gradient,
    GuidedBackprop,
    LIMETabular,
    Occlusion,
    PseudoLinearCoef,
    RISEPlus,
    SHAPGradient,
    SHAPKernel,
)
from seewhy.network import Network, adapt
from seewhy.runner import ImageClassificationRunner, TabularRunner
from seewhy.uncertainty import EpistemicUncertainty
from seewhy.version import __version__

__all__ = [
    "RISE",
    "Deconvolution",
    "EpistemicUncertainty",
    "Explainer",
    "GradCAM",
    "Gradient",
    "GuidedBackprop",
    "HierarchicalOcclusion",
    "ImageClassificationRunner",
    "LIMETabular",
    "Network",
    "Occlusion",
    "PseudoLinearCoef",
    "RISEPlus",
    "SHAPGradient",
    "SHAPKernel",
    "TabularRunner",
    "__version__",
    "adapt",
]
