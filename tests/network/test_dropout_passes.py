"""Many passes with dropout: their moments, and that sharing and batching change nothing."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from seewhy.network import Network, adapt
from tests.networks import Spec, images, library, make, numpy, tensor
from tests.snapshots import snapshot

PASSES = 2000


def logits(framework: str, original: Any, **options: Any) -> Network:
    """A network whose "probabilities" are its logits."""
    return adapt(original, lambda made: made, **options)


def one_after_the_other(
    framework: str, original: Any, x: Any, passes: int, after: dict[str, float], seed: int = 0
) -> Any:
    """Whole forwards of one sample, with masks drawn as they are said to be; (T, N, K)."""
    parts = dict(original.named_modules() if framework == "torch" else original.cells_and_names())
    generators: dict[int, np.random.Generator] = {}
    drawn: dict[tuple[int, int], Any] = {}
    answers = np.empty((passes, len(x)), object)
    for t in range(passes):
        for n in range(len(x)):
            calls = iter(range(99))

            def hook(part: Any, inputs: Any, result: Any, t: int = t, rate: float = 0.5) -> Any:
                call = next(calls)  # noqa: B023
                if (call, t) not in drawn:
                    generator = generators.setdefault(call, np.random.default_rng((seed, call)))
                    uniform = generator.random(result.shape[1:], dtype=np.float32)
                    drawn[call, t] = (uniform >= rate) / np.float32(1 - rate)
                return result * tensor(framework, drawn[call, t].astype(np.float32)[None])

            with ExitStack() as hooks:
                for name, rate in after.items():
                    made = lambda p, i, r, rate=rate, hook=hook: hook(p, i, r, rate=rate)  # noqa: E731
                    hooks.callback(parts[name].register_forward_hook(made).remove)
                answers[t, n] = numpy(original(x[n : n + 1]))[0]
    return np.stack([np.stack(row) for row in answers])


@pytest.mark.parametrize(("rate", "live"), [(None, 0.25), (0.6, 0.6)])
def test_moments_of_a_linear_network(framework: str, rate: float | None, live: float) -> None:
    """y = W(m x) + b, m = 1/(1-p) at rate 1-p, else 0: mean Wx + b, variance p/(1-p) sum (w x)²."""
    spec = Spec("dropout_dense")
    image = images(1, 1, (4, 4))
    network = logits(framework, make(framework, spec))
    plain, made = network.dropout_passes(tensor(framework, image), PASSES, rate)
    weight, bias = spec.weights["fc.weight"], spec.weights["fc.bias"]
    x = image.ravel()
    np.testing.assert_allclose(numpy(plain)[0], weight @ x + bias, rtol=1e-5, atol=1e-5)
    variance = live / (1 - live) * ((weight * x) ** 2).sum(1)
    passes = numpy(made)[:, 0]
    assert (abs(passes.mean(0) - (weight @ x + bias)) < 4.5 * np.sqrt(variance / PASSES)).all()
    np.testing.assert_allclose(passes.var(0), variance, rtol=0.2)


@pytest.mark.parametrize("where", ["features.0", "features.1", "features", "conv", "relu6"])
@pytest.mark.parametrize("fused", [True, False])
def test_sharing_changes_nothing(framework: str, where: str, fused: bool) -> None:
    """An `output` picker keeps PyTorch from using the fused graph."""
    original, x = make(framework), tensor(framework, images(3))
    options = {} if fused else {"output": lambda answer: answer}
    network = logits(framework, original, **options)
    _, made = network.dropout_passes(x, 6, 0.3, where, seed=7)
    expected = one_after_the_other(framework, original, x, 6, {where: 0.3}, seed=7)
    np.testing.assert_allclose(numpy(made), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["reused_relu", "dropout_dense"])
def test_reused_layers_and_own_dropout(framework: str, kind: str) -> None:
    original = make(framework, Spec(kind))
    after = {"relu": 0.5} if kind == "reused_relu" else {"before": 0.25}
    x = tensor(framework, images(2) if kind == "reused_relu" else images(2, 1, (4, 4)))
    where = "relu" if kind == "reused_relu" else None
    _, made = logits(framework, original).dropout_passes(x, 5, None, where)
    expected = one_after_the_other(framework, original, x, 5, after)
    np.testing.assert_allclose(numpy(made), expected, rtol=1e-4, atol=1e-4)


def test_without_a_dropout_layer_one_is_put_before_the_last_weights(framework: str) -> None:
    spec = Spec("dense")
    image = images(1, 1, (4, 4))
    network = logits(framework, make(framework, spec))
    _, made = network.dropout_passes(tensor(framework, image), 4, seed=3)
    kept = np.random.default_rng((3, 0)).random((4, 16), dtype=np.float32) >= 0.5
    expected = (2 * kept * image.reshape(1, -1)) @ spec.weights["fc.weight"].T
    np.testing.assert_allclose(numpy(made)[:, 0], expected + spec.weights["fc.bias"], 1e-4, 1e-4)


def test_samples_and_passes_may_be_split_in_any_way(framework: str) -> None:
    network, x = logits(framework, make(framework)), tensor(framework, images(4))
    plain, together = (numpy(made) for made in network.dropout_passes(x, 7, 0.4, "conv"))
    for n in range(4):
        alone = [numpy(made) for made in network.dropout_passes(x[n : n + 1], 7, 0.4, "conv")]
        np.testing.assert_allclose(alone[0][0], plain[n], 1e-5, 1e-5)
        np.testing.assert_allclose(alone[1][:, 0], together[:, n], 1e-5, 1e-5)
    network._dropout._host.block = lambda x: 1  # type: ignore[attr-defined]
    one_pass_a_forward = numpy(network.dropout_passes(x, 7, 0.4, "conv")[1])
    np.testing.assert_allclose(one_pass_a_forward, together, 1e-5, 1e-5)


def test_a_seed_gives_the_same_passes_again(framework: str) -> None:
    network, x = logits(framework, make(framework)), tensor(framework, images(2))

    def passes(seed: int | None) -> Any:
        return numpy(network.dropout_passes(x, 3, seed=seed)[1])

    first = passes(5)
    np.testing.assert_array_equal(first, passes(5))
    assert (first[0] != first[1]).any()
    assert (passes(6) != first).any()
    assert (passes(None) != passes(None)).any()


def test_rate_zero_is_the_plain_network(framework: str) -> None:
    network, x = logits(framework, make(framework)), tensor(framework, images(2))
    plain, made = network.dropout_passes(x, 3, 0.0)
    np.testing.assert_allclose(numpy(made), np.stack([numpy(plain)] * 3), 1e-5, 1e-6)


def test_nothing_is_left_also_when_it_fails(framework: str) -> None:
    original = make(framework)
    original.train() if framework == "torch" else original.set_train(True)
    before = snapshot(framework, original)
    x = tensor(framework, images(3))
    for options in ({}, {"output": lambda answer: answer}):
        logits(framework, original, **options).dropout_passes(x, 4, 0.5, "conv")
        assert snapshot(framework, original) == before

    def nan(answer: Any) -> Any:
        return answer if len(answer) == 3 else answer * float("nan")

    with pytest.raises(ValueError, match="NaN or infinite values for sample 0 of the batch"):
        logits(framework, original, output=nan).dropout_passes(x, 4, 0.5, "conv")
    assert snapshot(framework, original) == before


def test_bad_places(framework: str) -> None:
    nn = library(framework).nn
    x = tensor(framework, images(1))
    with pytest.raises(ValueError, match=r"`network` must have a dropout, .*, got none"):
        logits(framework, nn.Flatten()).dropout_passes(x, 2)
    with pytest.raises(ValueError, match="`where` must name a layer that runs"):
        logits(framework, make(framework)).dropout_passes(x, 2, where="nowhere")
    with pytest.raises(ValueError, match="`rate` must be"):
        logits(framework, make(framework)).dropout_passes(x, 2, rate=1.0)


def test_what_is_before_the_dropout_runs_once(framework: str) -> None:
    counted = CountingPart(framework)
    nn = library(framework).nn
    parts = [counted.layer, nn.ReLU(), nn.Flatten(), nn.Dropout(p=0.5)]
    sequential = nn.Sequential if framework == "torch" else nn.SequentialCell
    last = nn.Linear(16, 3) if framework == "torch" else nn.Dense(16, 3)
    network = logits(framework, sequential(*parts, last))
    x = tensor(framework, images(2, 1, (4, 4)))
    network.dropout_passes(x, 50)  # here it is tried whether this may be shared
    counted.rows = 0
    network.dropout_passes(x, 50)
    assert counted.rows == 2


class CountingPart:
    """A layer that counts the samples it is run on."""

    def __init__(self, framework: str) -> None:
        self.rows = 0
        nn = library(framework).nn
        base: Any = nn.Module if framework == "torch" else nn.Cell
        owner = self

        class Layer(base):  # type: ignore[misc]
            def forward(self, x: Any) -> Any:
                owner.rows += len(x)
                return x * 2

            construct = forward

        self.layer = Layer()
