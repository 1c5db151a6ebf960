"""Grad-CAM (Selvaraju et al., 2017): where a layer speaks for the class."""

from __future__ import annotations

from typing import Any

from seewhy.explainer.base import Explainer
from seewhy.network.names import check_layer
from seewhy.network.protocol import OutputPicker, Tensor


class GradCAM(Explainer):
    """Activations of a layer, weighted by their mean gradients.

    With A the output of the layer (channels k, positions i, j, Z of them) and y the logit:
    alpha[k] = 1/Z * sum over i, j of d y / d A[k, i, j], and
    attribution = max(0, sum over k of alpha[k] * A[k]), resized to the input by bilinear
    interpolation in floating point. The values are 0 or more.

    Cost: one forward for all labels; only what follows the layer is differentiated.

    Parameters
    ----------
    network, output
        See `Explainer`.
    layer
        Dotted name of the layer; the last convolutional one is the usual choice. `""` explains
        at the input. `"auto"` picks the last layer whose output has spatial axes. If a layer runs
        more than once in a forward, its last call is meant.

    Raises
    ------
    TypeError
        If `layer` is not a string.
    ValueError
        If the network has no such layer (the message lists close names); on a call, if the layer
        has no spatial output.
    RuntimeError
        On a call, in MindSpore's graph mode (except for `layer=""`).

    References
    ----------
    Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM: Visual Explanations from Deep
    Networks via Gradient-based Localization. ICCV 2017, arXiv:1610.02391.
    """

    def __init__(
        self, network: Any, layer: str = "", *, output: OutputPicker | None = None
    ) -> None:
        super().__init__(network, output=output)
        if not isinstance(layer, str):
            raise TypeError(f"`layer` must be a string, got {type(layer).__name__}")
        if layer not in ("", "auto"):
            check_layer(layer, self._network.layers())
        self.layer = layer
        self._picked: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        return {"layer": self.layer}

    def _explain(self, x: Tensor, targets: Tensor) -> Tensor:
        activation, gradient = self._network.activation_and_gradient(x, targets, self._layer_for(x))
        n, channels, height, width = activation.shape
        alpha = self._network.ops.mean(gradient, (3, 4)).reshape(n, -1, channels)
        weighted = alpha @ activation.reshape(n, channels, -1)
        return weighted.reshape(n, -1, height, width).clamp(min=0)

    def _layer_for(self, x: Tensor) -> str:
        if self.layer != "auto":
            return self.layer
        if self._picked is None:
            spatial = self._network.spatial_layers(x[:1])
            if not spatial:
                raise ValueError(
                    "`layer` must be named, as no layer of the network has a spatial output "
                    "(N, C, h, w), got 'auto'"
                )
            self._picked = spatial[-1]
        return self._picked
