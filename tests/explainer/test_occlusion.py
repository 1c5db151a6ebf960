"""Occlusion against a slow loop, closed forms and captum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.explainer.occlusion import Occlusion
from tests.networks import Spec, images, library, make, numpy, tensor
from tests.perturb import oracles
from tests.perturb.linear import identity, linear, weights
from tests.perturb.networks import counted, one_by_one, slow_enough, slow_probabilities, softmax

TARGETS = np.array([[1, 4, 0], [2, 3, 3]])

# Size of the image: window and stride of the predecessor's rule.
DEFAULTS = {
    (8, 8): ((3, 3), (1, 1)),
    (32, 32): ((3, 3), (1, 1)),
    (33, 33): ((1, 1), (1, 1)),
    (40, 24): ((1, 3), (1, 1)),
    (63, 63): ((1, 1), (1, 1)),
    (65, 100): ((2, 3), (2, 3)),
    (224, 224): ((7, 7), (7, 7)),
}


def explain(framework: str, network: Any, x: Any, targets: Any, **settings: Any) -> Any:
    activation = settings.pop("activation_fn", softmax(framework))
    return numpy(Occlusion(network, activation, **settings)(tensor(framework, x), targets))


SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "whole image": {"window": (7, 6)},
    "tiles": {"window": 2},
    "overlapping": {"window": (3, 2), "stride": (2, 1)},
    "shifted at the edge": {"window": (4, 4), "stride": 3},
    "number": {"window": 3, "stride": 2, "reference": 0.7},
    "per channel": {"window": 3, "stride": 2, "reference": [0.5, -1.0, 2.0]},
    "mean": {"window": 3, "reference": "mean"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_against_the_slow_loop(framework: str, name: str) -> None:
    settings = SETTINGS[name]
    spec, x = Spec(), images(size=(7, 6))
    window = np.broadcast_to(settings.get("window", 3), 2)
    stride = np.broadcast_to(settings.get("stride", window if "window" in settings else 1), 2)
    reference = settings.get("reference", 0.0)
    if isinstance(reference, str):
        reference = x.astype(float).mean((2, 3), keepdims=True)
    elif isinstance(reference, list):
        reference = np.reshape(reference, (1, 3, 1, 1))
    expected = oracles.occlusion(
        slow_probabilities(spec), x, TARGETS, tuple(window), tuple(stride), reference
    )
    made = explain(framework, make(framework, spec), x, TARGETS.tolist(), **settings)
    np.testing.assert_allclose(made, expected, atol=2e-6)
    assert made.min() < 0 < made.max()


def test_references_that_differ_from_pixel_to_pixel(framework: str) -> None:
    x, other = images(size=(7, 6)), images(1, size=(7, 6), seed=9)
    native = tensor(framework, other)
    for reference in (native, native[:, :1]):
        expected = oracles.occlusion(
            slow_probabilities(Spec()), x, TARGETS, (3, 2), (2, 2), numpy(reference)
        )
        made = explain(
            framework,
            make(framework),
            x,
            TARGETS.tolist(),
            window=(3, 2),
            stride=2,
            reference=lambda inputs, r=reference: r,
        )
        np.testing.assert_allclose(made, expected, atol=2e-6)


def test_a_blurred_reference_hides_less_than_zero(framework: str) -> None:
    """Of an image that a blur does not change, nothing is hidden."""
    flat = np.full((1, 3, 30, 26), 0.8, np.float32)
    network = make(framework)
    made = explain(framework, network, flat, 1, window=5, stride=4, reference="blur")
    np.testing.assert_allclose(made, 0, atol=1e-6)
    assert np.abs(explain(framework, network, flat, 1, window=5, stride=4)).max() > 1e-4


@pytest.mark.parametrize("size", DEFAULTS)
def test_default_windows_on_a_linear_network(framework: str, size: tuple[int, int]) -> None:
    """Hiding a window takes away weight times input, summed over the window."""
    weight = weights(4, 1, size)
    x = images(1, 1, size=size)
    bias = np.array([1, -2, 3, 0.5], np.float32)
    network = linear(framework, weight, bias)
    targets = np.array([[0, 3]])
    made = explain(
        framework,
        network,
        x,
        targets.tolist(),
        activation_fn=identity,
        perturbation_per_eval="auto",
    )
    window, stride = DEFAULTS[size]
    parts = weight[targets].astype(float) * x[:, None]  # (N, L, C, H, W)
    total, count = np.zeros((1, 2, *size)), np.zeros(size)
    for rows, cols in oracles.boxes(size, window, stride):
        total[..., rows, cols] += parts[..., rows, cols].sum((2, 3, 4))[..., None, None]
        count[rows, cols] += 1
    assert count.min() >= 1
    np.testing.assert_allclose(made, total / count, atol=2e-5)


def test_a_reference_on_a_linear_network(framework: str) -> None:
    """With one pixel a window: weight times (input - reference), summed over the channels."""
    weight, x = weights(3, 2, (9, 5)), images(1, 2, size=(9, 5))
    reference = [0.3, -0.4]
    made = explain(
        framework,
        linear(framework, weight),
        x,
        2,
        activation_fn=identity,
        window=1,
        reference=reference,
    )
    expected = (weight[2] * (x[0] - np.reshape(reference, (2, 1, 1)))).sum(0)
    np.testing.assert_allclose(made[0, 0], expected, atol=3e-6)


def test_the_sign_is_kept(framework: str) -> None:
    weight = np.zeros((2, 1, 6, 6), np.float32)
    weight[0, 0, :3] = 1
    weight[0, 0, 3:] = -1
    ones = np.ones((1, 1, 6, 6), np.float32)
    made = explain(framework, linear(framework, weight), ones, 0, activation_fn=identity, window=3)
    np.testing.assert_allclose(made[0, 0, :3], 9, atol=1e-5)
    np.testing.assert_allclose(made[0, 0, 3:], -9, atol=1e-5)


def test_the_edge_is_covered(framework: str) -> None:
    """Only the last column counts; the last window is moved back to reach it."""
    weight = np.zeros((2, 1, 8, 11), np.float32)
    weight[0, 0, :, -1] = 1
    ones = np.ones((1, 1, 8, 11), np.float32)
    made = explain(framework, linear(framework, weight), ones, 0, activation_fn=identity, window=4)
    np.testing.assert_allclose(made[0, 0, :, -4 + 1 :], 4, atol=1e-5)
    np.testing.assert_allclose(made[0, 0, :, -4], 2, atol=1e-5)
    np.testing.assert_allclose(made[0, 0, :, :-4], 0, atol=1e-5)


@pytest.mark.peers
@pytest.mark.torch
@pytest.mark.parametrize(
    ("size", "window", "stride", "reference"),
    [
        ((12, 8), (3, 4), (3, 4), 0.0),
        ((12, 8), (4, 2), (2, 1), 0.0),
        ((11, 9), (3, 3), (2, 2), 0.6),
        ((28, 28), (7, 7), (7, 7), -0.3),
    ],
)
def test_against_captum(
    size: tuple[int, int], window: tuple[int, int], stride: tuple[int, int], reference: float
) -> None:
    from captum.attr import Occlusion as Peer

    network, x = make("torch"), tensor("torch", images(size=size))
    targets = [1, 3]
    peer = Peer(lambda inputs: network(inputs).softmax(-1)).attribute(
        x, (3, *window), (3, *stride), reference, target=tensor("torch", np.array(targets))
    )
    made = explain(
        "torch", network, x.numpy(), targets, window=window, stride=stride, reference=reference
    )
    np.testing.assert_allclose(made[:, 0], numpy(peer)[:, 0], atol=1e-5)
    assert np.abs(made).max() > 1e-3


@pytest.mark.torch
@pytest.mark.mindspore
def test_the_frameworks_agree() -> None:
    x = images(2, size=(20, 17))
    for settings in ({}, {"window": 6, "stride": 4, "reference": "blur"}):
        made = [
            explain(f, make(f), x, TARGETS.tolist(), **settings) for f in ("torch", "mindspore")
        ]
        np.testing.assert_allclose(made[0], made[1], atol=1e-5)


@pytest.mark.parametrize("at_once", ["auto", 1, 5, 32])
def test_the_batch_size_does_not_matter(framework: str, at_once: int | str) -> None:
    """Nor how many samples share a batch: one sample at a time gives the same."""
    x = images(11, size=(9, 8))
    targets = [[n % 5, (n + 1) % 5] for n in range(11)]
    network = make(framework)
    made = explain(framework, network, x, targets, perturbation_per_eval=at_once, window=3)
    alone = [
        explain(framework, network, x[n : n + 1], targets[n : n + 1], window=3) for n in range(11)
    ]
    np.testing.assert_allclose(made, np.concatenate(alone), atol=1e-5)


@pytest.mark.torch
@pytest.mark.parametrize("reference", [0.0, "blur"])
def test_incremental_inference_changes_nothing(reference: Any) -> None:
    network, x = slow_enough(), tensor("torch", images(3, size=(40, 44)))
    targets = [[0, 3], [1, 2], [4, 0]]
    made = [
        Occlusion(
            network, softmax("torch"), window=(8, 6), stride=5, reference=reference,
            incremental=incremental,
        )(x, targets)
        for incremental in (True, False)
    ]  # fmt: skip
    np.testing.assert_allclose(made[0], made[1], atol=1e-6)
    assert made[0].abs().max() > 1e-3
    assert engine_words(network).startswith("incremental: boxes of 8 x 6")


def engine_words(network: Any) -> str:
    from seewhy.network.torch.engine import engine_of

    return engine_of(network).boxes_reason


def test_labels_and_samples_share_forwards(framework: str) -> None:
    network, x = make(framework), tensor(framework, images(3, size=(9, 8)))
    explainer = Occlusion(network, softmax(framework), window=3)
    with counted(network):
        explainer(x, 0)  # in PyTorch the first one measures the network by one more forward
    with counted(network) as one:
        explainer(x, 0)
    with counted(network) as five:
        explainer(x, [[0, 1, 2, 3, 4]] * 3)
    assert sum(one) == sum(five) == 3 * (1 + 3 * 3)
    assert len(five) <= 1 + (3 * 3 * 3) // 8 + 1


@pytest.mark.parametrize("at_once", [1, 4])
def test_no_batch_is_larger_than_asked_for(framework: str, at_once: int) -> None:
    network, x = make(framework), tensor(framework, images(6, size=(9, 8)))
    with counted(network) as sizes:
        Occlusion(network, softmax(framework), at_once, window=3)(x, 0)
    assert max(sizes) <= at_once


def test_new_weights_are_seen(framework: str) -> None:
    x = images(1, size=(9, 8))
    network, other = make(framework), make(framework, Spec(seed=7))
    explainer = Occlusion(network, softmax(framework), window=3)
    before = numpy(explainer(tensor(framework, x), 1))
    if framework == "torch":
        network.load_state_dict(other.state_dict())
    else:
        library(framework).load_param_into_net(network, other.parameters_dict())
    after = numpy(explainer(tensor(framework, x), 1))
    np.testing.assert_allclose(after, explain(framework, other, x, 1, window=3), atol=1e-6)
    assert np.abs(after - before).max() > 1e-3


def test_shapes(framework: str) -> None:
    """Images of one row, of one pixel, and in four channels."""
    for channels, size in ((3, (1, 9)), (1, (1, 1)), (4, (2, 3))):
        spec = Spec(channels=channels)
        x = images(2, channels, size)
        network = make(framework, spec)
        made = explain(framework, network, x, 1)
        scores = one_by_one(framework, network, softmax(framework))
        window = (min(3, size[0]), min(3, size[1]))
        expected = oracles.occlusion(scores, x, np.array([[1], [1]]), window, (1, 1))
        np.testing.assert_allclose(made, expected, atol=1e-5)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_maps_have_the_dtype_of_the_inputs(dtype: str) -> None:
    torch = library("torch")
    kind = getattr(torch, dtype)
    x = torch.from_numpy(images(1, size=(6, 6)))
    made = Occlusion(make("torch").to(kind), torch.nn.Softmax(-1))(x.to(kind), 0)
    assert made.dtype == kind
    expected = explain("torch", make("torch"), x.numpy(), 0)
    atol = 1e-2 if dtype == "bfloat16" else 1e-6
    np.testing.assert_allclose(made.double().numpy(), expected, atol=atol)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"window": 0}, ValueError, "`window` must be a positive int or a pair of them, got 0"),
        (
            {"window": (3, -1)},
            ValueError,
            "`window` must be a positive int or a pair of them, got -1",
        ),
        (
            {"window": 2.5},
            TypeError,
            "`window` must be a positive int or a pair of them, got float",
        ),
        (
            {"window": True},
            TypeError,
            "`window` must be a positive int or a pair of them, got bool",
        ),
        ({"window": "3"}, TypeError, "`window` must be a positive int or a pair of them, got str"),
        (
            {"window": (1, 2, 3)},
            ValueError,
            "`window` must be a positive int or a pair of them, got",
        ),
        ({"stride": 0}, ValueError, "`stride` must be a positive int or a pair of them, got 0"),
        (
            {"stride": (1, None)},
            TypeError,
            "`stride` must be a positive int or a pair of them, got",
        ),
        ({"reference": "gauss"}, ValueError, "`reference` must be a number"),
        ({"reference": None}, TypeError, "`reference` must be a number"),
        (
            {"perturbation_per_eval": 0},
            ValueError,
            "`perturbation_per_eval` must be a positive int",
        ),
        ({"perturbation_per_eval": "all"}, TypeError, "`perturbation_per_eval` must be a positive"),
        ({"incremental": 1}, TypeError, "`incremental` must be a bool, got int"),
        ({"activation_fn": None}, TypeError, "`activation_fn` must be callable, got NoneType"),
    ],
)
def test_wrong_arguments(
    framework: str, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    network = make(framework)
    with pytest.raises(error, match=message):
        Occlusion(network, **{"activation_fn": softmax(framework), **settings})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": 8}, "`window` must fit into the image, got height 8 for 7"),
        ({"window": (2, 9)}, "`window` must fit into the image, got width 9 for 6"),
        ({"window": 2, "stride": 3}, "`stride` must not exceed `window`"),
        ({"stride": 4}, "`stride` must not exceed `window`"),
        ({"reference": [0.0, 1.0]}, "`reference` must be one number or one for each of the 3"),
    ],
)
def test_what_does_not_fit_the_image(
    framework: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        explain(framework, make(framework), images(size=(7, 6)), 0, **settings)


def test_a_class_that_does_not_exist(framework: str) -> None:
    with pytest.raises(ValueError, match=r"0\.\.4"):
        explain(framework, make(framework), images(size=(7, 6)), 5)


def test_parameters_are_json(framework: str) -> None:
    """Without `incremental`, which does not change the maps."""
    explainer = Occlusion(make(framework), softmax(framework), window=7, reference=[0, 1, 2.5])
    assert explainer.parameters == {"window": (7, 7), "stride": None, "reference": [0, 1, 2.5]}
    assert "window=(7, 7)" in repr(explainer)
