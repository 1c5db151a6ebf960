"""From a user's object to the contract."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import seewhy
from seewhy.network import adapt
from tests.networks import make


def test_each_framework_has_its_own(framework: str) -> None:
    network = adapt(make(framework))
    assert type(network).__module__.startswith(f"seewhy.network.{framework}")
    assert network.ops.tensor_type == f"{framework}.Tensor"


@pytest.mark.parametrize(
    ("network", "named"),
    [
        (None, "builtins.NoneType"),
        (lambda x: x, "builtins.function"),
        ("resnet50", "builtins.str"),
        (object(), "builtins.object"),
        (seewhy.GradCAM, "abc.ABCMeta"),
    ],
)
def test_a_network_of_no_framework(network: Any, named: str) -> None:
    message = rf"`network` must be a torch.nn.Module or a mindspore.nn.Cell, got {named}"
    with pytest.raises(TypeError, match=message):
        adapt(network)


def test_a_class_is_no_network(framework: str) -> None:
    with pytest.raises(TypeError, match=r"`network` must be a .*, got "):
        adapt(type(make(framework)))


@pytest.mark.parametrize("name", ["activation_fn", "output"])
def test_arguments_that_must_be_callable(framework: str, name: str) -> None:
    with pytest.raises(TypeError, match=f"`{name}` must be callable, got str"):
        adapt(make(framework), **{name: "softmax"})


def test_where_no_framework_is_imported_the_error_is_the_same() -> None:
    code = "import seewhy\ntry: seewhy.adapt(3)\nexcept TypeError as error: print(error)"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.startswith("`network` must be a torch.nn.Module or a mindspore.nn.Cell, got")
