"""`tests.networks` in MindSpore."""

from __future__ import annotations

from typing import Any

from mindspore import Parameter, Tensor, nn

from tests.networks import Spec


def build(spec: Spec) -> nn.Cell:
    network = _KINDS[spec.kind](spec)
    for name, parameter in network.named_places().items():
        parameter.set_data(Tensor(spec.weights[name]))
    return network.set_train(False)


def _conv(channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, 4, 3, stride=stride, pad_mode="pad", padding=1, has_bias=True)


class SmallCNN(nn.Cell):
    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.features = nn.SequentialCell(_conv(spec.channels), nn.BatchNorm2d(4), nn.ReLU())
        self.conv = _conv(4, stride=2)
        self.relu6 = nn.ReLU6()
        self.fc = nn.Dense(4, spec.classes)

    def construct(self, x: Tensor) -> Tensor:
        return self.fc(self.relu6(self.conv(self.features(x))).mean((2, 3)))

    def named_places(self) -> dict[str, Parameter]:
        norm = self.features[1]
        return {
            **_weighted("conv1", self.features[0]),
            "bn.gamma": norm.gamma,
            "bn.beta": norm.beta,
            "bn.mean": norm.moving_mean,
            "bn.variance": norm.moving_variance,
            **_weighted("conv2", self.conv),
            **_weighted("fc", self.fc),
        }


class ReusedReLU(nn.Cell):
    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.conv1 = _conv(spec.channels)
        self.relu = nn.ReLU()
        self.conv2 = _conv(4)
        self.fc = nn.Dense(4, spec.classes)

    def construct(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x)) + x
        return self.fc(x.mean((2, 3)))

    def named_places(self) -> dict[str, Parameter]:
        return {
            **_weighted("conv1", self.conv1),
            **_weighted("conv2", self.conv2),
            **_weighted("fc", self.fc),
        }


class Flat(nn.Cell):
    """What `before` makes of the images, flattened, and a dense layer."""

    def __init__(self, spec: Spec, before: nn.Cell | None = None) -> None:
        super().__init__()
        self.before = before or nn.Identity()
        self.fc = nn.Dense(16, spec.classes)

    def construct(self, x: Tensor) -> Tensor:
        return self.fc(self.before(x).reshape(x.shape[0], -1))

    def named_places(self) -> dict[str, Parameter]:
        return _weighted("fc", self.fc)


def _weighted(name: str, cell: Any) -> dict[str, Parameter]:
    return {f"{name}.weight": cell.weight, f"{name}.bias": cell.bias}


_KINDS: dict[str, Any] = {
    "small_cnn": SmallCNN,
    "reused_relu": ReusedReLU,
    "dense": Flat,
    "relu_dense": lambda spec: Flat(spec, nn.ReLU()),
    "dropout_dense": lambda spec: Flat(spec, nn.Dropout(p=0.25)),
}
