"""Where the features of an OoDNet come from."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from seewhy.network.logits import check_finite
from seewhy.network.protocol import Ops, Tensor
from seewhy.tool.checks import check_count
from seewhy.tool.ood_framework import Framework


@dataclass(frozen=True)
class FeatureSource:
    """Features of `width` values that a layer takes or gives.

    Without a layer, the network answers with features while its `output_features` is True.
    """

    layer: str | None
    at_input: bool
    width: int

    def read(self, underlying: Any, x: Tensor, framework: Framework) -> tuple[Any, Tensor]:
        """Return the network's answer (`None` without a layer) and its features (n, width)."""
        if self.layer is None:
            answer, raw = None, _asked(underlying, x)
        else:
            answer, raw = framework.capture(underlying, self.layer, self.at_input, x)
        return answer, self._checked(raw, x, framework.ops)

    def _checked(self, raw: Any, x: Tensor, ops: Ops) -> Tensor:
        what = f"{'the input' if self.at_input else 'the output'} of {self.layer!r}"
        what = "`features`" if self.layer is None else f"`features` ({what})"
        if raw is None:
            raise ValueError(f"{what} must come from a layer that runs in the forward")
        if not ops.is_tensor(raw):
            raise TypeError(f"{what} must be one {ops.tensor_type}, got {type(raw).__name__}")
        shape = tuple(raw.shape)
        rows = raw.reshape(shape[:2]) if shape[2:] and set(shape[2:]) == {1} else raw
        if tuple(rows.shape) != (x.shape[0], self.width):
            raise ValueError(f"{what} must be of shape ({x.shape[0]}, {self.width}), got {shape}")
        check_finite(rows, ops, f"{what} held")
        return rows


def find_source(
    underlying: Any, features: Any, num_features: Any, names: list[str], framework: Framework
) -> FeatureSource:
    """See `OoDNet`; `names` are those of all layers."""
    if not isinstance(features, str):
        raise TypeError(
            f"`features` must be 'auto' or the name of a layer, got {type(features).__name__}"
        )
    if num_features is not None:
        check_count("num_features", num_features)
    source = _source(underlying, features, num_features, names, framework)
    if num_features not in (None, source.width):
        raise ValueError(
            f"`num_features` must be {source.width}, the width of the features, got {num_features}"
        )
    return source


def _source(
    underlying: Any, features: str, num_features: Any, names: list[str], framework: Framework
) -> FeatureSource:
    if features == "auto" and _has_protocol(underlying):
        return FeatureSource(None, False, _protocol_width(underlying))
    linear = framework.linear_layers(underlying)
    if features == "auto":
        if not linear:
            raise ValueError(
                "`features` must name a layer, as `underlying` has no linear layer whose input "
                "could serve (nor `num_features` and `output_features`), got 'auto'"
            )
        return FeatureSource(linear[-1].name, True, linear[-1].inputs)
    if features not in names:
        close = difflib.get_close_matches(features, names, n=5, cutoff=0.4)
        hint = f"; close names: {', '.join(close)}" if close else ""
        raise ValueError(
            f"`features` must be 'auto' or the name of a layer, got {features!r}{hint}"
        )
    outputs = {layer.name: layer.outputs for layer in linear}
    if features not in outputs and num_features is None:
        raise ValueError(
            f"`num_features` must be given, as the width of {features!r} is not known before it "
            "runs, got None"
        )
    return FeatureSource(features, False, outputs.get(features, num_features))


def _has_protocol(underlying: Any) -> bool:
    return hasattr(underlying, "num_features") and hasattr(underlying, "output_features")


def _protocol_width(underlying: Any) -> int:
    check_count("underlying.num_features", underlying.num_features)
    if not isinstance(underlying.output_features, bool):
        got = type(underlying.output_features).__name__
        raise TypeError(f"`underlying.output_features` must be a bool, got {got}")
    return int(underlying.num_features)


def _asked(underlying: Any, x: Tensor) -> Any:
    before = underlying.output_features
    try:
        underlying.output_features = True
        return underlying(x)
    finally:
        underlying.output_features = before
