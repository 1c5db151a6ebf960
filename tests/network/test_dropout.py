"""Dropout that is live while all else stays in evaluation mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.network import Network, adapt
from tests.networks import Spec, images, library, make, numpy, tensor
from tests.snapshots import snapshot

PASSES = 2000


def passes(network: Network, x: Any, number: int, **settings: Any) -> Any:
    with network.with_dropout(**settings):
        return np.stack([numpy(network.forward(x)) for _ in range(number)])


def many_passes(framework: str, spec: Spec, rate: float | None) -> tuple[Any, Any]:
    """PASSES outputs for one image, as one batch, and the image."""
    image = images(1, 1, (4, 4))
    batch = tensor(framework, np.repeat(image, PASSES, axis=0))
    return passes(adapt(make(framework, spec)), batch, 1, rate=rate)[0], image[0].ravel()


@pytest.mark.parametrize(("rate", "live"), [(None, 0.25), (0.6, 0.6)])
def test_moments_of_a_linear_network(framework: str, rate: float | None, live: float) -> None:
    """y = W(m x) + b, m = 1/(1-p) at rate 1-p, else 0: mean Wx + b, variance p/(1-p) sum (w x)²."""
    spec = Spec("dropout_dense")
    made, x = many_passes(framework, spec, rate)
    weight, bias = spec.weights["fc.weight"], spec.weights["fc.bias"]
    variance = live / (1 - live) * ((weight * x) ** 2).sum(1)
    standard_error = np.sqrt(variance / PASSES)
    assert (abs(made.mean(0) - (weight @ x + bias)) < 4.5 * standard_error).all()
    np.testing.assert_allclose(made.var(0), variance, rtol=0.25)


@pytest.mark.parametrize(("rate", "live"), [(None, 0.5), (0.1, 0.1)])
def test_without_a_dropout_layer_one_is_put_before_the_last_weights(
    framework: str, rate: float | None, live: float
) -> None:
    spec = Spec("dense")
    made, x = many_passes(framework, spec, rate)
    weight, bias = spec.weights["fc.weight"], spec.weights["fc.bias"]
    variance = live / (1 - live) * ((weight * x) ** 2).sum(1)
    assert (abs(made.mean(0) - (weight @ x + bias)) < 4.5 * np.sqrt(variance / PASSES)).all()
    np.testing.assert_allclose(made.var(0), variance, rtol=0.25)


def test_every_sample_has_its_own_mask(framework: str) -> None:
    x = tensor(framework, np.repeat(images(1, 1, (4, 4)), 8, axis=0))
    made = passes(adapt(make(framework, Spec("dropout_dense"))), x, 1)[0]
    assert len(np.unique(made, axis=0)) > 1


def test_a_seed_gives_the_same_passes_again(framework: str) -> None:
    network = adapt(make(framework, Spec("dropout_dense")))
    x = tensor(framework, images(2, 1, (4, 4)))
    first, again = (passes(network, x, 3, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).any()
    assert (passes(network, x, 3, seed=6) != first).any()
    np.testing.assert_array_equal(passes(network, x, 3), passes(network, x, 3, seed=0))
    assert (passes(network, x, 3, seed=None) != passes(network, x, 3, seed=None)).any()


def test_rate_zero_is_the_plain_network(framework: str) -> None:
    for kind in ("dropout_dense", "dense"):
        network = adapt(make(framework, Spec(kind)))
        x = tensor(framework, images(2, 1, (4, 4)))
        np.testing.assert_array_equal(passes(network, x, 1, rate=0)[0], numpy(network.forward(x)))


def test_batch_norm_stays_in_evaluation_mode(framework: str) -> None:
    """In training mode a sample's answer would depend on the others of its batch."""
    original = make(framework)
    original.train() if framework == "torch" else original.set_train(True)
    network = adapt(original)
    before = snapshot(framework, original)
    x = images(4)
    every = passes(network, tensor(framework, x), 1, rate=0.0)[0]
    alone = passes(network, tensor(framework, x[:1]), 1, rate=0.0)[0]
    np.testing.assert_allclose(alone[0], every[0], 1e-5, 1e-5)
    assert snapshot(framework, original) == before


def test_nothing_is_left_and_the_network_answers_as_before(framework: str) -> None:
    original = make(framework, Spec("dropout_dense"))
    network, x = adapt(original), tensor(framework, images(2, 1, (4, 4)))
    before, answer = snapshot(framework, original), numpy(network.forward(x))
    with network.with_dropout():
        assert (numpy(network.forward(x)) != answer).any()
    np.testing.assert_array_equal(numpy(network.forward(x)), answer)
    assert snapshot(framework, original) == before


def test_gradients_and_layers_see_the_dropout_too(framework: str) -> None:
    network = adapt(make(framework))
    x, ids = tensor(framework, images()), tensor(framework, [[1], [1]])
    plain = numpy(network.gradient(x, ids))
    plain_cam = numpy(network.activation_and_gradient(x, ids, "conv")[1])
    with network.with_dropout(0.5):
        assert (numpy(network.gradient(x, ids)) != plain).any()
        assert (numpy(network.activation_and_gradient(x, ids, "conv")[1]) != plain_cam).any()
    np.testing.assert_array_equal(numpy(network.gradient(x, ids)), plain)


def test_a_stream_sees_the_dropout_too(framework: str) -> None:
    network = adapt(make(framework, Spec("dropout_dense")), lambda logits: logits)
    x = tensor(framework, images(2, 1, (4, 4)))
    (plain,) = network.stream([x])
    with network.with_dropout():
        (dropped,) = network.stream([x])
    assert (numpy(plain) != numpy(dropped)).any()
    np.testing.assert_array_equal(numpy(plain), numpy(next(iter(network.stream([x])))))


def test_channels_are_dropped_as_a_whole(framework: str) -> None:
    nn = library(framework).nn
    dropout = nn.Dropout2d(p=0.5)
    network = nn.Sequential(dropout, nn.Flatten()) if framework == "torch" else nn.SequentialCell(
        dropout, nn.Flatten()
    )  # fmt: skip
    x = np.ones((3, 8, 2, 2), np.float32)
    made = passes(adapt(network), tensor(framework, x), 1)[0].reshape(x.shape)
    assert set(np.unique(made)) == {0, 2}
    assert (made == made[:, :, :1, :1]).all()
    assert len(np.unique(made[:, :, 0, 0], axis=0)) > 1


@pytest.mark.parametrize(("rate", "error"), [(1.0, ValueError), (-1, ValueError), ("x", TypeError)])
def test_bad_rates(framework: str, rate: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="`rate` must be"), adapt(make(framework)).with_dropout(rate):
        raise AssertionError("the context must not open")


def test_a_network_without_a_place_for_dropout(framework: str) -> None:
    nn = library(framework).nn
    with (
        pytest.raises(ValueError, match=r"`network` must have a dropout, .*, got none"),
        adapt(nn.Flatten()).with_dropout(),
    ):
        raise AssertionError("the context must not open")
