"""What stands in for a hidden pixel."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from seewhy.network import adapt
from seewhy.network.protocol import Ops
from seewhy.perturb.references import check_reference, make_reference, plain_reference
from tests.networks import images, library, numpy, tensor


@pytest.fixture
def ops(framework: str) -> Ops:
    return adapt(library(framework).nn.Flatten()).ops


def test_numbers(framework: str, ops: Ops) -> None:
    x = tensor(framework, images())
    for given in (0.5, 1, np.float32(0.5), np.float64(2), np.int64(3), np.float32(0.1)):
        check_reference(given)
        np.testing.assert_allclose(numpy(make_reference(given, x, ops)), [[[[given]]]], 1e-6)


def test_one_number_a_channel(framework: str, ops: Ops) -> None:
    x = tensor(framework, images())
    for given in ([0.1, 0.2, 0.3], (0.1, 0.2, 0.3), np.array([0.1, 0.2, 0.3])):
        check_reference(given)
        made = numpy(make_reference(given, x, ops))
        np.testing.assert_allclose(made, np.reshape([0.1, 0.2, 0.3], (1, 3, 1, 1)), 1e-6)


def test_mean(framework: str, ops: Ops) -> None:
    x = images()
    made = numpy(make_reference("mean", tensor(framework, x), ops))
    for n, c in np.ndindex(2, 3):
        assert made[n, c, 0, 0] == pytest.approx(
            x[n, c].astype(float).sum() / x[n, c].size, abs=1e-6
        )


def slow_blur(channel: Any, sigma: float) -> Any:
    """A Gaussian of four standard deviations, the edge repeated outwards."""
    reach = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    padded = np.pad(channel.astype(float), reach, mode="edge")
    result = np.zeros(channel.shape)
    for i, j in np.ndindex(channel.shape):
        patch = padded[i : i + 2 * reach + 1, j : j + 2 * reach + 1]
        result[i, j] = weights @ patch @ weights
    return result


def test_blur(framework: str, ops: Ops) -> None:
    x = images(size=(40, 50))
    made = numpy(make_reference("blur", tensor(framework, x), ops))
    for n, c in np.ndindex(2, 3):
        np.testing.assert_allclose(made[n, c], slow_blur(x[n, c], 40 / 25), atol=1e-5)


def test_callables(framework: str, ops: Ops) -> None:
    x = images()
    made = make_reference(lambda inputs: inputs[:1] * 2, tensor(framework, x), ops)
    np.testing.assert_allclose(numpy(made), x[:1] * 2)


def test_a_callable_that_works_in_place_leaves_the_inputs(framework: str, ops: Ops) -> None:
    def fill(inputs: Any) -> Any:
        inputs[:] = 7
        return inputs

    x = tensor(framework, images())
    assert (numpy(make_reference(fill, x, ops)) == 7).all()
    np.testing.assert_array_equal(numpy(x), images())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("given", [0.5, "blur", "mean", lambda x: x.float() * 0.5])
def test_a_reference_has_the_dtype_of_the_inputs(
    framework: str, ops: Ops, dtype: str, given: Any
) -> None:
    if (framework, dtype) == ("mindspore", "bfloat16"):
        dtype = "float16"  # its CPU kernels do not know the other
    native = library(framework)
    kind = getattr(native, dtype)
    x = tensor(framework, images())
    x = x.to(kind) if framework == "torch" else x.astype(kind)
    made = make_reference(given, x, ops)
    assert made.dtype == kind
    single = numpy(make_reference(given, tensor(framework, images()), ops))
    back = numpy(made.float())
    np.testing.assert_allclose(back, single, atol=2e-2 if dtype == "bfloat16" else 3e-3)


@pytest.mark.parametrize(
    "given", [None, True, [True, False], b"blur", ["a"], {"a": 1}, 1j, np.ones((3, 1))]
)
def test_wrong_types(given: Any) -> None:
    with pytest.raises(TypeError, match="`reference` must be a number, one number a channel"):
        check_reference(given)


@pytest.mark.parametrize("given", ["gauss", float("nan"), [0.0, float("inf")], []])
def test_wrong_values(given: Any) -> None:
    with pytest.raises(ValueError, match="`reference` must be a number, one number a channel"):
        check_reference(given)


def test_what_does_not_fit_the_images(framework: str, ops: Ops) -> None:
    x = tensor(framework, images())
    with pytest.raises(ValueError, match="one for each of the 3 channels, got shape"):
        make_reference([0.0, 1.0], x, ops)
    with pytest.raises(
        ValueError, match=r"`reference` must return .* to \(2, 3, 5, 4\), got \(3, 5"
    ):
        make_reference(lambda inputs: inputs[0, :, :, :3], x, ops)
    with pytest.raises(ValueError, match=r"`reference` must return .*, got float"):
        make_reference(lambda inputs: 0.5, x, ops)
    with pytest.raises(ValueError, match="`reference` must return finite numbers"):
        make_reference(lambda inputs: inputs * float("nan"), x, ops)


def test_plain_references_are_json() -> None:
    given = [0.5, 1, np.float32(0.5), "blur", [1, 2.5], np.array([1.0, 2.0]), np.exp]
    plain = [plain_reference(value) for value in given]
    assert plain == [0.5, 1, 0.5, "blur", [1, 2.5], [1, 2], "callable"]
    assert json.loads(json.dumps(plain)) == plain
