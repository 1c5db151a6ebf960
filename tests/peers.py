"""Lets other libraries that import torchvision do so beside a CPU build of PyTorch.

PyPI's torchvision is a CUDA build: its operators do not load there, and its import fails on looking
two of them up. Once these are declared the import works, and with it all that uses no operator of
torchvision (grad-cam, ResNet-50).
"""

from importlib.util import find_spec
from pathlib import Path

_OPERATORS = ("nms", "qnms")
_declared: list[
    object
] = []  # PyTorch forgets the operators together with the object that declared them


def make_torchvision_importable() -> None:
    """Declare the operators, if torchvision is installed and cannot load its own.

    To be called before torchvision is imported.
    """
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None or _declared:
        return
    import torch

    try:
        for library in Path(spec.origin).parent.glob("_C*.so"):
            torch.ops.load_library(library)
    except OSError:
        namespace = torch.library.Library("torchvision", "DEF")
        for operator in _OPERATORS:
            namespace.define(
                f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )
        _declared.append(namespace)
