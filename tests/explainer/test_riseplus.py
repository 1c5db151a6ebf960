"""RISEPlus against a slow loop, and its own promises; tests/tool has those of the OoDNet."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from seewhy.explainer import RISE, RISEPlus
from seewhy.network import adapt
from seewhy.perturb.random_grids import RandomGrids
from seewhy.tool import OoDNet
from tests import oracles
from tests.networks import Spec, images, make, numpy, slow, tensor
from tests.perturb import oracles as perturb_oracles
from tests.perturb.networks import counted, slow_probabilities, softmax
from tests.snapshots import snapshot
from tests.tool import ood_oracle
from tests.tool.heads import head_of
from tests.tool.test_ood_net import giving_features

TARGETS = np.array([[1, 4, 0], [2, 3, 3]])
SIZE = (7, 6)
OTHER = Spec("reused_relu", seed=3)
"""Another network for images of the same kind."""


def familiar(framework: str, network: Any, x: Any, features: str = "auto") -> OoDNet:
    """An OoDNet that finds `x` familiar: its class vectors are the features of `x`."""
    ood_net = OoDNet(network, len(x), features)
    made = ood_net.features(tensor(framework, x))
    ood_net._put("class_weights", made)
    return ood_net


def slow_highest(spec: Spec, ood_net: OoDNet, x: Any) -> npt.NDArray[np.float64]:
    """S(z) of each image: (N,)."""
    chain = oracles.Chain(slow(spec).layers[:-1])
    return ood_oracle.scores(oracles.logits(chain, x), head_of(ood_net)["class_weights"]).max(1)


def slow_weights(spec: Spec, below: Spec, ood_net: OoDNet, x: Any) -> perturb_oracles.Scores:
    """Probability of each class times the inlier score, for masked copies of `x`."""
    low = slow_highest(below, ood_net, np.zeros_like(x[:1]))[0]
    high = slow_highest(below, ood_net, x)
    probabilities = slow_probabilities(spec)

    def weights(masked: Any) -> npt.NDArray[np.float64]:
        inlier = []
        for score, top in zip(slow_highest(below, ood_net, masked), high, strict=True):
            inlier.append((min(max(score, low), top) - low) / (top - low))
        return probabilities(masked) * np.array(inlier)[:, None]

    return weights


def masks_of(explainer: RISE, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    grids = RandomGrids(size, explainer.grid, explainer.probability, explainer.seed)
    ops = adapt(explainer.network).ops
    (masks,) = grids.chunks(
        iter([explainer.num_masks]), ops, ops.tensor(np.zeros((1, 1), np.float32))
    )
    return numpy(masks).astype(np.float64)


@pytest.mark.parametrize("below", [Spec(), OTHER], ids=["the same network", "another network"])
@pytest.mark.parametrize(
    "settings",
    [{"num_masks": 40}, {"num_masks": 23, "grid": 3, "probability": 0.3, "seed": 4}],
)
def test_against_the_slow_loop(framework: str, settings: dict[str, Any], below: Spec) -> None:
    x, network = images(size=SIZE), make(framework)
    ood_net = familiar(framework, network if below == Spec() else make(framework, below), x)
    explainer = RISEPlus(ood_net, network, softmax(framework), 8, **settings)
    maps, errors = explainer.standard_error(tensor(framework, x), TARGETS.tolist())
    expected = perturb_oracles.rise(
        slow_weights(Spec(), below, ood_net, x.astype(float)),
        x.astype(float),
        TARGETS,
        masks_of(explainer, SIZE),
        explainer.probability,
    )
    np.testing.assert_allclose(numpy(maps), expected[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(numpy(errors), expected[1], rtol=1e-2, atol=1e-5)
    called = numpy(explainer(tensor(framework, x), TARGETS.tolist()))
    np.testing.assert_allclose(called, numpy(maps), rtol=1e-5)


def test_it_differs_from_rise(framework: str) -> None:
    x, network = images(size=SIZE), make(framework)
    ood_net = familiar(framework, network, x)
    settings: dict[str, Any] = {"num_masks": 60, "grid": 3}
    plus = numpy(
        RISEPlus(ood_net, network, softmax(framework), **settings)(tensor(framework, x), 1)
    )
    plain = numpy(RISE(network, softmax(framework), **settings)(tensor(framework, x), 1))
    assert (plus <= plain + 1e-6).all(), "an inlier score is at most 1"
    assert plus.mean() < 0.9 * plain.mean()
    assert np.corrcoef(plus[0].ravel(), plain[0].ravel())[0, 1] < 0.999


def test_an_original_that_is_not_familiar(framework: str) -> None:
    """S(x) <= S(0): RISE's map, and a warning; other samples of the batch are not touched."""
    x, network = images(size=SIZE), make(framework)
    ood_net = familiar(framework, network, np.zeros_like(x[:1]))
    settings: dict[str, Any] = {"num_masks": 30, "grid": 3}
    plus = RISEPlus(ood_net, network, softmax(framework), **settings)
    with pytest.warns(UserWarning, match="finds 2 of 2 samples no more familiar than the all-zero"):
        maps = numpy(plus(tensor(framework, x), [1, 2]))
    plain = numpy(RISE(network, softmax(framework), **settings)(tensor(framework, x), [1, 2]))
    np.testing.assert_allclose(maps, plain, rtol=1e-5)

    only_first = familiar(framework, network, x[:1])
    far = np.stack([x[0], np.full_like(x[0], -6)])
    scores = numpy(only_first.score(tensor(framework, np.concatenate([far, np.zeros_like(far)]))))
    assert scores[1] < scores[2] < scores[0], "the second sample is less familiar than nothing"
    plus = RISEPlus(only_first, network, softmax(framework), **settings)
    with pytest.warns(UserWarning, match="finds 1 of 2 samples"):
        both = numpy(plus(tensor(framework, far), [1, 2]))
    plain = numpy(RISE(network, softmax(framework), **settings)(tensor(framework, far), [1, 2]))
    alone = numpy(plus(tensor(framework, far[:1]), 1))
    np.testing.assert_allclose(both[1], plain[1], rtol=1e-5)
    np.testing.assert_allclose(both[0], alone[0], rtol=1e-4)
    assert (both[0] < plain[0]).any()


