"""What all explainers of images share: the door, the targets, the chunks and the way out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from PIL import Image

from seewhy.explainer.door import check_inputs, check_ret, check_show
from seewhy.network import adapt
from seewhy.network.protocol import Activation, Network, Ops, OutputPicker, Tensor
from seewhy.network.targets import class_ids
from seewhy.visual import images_from_maps, in_notebook
from seewhy.visual import show as show_pictures

Pictures: TypeAlias = list[list[Image.Image]]


class Explainer(ABC):
    """Explains the decisions of an image classifier by saliency maps.

    Parameters
    ----------
    network
        The classifier: a `torch.nn.Module` or a `mindspore.nn.Cell` that takes (N, C, H, W) and
        returns logits (N, K). It is driven in evaluation mode and given back as it was: training
        flags, hooks, gradients and random state are the same after a call as before, also when
        the call raises. It is not copied, so new weights are seen by the next call.
    output
        Picks the logits when the network returns a tuple, a dict or the like; for instance
        `lambda answer: answer["logits"]`.

    Raises
    ------
    TypeError
        If `network` is of neither framework, or an argument is of a wrong type.
    """

    signed = False
    """Whether a negative value speaks against the class (else all values are 0 or more)."""

    samples_per_chunk = 8
    """Samples that go through the network together; the results do not depend on it.

    Larger batches are no faster on a CPU, where their activations outgrow what the allocator
    keeps, and need more memory anywhere.
    """

    def __init__(
        self,
        network: Any,
        *,
        activation_fn: Activation | None = None,
        output: OutputPicker | None = None,
    ) -> None:
        self._network = adapt(network, activation_fn, output)
        self._output = output

    @property
    def network(self) -> Any:
        """The user's own network object."""
        return self._network.original

    @property
    def ops(self) -> Ops:
        """The operations of the network's framework."""
        return self._network.ops

    def network_with(self, activation_fn: Activation) -> Network:
        """Return the explained network with another `activation_fn`, for metrics."""
        return adapt(self.network, activation_fn, self._output)

    @property
    def name(self) -> str:
        """The name under which results are stored: the class name."""
        return type(self).__name__

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings that make the maps what they are, as plain JSON values."""
        return {}

    def __call__(
        self,
        inputs: Tensor,
        targets: Any,
        ret: Literal["tensor", "image"] = "tensor",
        show: bool | None = None,
    ) -> Tensor | Pictures:
        """Explain the network's outputs `targets` on `inputs`.

        Parameters
        ----------
        inputs
            Floating tensor (N, C, H, W) of the network's framework, N >= 1, finite.
        targets
            Class ids: an int or a 0-D tensor (the same class for all samples), a list, tuple or
            1-D tensor of N ids, or an (N, L) tensor or nested list for L classes a sample.
        ret
            `"tensor"` for the maps, `"image"` for pictures of them.
        show
            Whether to show the pictures. `None` shows them in a Jupyter notebook only.

        Returns
        -------
        For `ret="tensor"` maps (N, L, H, W) with the inputs' tensor type, device and dtype, not
        normalised; L = 1 unless `targets` is (N, L). For `ret="image"` a list (of N) of lists
        (of L) of RGB pictures, each map normalised to its own range.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If a shape or value is wrong: not four axes, no sample, NaN, a class the network does
            not have, an unknown `ret`.
        """
        check_ret(ret)
        check_show(show)
        maps = self.native(inputs, targets)
        maps = self.enlarged(maps, inputs)
        wanted = in_notebook() if show is None else show
        if ret == "tensor" and not wanted:
            return maps
        images = images_from_maps(maps, signed=self.signed)
        show_pictures(images, wanted)
        return images if ret == "image" else maps

    def enlarged(self, maps: Tensor, inputs: Tensor) -> Tensor:
        """Resize `native` maps (N, L, h, w) to the inputs' (N, L, H, W), bilinearly."""
        size = tuple(inputs.shape[2:])
        return maps if tuple(maps.shape[2:]) == size else self.ops.resize(maps, size)

    def native(self, inputs: Tensor, targets: Any) -> Tensor:
        """Maps (N, L, h, w) at the method's own grid, before they are resized to the inputs.

        Parameters and errors are those of a call.
        """
        maps = [self._explain(x, ids) for x, ids in self._chunks(inputs, targets)]
        return self._joined(maps, inputs)

    def _chunks(self, inputs: Tensor, targets: Any) -> Iterator[tuple[Tensor, Tensor]]:
        """Check the arguments of a call; yield samples (n, C, H, W) with class ids (n, L)."""
        ops = self._network.ops
        check_inputs(inputs, ops)
        ids = class_ids(targets, inputs.shape[0], ops)
        step = self._samples_at_once(inputs)
        for start in range(0, inputs.shape[0], step):
            part = slice(start, start + step)
            yield inputs[part], ops.tensor(ids[part], like=inputs)

    def _samples_at_once(self, inputs: Tensor) -> int:
        """How many of the samples go through the network together."""
        return self.samples_per_chunk

    def _joined(self, maps: list[Tensor], inputs: Tensor) -> Tensor:
        ops = self._network.ops
        return ops.cast(maps[0] if len(maps) == 1 else ops.concat(maps), like=inputs)

    @abstractmethod
    def _explain(self, x: Tensor, targets: Tensor) -> Tensor:
        """The method itself: x (n, C, H, W) and class ids (n, L) give maps (n, L, h, w)."""

    def __repr__(self) -> str:
        settings = "".join(f", {key}={value!r}" for key, value in self.parameters.items())
        return f"{self.name}({type(self.network).__name__}{settings})"
