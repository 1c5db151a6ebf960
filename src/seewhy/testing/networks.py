"""Whether a network keeps the contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.network import Network
from seewhy.network.protocol import Tensor
from seewhy.testing.demands import check_samples, demand, refuses, same, singles
from seewhy.testing.traces import state_of, unchanged

_CHANGE = 1e-2
"""Change of the logits that a finite difference aims at, as a share of the largest."""


def check_network(network: Network, x: Tensor, *, rtol: float = 1e-3) -> None:
    """Check that a network keeps the contract of `seewhy.network.protocol.Network`.

    Parameters
    ----------
    network
        What `seewhy.adapt` returned, or an implementation of your own.
    x
        Two or more inputs (N, C, H, W) of finite numbers.
    rtol
        What counts as equal where different ways must give the same numbers, as a share of the
        largest of them.

    Raises
    ------
    AssertionError
        If the network breaks the contract.
    ValueError
        If `x` holds fewer than two samples.
    """
    check_samples(x)
    what = type(network).__name__
    before, pixels = state_of(network), network.ops.numpy(x)
    logits = network.ops.numpy(network.forward(x))
    demand(
        logits.ndim == 2 and len(logits) == len(pixels),
        f"{what}.forward must return (N, K), got {logits.shape}",
    )
    alone = np.concatenate([network.ops.numpy(network.forward(part)) for part in singles(x)])
    same(alone, logits, f"{what}.forward of a batch and of its samples", rtol)
    _check_gradients(network, x, logits, rtol)
    _check_layers(network, x, rtol)
    _check_dropout(network, x)
    _check_randomised(network, x, logits)
    same(network.ops.numpy(network.forward(x)), logits, f"{what}.forward before and after", rtol)
    unchanged(network, x, before, pixels, what)


def _check_gradients(network: Network, x: Tensor, logits: npt.NDArray[Any], rtol: float) -> None:
    ops, what = network.ops, f"{type(network).__name__}.gradient"
    samples, classes = logits.shape
    ids = np.stack([np.arange(samples) % classes, np.full(samples, classes - 1)], 1)
    targets = ops.tensor(ids, like=x)
    both = ops.numpy(network.gradient(x, targets))
    shape = (samples, 2, *x.shape[1:])
    demand(both.shape == shape, f"{what} must have shape {shape}, got {both.shape}")
    for label in range(2):
        one = ops.numpy(network.gradient(x, targets[:, label : label + 1]))[:, 0]
        same(one, both[:, label], f"{what} of one label and of two", rtol)
    alone = [network.gradient(x[n : n + 1], targets[n : n + 1]) for n in range(samples)]
    same(ops.numpy(ops.concat(alone)), both, f"{what} of a batch and of its samples", rtol)
    _check_slopes(network, x, ids[:, 0], both[:, 0].astype(np.float64))
    beyond = ops.tensor(np.full((samples, 1), classes), like=x)
    refuses(ValueError, lambda: network.gradient(x, beyond), f"{what} of class {classes}")


def _check_slopes(
    network: Network, x: Tensor, ids: npt.NDArray[Any], gradient: npt.NDArray[np.float64]
) -> None:
    """A small step along the gradient must change the logit by as much as the gradient says."""
    axes = (1, 2, 3)
    pixels = network.ops.numpy(x).astype(np.float64)
    norms = np.sqrt((gradient**2).sum(axes, keepdims=True)) + 1e-30
    scale = float(np.abs(network.ops.numpy(network.forward(x))).max())
    lengths = np.minimum(
        _CHANGE * scale / norms, _CHANGE * np.sqrt((pixels**2).sum(axes, keepdims=True))
    )
    ends = [
        network.ops.numpy(
            network.forward(network.ops.tensor(pixels + side * lengths * gradient / norms, like=x))
        )
        for side in (0.5, -0.5)
    ]
    made = (ends[0].astype(np.float64) - ends[1])[np.arange(len(ids)), ids]
    expected = (lengths * norms).reshape(-1)
    # For the rounding of the logits, and for the bends of a ReLU network on the way.
    slack = 0.2 * expected + 1e-4 * scale
    demand(
        bool((np.abs(made - expected) <= slack).all()),
        f"{type(network).__name__}.gradient must be the derivative of the logits: a small step "
        f"along it should change them by {expected}, got {made}",
    )


def _check_layers(network: Network, x: Tensor, rtol: float) -> None:
    ops, what = network.ops, f"{type(network).__name__}.activation_and_gradient"
    targets = ops.tensor(np.zeros((x.shape[0], 2), np.int64), like=x)
    at_input = network.activation_and_gradient(x, targets, "")
    same(ops.numpy(at_input[0]), ops.numpy(x), f"{what} at '' and the input", 0)
    same(ops.numpy(at_input[1]), ops.numpy(network.gradient(x, targets)), f"{what} at ''", rtol)
    names, spatial = network.layers(), network.spatial_layers(x)
    demand(len(set(names)) == len(names), "layers() must not list a name twice")
    demand(set(spatial) <= set(names), "spatial_layers() must be among layers()")
    for layer in spatial[-1:]:
        a, da = (ops.numpy(part) for part in network.activation_and_gradient(x, targets, layer))
        shape = (a.shape[0], 2, *a.shape[1:])
        demand(a.ndim == 4, f"{what} at {layer!r} must give (N, C, h, w), got {a.shape}")
        demand(da.shape == shape, f"{what} at {layer!r} must give {shape}, got {da.shape}")
    unknown = "no such layer"
    refuses(
        ValueError, lambda: network.activation_and_gradient(x, targets, unknown), f"{what} at none"
    )


def _check_dropout(network: Network, x: Tensor) -> None:
    what = f"{type(network).__name__}.with_dropout"
    passes = []
    for _ in range(2):
        try:
            with network.with_dropout(0.5, seed=0):
                passes.append([network.ops.numpy(network.forward(x)) for _ in range(2)])
        except ValueError:
            return  # a network without a place for dropout
    same(np.stack(passes[0]), np.stack(passes[1]), f"{what} twice with one seed", 0)
    with network.with_dropout(0.0):
        undropped = network.ops.numpy(network.forward(x))
    same(undropped, network.ops.numpy(network.forward(x)), f"{what} at rate 0", 1e-5)


def _check_randomised(network: Network, x: Tensor, logits: npt.NDArray[Any]) -> None:
    what, weighted = f"{type(network).__name__}.randomised", network.weighted_layers()
    demand(set(weighted) <= set(network.layers()), "weighted_layers() must be among layers()")
    made = []
    for _ in range(2 if weighted else 0):
        with network.randomised(weighted, seed=0):
            made.append(network.ops.numpy(network.forward(x)))
        same(network.ops.numpy(network.forward(x)), logits, f"{what} and its end", 1e-5)
    if weighted:
        same(made[0], made[1], f"{what} twice with one seed", 1e-5)
        demand(not np.allclose(made[0], logits), f"{what} must change the logits")
    unknown = ["no such layer"]
    refuses(ValueError, lambda: network.randomised(unknown).__enter__(), f"{what} of no layer")