@pytest.mark.torch
@pytest.mark.mindspore
def test_torch_and_mindspore_agree(tmp_path: Path) -> None:
    """The same head, moved by a file, and the same masks."""
    x = images(size=(12, 10))
    familiar("torch", make("torch"), x).save(tmp_path / "head.npz")
    made = []
    for framework in ("torch", "mindspore"):
        network = make(framework)
        ood_net = OoDNet(network, len(x)).load(tmp_path / "head.npz")
        plus = RISEPlus(ood_net, network, softmax(framework), num_masks=120, grid=4)
        made.append(numpy(plus(tensor(framework, x), TARGETS.tolist())))
    np.testing.assert_allclose(made[0], made[1], rtol=1e-4, atol=1e-4)


def test_one_forward_serves_both(framework: str) -> None:
    """A fused graph calls no module, so in PyTorch only the first, plain forwards are counted."""
    x, network = images(size=SIZE), make(framework)
    plus = RISEPlus(
        familiar(framework, network, x), network, softmax(framework), num_masks=200, grid=3
    )
    with counted(network) as sizes:
        plus(tensor(framework, x), 1)
    assert sum(sizes) <= 2 * 200 + 12


@pytest.mark.parametrize("per_eval", [1, 32])
def test_splits_make_no_difference(framework: str, per_eval: Any) -> None:
    x, network = images(3, size=SIZE), make(framework)
    ood_net = familiar(framework, network, x)
    settings: dict[str, Any] = {"num_masks": 10, "grid": 3}
    together = RISEPlus(ood_net, network, softmax(framework), per_eval, **settings)
    maps = numpy(together(tensor(framework, x), [0, 1, 2]))
    single = RISEPlus(ood_net, network, softmax(framework), 7, **settings)
    for n in range(3):
        alone = numpy(single(tensor(framework, x[n : n + 1]), n))
        np.testing.assert_allclose(maps[n], alone[0], rtol=1e-4, atol=1e-6)


def test_features_on_demand(framework: str) -> None:
    """The network answers with logits or with features, so it runs twice."""
    x, network = images(size=SIZE), giving_features(framework)
    ood_net = familiar(framework, network, x)
    plain = familiar(framework, network.inner, x)
    settings: dict[str, Any] = {"num_masks": 20, "grid": 3}
    made = [
        numpy(
            RISEPlus(net, net.underlying, softmax(framework), **settings)(tensor(framework, x), 1)
        )
        for net in (ood_net, plain)
    ]
    np.testing.assert_allclose(made[0], made[1], rtol=1e-4, atol=1e-6)
    assert network.output_features is False


def test_until(framework: str) -> None:
    x, network = images(1, size=SIZE), make(framework)
    plus = RISEPlus(
        familiar(framework, network, x), network, softmax(framework), "auto", grid=2, until=0.2
    )
    maps, errors = (numpy(made) for made in plus.standard_error(tensor(framework, x), 1))
    assert errors.mean() <= 0.2 * np.ptp(maps)


