"""Layers by their dotted names."""

from __future__ import annotations

import re

import pytest

from seewhy.network import adapt
from seewhy.network.names import check_layer
from tests.networks import SMALL_CNN_LAYERS, images, make, tensor

KNOWN = ["features", "features.0.conv", "features.1.conv", "head.fc"]


def test_known_names_pass() -> None:
    for name in KNOWN:
        check_layer(name, KNOWN)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("features.0.con", "close names: features.0.conv, features.1.conv"),
        ("feature", "close names: features"),
        ("head_fc", "close names: head.fc"),
        ("Features.1.Conv", "close names: features.1.conv"),
        ("fc", "close names: head.fc"),
        ("zzz", "`layers()` of the network lists them"),
        ("", "`layers()` of the network lists them"),
    ],
)
def test_unknown_names_come_with_close_ones(name: str, hint: str) -> None:
    message = f"`layer` must name a layer of the network, got {name!r}; {hint}"
    with pytest.raises(ValueError, match=re.escape(message)):
        check_layer(name, KNOWN)


def test_at_most_five_are_listed() -> None:
    with pytest.raises(ValueError, match="close names") as caught:
        check_layer("block", [f"block{i}" for i in range(100)])
    assert str(caught.value).count("block") == 1 + 5


def test_a_network_lists_close_names(framework: str) -> None:
    network, x = adapt(make(framework)), tensor(framework, images())
    assert network.layers() == SMALL_CNN_LAYERS
    for name in ("feature.2", "relu", "features.3"):
        with pytest.raises(ValueError, match=rf"`layer` must name .*, got '{name}'; close names: "):
            network.activation_and_gradient(x, tensor(framework, [[0], [0]]), name)
