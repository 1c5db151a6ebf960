"""SeeWhy: why an image classifier decided as it did.

PyTorch and MindSpore networks alike; this import loads neither framework, and each name what it
needs when it is first asked for, so that the command line answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from seewhy.version import __version__

if TYPE_CHECKING:
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
    from seewhy.viewer import open_job

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
    "open_job",
]

_PARTS = (
    *["benchmark", "counterfactual", "explainer", "network", "perturb", "runner", "store"],
    *["testing", "tool", "uncertainty", "viewer", "visual"],
)
_ELSEWHERE = {
    "EpistemicUncertainty": "uncertainty",
    "HierarchicalOcclusion": "counterfactual",
    "ImageClassificationRunner": "runner",
    "Network": "network",
    "TabularRunner": "runner",
    "adapt": "network",
    "open_job": "viewer",
}


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return import_module(f"seewhy.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'seewhy' has no attribute {name!r}")
    found = getattr(import_module(f"seewhy.{_ELSEWHERE.get(name, 'explainer')}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PARTS})
