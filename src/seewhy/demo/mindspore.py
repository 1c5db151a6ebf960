"""EfficientNet-Lite0 with its ImageNet weights as a MindSpore cell, and the photographs as data.

Mingxing Tan and Quoc V. Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural
Networks. ICML 2019. The Lite variants leave out squeeze-and-excitation and use ReLU6 for Swish.
"""

from mindspore import Tensor, nn
from mindspore.dataset import GeneratorDataset

from seewhy.demo.columns import columns
from seewhy.demo.photographs import photographs
from seewhy.demo.weights import weights

# A stage: kernel, stride of its first block, expansion, channels, blocks.
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)

_TORCH_LEAVES = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def network() -> nn.Cell:
    """Build EfficientNet-Lite0 with its ImageNet weights.

    Returns
    -------
    mindspore.nn.Cell
        In evaluation mode; (N, 3, 224, 224) float32 in -1..1 -> logits (N, 1000). `conv_head` is
        the last convolution. Every ReLU6 is a cell of its own.

    Raises
    ------
    ModuleNotFoundError
        The package of the weights is not installed; the message says what to install.
    """
    built = EfficientNetLite0()
    arrays = weights()
    for parameter in built.get_parameters():
        parameter.set_data(Tensor(arrays[_torch_name(parameter.name)]))
    return built.set_train(False)


def activation_fn() -> nn.Cell:
    """Return what turns the logits into probabilities: a softmax."""
    return nn.Softmax()


def dataset() -> GeneratorDataset:
    """Return the photographs of the demo as a dataset with the columns image, label and boxes.

    Returns
    -------
    mindspore.dataset.GeneratorDataset
        In order, not batched. float32 (3, 224, 224) in -1..1; int32 (L,) padded with -1; float32
        (L, 4) boxes x, y, width, height in pixels, one beside each label, padded with zeros.

    Raises
    ------
    ModuleNotFoundError
        One of the demo's packages is not installed; the message says what to install.
    """
    rows = list(zip(*columns(photographs()), strict=True))
    return GeneratorDataset(rows, ["image", "label", "boxes"], shuffle=False)


class EfficientNetLite0(nn.Cell):
    """EfficientNet-Lite0: (N, 3, H, W) -> logits (N, classes), with fresh weights.

    Parameters
    ----------
    classes : int
        Width of the output.
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv_stem = _convolution(3, 32, kernel=3, stride=2)
        self.bn0 = _batch_norm(32)
        self.relu_stem = nn.ReLU6()
        self.blocks = nn.SequentialCell(_blocks(32))
        self.conv_head = _convolution(320, 1280)
        self.bn1 = _batch_norm(1280)
        self.relu_head = nn.ReLU6()
        self.dropout = nn.Dropout(p=0.2)
        self.fc = nn.Dense(1280, classes)

    def construct(self, x: Tensor) -> Tensor:
        """Return the logits of images x."""
        x = self.relu_stem(self.bn0(self.conv_stem(x)))
        x = self.blocks(x)
        x = self.relu_head(self.bn1(self.conv_head(x)))
        return self.fc(self.dropout(x.mean((2, 3))))


class InvertedResidual(nn.Cell):
    """Expand (1x1), filter each channel (depthwise), project (1x1).

    The input is added where the shapes agree.
    """

    def __init__(
        self, channels: int, outputs: int, *, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        width = channels * expansion
        self.expands = expansion != 1
        if self.expands:
            self.expand_conv = _convolution(channels, width)
            self.bn0 = _batch_norm(width)
            self.relu0 = nn.ReLU6()
        self.depthwise_conv = _convolution(width, width, kernel=kernel, stride=stride, groups=width)
        self.bn1 = _batch_norm(width)
        self.relu1 = nn.ReLU6()
        self.project_conv = _convolution(width, outputs)
        self.bn2 = _batch_norm(outputs)
        self.adds_input = stride == 1 and channels == outputs

    def construct(self, x: Tensor) -> Tensor:
        """Return the block's output for activations x."""
        y = x
        if self.expands:
            y = self.relu0(self.bn0(self.expand_conv(y)))
        y = self.relu1(self.bn1(self.depthwise_conv(y)))
        y = self.bn2(self.project_conv(y))
        return y + x if self.adds_input else y


def _blocks(channels: int) -> list[nn.Cell]:
    blocks: list[nn.Cell] = []
    for kernel, first_stride, expansion, outputs, count in _STAGES:
        for stride in [first_stride] + [1] * (count - 1):
            block = InvertedResidual(
                channels, outputs, kernel=kernel, stride=stride, expansion=expansion
            )
            blocks.append(block)
            channels = outputs
    return blocks


def _convolution(
    channels: int, outputs: int, *, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Cell:
    # "same" puts the odd pixel at the bottom and right, as TensorFlow did in training.
    return nn.Conv2d(
        channels, outputs, kernel, stride=stride, pad_mode="same", group=groups, has_bias=False
    )


def _batch_norm(channels: int) -> nn.Cell:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.99)


def _torch_name(name: str) -> str:
    """Name of a parameter in the PyTorch network: blocks.0.bn1.gamma -> _blocks.0._bn1.weight."""
    *cells, leaf = name.split(".")
    path = [cell if cell.isdigit() else f"_{cell}" for cell in cells]
    return ".".join([*path, _TORCH_LEAVES.get(leaf, leaf)])
