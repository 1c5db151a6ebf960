"""Class sensitivity: of every explainer, and where it is not defined."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import ClassSensitivity
from seewhy.explainer import RISE, Explainer, GradCAM, Gradient, Occlusion
from tests.benchmark.construct import Constant
from tests.benchmark.test_faithfulness import softmax
from tests.networks import Spec, images, make, numpy, slow, tensor


class Fixed(Explainer):
    """The k-th map for the k-th class."""

    def __init__(self, network: Any, maps: np.ndarray) -> None:
        super().__init__(network)
        self.maps = maps

    def _explain(self, x: Any, targets: Any) -> Any:
        return self._network.ops.tensor(self.maps[self._network.ops.numpy(targets)], like=x)


def extremes(x: np.ndarray) -> np.ndarray:
    logits = np.stack([slow().forward(image.astype(float)) for image in x])
    return np.stack([logits.argmax(1), logits.argmin(1)], axis=1)


def test_equals_the_definition(framework: str) -> None:
    x, maps = images(4), np.random.default_rng(0).normal(size=(5, 5, 4)).astype(np.float32)
    got = ClassSensitivity().evaluate(Fixed(make(framework), maps), tensor(framework, x))
    expected = [
        (1 - np.corrcoef(maps[high].ravel(), maps[low].ravel())[0, 1]) / 2
        for high, low in extremes(x)
    ]
    np.testing.assert_allclose(got, expected, rtol=1e-5)


@pytest.mark.parametrize("kind", [RISE, Occlusion, Gradient, GradCAM])
def test_of_every_kind_of_explainer(framework: str, kind: type[Explainer]) -> None:
    x, settings = images(2, size=(8, 7)), {"num_masks": 12, "grid": 3} if kind is RISE else {}
    if kind in (RISE, Occlusion):
        settings["activation_fn"] = softmax(framework)
    if kind is GradCAM:
        settings["layer"] = "features"
    explainer = kind(make(framework), **settings)
    got = ClassSensitivity().evaluate(explainer, tensor(framework, x))
    for n, ids in enumerate(extremes(x)):
        maps = numpy(explainer(tensor(framework, x[[n]]), ids[None], show=False))[0]
        r = np.corrcoef(maps[0].ravel(), maps[1].ravel())[0, 1]
        assert got[n] == pytest.approx((1 - r) / 2, abs=1e-4)


def test_equal_maps_score_0_and_opposite_ones_1(framework: str) -> None:
    x, map_ = tensor(framework, images(2)), np.random.default_rng(1).random((5, 4))
    equal = Fixed(make(framework), np.stack([map_] * 5))
    np.testing.assert_allclose(ClassSensitivity().evaluate(equal, x), 0, atol=1e-7)
    high = extremes(images(2))[:, 0]
    maps = np.stack([map_ if k in high else 3 - 2 * map_ for k in range(5)])
    opposite = Fixed(make(framework), maps)
    np.testing.assert_allclose(ClassSensitivity().evaluate(opposite, x), 1, atol=1e-6)


@pytest.mark.parametrize("value", [0, 0.3])
def test_constant_maps_are_neutral_with_a_warning(framework: str, value: float) -> None:
    x, network = tensor(framework, images(2)), make(framework)
    with pytest.warns(UserWarning, match="0.5 for 2 samples: a saliency map is constant"):
        assert ClassSensitivity().evaluate(Constant(network, value), x).tolist() == [0.5, 0.5]


def test_equal_outputs_are_neutral_with_a_warning(framework: str) -> None:
    spec = Spec("dense", channels=1)
    spec.weights["fc.weight"][:] = spec.weights["fc.weight"][:1]
    spec.weights["fc.bias"][:] = 0
    x = tensor(framework, images(1, channels=1, size=(4, 4)))
    with pytest.warns(UserWarning, match="0.5 for 1 sample: the outputs of the network are all eq"):
        assert ClassSensitivity().evaluate(Gradient(make(framework, spec)), x) == 0.5


def test_refuses_bad_evaluations(framework: str) -> None:
    x, explainer = tensor(framework, images(1)), Gradient(make(framework))
    with pytest.raises(TypeError, match="`explainer` must be an explainer"):
        ClassSensitivity().evaluate(make(framework), x)
    with pytest.raises(ValueError, match="`inputs` must have shape"):
        ClassSensitivity().evaluate(explainer, x[0])
    with pytest.raises(TypeError, match=r"`inputs` must be a .*Tensor"):
        ClassSensitivity().evaluate(explainer, images(1))
