"""Small networks, each with a shape of code that the fused graph must read rightly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Of(nn.Module):
    """Layers by name, and a forward given as a function of the network and its input."""

    def __init__(self, forward: Callable[[Any, Tensor], Any], **layers: nn.Module) -> None:
        super().__init__()
        self.run = forward
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Any:
        return self.run(self, x)


class SamePaddingConv2d(nn.Conv2d):
    """Pads one pixel more below and on the right, as TensorFlow does at stride 2."""

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (0, 1, 0, 1))
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class ScaledNorm2d(nn.BatchNorm2d):
    """Inherits its forward, so that it is read like its parent."""


class Normalised(nn.Module):
    """Buffers in an expression of their own, which a trace may compute only once."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("spread", torch.tensor(2.0))
        self.conv = conv(3, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x * (1 / self.spread)).mean((2, 3))


def conv(inputs: int, outputs: int, kernel: int = 3, **options: Any) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, **{"padding": kernel // 2, **options})


def seeded(build: Callable[[], nn.Module]) -> nn.Module:
    """Build with seeded weights and batch statistics that are not the initial ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
                module.running_mean.normal_(0, 0.3)
                module.running_var.uniform_(0.5, 2)
                if module.affine:
                    nn.init.uniform_(module.weight, 0.5, 2)
                    nn.init.normal_(module.bias, 0, 0.3)
    return network.eval()


def images(count: int = 2, size: tuple[int, int] = (16, 16), seed: int = 1) -> Tensor:
    return torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(seed))


def pooled(x: Tensor) -> Tensor:
    return x.mean((2, 3))


def _residual(after: bool, **layers: nn.Module) -> nn.Module:
    """An addition before the ReLU (as in ResNet) or after it."""

    def forward(net: Any, x: Tensor) -> Tensor:
        x = net.stem(x)
        y = net.bn(net.conv(x))
        return pooled(F.relu(y) + x if after else F.relu(y + x))

    return Of(forward, stem=conv(3, 8), conv=conv(8, 8), bn=nn.BatchNorm2d(8), **layers)


def _inplace(net: Any, x: Tensor) -> Tensor:
    y = net.bn(net.conv(net.stem(x)))
    y.add_(1).mul_(0.5)
    net.relu(y)  # the result is not used: y itself is changed
    return pooled(torch.relu_(net.last(y)) + y)


def _two_branches(net: Any, x: Tensor) -> Tensor:
    x = net.stem(x)
    return pooled(F.relu(net.bn1(net.conv(x)) + net.bn2(net.short(x))) + x)


def _reused(net: Any, x: Tensor) -> Tensor:
    x = net.relu(net.stem(x))
    x = net.relu(net.conv(x))
    return pooled(net.relu(net.conv(x)) + x)


def _flat(net: Any, x: Tensor) -> Tensor:
    x = net.pool(net.conv(x))
    n, c, h, w = x.shape
    return net.fc(x.view(n, c * h * w)) + net.fc(x.view(x.size(0), -1)) + net.fc(x.flatten(1))


def _functional(net: Any, x: Tensor) -> Tensor:
    x = F.relu6(net.a(x))
    x = F.hardtanh(net.b(x), -0.5, 0.5, True)
    x = net.c(x).clamp(min=0)
    x = torch.clamp(net.d(x), 0, 1.5)
    return pooled(F.dropout(F.leaky_relu(net.e(x), 0.2), 0.5, net.training))


def _broadcast(net: Any, x: Tensor) -> Tensor:
    x = net.stem(x)
    return pooled(net.conv(x) + x.mean((2, 3), keepdim=True) + net.conv(x) + x[:, :1])


def _shuffle(net: Any, x: Tensor) -> Tensor:
    x = net.stem(x)
    n, c, h, w = x.size()
    x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, -1, h, w)
    left, right = x.chunk(2, 1)
    return pooled(torch.cat([left, net.conv(right)], 1))


def _fresh_twice(net: Any, x: Tensor) -> Tensor:
    """The first sum is read again after the second addition: it must not be overwritten."""
    first = net.a(x) + net.b(x)
    second = net.c(x) + first
    return pooled(second * first)


def _sequence(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "conv, norm, relu": lambda: _sequence(conv(3, 8), nn.BatchNorm2d(8), nn.ReLU()),
    "conv without bias": lambda: _sequence(conv(3, 8, bias=False)),
    "conv without bias, norm": lambda: _sequence(conv(3, 8, bias=False), nn.BatchNorm2d(8)),
    "norm without affine": lambda: _sequence(conv(3, 8), nn.BatchNorm2d(8, affine=False)),
    "norm of the batch": lambda: _sequence(
        conv(3, 8), nn.BatchNorm2d(8, track_running_stats=False), conv(8, 8)
    ),
    "norm before conv": lambda: _sequence(nn.BatchNorm2d(3), nn.ReLU(), conv(3, 8)),
    "norm subclass": lambda: _sequence(conv(3, 8), ScaledNorm2d(8), nn.ReLU6()),
    "grouped, dilated, strided": lambda: _sequence(
        conv(3, 8, stride=2), conv(8, 8, groups=4), conv(8, 16, dilation=2),
        conv(16, 16, groups=16), nn.BatchNorm2d(16), nn.Conv2d(16, 8, (1, 3), (1, 2), (0, 1)),
    ),
    "same padding": lambda: _sequence(
        conv(3, 8, padding="same"), conv(8, 8, 4, padding="same"), conv(8, 4, padding="valid"),
        conv(4, 4, padding_mode="reflect"),
    ),
    "uneven padding": lambda: _sequence(
        SamePaddingConv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(),
        SamePaddingConv2d(8, 8, 3, 2, groups=8), SamePaddingConv2d(8, 8, 3, 2, bias=False),
    ),
    "zero padding": lambda: _sequence(
        nn.ZeroPad2d(1), conv(3, 8, padding=0), nn.ZeroPad2d((2, 1, 0, 1)), conv(8, 8, groups=8),
        nn.ZeroPad2d(-1), conv(8, 4),
    ),
    "dropout": lambda: _sequence(
        conv(3, 8), nn.Dropout2d(0.5), nn.BatchNorm2d(8), nn.Identity(), nn.Dropout(0.9, True)
    ),
    "activations": lambda: _sequence(
        conv(3, 8), nn.SiLU(), conv(8, 8), nn.Hardswish(), conv(8, 8), nn.GELU(), conv(8, 8),
        nn.GELU("tanh"), conv(8, 8), nn.Hardtanh(-0.3, 0.4), conv(8, 8), nn.LeakyReLU(0.3, True),
        conv(8, 8), nn.Sigmoid(), conv(8, 8), nn.Tanh(), conv(8, 8), nn.ELU(), conv(8, 8),
        nn.Hardsigmoid(), conv(8, 8), nn.PReLU(),
    ),
    "functional activations": lambda: Of(
        _functional, a=conv(3, 4), b=conv(4, 4), c=conv(4, 4), d=conv(4, 4), e=conv(4, 4)
    ),
    "residual, then relu": lambda: _residual(after=False),
    "relu, then residual": lambda: _residual(after=True),
    "two branches": lambda: Of(
        _two_branches, stem=conv(3, 8), conv=conv(8, 8), bn1=nn.BatchNorm2d(8),
        short=conv(8, 8, 1), bn2=nn.BatchNorm2d(8),
    ),
    "sum read again": lambda: Of(_fresh_twice, a=conv(3, 4), b=conv(3, 4), c=conv(3, 4)),
    "in place": lambda: Of(
        _inplace, stem=conv(3, 8), conv=conv(8, 8), bn=nn.BatchNorm2d(8), relu=nn.ReLU(True),
        last=conv(8, 8),
    ),
    "reused modules": lambda: Of(_reused, stem=conv(3, 8), conv=conv(8, 8), relu=nn.ReLU()),
    "flattened": lambda: Of(
        _flat, conv=conv(3, 4), pool=nn.AdaptiveAvgPool2d(3), fc=nn.Linear(36, 5)
    ),
    "linear, relu": lambda: _sequence(conv(3, 8)).extend([nn.Linear(8, 8), nn.ReLU()]),
    "broadcast addition": lambda: Of(_broadcast, stem=conv(3, 8), conv=conv(8, 8)),
    "channel shuffle": lambda: Of(_shuffle, stem=conv(3, 8), conv=conv(4, 4)),
    "expression of buffers": Normalised,
    "parametrised weight": lambda: _sequence(
        conv(3, 4), nn.utils.parametrizations.weight_norm(conv(4, 4))
    ),
    "transposed": lambda: _sequence(
        conv(3, 4), nn.ConvTranspose2d(4, 4, 2, 2), nn.Upsample(None, 2)
    ),
}  # fmt: skip
