"""The whole contract between SeeWhy and a network of any framework.

Everything above `network/` is written against these two protocols, on the native tensors of
whichever framework the user brought. Only what the tensor dialects do not share is in `Ops`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol, TypeAlias

import numpy.typing as npt

Tensor: TypeAlias = Any
"""A native tensor: `torch.Tensor` or `mindspore.Tensor`."""

ReLURule: TypeAlias = Literal["deconvolution", "guided"]
"""How a ReLU hands the gradient down: see `Network.gradient`."""

Activation: TypeAlias = Callable[[Tensor], Tensor]
"""Turns logits (N, K) into probabilities (N, K): a module, a cell or any callable."""

OutputPicker: TypeAlias = Callable[[Any], Tensor]
"""Picks the logits (N, K) out of whatever structure the network returns."""


class TensorReader(Protocol):
    """The part of `Ops` that looks at tensors only."""

    def is_tensor(self, value: object) -> bool:
        """Whether `value` is a tensor that can be read."""

    def numpy(self, x: Tensor) -> npt.NDArray[Any]:
        """Copy `x` to the host."""


class Ops(Protocol):
    """What PyTorch tensors and MindSpore tensors spell differently."""

    tensor_type: str
    """Public name of the tensor class, for messages."""

    def is_tensor(self, value: object) -> bool:
        """Whether `value` is a tensor of this framework."""

    def is_floating(self, x: Tensor) -> bool:
        """Whether `x` holds real floating-point numbers."""

    def tensor(self, array: npt.ArrayLike, like: Tensor | None = None) -> Tensor:
        """Copy `array` to the device of `like`; floating arrays also take its dtype."""

    def numpy(self, x: Tensor) -> npt.NDArray[Any]:
        """Copy `x` to the host."""

    def cast(self, x: Tensor, like: Tensor) -> Tensor:
        """Give `x` the dtype of `like`."""

    def concat(self, xs: Sequence[Tensor], axis: int = 0) -> Tensor:
        """Join along an existing axis."""

    def stack(self, xs: Sequence[Tensor], axis: int = 0) -> Tensor:
        """Join along a new axis."""

    def gather(self, x: Tensor, index: Tensor) -> Tensor:
        """Return `x[n, index[n, l]]`: (N, K) and integer (N, L) give (N, L)."""

    def where(self, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """`x` where `condition` is true, `y` elsewhere; all three broadcast."""

    def mean(self, x: Tensor, axis: tuple[int, ...]) -> Tensor:
        """Mean over `axis`, which is kept with size one."""

    def resize(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """Bilinear resize of (N, C, h, w) to `size` = (H, W), half-pixel centres, in floats."""

    def all_finite(self, x: Tensor) -> bool:
        """Whether `x` holds neither NaN nor an infinity."""


class Network(Protocol):
    """A user's classifier, driven without leaving a trace on it.

    Training flags (per module), `requires_grad`, hooks, the parameters' gradients, running
    statistics and the global random state are the same after a call as before, also when the
    call raises. Nothing is copied, so new weights are seen by the next call.
    """

    @property
    def ops(self) -> Ops:
        """The framework's operations."""

    @property
    def original(self) -> Any:
        """The user's own object."""

    @property
    def engine(self) -> str:
        """What ran the last stream of forwards, and why, in words; "" if PyTorch ran none yet."""

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, K) of `x` (N, C, H, W) in evaluation mode; keeps no graph.

        Raises
        ------
        TypeError
            If the network does not return one tensor and no `output` picks one.
        ValueError
            If the logits are not (N, K) or not finite.
        """

    def probabilities(self, x: Tensor) -> Tensor:
        """`activation_fn` of the logits: (N, K). ValueError if there is no `activation_fn`."""

    def stream(self, batches: Iterable[Tensor]) -> Iterator[Tensor]:
        """Yield the probabilities (n, K) of each batch (n, C, H, W), in order, the fastest way.

        Batches may be read a few ahead. A batch that does not fit into memory is halved.
        Errors are those of `probabilities`. Close the iterator if it is left early.
        """

    def replaced_boxes(
        self, x: Tensor, other: Tensor, boxes: npt.NDArray[Any], limit: int | None = None
    ) -> Iterator[tuple[int, npt.NDArray[Any], Tensor]] | None:
        """Answer for images with one box replaced, by computing only what that changes.

        None where this saves nothing or cannot be done: then `stream` has to serve. The answers
        are the same up to rounding.

        Parameters
        ----------
        x
            Floating tensor (N, C, H, W).
        other
            What the boxes show; broadcasts to the shape of `x`.
        boxes
            Integer array (B, 4), at least one: first row, first column, height, width. They lie
            within the image and are of one size.
        limit
            Boxes that are computed together, at the most.

        Returns
        -------
        An iterator over the number of a sample, the indices (b,) of some of the boxes, and the
        probabilities (b, K) of that sample with each of these boxes replaced. Each sample meets
        each box once, in an order of the network's own. Errors are those of `probabilities`;
        close the iterator if it is left early.
        """

    def batch_size(self, x: Tensor, limit: int | None) -> int:
        """Samples like those of `x` for one batch of a stream: the fastest number up to `limit`."""

    def gradient(self, x: Tensor, targets: Tensor, relu: ReLURule | None = None) -> Tensor:
        """Input gradients of the logits: d output[n, targets[n, l]] / d x[n].

        Parameters
        ----------
        x
            Floating tensor (N, C, H, W).
        targets
            Integer tensor (N, L) of class ids.
        relu
            `None` differentiates the network as it is. With R the gradient that arrives from
            above and z the ReLU's input, `"deconvolution"` hands down max(R, 0) (Zeiler and
            Fergus, 2014) and `"guided"` hands down max(R, 0) where the ReLU let z pass
            (Springenberg et al., 2015). ReLU6 lets 0 < z < 6 pass.

        Returns
        -------
        Tensor (N, L, C, H, W).

        Raises
        ------
        ValueError
            If a class id is out of range, if the output does not depend on the input (PyTorch;
            MindSpore gives zeros), or if `relu` is given and the network runs no ReLU that can be
            modified.
        RuntimeError
            If hooks are needed in MindSpore's graph mode.
        """

    def activation_and_gradient(
        self, x: Tensor, targets: Tensor, layer: str
    ) -> tuple[Tensor, Tensor]:
        """Output A of `layer`, and the gradients of the logits with respect to it.

        Parameters
        ----------
        x, targets
            As in `gradient`.
        layer
            Dotted name out of `layers()`; `""` is the input itself. If the layer runs more than
            once in a forward, its last call is meant.

        Returns
        -------
        A (N, C', h, w) and dA (N, L, C', h, w): dA[n, l] = d output[n, targets[n, l]] / d A[n].

        Raises
        ------
        ValueError
            If the name is unknown, if the layer did not run, if its output has no spatial axes,
            or if a class id is out of range.
        """

    def as_input(self, array: npt.NDArray[Any]) -> Tensor:
        """Copy `array` to the device and floating dtype of the network's parameters."""

    def with_dropout(
        self, rate: float | None = None, seed: int | None = 0
    ) -> AbstractContextManager[None]:
        """Make forwards stochastic while the context is open; BatchNorm stays in evaluation mode.

        The network's own dropout layers are live at their own rate, or at `rate` in [0, 1). If it
        has none, one is put before the last layer that holds a weight matrix, at `rate` or 0.5.

        Raises
        ------
        ValueError
            If `rate` is out of range, or if the network offers no place for dropout.
        """

    def dropout_passes(
        self,
        x: Tensor,
        passes: int,
        rate: float | None = None,
        where: str | None = None,
        seed: int | None = 0,
    ) -> tuple[Tensor, Tensor]:
        """Probabilities of many forwards with dropout; BatchNorm stays in evaluation mode.

        What comes before the first value dropped runs once, and only the rest `passes` times, as
        many passes in a forward as fit. A pass has the same masks for every sample, from a
        generator of its own, so that the answers do not depend on how samples are split.

        Parameters
        ----------
        x
            Floating tensor (N, C, H, W).
        passes
            How many forwards, at least 2.
        rate
            In [0, 1). None: that of each of the network's own dropout layers, or 0.5 for one that
            is put in.
        where
            Dotted name of the layer behind whose output dropout is put, the only one then. None:
            the network's own dropout layers are live or, where none of a rate above 0 runs, one is
            put before the last layer with a weight matrix that runs.
        seed
            Of the masks; None draws other ones each time.

        Returns
        -------
        Probabilities without dropout (N, K), and of the passes (passes, N, K).

        Raises
        ------
        TypeError, ValueError
            If `rate` is not a number in [0, 1), `where` is no layer that runs, the network offers
            no place for dropout, or as of `probabilities`.
        RuntimeError
            In MindSpore's graph mode, which ignores hooks.
        """

    def randomised(
        self, layers: Sequence[str], seed: int | None = 0
    ) -> AbstractContextManager[None]:
        """Give layers the parameters of an untrained network while the context is open.

        All parameters in the layers and below them: weights become normal numbers with variance
        2 / fan-in (He et al., 2015), biases 0, the scales of normalisations 1, and the running
        statistics of BatchNorm those of inputs that are normalised already (mean 0, variance 1).
        The numbers of a layer depend on its name and the seed alone. The user's parameters are
        the same objects meanwhile, and hold the very memory that they held before afterwards.

        Parameters
        ----------
        layers
            Dotted names out of `layers()`; `""` is the whole network.
        seed
            Of the numbers; None draws other ones each time.

        Raises
        ------
        TypeError, ValueError
            If `layers` is no list of names, or a name is unknown.
        """

    def weighted_layers(self) -> list[str]:
        """Names of the layers that hold parameters themselves, in the order of definition."""

    def layers(self) -> list[str]:
        """Dotted names of all layers, in the order of definition."""

    def spatial_layers(self, x: Tensor) -> list[str]:
        """Layers whose output is (N, C, h, w) with h·w > 1, in the order their last call ended."""

    def fingerprint(self) -> str:
        """Hexadecimal digest of the class name and of every parameter and buffer."""
