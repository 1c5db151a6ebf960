"""Whether an explainer behaves as all explainers do."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np

from seewhy.explainer import Explainer
from seewhy.network.protocol import Tensor
from seewhy.testing.demands import check_samples, demand, refuses, same, singles
from seewhy.testing.traces import state_of, unchanged


def check_explainer(explainer: Explainer, inputs: Tensor, *, rtol: float = 1e-3) -> None:
    """Check that an explainer behaves as all of `seewhy.explainer` do.

    Maps of the right shape, type and sign; the same for every form of the targets, for any split of
    the batch and at each call; pictures; the network, the inputs and the random state as they were;
    the agreed errors.

    Parameters
    ----------
    explainer
        Ready to be called; a stochastic one with a fixed seed.
    inputs
        Two or more inputs (N, C, H, W) of finite numbers.
    rtol
        What counts as equal where different ways must give the same numbers, as a share of the
        largest of them.

    Raises
    ------
    AssertionError
        If the explainer behaves otherwise.
    ValueError
        If `inputs` holds fewer than two samples.
    """
    check_samples(inputs)
    network = explainer._network
    before, pixels = state_of(network), explainer.ops.numpy(inputs)
    classes = int(network.forward(inputs[:1]).shape[1])
    _check_maps(explainer, inputs, classes, rtol)
    _check_pictures(explainer, inputs)
    _check_description(explainer)
    unchanged(network, inputs, before, pixels, repr(explainer))
    _check_refusals(explainer, inputs, classes)
    unchanged(network, inputs, before, pixels, f"{explainer!r}, after errors,")


def _check_maps(explainer: Explainer, inputs: Tensor, classes: int, rtol: float) -> None:
    ops, samples, last = explainer.ops, inputs.shape[0], classes - 1
    maps: Tensor = explainer(inputs, last, show=False)
    shape = (samples, 1, *inputs.shape[2:])
    demand(
        ops.is_tensor(maps) and tuple(maps.shape) == shape,
        f"{explainer!r} must return a {ops.tensor_type} of shape {shape} for one target, "
        f"got {type(maps).__name__} of {tuple(maps.shape)}",
    )
    demand(maps.dtype == inputs.dtype, f"{explainer!r} must keep {inputs.dtype}, got {maps.dtype}")
    values = ops.numpy(maps)
    demand(bool(np.isfinite(values).all()), f"{explainer!r} must return finite maps")
    demand(
        explainer.signed or bool((values >= 0).all()),
        f"{explainer!r} must return no negative value, as `signed` is False",
    )
    forms: dict[str, Any] = {
        "the same call again": last,
        "a list": [last] * samples,
        "a tuple": (last,) * samples,
        "an array": np.full(samples, last),
        "a 0-D tensor": ops.tensor(np.array(last), like=inputs),
        "a 1-D tensor": ops.tensor(np.full(samples, last), like=inputs),
        "a nested list": [[last]] * samples,
    }
    for form, targets in forms.items():
        made = ops.numpy(explainer(inputs, targets, show=False))
        same(made, values, f"{explainer!r} on {form}", rtol)
    alone = [ops.numpy(explainer(part, last, show=False)) for part in singles(inputs)]
    same(np.concatenate(alone), values, f"{explainer!r} on a batch and its samples", rtol)
    two = ops.numpy(explainer(inputs, [[0, last]] * samples, show=False))
    shape = (samples, 2, *inputs.shape[2:])
    demand(two.shape == shape, f"{explainer!r} must return {shape} for 2 labels, got {two.shape}")
    same(two[:, 1:], values, f"{explainer!r} on one label and on two", rtol)
    turns = np.arange(samples) % 2
    made = ops.numpy(explainer(inputs, turns * last, show=False))
    expected = two[np.arange(samples), turns][:, None]
    same(made, expected, f"{explainer!r} on a class of its own for each sample", rtol)


def _check_pictures(explainer: Explainer, inputs: Tensor) -> None:
    samples, size = inputs.shape[0], (int(inputs.shape[3]), int(inputs.shape[2]))
    rows = explainer(inputs, [[0, 0]] * samples, ret="image", show=False)
    demand(
        isinstance(rows, list) and [len(row) for row in rows] == [2] * samples,
        f"{explainer!r} must return {samples} lists of 2 pictures for ret='image'",
    )
    for picture in (picture for row in rows for picture in row):
        demand(
            (picture.mode, picture.size) == ("RGB", size),
            f"{explainer!r} must return RGB pictures of {size}, got {picture.mode} {picture.size}",
        )


def _check_description(explainer: Explainer) -> None:
    demand(bool(explainer.name), "`name` must not be empty")
    try:
        json.dumps(explainer.parameters, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{explainer!r}: `parameters` must be JSON values: {error}") from error


def _check_refusals(explainer: Explainer, inputs: Tensor, classes: int) -> None:
    array = explainer.ops.numpy(inputs)
    nan = array.copy()
    nan.flat[0] = np.nan
    wrong: list[tuple[type[Exception], str, tuple[Any, ...]]] = [
        (TypeError, "a NumPy array", (array, 0)),
        (ValueError, "inputs of three axes", (inputs[0], 0)),
        (ValueError, "NaN", (explainer.ops.tensor(nan, like=inputs), 0)),
        (ValueError, f"class {classes} of 0..{classes - 1}", (inputs, classes)),
        (ValueError, "a negative class", (inputs, -1)),
        (ValueError, "a target too few", (inputs, [0] * (len(array) - 1))),
        (TypeError, "a bool for a class", (inputs, True)),
        (TypeError, "a float for a class", (inputs, 0.0)),
        (ValueError, "an unknown `ret`", (inputs, 0, "array")),
        (TypeError, "a `ret` that is no string", (inputs, 0, None)),
        (TypeError, "a `show` that is no bool", (inputs, 0, "tensor", "yes")),
    ]
    for error, what, arguments in wrong:
        refuses(error, partial(explainer, *arguments), f"{explainer!r} on {what}")
