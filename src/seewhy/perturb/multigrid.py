"""Conjugate gradients with a multigrid cycle, for the pixels that `imputed` fills in.

The equations are A u = b with A = D - W on the hidden pixels: W the weights between neighbours, D
their sums. Jacobi steps damp what changes from pixel to pixel; the rest is solved on a grid of half
the resolution in the same way, so that a cycle costs few steps on the finest one (Brandt, 1977).
Coarse equations are P^T A P, P the bilinear interpolation that is 0 where something is known
(Galerkin). As the preconditioner of conjugate gradients a cycle gains about a digit, whatever is
hidden.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seewhy.perturb.coarse_grids import grids_of
from seewhy.perturb.pixel_grids import (
    Array,
    Grid,
    Scratch,
    around,
    coarsened,
    refined,
)

MOST = 100
"""Cycles after which the answer is taken as it is; 4 to 7 are the rule."""


def solved(
    known: Array, hidden: npt.NDArray[np.bool_], tolerance: float, scratch: Scratch
) -> Array:
    """Fill in the hidden pixels of B images.

    Parameters
    ----------
    known
        (B, C, H, W); what stands at hidden pixels does not matter.
    hidden
        (B, H, W), not all of an image.
    tolerance
        The largest error of a pixel, as a share of the range of the known pixels of its channel.

    Returns
    -------
    float32 (B, C, H, W).
    """
    size = (hidden.shape[1], hidden.shape[2])
    u = scratch("solution", (*known.shape[:2], size[0] + 1, size[1] + 1))
    inside = u[..., :-1, :-1]
    inside[:] = known
    np.copyto(inside, np.float32(0), where=hidden[:, None])
    shown = (~hidden).astype(np.float32)
    mean = np.einsum("bchw,bhw->bc", inside, shown) / shown.sum((1, 2))[:, None]
    np.copyto(inside, mean[..., None, None], where=hidden[:, None])
    low, high = inside.min((2, 3)), inside.max((2, 3))
    # What a cycle changes is about the error before it. Along single rows it tells less of it.
    share = tolerance / (2 if min(size) > 1 else 8)
    enough = np.maximum(share * (high - low), 1e-6 * np.maximum(-low, high))
    _improve(u.reshape(*known.shape[:2], -1), grids_of(hidden, scratch), enough, scratch)
    return inside


def _improve(
    u: Array, system: tuple[Sequence[Grid], Array], enough: Array, scratch: Scratch
) -> None:
    """Conjugate gradients, in place, until a cycle changes no pixel by more than `enough` (B, C).

    Each plane stops for itself, so that it does not matter what it is solved with.
    """
    finest = system[0][0]
    sums = finest.unknown / np.where(finest.unknown > 0, finest.inverse, 1)
    r, p, part = (scratch(name, u.shape) for name in ("residual", "direction", "product"))

    def minus_a(v: Array) -> Array:
        np.multiply(sums, v, out=part)
        made = around(finest, v, scratch)
        made -= part
        return made

    r[:] = minus_a(u)
    p.fill(0)
    before: Array = np.ones(u.shape[:2], np.float32)
    done = np.zeros(u.shape[:2], bool)
    for _ in range(MOST):
        z = _cycle(*system, r, scratch)
        last = ~done & (np.maximum(z.max(2), -z.min(2)) <= enough)
        done |= last
        if last.any():
            u += np.multiply(last[..., None], z, out=part)
        if done.all():
            return
        product = np.einsum("bcp,bcp->bc", r, z)
        p *= (product / before)[..., None]
        p += z
        before = np.where(product > 0, product, 1)
        q = minus_a(p)
        length = -np.einsum("bcp,bcp->bc", p, q)
        step = (~done * product / np.where(length > 0, length, 1))[..., None]
        u += np.multiply(step, p, out=part)
        r += np.multiply(step, q, out=part)


def _cycle(grids: Sequence[Grid], last: Array, r: Array, scratch: Scratch) -> Array:
    """Approximate the solution (B, C, P) for right-hand sides r; the array is `scratch`'s."""
    if not grids:
        return (last @ r[..., None])[..., 0]
    grid, *coarser = grids
    u = scratch("cycle", r.shape)
    np.multiply(grid.inverse, r, out=u)
    # What a Jacobi step from 0 leaves of r is W u, where it is a full one.
    left = coarsened(_plus(around(grid, u, scratch), grid.kept, r), grid.size, scratch)
    fine = refined(_cycle(coarser, last, left, scratch), grid.size, scratch)
    fine *= grid.unknown
    u += fine
    made = around(grid, u, scratch)
    made += r
    made *= grid.inverse
    return _plus(made, grid.kept, u)


def _plus(made: Array, share: Array | None, whole: Array) -> Array:
    if share is not None:
        made += share * whole
    return made
