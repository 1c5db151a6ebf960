"""Hidden pixels filled in from what is around them (Rong et al., 2022)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seewhy.perturb.multigrid import solved
from seewhy.perturb.pixel_grids import Scratch

Images = npt.NDArray[np.float32] | npt.NDArray[np.float64]

TOLERANCE = 1e-3
"""Largest error of a pixel, as a share of the range of its channel: a quarter of a grey level."""

AT_ONCE = 2**17
"""Values that are worked on together: few enough to stay near the processor."""


def imputed(images: Images, hidden: npt.NDArray[np.bool_]) -> Images:
    """Fill in hidden pixels so that each is the weighted mean of its neighbours.

    With w = 1/6 for the neighbours beside, above and below and 1/12 for those across the corner,
    each hidden pixel p gets x(p) = sum of w(p, q) x(q) / sum of w(p, q), q over the neighbours in
    the image: one sparse linear system an image, the same for all channels. Filled in this way,
    pixels tell less about the shape of what was hidden than a constant does.

    The systems are solved in float32 until no pixel is off by more than `TOLERANCE`.

    Parameters
    ----------
    images
        (n, C, H, W), floats.
    hidden
        (n, H, W); at least one pixel of each image must be left.

    Returns
    -------
    Copies (n, C, H, W) of the same type.

    Raises
    ------
    ValueError
        If all pixels of an image are hidden.

    References
    ----------
    Rong, Leemann, Borisov, Kasneci, Kasneci: A Consistent and Efficient Evaluation Strategy for
    Attribution Methods. ICML 2022, arXiv:2202.00449.
    """
    if hidden.all((1, 2)).any():
        raise ValueError("`hidden` must leave at least one pixel of each image, got none")
    made, scratch = images.copy(), Scratch()
    some = np.flatnonzero(hidden.any((1, 2)))
    number = max(1, AT_ONCE // made[0].size)
    for start in range(0, len(some), number):
        part = some[start : start + number]
        where = hidden[part]
        filled = solved(images[part].astype(np.float32), where, TOLERANCE, scratch)
        made[part] = np.where(where[:, None], filled, images[part])
    return made
