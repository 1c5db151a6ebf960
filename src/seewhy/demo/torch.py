"""EfficientNet-Lite0 with its ImageNet weights as a PyTorch module, and the photographs as data."""

import torch
from torch import nn
from torch.utils.data import Dataset, TensorDataset

from seewhy.demo.columns import columns
from seewhy.demo.photographs import photographs
from seewhy.demo.weights import weights


def network() -> nn.Module:
    """Build EfficientNet-Lite0 with its ImageNet weights.

    Returns
    -------
    torch.nn.Module
        In evaluation mode; (N, 3, 224, 224) float32 in -1..1 -> logits (N, 1000). `_conv_head` is
        the last convolution. The ReLU6 of a block is one module that runs twice in a forward.

    Raises
    ------
    ModuleNotFoundError
        One of the demo's packages is not installed; the message says what to install.
    """
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "the demo needs the package `efficientnet-lite-pytorch`, which is not installed: "
            "pip install 'seewhy[demo]'",
            name=error.name,
        ) from error
    built: nn.Module = EfficientNet.from_name("efficientnet-lite0")
    built.load_state_dict({name: torch.from_numpy(array) for name, array in weights().items()})
    return built.eval()


def activation_fn() -> nn.Module:
    """Return what turns the logits into probabilities: a softmax."""
    return nn.Softmax(dim=-1)


def dataset() -> Dataset[tuple[torch.Tensor, ...]]:
    """Return the photographs of the demo as a dataset of (image, label, boxes).

    Returns
    -------
    torch.utils.data.Dataset
        Items: float32 (3, 224, 224) in -1..1; int64 (L,) padded with -1; float32 (L, 4) boxes
        x, y, width, height in pixels, one beside each label, padded with zeros.

    Raises
    ------
    ModuleNotFoundError
        One of the demo's packages is not installed; the message says what to install.
    """
    images, labels, boxes = columns(photographs())
    return TensorDataset(
        torch.from_numpy(images), torch.from_numpy(labels).long(), torch.from_numpy(boxes)
    )
