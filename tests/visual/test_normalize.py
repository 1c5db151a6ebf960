"""normalize_saliency: closed forms, awkward maps, bad input."""

import numpy as np
import pytest

from seewhy.visual import normalize_saliency

MAP = np.array([[0.4, 0.3, 0.1], [0.5, 0.9, 0.1]])


def test_min_and_max_become_zero_and_one():
    expected = [[3 / 8, 2 / 8, 0], [4 / 8, 1, 0]]
    np.testing.assert_allclose(normalize_saliency(MAP), expected, rtol=1e-12, atol=1e-15)


def test_signed_keeps_zero_and_proportions():
    signed = np.array([[-2.0, 0.0, 1.0]])
    np.testing.assert_array_equal(normalize_saliency(signed, signed=True), [[-1, 0, 0.5]])


def test_input_is_left_alone():
    values = MAP.copy()
    normalize_saliency(values)
    np.testing.assert_array_equal(values, MAP)


@pytest.mark.parametrize(
    ("given", "returned"),
    [("float16", "float32"), ("float32", "float32"), ("float64", "float64")],
)
@pytest.mark.parametrize("signed", [False, True])
def test_dtypes(given: str, returned: str, signed: bool):
    result = normalize_saliency(MAP.astype(given), signed)
    assert result.dtype == returned
    expected = MAP / 0.9 if signed else (MAP - 0.1) / 0.8
    np.testing.assert_allclose(result, expected, atol=np.finfo(given).eps * 2)


@pytest.mark.parametrize(
    "shape", [(3, 5), (1, 3, 5), (1, 1, 3, 5), (1, 5), (3, 1), (1, 1), (3, 5, 1)]
)
def test_accepted_shapes(shape: tuple[int, ...]):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    result = normalize_saliency(values)
    size = {(3, 5, 1): (3, 5)}.get(shape, shape[-2:])
    assert result.shape == size
    np.testing.assert_allclose(
        result.ravel(), np.linspace(0, 1, values.size) if values.size > 1 else [0], rtol=1e-6
    )


@pytest.mark.parametrize("value", [0.0, 5.0, -0.3])
def test_a_constant_map_is_all_zeros(value: float):
    assert not normalize_saliency(np.full((2, 3), value)).any()


def test_rounding_noise_is_not_amplified():
    # The same sum in two orders: equal but for rounding.
    noisy = np.array([[0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1]], dtype=np.float64)
    assert noisy[0, 0] != noisy[0, 1]
    assert not normalize_saliency(noisy).any()


def test_signed_constant_keeps_its_sign():
    np.testing.assert_array_equal(normalize_saliency(np.full((2, 2), -0.3), True), -np.ones((2, 2)))
    assert not normalize_saliency(np.zeros((2, 2)), True).any()


@pytest.mark.parametrize(("dtype", "scale"), [("float32", 3e38), ("float64", 1.7e308)])
def test_large_values_do_not_overflow(dtype: str, scale: float):
    values = np.array([[-1, 0, 1]], dtype=dtype) * np.asarray(scale, dtype)
    np.testing.assert_allclose(normalize_saliency(values), [[0, 0.5, 1]])
    np.testing.assert_allclose(normalize_saliency(values, True), [[-1, 0, 1]])


def test_tiny_values_do_not_vanish():
    values = np.array([[0, 1, 2]], dtype=np.float64) * 5e-324
    np.testing.assert_allclose(normalize_saliency(values), [[0, 0.5, 1]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("signed", [False, True])
def test_a_map_that_is_not_finite_is_refused(bad: float, signed: bool):
    values = MAP.copy()
    values[0, 1] = bad
    with pytest.raises(ValueError, match=r"`saliency` must be finite, got 1 NaN or infinite of 6"):
        normalize_saliency(values, signed)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4), (2, 1, 3, 4)])
def test_what_is_not_one_map_is_refused(shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"one map of shape \(H, W\)"):
        normalize_saliency(np.ones(shape))


def test_an_empty_map_is_refused():
    with pytest.raises(ValueError, match="must not be empty"):
        normalize_saliency(np.ones((0, 3)))


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "complex64"])
def test_other_numbers_are_refused(dtype: str):
    with pytest.raises(ValueError, match=f"floating-point numbers, got {dtype}"):
        normalize_saliency(np.ones((2, 2), dtype))


@pytest.mark.parametrize("value", [[[0.1, 0.2]], None, "map", 0.5])
def test_what_is_no_array_is_refused(value: object):
    with pytest.raises(TypeError, match="`saliency` must be a NumPy array or a tensor"):
        normalize_saliency(value)


def test_signed_must_be_a_bool():
    with pytest.raises(TypeError, match="`signed` must be a bool, got int"):
        normalize_saliency(MAP, signed=1)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_torch_tensors(dtype: str):
    import torch

    tensor = torch.tensor(MAP, dtype=getattr(torch, dtype), requires_grad=True)
    result = normalize_saliency(tensor)
    assert isinstance(result, np.ndarray)
    np.testing.assert_array_equal(
        result, normalize_saliency(tensor.detach().double().numpy().astype(result.dtype))
    )


@pytest.mark.mindspore
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_mindspore_tensors(dtype: str):
    import mindspore

    tensor = mindspore.Tensor(MAP, getattr(mindspore, dtype))
    result = normalize_saliency(tensor)
    assert isinstance(result, np.ndarray)
    np.testing.assert_allclose(result, (MAP - 0.1) / 0.8, atol=0.02 if "16" in dtype else 1e-6)
