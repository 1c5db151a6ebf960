"""Colour maps that work without matplotlib.

``VIRIDIS`` (van der Walt and Smith, 2015, CC0) goes from dark violet to yellow with even steps of
lightness. ``COOLWARM`` (Moreland, "Diverging color maps for scientific visualization", 2009) goes
from blue over grey to red and is meant for signed maps. People with any of the common colour
vision deficiencies can read both.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

_VIRIDIS_HEX = (
    "44015444025645045745055946075a46085c460a5d460b5e470d60470e61471063471164471365481467481668"
    "48176948186a481a6c481b6d481c6e481d6f481f70482071482173482374482475482576482677482878482979"
    "472a7a472c7a472d7b472e7c472f7d46307e46327e46337f463480453581453781453882443983443a83443b84"
    "433d84433e85423f854240864241864142874144874045884046883f47883f48893e49893e4a893e4c8a3d4d8a"
    "3d4e8a3c4f8a3c508b3b518b3b528b3a538b3a548c39558c39568c38588c38598c375a8c375b8d365c8d365d8d"
    "355e8d355f8d34608d34618d33628d33638d32648e32658e31668e31678e31688e30698e306a8e2f6b8e2f6c8e"
    "2e6d8e2e6e8e2e6f8e2d708e2d718e2c718e2c728e2c738e2b748e2b758e2a768e2a778e2a788e29798e297a8e"
    "297b8e287c8e287d8e277e8e277f8e27808e26818e26828e26828e25838e25848e25858e24868e24878e23888e"
    "23898e238a8d228b8d228c8d228d8d218e8d218f8d21908d21918c20928c20928c20938c1f948c1f958b1f968b"
    "1f978b1f988b1f998a1f9a8a1e9b8a1e9c891e9d891f9e891f9f881fa0881fa1881fa1871fa28720a38620a486"
    "21a58521a68522a78522a88423a98324aa8325ab8225ac8226ad8127ad8128ae8029af7f2ab07f2cb17e2db27d"
    "2eb37c2fb47c31b57b32b67a34b67935b77937b87838b9773aba763bbb753dbc743fbc7340bd7242be7144bf70"
    "46c06f48c16e4ac16d4cc26c4ec36b50c46a52c56954c56856c66758c7655ac8645cc8635ec96260ca6063cb5f"
    "65cb5e67cc5c69cd5b6ccd5a6ece5870cf5773d05675d05477d1537ad1517cd2507fd34e81d34d84d44b86d549"
    "89d5488bd6468ed64590d74393d74195d84098d83e9bd93c9dd93ba0da39a2da37a5db36a8db34aadc32addc30"
    "b0dd2fb2dd2db5de2bb8de29bade28bddf26c0df25c2df23c5e021c8e020cae11fcde11dd0e11cd2e21bd5e21a"
    "d8e219dae319dde318dfe318e2e418e5e419e7e419eae51aece51befe51cf1e51df4e61ef6e620f8e621fbe723"
    "fde725"
)
_COOLWARM_HEX = (
    "3b4cc03c4ec23d50c33e51c53f53c64055c84257c94358cb445acc455cce465ecf485fd14961d24a63d34b64d5"
    "4c66d64e68d84f69d9506bda516ddb536edd5470de5572df5673e05875e15977e35a78e45b7ae55d7ce65e7de7"
    "5f7fe86180e96282ea6384eb6485ec6687ed6788ee688aef6a8bef6b8df06c8ff16e90f26f92f37093f37295f4"
    "7396f57597f67699f6779af7799cf87a9df87b9ff97da0f97ea1fa80a3fa81a4fb82a6fb84a7fc85a8fc86a9fc"
    "88abfd89acfd8badfd8caffe8db0fe8fb1fe90b2fe92b4fe93b5fe94b6ff96b7ff97b8ff98b9ff9abbff9bbcff"
    "9dbdff9ebeff9fbfffa1c0ffa2c1ffa3c2fea5c3fea6c4fea7c5fea9c6fdaac7fdabc8fdadc9fdaec9fcafcafc"
    "b1cbfcb2ccfbb3cdfbb5cdfab6cefab7cff9b9d0f9bad0f8bbd1f8bcd2f7bed2f6bfd3f6c0d4f5c1d4f4c3d5f4"
    "c4d5f3c5d6f2c6d6f1c7d7f0c9d7f0cad8efcbd8eeccd9edcdd9eccedaebcfdaead1dae9d2dbe8d3dbe7d4dbe6"
    "d5dbe5d6dce4d7dce3d8dce2d9dce1dadce0dbdcdedcdddddddcdcdedcdbdfdbd9e0dbd8e1dad6e2dad5e3d9d3"
    "e4d9d2e5d8d1e6d7cfe7d7cee8d6cce9d5cbead5c9ead4c8ebd3c6ecd3c5edd2c3edd1c2eed0c0efcfbfefcebd"
    "f0cdbbf1cdbaf1ccb8f2cbb7f2cab5f2c9b4f3c8b2f3c7b1f4c6aff4c5adf5c4acf5c2aaf5c1a9f5c0a7f6bfa6"
    "f6bea4f6bda2f7bca1f7ba9ff7b99ef7b89cf7b79bf7b599f7b497f7b396f7b194f7b093f7af91f7ad90f7ac8e"
    "f7aa8cf7a98bf7a889f7a688f6a586f6a385f6a283f5a081f59f80f59d7ef59c7df49a7bf4987af39778f39577"
    "f39475f29274f29072f18f71f18d6ff08b6ef08a6cef886bee8669ee8468ed8366ec8165ec7f63eb7d62ea7b60"
    "e97a5fe9785de8765ce7745be67259e57058e46e56e36c55e36b54e26952e16751e0654fdf634ede614ddd5f4b"
    "dc5d4ada5a49d95847d85646d75445d65244d55042d44e41d24b40d1493fd0473dcf453ccd423bcc403acb3e38"
    "ca3b37c83836c73635c53334c43032c32e31c12b30c0282fbe242ebd1f2dbb1b2cba162bb8122ab70d28b50927"
    "b40426"
)


def _table(digits: str) -> NDArray[np.uint8]:
    """Turn hexadecimal digits into a read-only (256, 3) table."""
    return np.frombuffer(bytes.fromhex(digits), dtype=np.uint8).reshape(256, 3)


VIRIDIS = _table(_VIRIDIS_HEX)
"""(256, 3) uint8, RGB of the values 0 to 1."""

COOLWARM = _table(_COOLWARM_HEX)
"""(256, 3) uint8, RGB of the values 0 (blue) over 0.5 (grey) to 1 (red)."""

_BUILT_IN = {"viridis": VIRIDIS, "coolwarm": COOLWARM}

ColorMap = Callable[[NDArray[Any]], Any]
"""Maps (H, W) values in 0..1 to (H, W, 3) or (H, W, 4) colours, as a matplotlib colour map does."""


def colorize(values: NDArray[Any], cm: ColorMap | str | None, default: str) -> NDArray[np.float64]:
    """Colour a map.

    Parameters
    ----------
    values
        (H, W) floats in 0..1.
    cm
        A callable as in matplotlib, the name of a colour map, or None for `default`.
        ``"viridis"`` and ``"coolwarm"`` need no matplotlib.
    default
        The name of a built-in colour map.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) float64 RGB in 0..1.

    Raises
    ------
    ValueError
        If `cm` is neither callable nor a known name, or returns something that is not (H, W, 3)
        or (H, W, 4).
    ImportError
        If `cm` names a colour map of matplotlib, which is not installed.
    """
    if cm is None:
        cm = default
    if isinstance(cm, str):
        if cm in _BUILT_IN:
            table = _BUILT_IN[cm]
            # 1.0 belongs to the last colour, as in matplotlib.
            position = np.minimum((values * 256).astype(np.intp), 255)
            return np.asarray(table[position] / 255.0)
        cm = _from_matplotlib(cm)
    if not callable(cm):
        raise ValueError(f"`cm` must be a callable or the name of a colour map, got {cm!r}")
    colors = np.asarray(cm(values))
    if colors.ndim != 3 or colors.shape[:2] != values.shape or colors.shape[2] not in (3, 4):
        height, width = values.shape
        raise ValueError(
            f"`cm` must return colours of shape ({height}, {width}, 3) or "
            f"({height}, {width}, 4), got {colors.shape}"
        )
    scale = 255.0 if np.issubdtype(colors.dtype, np.integer) else 1.0
    return np.asarray(np.clip(colors[..., :3].astype(np.float64) / scale, 0.0, 1.0))


def _from_matplotlib(name: str) -> ColorMap:
    """Look a colour map up in matplotlib."""
    try:
        known = import_module("matplotlib").colormaps
    except ImportError as error:
        raise ImportError(
            f"the colour map {name!r} needs matplotlib: pip install seewhy[plot] "
            f"(built in: {', '.join(_BUILT_IN)})"
        ) from error
    if name not in known:
        raise ValueError(f"`cm` must be the name of a matplotlib colour map, got {name!r}")
    found: ColorMap = known[name]
    return found
