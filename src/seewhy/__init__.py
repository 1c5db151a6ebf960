"""SeeWhy: why an image classifier decided as it did.

PyTorch and MindSpore networks alike; this import loads neither framework.
"""

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
from seewhy.runner import ImageClassificationRunner
from seewhy.version import __version__

__all__ = [
    "RISE",
    "Deconvolution",
    "Explainer",
    "GradCAM",
    "Gradient",
    "GuidedBackprop",
    "ImageClassificationRunner",
    "LIMETabular",
    "Network",
    "Occlusion",
    "PseudoLinearCoef",
    "RISEPlus",
    "SHAPGradient",
    "SHAPKernel",
    "__version__",
    "adapt",
]
