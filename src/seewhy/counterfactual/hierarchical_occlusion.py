"""The smallest region that keeps, or breaks, a prediction, found layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seewhy.counterfactual.checks import check_choice, check_flag, check_positive_int, check_share
from seewhy.counterfactual.covers import Cover, check_cover, make_cover, plain_cover
from seewhy.counterfactual.edit_tree import Box, paint
from seewhy.counterfactual.layers import (
    MOST_LAYERS,
    Layer,
    automatic_layers,
    check_fit,
    check_layers,
)
from seewhy.counterfactual.pruning import prune
from seewhy.counterfactual.questions import Asking, Hearing, Search
from seewhy.counterfactual.result import (
    DIRECTIONS,
    Counterfactual,
    Direction,
    Reason,
    RegionLayer,
)
from seewhy.counterfactual.search import Aim, layer_outputs, search_tree
from seewhy.network import adapt
from seewhy.network.inputs import check_inputs
from seewhy.network.protocol import Activation, OutputPicker, Tensor
from seewhy.network.targets import check_range, class_ids
from seewhy.perturb.evaluate import chunk_sizes

UNCHANGED = 1e-6
"""A mask that changes no value by more than this, relative to the largest, changes nothing."""


class HierarchicalOcclusion:
    """Hierarchical Occlusion Counterfactual: the region that decides a prediction.

    To `"reveal"`, the whole image is covered by its blurred version; then boxes of it are
    uncovered, the best one first, until the output of the label is `threshold` or more. Each of
    these boxes is then searched again with boxes half as large, on top of the boxes chosen before
    it, until these raise the output as far as the large box did; and so on. What is found is a
    region that alone keeps the prediction. To `"hide"` is the mirror: boxes of the image are
    covered until the output is `threshold` or less, so the region is one without which the
    prediction breaks.

    The search is greedy. With `prune`, boxes that are not needed are left out at the end, so no
    single box of the region can be missed; a smaller region of other boxes may still exist.

    Cost: one forward for each distinct edited image, usually some hundred a label. Searches of
    all samples and labels of a call share their batches.

    Parameters
    ----------
    network
        The classifier: a `torch.nn.Module` or a `mindspore.nn.Cell` that takes (N, 3, H, W). It is
        driven in evaluation mode and given back as it was.
    activation_fn
        Turns logits into probabilities: a module, a cell or any callable.
    perturbation_per_eval
        Edited images that go through the network together, at the most; where fewer are faster,
        fewer are taken. `"auto"` sets no limit. The results do not depend on it.
    direction
        `"reveal"` or `"hide"`.
    threshold
        Output at which the prediction holds or breaks, between 0 and 1.
    relative
        Whether `threshold` is a share of the output on the image itself.
    layers
        Sizes of boxes, at the most, where they are chosen automatically: the first one's side is
        half the short side of the image, each next one's half of that, down to 28 pixels.
    windows
        Sides of the boxes in pixels instead, layer by layer, each smaller than the one before.
    strides
        Steps from one box to the next in pixels, for each of the `windows`; by default a fifth of
        the window. The last box of a row or column lies at the edge.
    mask
        What covers: `"blur"` (Gaussian, with a standard deviation of the short side / 25 pixels,
        rounded), `"gaussian:<pixels>"`, a number in the units of the input, one a channel, or an
        image (3, H, W) or images (N, 3, H, W) as an array or a tensor.
    prune
        Whether boxes that are not needed are left out of the region.
    incremental
        Whether the network may compute only what a box changes, where that is quicker: in PyTorch
        on the CPU. The answers are the same up to rounding.
    output
        Picks the logits when the network returns a tuple, a dict or the like.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.
    """

    def __init__(
        self,
        network: Any,
        activation_fn: Activation,
        perturbation_per_eval: int | Literal["auto"] = 64,
        *,
        direction: Direction = "reveal",
        threshold: float = 0.5,
        relative: bool = False,
        layers: int = MOST_LAYERS,
        windows: Sequence[int] | None = None,
        strides: Sequence[int] | None = None,
        mask: Cover = "blur",
        prune: bool = True,
        incremental: bool = True,
        output: OutputPicker | None = None,
    ) -> None:
        if not callable(activation_fn):
            raise TypeError(f"`activation_fn` must be callable, got {type(activation_fn).__name__}")
        self._network = adapt(network, activation_fn, output)
        if perturbation_per_eval != "auto":
            check_positive_int("perturbation_per_eval", perturbation_per_eval, "or 'auto'")
        self.perturbation_per_eval = perturbation_per_eval
        check_choice("direction", direction, DIRECTIONS)
        self.direction = direction
        self.threshold = check_share("threshold", threshold)
        self.relative = check_flag("relative", relative)
        check_positive_int("layers", layers)
        self.layers = layers
        self._given_layers = check_layers(windows, strides)
        check_cover(mask, self._network.ops)
        self.mask = mask
        self.prune = check_flag("prune", prune)
        self.incremental = check_flag("incremental", incremental)

    @property
    def network(self) -> Any:
        """The user's own network object."""
        return self._network.original

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings that make the results what they are, as plain JSON values."""
        given = self._given_layers
        return {
            "direction": self.direction,
            "threshold": self.threshold,
            "relative": self.relative,
            "layers": self.layers if given is None else len(given),
            "windows": None if given is None else [layer.window for layer in given],
            "strides": None if given is None else [layer.stride for layer in given],
            "mask": "blur" if self.mask == "blur" else self.mask_name((0, 0)),
            "prune": self.prune,
        }

    def layers_for(self, size: tuple[int, int]) -> tuple[Layer, ...]:
        """Return side and stride of the boxes of each layer, for images of `size` = (H, W).

        Raises
        ------
        ValueError
            If the images are too small.
        """
        if self._given_layers is None:
            return automatic_layers(size, self.layers)
        check_fit(self._given_layers, size)
        return self._given_layers

    def check_fit(self, shape: tuple[int, ...]) -> None:
        """Raise ValueError unless images of `shape` = (C, H, W) can be searched."""
        if shape[0] != 3:
            raise ValueError(f"`inputs` must have 3 channels, got {shape[0]}")
        self.layers_for((shape[1], shape[2]))

    def mask_name(self, size: tuple[int, int]) -> str:
        """Name what covers images of `size` = (H, W): `"gaussian:<radius>"`, numbers, `"image"`."""
        return plain_cover(self.mask, size, self._network.ops)

    def __call__(self, inputs: Tensor, targets: Any) -> list[list[Counterfactual]]:
        """Search the regions for the outputs `targets` on `inputs`.

        A label for which there is no region gets the reason in its place.

        Parameters
        ----------
        inputs
            Floating tensor (N, 3, H, W) of the network's framework, N >= 1, finite. The short side
            must have 56 or more pixels, unless `windows` are given.
        targets
            Class ids: an int or a 0-D tensor (the same class for all samples), a list, tuple or
            1-D tensor of N ids, or an (N, L) tensor or nested list for L classes a sample.

        Returns
        -------
        A list (of N) of lists (of L).

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If a shape or value is wrong: not three channels, too few pixels, NaN, a class that the
            network does not have; or if the network answers NaN for an image as it is.
        """
        ops = self._network.ops
        check_inputs(inputs, ops)
        self.check_fit(tuple(inputs.shape[1:]))
        size = int(inputs.shape[2]), int(inputs.shape[3])
        layers = self.layers_for(size)
        ids = class_ids(targets, int(inputs.shape[0]), ops)
        cover = make_cover(self.mask, inputs, ops)
        outputs = np.take_along_axis(self._original_outputs(inputs, ids), ids, axis=1)
        unchanged = self._unchanged(inputs, cover)
        limit = None if isinstance(self.perturbation_per_eval, str) else self.perturbation_per_eval
        sides = (cover, inputs) if self.direction == "reveal" else (inputs, cover)
        searches = [
            self._search(
                sample, label, float(outputs[sample, place]), unchanged[sample], layers, size
            )
            for sample, row in enumerate(ids.tolist())
            for place, label in enumerate(row)
        ]
        hearing = Hearing(self._network, *sides, limit, self.incremental)
        found = iter(hearing.settle(searches))
        return [[next(found) for _ in row] for row in ids]

    def _original_outputs(self, x: Tensor, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Probabilities (N, K) of the images as they are."""
        ops, network = self._network.ops, self._network
        starts = np.cumsum([0, *chunk_sizes(len(ids), network.batch_size(x, len(ids)))])
        parts = [x[a:b] for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
        made = [ops.numpy(probabilities) for probabilities in network.stream(parts)]
        check_range(ids, made[0].shape[1])
        outputs: npt.NDArray[np.float64] = np.concatenate(made).astype(np.float64)
        return outputs

    def _unchanged(self, x: Tensor, cover: Tensor) -> npt.NDArray[np.bool_]:
        ops = self._network.ops
        image, covered = ops.numpy(x).astype(np.float64), ops.numpy(cover).astype(np.float64)
        largest = abs(image).max((1, 2, 3))
        unchanged: npt.NDArray[np.bool_] = (
            abs(image - covered).max((1, 2, 3)) <= UNCHANGED * largest
        )
        return unchanged

    def _search(
        self,
        sample: int,
        label: int,
        output: float,
        unchanged: bool,
        layers: Sequence[Layer],
        size: tuple[int, int],
    ) -> Search[Counterfactual]:
        target = self.threshold * output if self.relative else self.threshold
        nothing = Counterfactual(
            label, self.direction, self.mask_name(size), output, target, None, None, (), None, 0
        )
        reason: Reason | None = "mask changes nothing" if unchanged else None
        reason = reason if output > target else "below threshold"
        seen: set[bytes] = set()

        def unanswerable() -> Counterfactual:
            return replace(nothing, reason="not finite", images=len(seen))

        asking = self._asking(nothing, reason, layers, size, seen)
        return Search(sample, label, asking, unanswerable, seen)

    def _asking(
        self,
        nothing: Counterfactual,
        reason: Reason | None,
        layers: Sequence[Layer],
        size: tuple[int, int],
        seen: set[bytes],
    ) -> Asking[Counterfactual]:
        if reason is not None:
            return replace(nothing, reason=reason)
        aim = Aim(nothing.target, upwards=self.direction == "reveal")
        root = yield from search_tree(size, layers, aim)
        if root.is_leaf:
            reason = "mask is enough" if aim.reached(root.network_output) else "no region"
            return replace(nothing, reason=reason, images=len(seen))
        outputs = yield from layer_outputs(size, root)
        # The first layer reaches the target, or the search would not have ended with it.
        deepest = max(layer for layer, output in enumerate(outputs) if aim.reached(output))
        root.cut_below(deepest)
        made = tuple(
            region(size, [step.box for step in root.layer_or_leaf_steps(layer)], output)
            for layer, output in enumerate(outputs[: deepest + 1])
        )
        kept = made[-1]
        if self.prune:
            pruned = yield from prune(size, kept.boxes, kept.output, aim)
            kept = region(size, *pruned)
        return replace(nothing, tree=root, layers=made, region=kept, images=len(seen))

    def __repr__(self) -> str:
        settings = "".join(f", {key}={value!r}" for key, value in self.parameters.items())
        return f"{type(self).__name__}({type(self.network).__name__}{settings})"


def region(size: tuple[int, int], boxes: Sequence[Box], output: float) -> RegionLayer:
    """Return boxes on an image of `size` = (H, W) with their output and area."""
    return RegionLayer(output, float(paint(size, boxes).mean()), tuple(boxes))
