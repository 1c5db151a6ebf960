"""The demo: EfficientNet-Lite0 on real photographs, with all that a run can hold."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from types import ModuleType

from seewhy.benchmark import Faithfulness, Localization
from seewhy.counterfactual import HierarchicalOcclusion
from seewhy.demo.columns import to_display
from seewhy.demo.photographs import class_names, photographs
from seewhy.explainer import Deconvolution, GradCAM, Gradient, GuidedBackprop
from seewhy.runner import ImageClassificationRunner


def run_demo(framework: str, summary_dir: Path, progress: bool | None = None) -> Path:
    """Explain the demo's network on the demo's photographs; return the path of the store.

    Parameters
    ----------
    framework
        "torch" or "mindspore".
    summary_dir
        Folder for the store.
    progress
        See `ImageClassificationRunner`.

    Raises
    ------
    ModuleNotFoundError
        If the framework or one of the demo's packages is not installed.
    """
    nets = _import(framework)
    network = nets.network()
    runner = ImageClassificationRunner(
        summary_dir,
        (nets.dataset(), class_names()),
        network,
        nets.activation_fn(),
        display=to_display,
        names=[photograph.name for photograph in photographs()],
        job=f"efficientnet-lite0-{framework}",
        progress=progress,
    )
    explainers = [
        GradCAM(network, layer="auto"),
        GuidedBackprop(network),
        Gradient(network),
        Deconvolution(network),
    ]
    activation_fn, classes = nets.activation_fn(), len(class_names())
    runner.register_saliency(
        explainers,
        [Localization(classes), Faithfulness(classes, activation_fn, "DeletionAUC", steps=10)],
    )
    runner.register_uncertainty()
    if framework == "torch":
        # Strides of a quarter of the window instead of a fifth, as a demo has to be quick. On
        # MindSpore's CPU even that takes minutes.
        search = HierarchicalOcclusion(network, activation_fn, windows=[112, 56], strides=[28, 14])
        runner.register_hierarchical_occlusion(search)
    return runner.run()


def _import(framework: str) -> ModuleType:
    if framework == "mindspore":
        # Read at its first convolution, which is a hundred times slower with AVX-512.
        os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
    try:
        return importlib.import_module(f"seewhy.demo.{framework}")
    except ModuleNotFoundError as error:
        if error.name != framework:
            raise
        extra = "demo" if framework == "torch" else f"demo-{framework}"
        raise ModuleNotFoundError(
            f"{framework} is not installed: pip install 'seewhy[{extra}]'", name=framework
        ) from error
