"""`tests.networks` in PyTorch."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from tests.networks import Spec


def build(spec: Spec) -> nn.Module:
    network = _KINDS[spec.kind](spec)
    with torch.no_grad():
        for name, parameter in network.named_places().items():
            parameter.copy_(torch.from_numpy(spec.weights[name]))
    return network.eval()


class SmallCNN(nn.Module):
    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(spec.channels, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()
        )
        self.conv = nn.Conv2d(4, 4, 3, stride=2, padding=1)
        self.relu6 = nn.ReLU6()
        self.fc = nn.Linear(4, spec.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.relu6(self.conv(self.features(x))).mean((2, 3)))

    def named_places(self) -> dict[str, torch.Tensor]:
        norm: Any = self.features[1]
        return {
            **_weighted("conv1", self.features[0]),
            "bn.gamma": norm.weight,
            "bn.beta": norm.bias,
            "bn.mean": norm.running_mean,
            "bn.variance": norm.running_var,
            **_weighted("conv2", self.conv),
            **_weighted("fc", self.fc),
        }


class ReusedReLU(nn.Module):
    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(spec.channels, 4, 3, padding=1)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.fc = nn.Linear(4, spec.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x)) + x
        return self.fc(x.mean((2, 3)))

    def named_places(self) -> dict[str, torch.Tensor]:
        return {
            **_weighted("conv1", self.conv1),
            **_weighted("conv2", self.conv2),
            **_weighted("fc", self.fc),
        }


class Flat(nn.Module):
    """What `before` makes of the images, flattened, and a dense layer."""

    def __init__(self, spec: Spec, before: nn.Module | None = None) -> None:
        super().__init__()
        self.before = before or nn.Identity()
        self.fc = nn.Linear(16, spec.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.before(x).flatten(1))

    def named_places(self) -> dict[str, torch.Tensor]:
        return _weighted("fc", self.fc)


def _weighted(name: str, module: Any) -> dict[str, torch.Tensor]:
    return {f"{name}.weight": module.weight, f"{name}.bias": module.bias}


_KINDS: dict[str, Any] = {
    "small_cnn": SmallCNN,
    "reused_relu": ReusedReLU,
    "dense": Flat,
    "relu_dense": lambda spec: Flat(spec, nn.ReLU()),
    "dropout_dense": lambda spec: Flat(spec, nn.Dropout(0.25)),
}