def test_new_weights_of_the_head_are_seen(framework: str) -> None:
    x, network = images(size=SIZE), make(framework)
    ood_net = familiar(framework, network, x)
    plus = RISEPlus(ood_net, network, softmax(framework), num_masks=20, grid=3)
    before = numpy(plus(tensor(framework, x), 1)), plus.parameters["ood_net"]
    ood_net._put("class_weights", ood_net.class_weights + 0.3 * ood_net.class_weights[0].max())
    after = numpy(plus(tensor(framework, x), 1)), plus.parameters["ood_net"]
    fresh = RISEPlus(ood_net, network, softmax(framework), num_masks=20, grid=3)
    assert np.abs(before[0] - after[0]).max() > 1e-4
    assert before[1] != after[1]
    np.testing.assert_allclose(after[0], numpy(fresh(tensor(framework, x), 1)), rtol=1e-4)


def test_a_replaced_layer_is_seen(framework: str) -> None:
    x, network = images(size=SIZE), make(framework)
    ood_net = familiar(framework, network, x)
    plus = RISEPlus(ood_net, network, softmax(framework), num_masks=20, grid=3)
    before = numpy(plus(tensor(framework, x), 1))
    network.fc = make(framework, Spec(seed=9)).fc
    after = numpy(plus(tensor(framework, x), 1))
    fresh = RISEPlus(ood_net, network, softmax(framework), num_masks=20, grid=3)
    assert np.abs(before - after).max() > 1e-3
    np.testing.assert_allclose(after, numpy(fresh(tensor(framework, x), 1)), rtol=1e-4)


def test_everything_is_left_as_it_was(framework: str) -> None:
    x, network = images(size=SIZE), make(framework)
    ood_net = familiar(framework, network, x).set_train()
    before = snapshot(framework, network)
    plus = RISEPlus(ood_net, network, softmax(framework), num_masks=20, grid=3)
    plus(tensor(framework, x), 1)
    with pytest.raises(ValueError, match=r"class ids in 0\.\.4"):
        plus(tensor(framework, x), 5)
    assert snapshot(framework, network) == before
    assert ood_net.training is True


def test_parameters_and_network() -> None:
    names = list(inspect.signature(RISEPlus).parameters)
    assert names[:4] == ["ood_net", "network", "activation_fn", "perturbation_per_eval"]
    assert names[4:] == list(inspect.signature(RISE).parameters)[3:]


def test_what_it_tells_of_itself(framework: str) -> None:
    network = make(framework)
    plus = RISEPlus(OoDNet(network, 3), network, softmax(framework), num_masks=7)
    assert plus.network is network
    assert plus.name == "RISEPlus"
    assert plus.parameters["num_masks"] == 7
    assert len(plus.parameters["ood_net"]) == 32


@pytest.mark.parametrize("ood_net", [None, 3, "net"])
def test_no_ood_net(framework: str, ood_net: Any) -> None:
    with pytest.raises(
        TypeError, match=f"`ood_net` must be an OoDNet, got {type(ood_net).__name__}"
    ):
        RISEPlus(ood_net, make(framework), softmax(framework))


def test_a_plain_network_is_no_ood_net(framework: str) -> None:
    network = make(framework)
    with pytest.raises(TypeError, match="`ood_net` must be an OoDNet, got SmallCNN"):
        RISEPlus(network, network, softmax(framework))


@pytest.mark.torch
@pytest.mark.mindspore
def test_of_two_frameworks() -> None:
    with pytest.raises(TypeError, match=r"`ood_net` must be of the framework of `network`"):
        RISEPlus(OoDNet(make("torch"), 3), make("mindspore"), softmax("mindspore"))


def test_an_ood_net_for_other_images(framework: str) -> None:
    ood_net = OoDNet(make(framework, Spec(channels=1)), 3)
    plus = RISEPlus(ood_net, make(framework), softmax(framework), num_masks=4)
    with pytest.raises((RuntimeError, ValueError)):
        plus(tensor(framework, images(size=SIZE)), 1)


def test_scores_that_are_not_finite(framework: str) -> None:
    """No silent zeros."""
    x, network = images(size=SIZE), make(framework)
    ood_net = familiar(framework, network, x)
    ood_net._put("class_weights", ood_net.class_weights * float("nan"))
    plus = RISEPlus(ood_net, network, softmax(framework), num_masks=4)
    with pytest.raises(ValueError, match="`ood_net` must give finite scores, got NaN"):
        plus(tensor(framework, x), 1)
