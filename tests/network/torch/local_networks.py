"""Small networks, each with something of its own to compute patch by patch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.network.torch.fusable import Of, SamePaddingConv2d, conv, pooled


def _flat(*layers: nn.Module) -> nn.Module:
    """Without pooling at the end: each place of the last map counts by itself."""
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(5))


def _residual(net: Any, x: Tensor) -> Tensor:
    x = net.stem(x)
    x = F.relu(net.b(F.relu(net.a(x))) + x)
    return pooled(F.relu(net.d(F.relu(net.c(x))) + net.short(x)))


def _narrow_shortcut(net: Any, x: Tensor) -> Tensor:
    """Stride 2 without a kernel: some boxes change nothing of the shortcut."""
    return pooled(net.a(x) + net.short(x))


def _concatenated(net: Any, x: Tensor) -> Tensor:
    x = net.stem(x)
    return pooled(net.last(torch.cat([net.a(x), x, F.max_pool2d(x, 3, 1, 1)], 1)))


def _squeezed(net: Any, x: Tensor) -> Tensor:
    x = F.relu(net.stem(x))
    scale = net.up(F.silu(net.down(F.adaptive_avg_pool2d(x, 1)))).sigmoid()
    return pooled(net.last(x * scale))


def _functions(net: Any, x: Tensor) -> Tensor:
    x = F.pad(net.a(x), (1, 2, 0, 1), value=0.3) * 2 - net.shift
    x = 1 - torch.tanh(net.b(x)).abs() / 3
    x = F.avg_pool2d(F.pad(net.c(x), (1, 1, 1, 1)), (3, 2), (2, 1))
    return pooled(x.clamp(min=0.1).sqrt() + torch.maximum(x, 0.5 * x.neg()))


def _with_shift() -> nn.Module:
    network = Of(_functions, a=conv(3, 4), b=conv(4, 4), c=conv(4, 6))
    network.register_buffer("shift", torch.linspace(-1, 1, 4).reshape(1, 4, 1, 1))
    return network


def _shaped(net: Any, x: Tensor) -> Tensor:
    n, height = x.shape[0], x.size(2)
    x = net.b(F.relu(net.a(x)))
    return x.flatten(2).sum(2).view(n, -1) / height


def _positions(net: Any, x: Tensor) -> Tensor:
    """Adds a map that is the same for all images, which patches would have to be cut out of."""
    return pooled(net.b(F.relu(net.a(x) + net.position)))


def _with_positions() -> nn.Module:
    network = Of(_positions, a=conv(3, 4), b=conv(4, 4))
    network.register_buffer("position", torch.linspace(-1, 1, 19).reshape(1, 1, 1, 19))
    return network


def _split(net: Any, x: Tensor) -> Tensor:
    left, right = net.a(x).chunk(2, 1)
    return pooled(torch.cat([left, net.b(right)], 1))


LOCAL: dict[str, Callable[[], nn.Module]] = {
    "strides": lambda: _flat(
        conv(3, 6, stride=2), nn.ReLU(), conv(6, 6, stride=(1, 2)), conv(6, 8)
    ),
    "larger stride than kernel": lambda: _flat(nn.Conv2d(3, 6, 1, 3), conv(6, 6)),
    "dilation": lambda: _flat(conv(3, 6, dilation=2), conv(6, 6, dilation=(1, 3), stride=2)),
    "groups": lambda: _flat(conv(3, 6), nn.ReLU6(), conv(6, 6, groups=6), conv(6, 12, groups=3)),
    "wide and flat kernels": lambda: _flat(
        nn.Conv2d(3, 4, (1, 5), padding=(0, 2)), nn.Conv2d(4, 4, (4, 1), padding=(2, 0)), conv(4, 4)
    ),
    "large padding": lambda: _flat(conv(3, 4, padding=3), conv(4, 4, padding=0)),
    "uneven padding": lambda: _flat(
        SamePaddingConv2d(3, 8, 3, 2), nn.ReLU(), SamePaddingConv2d(8, 8, 3, 1, groups=8),
        SamePaddingConv2d(8, 4, 3, 2),
    ),
    "max pooling": lambda: _flat(
        conv(3, 4), nn.MaxPool2d(3, 2, 1), conv(4, 4), nn.MaxPool2d(2, ceil_mode=True),
        nn.MaxPool2d((1, 2), 1, dilation=2),
    ),
    "average pooling": lambda: _flat(
        conv(3, 4), nn.AvgPool2d(3, 2, 1), conv(4, 4), nn.AvgPool2d(2, 1, divisor_override=3)
    ),
    "average without padding": lambda: _flat(
        conv(3, 4), nn.AvgPool2d(3, 2, 1, count_include_pad=False), conv(4, 4)
    ),
    "average up to the edge": lambda: _flat(
        conv(3, 4), nn.AvgPool2d(2, 2, ceil_mode=True), conv(4, 4)
    ),
    "padding modules": lambda: _flat(
        nn.ZeroPad2d((0, 2, 1, 0)), nn.ReLU(), conv(3, 4), nn.ConstantPad2d((1, 0, 2, 1), 0.7),
        conv(4, 4, padding=0), nn.ReflectionPad2d(1), conv(4, 4),
    ),
    "norm before conv": lambda: _flat(nn.BatchNorm2d(3), nn.PReLU(3), conv(3, 8), nn.ELU()),
    "residual": lambda: Of(
        _residual, stem=conv(3, 4), a=conv(4, 4), b=conv(4, 4), c=conv(4, 8, stride=2),
        d=conv(8, 8), short=nn.Conv2d(4, 8, 1, 2),
    ),
    "narrow shortcut": lambda: Of(
        _narrow_shortcut, a=conv(3, 4, stride=2), short=nn.Conv2d(3, 4, 1, 2)
    ),
    "concatenation": lambda: Of(_concatenated, stem=conv(3, 4), a=conv(4, 4), last=conv(12, 4)),
    "squeeze and excitation": lambda: Of(
        _squeezed, stem=conv(3, 6, stride=2), down=conv(6, 2, 1), up=conv(2, 6, 1), last=conv(6, 4)
    ),
    "functions": _with_shift,
    "shapes": lambda: Of(_shaped, a=conv(3, 4), b=conv(4, 4)),
    "positions": _with_positions,
    "chunks": lambda: Of(_split, a=conv(3, 6), b=conv(3, 3)),
}  # fmt: skip
