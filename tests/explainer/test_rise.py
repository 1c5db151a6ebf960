"""RISE against a slow loop, the masked expectation of a linear network, and its own promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from seewhy.explainer.rise import LOOK_EVERY, RISE
from seewhy.network import adapt
from seewhy.perturb.random_grids import RandomGrids
from tests.networks import Spec, images, library, make, numpy, tensor
from tests.perturb import oracles
from tests.perturb.linear import identity, linear, weights
from tests.perturb.networks import counted, slow_probabilities, softmax

TARGETS = np.array([[1, 4, 0], [2, 3, 3]])


def explain(framework: str, network: Any, x: Any, targets: Any, **settings: Any) -> Any:
    activation = settings.pop("activation_fn", softmax(framework))
    return numpy(RISE(network, activation, **settings)(tensor(framework, x), targets))


def masks_of(explainer: RISE, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """The masks themselves are shown to be right in tests/perturb/test_random_grids.py."""
    grids = RandomGrids(size, explainer.grid, explainer.probability, explainer.seed)
    ops = adapt(explainer.network).ops
    like = ops.tensor(np.zeros((1, 1), np.float32))
    (masks,) = grids.chunks(iter([explainer.num_masks]), ops, like)
    return numpy(masks).astype(np.float64)


@pytest.mark.parametrize(
    "settings",
    [
        {"num_masks": 60},
        {"num_masks": 37, "grid": 3, "probability": 0.2, "seed": 4},
        {"num_masks": 2, "grid": 1, "probability": 1.0},
    ],
)
def test_against_the_slow_loop(framework: str, settings: dict[str, Any]) -> None:
    x = images(size=(7, 6))
    explainer = RISE(make(framework), softmax(framework), **settings)
    maps, errors = explainer.standard_error(tensor(framework, x), TARGETS.tolist())
    masks = masks_of(explainer, (7, 6))
    probability = explainer.probability
    expected = oracles.rise(
        slow_probabilities(Spec()), x.astype(float), TARGETS, masks, probability
    )
    np.testing.assert_allclose(numpy(maps), expected[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(numpy(errors), expected[1], rtol=1e-3, atol=1e-6)
    called = numpy(explainer(tensor(framework, x), TARGETS.tolist()))
    np.testing.assert_allclose(called, numpy(maps), rtol=1e-5)


def linear_expectation(
    weight: npt.NDArray[Any], bias: npt.NDArray[Any], x: Any, grid: int, probability: float
) -> npt.NDArray[np.float64]:
    """E[f(x M) M(j)] / P = bias + sum over i of (weight x)(i) E[M(i) M(j)] / P: (K, H, W)."""
    size = (x.shape[1], x.shape[2])
    products = oracles.mask_products(size, grid, probability)
    parts = (weight.astype(float) * x).sum(1).reshape(len(weight), -1)
    return (parts @ products / probability + bias[:, None]).reshape(-1, *size)


@pytest.mark.parametrize(("grid", "probability"), [(2, 0.5), (3, 0.3)])
def test_converges_to_the_masked_expectation_of_a_linear_network(
    framework: str, grid: int, probability: float
) -> None:
    size = (7, 5)
    weight, bias = weights(3, 2, size), np.array([0.5, -1, 2], np.float32)
    x = images(1, 2, size)
    expected = linear_expectation(weight, bias, x[0], grid, probability)
    explainer = RISE(
        linear(framework, weight, bias),
        identity,
        "auto",
        num_masks=4000,
        probability=probability,
        grid=grid,
    )
    maps, errors = explainer.standard_error(tensor(framework, x), [[0, 1, 2]])
    z = (numpy(maps)[0] - expected) / numpy(errors)[0]
    # Of 105 independent values one would lie beyond 4.5 in one of 1400 runs.
    assert np.abs(z).max() < 4.5
    assert np.sqrt((z**2).mean()) < 2
    distance = np.abs(numpy(maps)[0] - expected).max() / np.ptp(expected)
    assert distance < 0.1


def test_the_standard_error_is_calibrated(framework: str) -> None:
    """The errors of many seeds spread as much as each of them says."""
    size, runs = (6, 5), 40
    weight, bias = weights(2, 1, size), np.zeros(2, np.float32)
    x = images(1, 1, size)
    expected = linear_expectation(weight, bias, x[0], 2, 0.5)
    network = linear(framework, weight, bias)
    z = []
    for seed in range(runs):
        explainer = RISE(network, identity, "auto", num_masks=256, grid=2, seed=seed)
        maps, errors = explainer.standard_error(tensor(framework, x), [[0, 1]])
        z.append((numpy(maps)[0] - expected) / numpy(errors)[0])
    spread = np.sqrt((np.array(z) ** 2).mean(0))  # for each label and pixel
    # chi with 40 degrees of freedom: a single value lies in 0.66..1.39 in 999 of 1000 cases
    assert 0.6 < spread.min()
    assert spread.max() < 1.5
    assert spread.mean() == pytest.approx(1, abs=0.15)


def test_until_keeps_its_promise_and_stops_early(framework: str) -> None:
    network = make(framework)
    x = tensor(framework, images(1, size=(9, 8)))
    labels = [[0, 1, 2, 3, 4]]
    explainer = RISE(network, softmax(framework), "auto", num_masks=6000, grid=3, until=0.2)
    with counted(network):
        explainer(x, 0)
    with counted(network) as sizes:
        maps, errors = (numpy(made)[0] for made in explainer.standard_error(x, labels))
    spans = maps.max((1, 2)) - maps.min((1, 2))
    assert (errors.mean((1, 2)) <= 0.2 * spans).all()
    assert sum(sizes) < 6000
    # It went on for the slowest label: one of them alone stops no later, and some stop earlier.
    alone = []
    for label in range(5):
        with counted(network) as sizes_of_one:
            explainer(x, label)
        alone.append(sum(sizes_of_one))
    assert max(alone) <= sum(sizes)
    assert min(alone) < sum(sizes)


def test_until_stops_at_the_same_mask_however_the_masks_are_split(framework: str) -> None:
    """Nor does a sample depend on the others that are explained with it."""
    network, x = make(framework), images(3, size=(6, 6))
    settings = {"num_masks": 1500, "grid": 2, "until": 0.15}
    made = [
        explain(framework, network, x, [0, 1, 2], perturbation_per_eval=each, **settings)
        for each in ("auto", 90)
    ]
    alone = [explain(framework, network, x[n : n + 1], n, **settings) for n in range(3)]
    np.testing.assert_allclose(made[0], made[1], rtol=1e-4)
    np.testing.assert_allclose(made[0], np.concatenate(alone), rtol=1e-4)


def test_until_that_is_not_reached_uses_all_masks(framework: str) -> None:
    network, x = make(framework), images(1, size=(6, 6))
    for number in (LOOK_EVERY - 1, LOOK_EVERY + 44):
        settings = {"num_masks": number, "grid": 2}
        never = explain(framework, network, x, 0, until=1e-6, **settings)
        np.testing.assert_allclose(never, explain(framework, network, x, 0, **settings), rtol=1e-5)


def test_seeds(framework: str) -> None:
    network, x = make(framework), images(1, size=(6, 6))

    def made(seed: int | None) -> Any:
        return explain(framework, network, x, 0, num_masks=20, grid=3, seed=seed)

    made(0)
    before = global_state(framework)
    np.testing.assert_array_equal(made(0), made(0))
    assert np.abs(made(0) - made(1)).max() > 1e-4
    assert np.abs(made(None) - made(None)).max() > 1e-4
    assert global_state(framework) == before


def global_state(framework: str) -> tuple[str, ...]:
    native = library(framework)
    state = native.get_rng_state()
    return repr(np.random.get_state(legacy=False)), str(numpy(state).tolist())  # noqa: NPY002


@pytest.mark.parametrize("at_once", ["auto", 1, 5, 32])
def test_the_batch_size_does_not_matter(framework: str, at_once: int | str) -> None:
    """Nor how many samples share a batch: one sample at a time gives the same."""
    x = images(10, size=(6, 5))
    targets = [[n % 5, (n + 1) % 5] for n in range(10)]
    network, settings = make(framework), {"num_masks": 6, "grid": 3}
    made = explain(framework, network, x, targets, perturbation_per_eval=at_once, **settings)
    alone = [
        explain(framework, network, x[n : n + 1], targets[n : n + 1], **settings) for n in range(10)
    ]
    np.testing.assert_allclose(made, np.concatenate(alone), atol=1e-5)


def test_labels_and_samples_share_forwards(framework: str) -> None:
    network, x = make(framework), tensor(framework, images(3, size=(9, 8)))
    explainer = RISE(network, softmax(framework), num_masks=50)
    with counted(network):
        explainer(x, 0)  # in PyTorch the first one measures the network by one more forward
    with counted(network) as one:
        explainer(x, 0)
    with counted(network) as five:
        explainer(x, [[0, 1, 2, 3, 4]] * 3)
    assert one == five
    assert sum(five) == 3 * 50
    assert max(five) <= 32


@pytest.mark.torch
@pytest.mark.mindspore
def test_the_frameworks_agree() -> None:
    x = images(2, size=(20, 17))
    made = [explain(f, make(f), x, TARGETS.tolist(), num_masks=64) for f in ("torch", "mindspore")]
    np.testing.assert_allclose(made[0], made[1], atol=1e-5)


@pytest.mark.torch
@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-6), ("bfloat16", 2e-2)])
def test_sums_keep_their_digits(dtype: str, rtol: float) -> None:
    """Of thousands of masks: in half precision a sum would stand still at 256."""
    torch = library("torch")
    kind = getattr(torch, dtype)
    x = torch.from_numpy(images(1, size=(6, 6)))
    made = RISE(make("torch").to(kind), torch.nn.Softmax(-1), num_masks=3000)(x.to(kind), 0)
    assert made.dtype == kind
    expected = explain("torch", make("torch"), x.numpy(), 0, num_masks=3000)
    np.testing.assert_allclose(made.double().numpy(), expected, rtol=rtol)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"num_masks": 0}, ValueError, "`num_masks` must be a positive int, got 0"),
        ({"num_masks": 1e3}, TypeError, "`num_masks` must be a positive int, got float"),
        ({"grid": 0}, ValueError, "`grid` must be a positive int, got 0"),
        ({"grid": (3, 3)}, TypeError, "`grid` must be a positive int, got tuple"),
        ({"probability": 0}, ValueError, r"`probability` must be a number in \(0, 1\], got 0"),
        ({"probability": 1.1}, ValueError, r"`probability` must be a number in \(0, 1\], got 1.1"),
        ({"probability": "a"}, TypeError, r"`probability` must be a number in \(0, 1\], got str"),
        ({"probability": float("nan")}, ValueError, "`probability` must be a number"),
        ({"until": 0}, ValueError, r"`until` must be a number in \(0, 1\), got 0"),
        ({"until": 1}, ValueError, r"`until` must be a number in \(0, 1\), got 1"),
        ({"until": -0.1}, ValueError, r"`until` must be a number in \(0, 1\), got -0.1"),
        ({"until": True}, TypeError, r"`until` must be a number in \(0, 1\), got bool"),
        ({"seed": -1}, ValueError, "`seed` must be a non-negative int or None, got -1"),
        ({"seed": "a"}, TypeError, "`seed` must be a non-negative int or None, got str"),
        (
            {"perturbation_per_eval": 0},
            ValueError,
            "`perturbation_per_eval` must be a positive int",
        ),
        ({"activation_fn": 3}, TypeError, "`activation_fn` must be callable, got int"),
    ],
)
def test_wrong_arguments(
    framework: str, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    network = make(framework)
    with pytest.raises(error, match=message):
        RISE(network, **{"activation_fn": softmax(framework), **settings})


def test_one_mask_has_no_standard_error(framework: str) -> None:
    network, x = make(framework), images(1, size=(6, 6))
    explainer = RISE(network, softmax(framework), num_masks=1)
    with pytest.raises(ValueError, match="`num_masks` must be at least 2 for a standard error"):
        explainer.standard_error(tensor(framework, x), 0)
    assert numpy(explainer(tensor(framework, x), 0)).max() > 0


def test_a_class_that_does_not_exist(framework: str) -> None:
    with pytest.raises(ValueError, match=r"0\.\.4"):
        explain(framework, make(framework), images(size=(7, 6)), 5, num_masks=3)


def test_parameters_are_json(framework: str) -> None:
    explainer = RISE(make(framework), softmax(framework), until=0.1)
    assert explainer.parameters == {
        "num_masks": 6000,
        "probability": 0.5,
        "grid": 10,
        "seed": 0,
        "until": 0.1,
    }
