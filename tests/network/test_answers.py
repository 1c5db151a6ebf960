"""Networks that answer with something else than logits, and pickers that find the logits in it."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seewhy.network import Network, adapt
from tests.networks import images, library, make, numpy, tensor


def answering(framework: str, answer: Callable[[Any], Any]) -> Any:
    """The small network, its logits changed by `answer`."""
    inner = make(framework)
    nn = library(framework).nn
    base = nn.Module if framework == "torch" else nn.Cell

    def run(self: Any, x: Any) -> Any:
        return answer(self.inner(x))

    method = "forward" if framework == "torch" else "construct"
    network = type("Answering", (base,), {method: run})()
    network.inner = inner
    return network


def questions(network: Network, framework: str) -> list[Callable[[], Any]]:
    """Each of which has to look at the answer."""
    x, ids = tensor(framework, images()), tensor(framework, [[1], [1]])
    return [
        lambda: network.forward(x),
        lambda: network.gradient(x, ids),
        lambda: network.gradient(x, ids, "guided"),
        lambda: network.activation_and_gradient(x, ids, ""),
        lambda: network.activation_and_gradient(x, ids, "inner.conv"),
    ]


@pytest.mark.parametrize(
    ("answer", "got", "hint"),
    [
        (lambda y: (y, y), "tuple of 2", "answer[0]"),
        (lambda y: [y], "list of 1", "answer[0]"),
        (lambda y: {"a": y, "logits": y}, "dict with keys 'a', 'logits'", "answer['logits']"),
        (lambda y: OrderedDict(out=y), "OrderedDict with keys 'out'", "answer['out']"),
        (lambda y: None, "NoneType", "..."),
        (lambda y: 3.0, "float", "..."),
        (numpy, "ndarray", "..."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_tensor(framework: str, answer: Any, got: str, hint: str) -> None:
    network = adapt(answering(framework, answer))
    message = (
        rf"`network` must return one {framework}.Tensor of logits, got {re.escape(got)}.*"
        rf"pick them with `output=lambda answer: {re.escape(hint)}`"
    )
    for question in questions(network, framework):
        with pytest.raises(TypeError, match=message):
            question()


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (lambda y: y[:, 0], r"\(2,\)"),
        (lambda y: y.sum(), r"\(\)"),
        (lambda y: y[:, :, None], r"\(2, 5, 1\)"),
        (lambda y: y[:1], "1 rows for 2 samples"),
        (lambda y: y.reshape(5, 2), "5 rows for 2 samples"),
    ],
)
def test_tensors_of_a_wrong_shape(framework: str, answer: Any, got: str) -> None:
    network = adapt(answering(framework, answer))
    for question in questions(network, framework):
        with pytest.raises(ValueError, match=rf"`network` must return .* got {got}"):
            question()


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        (lambda y: (y.sum(), y), lambda answer: answer[1]),
        (lambda y: {"logits": y}, lambda answer: answer["logits"]),
        (lambda y: y[:, :, None, None], lambda answer: answer[:, :, 0, 0]),
        (lambda y: y, lambda answer: answer + 0),
    ],
)
def test_output_picks_the_logits(framework: str, answer: Any, output: Any) -> None:
    picked = adapt(answering(framework, answer), output=output)
    plain = adapt(answering(framework, lambda y: y))
    for mine, theirs in zip(questions(picked, framework), questions(plain, framework), strict=True):
        made, expected = mine(), theirs()
        parts = zip(made, expected, strict=True) if isinstance(made, tuple) else [(made, expected)]
        for one, other in parts:
            np.testing.assert_allclose(numpy(one), numpy(other), 1e-4, 1e-5)


def test_output_that_picks_something_else(framework: str) -> None:
    network = adapt(answering(framework, lambda y: (y, y)), output=lambda answer: answer)
    for question in questions(network, framework):
        with pytest.raises(TypeError, match=r"`output` must pick one .*Tensor .*tuple of 2$"):
            question()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite(framework: str, bad: float) -> None:
    shift = np.zeros((2, 5), np.float32)
    shift[1, 3] = bad
    network = adapt(answering(framework, lambda y: y + tensor(framework, shift)))
    for question in questions(network, framework):
        with pytest.raises(
            ValueError, match="`network` returned NaN or infinite values for sample 1 of the batch"
        ):
            question()


def test_huge_finite_logits_are_no_error(framework: str) -> None:
    """Their sum overflows, though none of them does."""
    network = adapt(answering(framework, lambda y: y * 0 + 3e38))
    assert np.isfinite(numpy(network.forward(tensor(framework, images())))).all()


@pytest.mark.parametrize(
    ("activation", "error", "message"),
    [
        (lambda y: (y,), TypeError, "`activation_fn` must return one .* got tuple of 1"),
        (lambda y: y.sum(), ValueError, r"`activation_fn` must return .* got \(\)"),
        (lambda y: y * float("nan"), ValueError, "`activation_fn` returned NaN .* sample 0"),
    ],
)
def test_activations_that_answer_with_something_else(
    framework: str, activation: Any, error: type[Exception], message: str
) -> None:
    network = adapt(make(framework), activation)
    with pytest.raises(error, match=message):
        network.probabilities(tensor(framework, images()))
    with pytest.raises(error, match=message):
        list(network.stream([tensor(framework, images())]))


def test_probabilities_without_an_activation(framework: str) -> None:
    x = tensor(framework, images())
    with pytest.raises(ValueError, match=r"`activation_fn` must be given .*, got None"):
        adapt(make(framework)).probabilities(x)
    with pytest.raises(ValueError, match=r"`activation_fn` must be given .*, got None"):
        list(adapt(make(framework)).stream([x]))


@pytest.mark.parametrize("layer", ["", "inner.conv"])
def test_logits_that_do_not_depend_on_the_input(framework: str, layer: str) -> None:
    network = adapt(answering(framework, lambda y: tensor(framework, np.ones((2, 5), np.float32))))
    x, ids = tensor(framework, images()), tensor(framework, [[1], [1]])
    if framework == "mindspore" and layer == "":
        # Its gradient does not tell "no path" from "nothing arrived".
        assert not numpy(network.gradient(x, ids)).any()
    else:
        with pytest.raises(ValueError, match="`network` must compute its logits from the input or"):
            network.activation_and_gradient(x, ids, layer)


def test_a_layer_that_never_runs(framework: str) -> None:
    network = make(framework)
    nn = library(framework).nn
    network.spare = nn.Conv2d(4, 4, 1)
    adapted = adapt(network)
    x, ids = tensor(framework, images()), tensor(framework, [[1], [1]])
    with pytest.raises(ValueError, match="`layer` must run in the forward, 'spare' did not"):
        adapted.activation_and_gradient(x, ids, "spare")
    assert "spare" in adapted.layers()
    assert "spare" not in adapted.spatial_layers(x)
